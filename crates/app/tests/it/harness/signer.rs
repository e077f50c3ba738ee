//! A `sluice signer` process.

use std::path::PathBuf;
use std::time::Duration;

use tokio::process::{Child, Command};

use super::engine::{signal, spawn_with};
use super::{Point, World, until};

/// A `sluice signer` process. Killed when dropped.
pub struct SignerProcess {
    child: Child,
    /// Where it listens.
    pub socket: PathBuf,
    /// Its configuration.
    pub config: PathBuf,
    /// Where it can be made to end or halt.
    pub point: Point,
}

impl SignerProcess {
    /// `files_max` bounds its file descriptors.
    pub(super) async fn start(world: &World, files_max: u32) -> Self {
        let (lanes, folder) = (world.shape.lanes.to_string(), world.folder.path());
        if !world.file("signer.toml").exists() {
            let prepared = Command::new(env!("CARGO_BIN_EXE_sluice"))
                .args(["dev", "--prepare", "--listen", "127.0.0.1:0", "--node", &world.anvil.url()])
                .args(["--database", &world.database, "--lanes", &lanes, "--data"])
                .arg(folder)
                .args(world.tron_arguments())
                .status()
                .await;
            assert!(prepared.is_ok_and(|status| status.success()), "the folder is prepared");
        }
        let point = Point::of(&world.file("signer.failpoint"));
        let arguments = [
            "signer".into(),
            "--config".into(),
            world.file("signer.toml").display().to_string(),
            "--failpoint-file".into(),
            point.file().display().to_string(),
        ];
        let child = spawn_with(&world.file("signer.log"), files_max, &arguments);
        let socket = world.file("signer.sock");
        until("the signer listens", async || std::os::unix::net::UnixStream::connect(&socket).is_ok()).await;
        Self { child, socket, config: world.file("signer.toml"), point }
    }

    /// Processor time it has used.
    pub fn busy(&self) -> Duration {
        let pid = self.child.id().expect("it runs");
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
        // Behind the name in parentheses, the 12th and 13th are user's and system's time in hundredths of a second.
        let fields = stat.rsplit(')').next().expect("fields").split_whitespace().skip(11).take(2);
        let hundredths: u64 = fields.map(|ticks| ticks.parse::<u64>().expect("ticks")).sum();
        Duration::from_millis(hundredths * 10)
    }

    /// Sends a signal by name.
    pub fn signal(&self, name: &str) {
        signal(self.child.id().expect("it runs"), name);
    }

    /// Ends it, and waits until it is gone.
    pub async fn end(mut self) {
        self.child.kill().await.expect("it can be killed");
    }

    /// Waits until it has killed itself at its failpoint.
    pub async fn struck(&mut self) {
        let ended = tokio::time::timeout(super::PATIENCE, self.child.wait()).await;
        ended.expect("it reaches its failpoint").expect("it ends");
    }
}
