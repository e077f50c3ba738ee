//! The program under measurement: built for release, started as a person would, asked what it costs, stopped.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::client::until;

/// Longest wait for a start or an end.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The binary, and the folder it is started in.
#[derive(Clone)]
pub struct Program {
    binary: PathBuf,
    root: PathBuf,
}

impl Program {
    /// Builds the release binary, with what `sluice dev` needs.
    pub fn build(root: &Path) -> Result<Self, String> {
        let mut build = cargo();
        build.args(["build", "--release", "-p", "sluice-app", "--features", "dev", "--bin", "sluice"]);
        match build.current_dir(root).status() {
            Ok(status) if status.success() => {}
            Ok(status) => return Err(format!("the release build failed: {status}")),
            Err(error) => return Err(format!("cargo cannot be started ({error})")),
        }
        let asked = cargo()
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .current_dir(root)
            .output()
            .map_err(|error| error.to_string())?;
        let metadata: serde_json::Value =
            serde_json::from_slice(&asked.stdout).map_err(|error| format!("cargo metadata: {error}"))?;
        let target =
            metadata["target_directory"].as_str().ok_or("cargo metadata names no target directory")?;
        Ok(Self { binary: Path::new(target).join("release/sluice"), root: root.to_owned() })
    }

    /// How large it is.
    pub fn bytes(&self) -> Result<u64, String> {
        let file = std::fs::metadata(&self.binary);
        file.map(|file| file.len()).map_err(|error| format!("{}: {error}", self.binary.display()))
    }

    /// Where `npm ci` has run.
    pub fn tools(&self) -> PathBuf {
        self.root.join("contracts")
    }

    /// Starts it; what it says goes to a log in the folder.
    pub fn start(&self, folder: &Folder, name: &str, arguments: &[&str]) -> Result<Process, String> {
        let log = folder.file(&format!("{name}.log"));
        let file = File::create(&log).map_err(|error| format!("{}: {error}", log.display()))?;
        let errors = file.try_clone().map_err(|error| error.to_string())?;
        let mut command = Command::new(&self.binary);
        command.args(arguments).current_dir(&self.root).stdin(Stdio::null()).stdout(file).stderr(errors);
        let child = command.spawn().map_err(|error| format!("{}: {error}", self.binary.display()))?;
        Ok(Process { child, name: name.to_owned(), log })
    }

    /// Runs it to its end; what it said.
    pub fn run(&self, folder: &Folder, name: &str, arguments: &[&str]) -> Result<String, String> {
        let mut process = self.start(folder, name, arguments)?;
        let status = process.child.wait().map_err(|error| error.to_string())?;
        let said = || std::fs::read_to_string(&process.log).map_err(|error| error.to_string());
        if status.success() { said() } else { Err(process.ended(status)) }
    }
}

/// Cargo, as a person would start it: what `cargo run` tells its child about its package would make some build scripts
/// (ring's does) run again, with everything that stands on them.
fn cargo() -> Command {
    let mut cargo = Command::new("cargo");
    for (name, _) in std::env::vars_os() {
        let about = |prefix| name.to_str().is_some_and(|name| name.starts_with(prefix));
        if about("CARGO_PKG_") || about("CARGO_MANIFEST_") {
            cargo.env_remove(&name);
        }
    }
    cargo
}

/// A running process. Killed when dropped.
pub struct Process {
    child: Child,
    name: String,
    log: PathBuf,
}

impl Process {
    /// Its number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// That it has not ended by itself.
    pub fn lives(&mut self) -> Result<(), String> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(self.ended(status)),
            Err(error) => Err(error.to_string()),
        }
    }

    fn ended(&self, status: std::process::ExitStatus) -> String {
        let said = std::fs::read_to_string(&self.log).unwrap_or_default();
        let from = said.lines().count().saturating_sub(20);
        let tail: Vec<&str> = said.lines().skip(from).collect();
        format!("{} ended: {status}\n{}", self.name, tail.join("\n"))
    }

    /// What it holds in memory now.
    pub fn resident_kib(&self) -> Result<u64, String> {
        let path = format!("/proc/{}/status", self.pid());
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS: not Linux?")?;
        line.trim().split(' ').next().and_then(|kib| kib.parse().ok()).ok_or_else(|| format!("VmRSS: {line}"))
    }

    /// Processor time it has used, in its own code and in the system's for it.
    pub fn busy(&self) -> Result<Duration, String> {
        busy(self.pid())
    }

    /// `kill -9`, and waits until it is gone.
    pub fn kill_now(&mut self) -> Result<(), String> {
        self.child.kill().and_then(|()| self.child.wait()).map(|_| ()).map_err(|error| error.to_string())
    }

    /// Ctrl-C, and waits for its end.
    pub fn interrupt(mut self) -> Result<(), String> {
        self.end()
    }

    /// The same for a process that another will take the place of.
    pub fn end(&mut self) -> Result<(), String> {
        let sent = Command::new("kill").args(["-INT", &self.pid().to_string()]).status();
        sent.map_err(|error| error.to_string())?;
        let mut end = None;
        until("the end of a process", PATIENCE, || {
            end = self.child.try_wait().map_err(|error| error.to_string())?;
            Ok(end.is_some())
        })?;
        match end {
            Some(status) if !status.success() => Err(self.ended(status)),
            _ => Ok(()),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            let _gone = self.child.kill();
            let _status = self.child.wait();
        }
    }
}

/// Processor time that a process has used.
pub fn busy(pid: u32) -> Result<Duration, String> {
    let path = format!("/proc/{pid}/stat");
    let stat = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    // Behind the name in parentheses, the 12th and 13th are user's and system's time in hundredths of a second.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    let hundredths: u64 = fields.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Ok(Duration::from_millis(hundredths * 10))
}

/// A folder of its own, removed at the end.
pub struct Folder(PathBuf);

impl Folder {
    /// Beside the temporary files of this machine.
    pub fn create() -> Result<Self, String> {
        let path = std::env::temp_dir().join(format!("sluice-bench-{}-{}", std::process::id(), free_port()?));
        std::fs::create_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self(path))
    }

    /// A file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The folder as an argument.
    pub fn text(&self) -> String {
        self.0.display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _best_effort = std::fs::remove_dir_all(&self.0);
    }
}

/// Two ports, one after the other, that nobody listens on now.
pub fn free_ports() -> Result<[u16; 2], String> {
    for _ in 0..100 {
        let first = free_port()?;
        if let Some(second) = first.checked_add(1)
            && TcpListener::bind(("127.0.0.1", second)).is_ok()
        {
            return Ok([first, second]);
        }
    }
    Err("no two free ports one after the other".to_owned())
}

/// A port that nobody listens on now.
pub fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    listener.local_addr().map(|address| address.port()).map_err(|error| error.to_string())
}
