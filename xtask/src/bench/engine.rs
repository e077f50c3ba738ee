//! The program under measurement: built, started, asked how much memory it holds, stopped.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::client::{Key, answers, now};

/// Longest wait for a start or an end.
const PATIENCE_US: u128 = 60_000_000;

/// Builds the release binary, with what `sluice dev` needs.
pub fn build(root: &Path) -> Result<PathBuf, String> {
    let mut cargo = crate::cargo();
    cargo.args(["build", "--release", "-p", "sluice-app", "--features", "dev"]).current_dir(root);
    match cargo.status() {
        Ok(status) if status.success() => {}
        Ok(status) => return Err(format!("the release build failed: {status}")),
        Err(error) => return Err(format!("cargo cannot be started ({error})")),
    }
    let asked = crate::cargo()
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(root)
        .output()
        .map_err(|error| error.to_string())?;
    let metadata: serde_json::Value =
        serde_json::from_slice(&asked.stdout).map_err(|error| format!("cargo metadata: {error}"))?;
    let target = metadata["target_directory"].as_str().ok_or("cargo metadata names no target directory")?;
    Ok(Path::new(target).join("release/sluice"))
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
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _best_effort = std::fs::remove_dir_all(&self.0);
    }
}

/// A database of its own on a server, dropped at the end.
pub struct Database {
    /// Where it is.
    pub url: String,
    server: String,
    name: String,
}

impl Database {
    /// Makes it.
    pub fn create(server: &str) -> Result<Self, String> {
        let name = format!("bench_{}", std::process::id());
        psql(server, &format!("create database {name}"))?;
        let (base, _) = server.rsplit_once('/').ok_or("the server's URL names no database")?;
        Ok(Self { url: format!("{base}/{name}"), server: server.to_owned(), name })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Err(why) = psql(&self.server, &format!("drop database if exists {} with (force)", self.name)) {
            eprintln!("bench: {why}");
        }
    }
}

fn psql(server: &str, statement: &str) -> Result<(), String> {
    let said = Command::new("psql")
        .args([server, "-v", "ON_ERROR_STOP=1", "-qc", statement])
        .output()
        .map_err(|error| format!("psql cannot be started ({error})"))?;
    if said.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&said.stderr).into_owned()) }
}

/// A running `sluice dev`.
pub struct Engine {
    child: Child,
    /// Where its API listens.
    pub address: String,
    /// What it pays.
    pub asset: String,
    /// A person of the demo partner.
    pub first: Key,
    /// Another person.
    pub second: Key,
}

impl Engine {
    /// Starts it and waits until it is ready; how long that took.
    pub fn start(
        binary: &Path,
        root: &Path,
        folder: &Folder,
        database: Option<&str>,
    ) -> Result<(Self, Duration), String> {
        let address = format!("127.0.0.1:{}", free_port()?);
        let log = File::create(folder.0.join("log")).map_err(|error| error.to_string())?;
        let errors = log.try_clone().map_err(|error| error.to_string())?;
        let mut command = Command::new(binary);
        command.arg("dev").arg("--data").arg(&folder.0).args(["--listen", &address, "--chain-port", "0"]);
        if let Some(database) = database {
            command.args(["--database", database]);
        }
        let begun = now();
        let child = command.current_dir(root).stdin(Stdio::null()).stdout(log).stderr(errors).spawn();
        let child = child.map_err(|error| format!("{}: {error}", binary.display()))?;
        let nobody = Key { id: String::new(), secret: String::new() };
        let mut engine = Self { child, address, asset: String::new(), first: nobody.clone(), second: nobody };
        let said = || std::fs::read_to_string(folder.0.join("log")).unwrap_or_default();
        while !answers(&engine.address) {
            if let Ok(Some(status)) = engine.child.try_wait() {
                return Err(format!("the engine ended: {status}\n{}", said()));
            }
            if begun.elapsed_us() > PATIENCE_US {
                return Err(format!("the engine does not serve\n{}", said()));
            }
            rest(Duration::from_millis(2));
        }
        let took = Duration::from_micros(u64::try_from(begun.elapsed_us()).unwrap_or(u64::MAX));
        let file = folder.0.join("dev.json");
        let text = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let dev: serde_json::Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let key = |name: &str| {
            let (id, secret) =
                dev[name].as_str().and_then(|key| key.split_once('.')).ok_or("dev.json has no key")?;
            Ok::<_, String>(Key { id: id.to_owned(), secret: secret.to_owned() })
        };
        (engine.first, engine.second) = (key("api_key")?, key("second_api_key")?);
        engine.asset = dev["assets"][0]["id"].as_str().ok_or("dev.json has no asset")?.to_owned();
        Ok((engine, took))
    }

    /// What the process holds in memory now; the chain beside it is another process.
    pub fn resident_kib(&self) -> Result<u64, String> {
        let path = format!("/proc/{}/status", self.child.id());
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS: not Linux?")?;
        line.trim().split(' ').next().and_then(|kib| kib.parse().ok()).ok_or_else(|| format!("VmRSS: {line}"))
    }

    /// Ctrl-C, and waits for its end.
    pub fn stop(mut self) -> Result<(), String> {
        let sent = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        sent.map_err(|error| error.to_string())?;
        let begun = now();
        while begun.elapsed_us() < PATIENCE_US {
            if let Some(status) = self.child.try_wait().map_err(|error| error.to_string())? {
                return if status.success() { Ok(()) } else { Err(format!("the engine ended: {status}")) };
            }
            rest(Duration::from_millis(10));
        }
        Err("the engine does not end".to_owned())
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            let _gone = self.child.kill();
            let _status = self.child.wait();
        }
    }
}

/// Leaves the processor to the engine.
#[expect(clippy::disallowed_methods, reason = "another process is waited for, and it tells nobody")]
pub fn rest(time: Duration) {
    std::thread::sleep(time);
}

fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    listener.local_addr().map(|address| address.port()).map_err(|error| error.to_string())
}
