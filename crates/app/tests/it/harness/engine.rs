//! A `sluice dev` process on a world's chain and database.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde::Deserialize;
use tokio::process::{Child, Command};

use super::{Caller, until};

/// What `sluice dev` writes for scripts.
#[derive(Clone, Debug, Deserialize)]
pub struct DevFile {
    /// Where the API is.
    pub api_url: String,
    /// `<key id>.<secret>`.
    pub api_key: String,
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
    file: PathBuf,
    /// Its folder.
    pub folder: PathBuf,
    /// What it wrote.
    pub dev: DevFile,
}

impl Engine {
    pub(super) async fn start(folder: &Path, database: &str, node: &str, lanes: u8) -> Self {
        Self::start_as(folder, database, node, lanes, "dev", &[]).await
    }

    pub(super) async fn start_as(
        folder: &Path,
        database: &str,
        node: &str,
        lanes: u8,
        name: &str,
        more: &[String],
    ) -> Self {
        let file = folder.join(format!("{name}.json"));
        // A killed engine leaves its file behind; only a new one counts.
        let _gone = std::fs::remove_file(&file);
        let log = std::fs::File::options().create(true).append(true).open(folder.join("engine.log")).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_sluice"))
            .args(["dev", "--listen", "127.0.0.1:0", "--node", node, "--database", database])
            .args(["--lanes", &lanes.to_string(), "--dev-file", &format!("{name}.json")])
            .args(more)
            .arg("--data")
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .expect("the engine starts");
        let mut engine = Self {
            child,
            file: file.clone(),
            folder: folder.to_owned(),
            dev: DevFile {
                api_url: String::new(),
                api_key: String::new(),
                partner_id: String::new(),
                assets: vec![],
            },
        };
        let folder = folder.to_owned();
        until("the engine serves", async || {
            if let Ok(Some(status)) = engine.child.try_wait() {
                let log = std::fs::read_to_string(folder.join("engine.log")).unwrap_or_default();
                let tail: String = log
                    .lines()
                    .rev()
                    .take(20)
                    .collect::<Vec<_>>()
                    .into_iter()
                    .rev()
                    .collect::<Vec<_>>()
                    .join("\n");
                panic!("the engine ended: {status}\n{tail}");
            }
            match std::fs::read_to_string(&engine.file).ok().and_then(|text| serde_json::from_str(&text).ok())
            {
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

    /// A caller with the demo partner's key.
    pub fn caller(&self) -> Caller {
        Caller::new(&self.dev)
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// `kill -9`, and waits until it is gone.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("it can be killed");
    }

    /// Ctrl-C, and waits until it has ended well.
    pub async fn interrupt(mut self) {
        self.signal("INT");
        let status = self.child.wait().await.expect("it ends");
        assert!(status.success(), "an interrupted engine ends well: {status}");
    }

    /// Sends a signal by name.
    pub fn signal(&self, name: &str) {
        let sent =
            std::process::Command::new("kill").args([&format!("-{name}"), &self.pid().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "kill -{name}");
    }
}

/// A `sluice signer` process. Killed when dropped.
pub struct SignerProcess {
    child: Child,
    /// Where it listens.
    pub socket: PathBuf,
    /// Its configuration.
    pub config: PathBuf,
}

impl SignerProcess {
    pub(super) async fn start(folder: &Path, database: &str, node: &str, lanes: u8) -> Self {
        let prepared = Command::new(env!("CARGO_BIN_EXE_sluice"))
            .args(["dev", "--prepare", "--listen", "127.0.0.1:0", "--node", node, "--database", database])
            .args(["--lanes", &lanes.to_string()])
            .arg("--data")
            .arg(folder)
            .status()
            .await;
        assert!(prepared.is_ok_and(|status| status.success()), "the folder is prepared");
        let log = std::fs::File::options().create(true).append(true).open(folder.join("signer.log")).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_sluice"))
            .arg("signer")
            .arg("--config")
            .arg(folder.join("signer.toml"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .expect("the signer starts");
        let socket = folder.join("signer.sock");
        until("the signer listens", async || std::os::unix::net::UnixStream::connect(&socket).is_ok()).await;
        Self { child, socket, config: folder.join("signer.toml") }
    }

    /// Sends a signal by name.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().expect("it runs").to_string();
        let sent = std::process::Command::new("kill").args([&format!("-{name}"), &pid]).status();
        assert!(sent.is_ok_and(|status| status.success()), "kill -{name}");
    }
}
