//! A `sluice` process on a world's chain and database: everything in one for development, or as in production.

use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde::Deserialize;
use sluice_mutant::Mutant;
use tokio::process::{Child, Command};

use super::{Caller, Point, World, until};

/// What `sluice dev` writes for scripts.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct DevFile {
    /// Where the API is.
    pub api_url: String,
    /// `<key id>.<secret>`.
    pub api_key: String,
    /// Of another person of the demo partner.
    pub second_api_key: String,
    /// Of the platform.
    pub platform_api_key: String,
    /// Of another person of the platform.
    pub second_platform_api_key: String,
    /// The demo partner.
    pub partner_id: String,
    /// What it pays.
    pub assets: Vec<DevAsset>,
}

/// An asset in the file.
#[derive(Clone, Debug, Deserialize)]
pub struct DevAsset {
    /// CAIP-19 id.
    pub id: String,
}

/// A running engine. Killed when dropped.
pub struct Engine {
    child: Child,
    /// Its folder.
    pub folder: PathBuf,
    /// What it wrote.
    pub dev: DevFile,
    /// Where it can be made to end or halt.
    pub point: Point,
}

impl Engine {
    /// Starts `sluice dev` and waits until it serves.
    pub(super) async fn start(world: &World, name: &str, more: &[String]) -> Self {
        Self::start_on(world, &world.database, name, more).await
    }

    /// The same on another database.
    pub(super) async fn start_on(world: &World, database: &str, name: &str, more: &[String]) -> Self {
        let mut engine = Self::begin(world, database, name, more);
        let file = world.file(&format!("{name}.json"));
        until("the engine serves", async || {
            engine.still_runs(world);
            match std::fs::read_to_string(&file).ok().and_then(|text| serde_json::from_str(&text).ok()) {
                Some(dev) => {
                    engine.dev = dev;
                    true
                }
                None => false,
            }
        })
        .await;
        engine
    }

    /// Starts it and waits for nothing.
    pub(super) fn begin(world: &World, database: &str, name: &str, more: &[String]) -> Self {
        let file = world.file(&format!("{name}.json"));
        // A killed engine leaves its file behind; only a new one counts.
        let _gone = std::fs::remove_file(&file);
        let point = Point::of(&world.file(&format!("{name}.failpoint")));
        let mut arguments = vec![
            "dev".into(),
            "--listen".into(),
            format!("127.0.0.1:{}", world.port(name)),
            "--node".into(),
            world.node_url(),
            "--database".into(),
            database.to_owned(),
            "--lanes".into(),
            world.shape.lanes.to_string(),
            "--funds".into(),
            world.shape.funds.to_string(),
            "--block-ms".into(),
            world.shape.block.as_millis().to_string(),
            "--dev-file".into(),
            format!("{name}.json"),
            "--data".into(),
            world.folder.path().display().to_string(),
            "--failpoint-file".into(),
            point.file().display().to_string(),
        ];
        arguments.extend(world.tron_arguments());
        let log = world.file("engine.log");
        let child = match world.broken.map(Mutant::name) {
            Some(name) => spawn(MUTANT, &log, std::iter::once(&name).chain(&arguments).chain(more)),
            None => spawn(PROGRAM, &log, arguments.iter().chain(more)),
        };
        Self { child, folder: world.folder.path().to_owned(), dev: DevFile::default(), point }
    }

    /// Starts `sluice run` with a configuration file, and waits until it serves.
    pub(super) async fn start_production(world: &World, name: &str, config: &Path, dev: DevFile) -> Self {
        let listen = format!("127.0.0.1:{}", world.port(name));
        let arguments: Vec<String> =
            ["run", "--config", &config.display().to_string(), "--listen", &listen].map(String::from).into();
        let child = spawn(PROGRAM, &world.file("engine.log"), &arguments);
        let dev = DevFile { api_url: format!("http://{listen}"), ..dev };
        let mut engine = Self {
            child,
            folder: world.folder.path().to_owned(),
            dev,
            point: Point::of(&world.file("none")),
        };
        let caller = engine.caller();
        until("the engine serves", async || {
            engine.still_runs(world);
            caller.client.health().await.is_ok()
        })
        .await;
        engine
    }

    fn still_runs(&mut self, world: &World) {
        if let Ok(Some(status)) = self.child.try_wait() {
            panic!("the engine ended: {status}\n{}", world.tail(20));
        }
    }

    /// A caller with the demo partner's key.
    pub fn caller(&self) -> Caller {
        self.caller_with(&self.dev.api_key)
    }

    /// The same, who orders USDT on TRON.
    pub fn tron_caller(&self) -> Caller {
        let usdt = self.dev.assets.iter().find(|asset| asset.id.starts_with("tron:")).expect("on TRON");
        let mut caller = self.caller();
        caller.asset.clone_from(&usdt.id);
        caller
    }

    /// Another person of the demo partner: some commands take two.
    pub fn second(&self) -> Caller {
        self.caller_with(&self.dev.second_api_key)
    }

    /// A person of the platform, who sees everything.
    pub fn platform(&self) -> Caller {
        self.caller_with(&self.dev.platform_api_key)
    }

    /// A caller with any key.
    pub fn caller_with(&self, key: &str) -> Caller {
        Caller::new(&self.dev, key)
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// `kill -9`, and waits until it is gone.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("it can be killed");
    }

    /// Waits until it is gone: with which signal, if it was one.
    pub async fn gone(&mut self) -> Option<i32> {
        self.child.wait().await.expect("it ends").signal()
    }

    /// Waits until it has killed itself at its failpoint.
    pub async fn struck(mut self) {
        let ended = tokio::time::timeout(super::PATIENCE, self.child.wait()).await;
        let status = ended.expect("it reaches its failpoint").expect("it ends");
        assert_eq!(status.signal(), Some(9), "{status}");
    }

    /// Ctrl-C, and waits until it has ended well.
    pub async fn interrupt(mut self) {
        self.signal("INT");
        let status = self.child.wait().await.expect("it ends");
        assert!(status.success(), "an interrupted engine ends well: {status}");
    }

    /// Sends a signal by name.
    pub fn signal(&self, name: &str) {
        signal(self.pid(), name);
    }
}

/// The program.
const PROGRAM: &str = env!("CARGO_BIN_EXE_sluice");
/// The same with the rule off that its first argument names.
const MUTANT: &str = env!("CARGO_BIN_EXE_sluice-mutant");

/// Starts a program, killed when dropped, its words appended to a log.
fn spawn<'a>(program: &str, log: &Path, arguments: impl IntoIterator<Item = &'a String>) -> Child {
    let log = std::fs::File::options().create(true).append(true).open(log).expect("a log");
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a log"))
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .expect("the program starts")
}

/// The same with so few file descriptors.
pub(super) fn spawn_with(log: &Path, files_max: u32, arguments: &[String]) -> Child {
    let log = std::fs::File::options().create(true).append(true).open(log).expect("a log");
    Command::new("sh")
        .args(["-c", &format!("ulimit -n {files_max} && exec \"$0\" \"$@\"")])
        .arg(PROGRAM)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a log"))
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .expect("the program starts")
}

/// Sends a signal by name.
pub fn signal(pid: u32, name: &str) {
    let sent = std::process::Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status();
    assert!(sent.is_ok_and(|status| status.success()), "kill -{name}");
}
