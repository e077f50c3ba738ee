//! A door in front of a server of somebody else: it can be shut, slowed down, or left without an answer. Several in front
//! of one anvil are several operators.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How what is behind a door behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// As it is.
    Honest,
    /// Nobody answers the door, and whoever is inside is thrown out.
    Down,
    /// Each answer comes so much later.
    Slow(Duration),
    /// It takes every question and answers none.
    Silent,
}

/// A door, shut for ever when dropped.
pub struct Door {
    port: u16,
    manner: watch::Sender<Manner>,
    _keeper: JoinSet<()>,
}

impl Door {
    /// A door before the server at this port.
    pub async fn before(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (manner, watched) = watch::channel(Manner::Honest);
        let mut keeper = JoinSet::new();
        keeper.spawn(async move {
            let mut guests = JoinSet::new();
            loop {
                let Ok((guest, _)) = listener.accept().await else { continue };
                guests.spawn(host(guest, server, watched.clone()));
                while guests.try_join_next().is_some() {}
            }
        });
        Self { port, manner, _keeper: keeper }
    }

    /// Where it is.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// From now on it behaves like this.
    pub fn is(&self, manner: Manner) {
        self.manner.send_replace(manner);
    }
}

/// One connection, until either side is tired of it or the door is shut.
async fn host(guest: TcpStream, server: u16, mut manner: watch::Receiver<Manner>) {
    if *manner.borrow() == Manner::Down {
        return;
    }
    let Ok(node) = TcpStream::connect(("127.0.0.1", server)).await else { return };
    let ((from_guest, to_guest), (from_node, to_node)) = (guest.into_split(), node.into_split());
    let questions = carry(from_guest, to_node, None);
    let answers = carry(from_node, to_guest, Some(manner.clone()));
    tokio::select! {
        _ = questions => {}
        _ = answers => {}
        _ = manner.wait_for(|manner| *manner == Manner::Down) => {}
    }
}

async fn carry(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    manner: Option<watch::Receiver<Manner>>,
) -> std::io::Result<()> {
    let mut bytes = vec![0; 65_536];
    loop {
        let count = from.read(&mut bytes).await?;
        if count == 0 {
            return Ok(());
        }
        if let Some(mut manner) = manner.clone() {
            // The connection ends with the sender: then there is nobody to wait for.
            let _gone = manner.wait_for(|manner| *manner != Manner::Silent).await.is_err();
            let slow = match *manner.borrow() {
                Manner::Slow(time) => time,
                Manner::Honest | Manner::Down | Manner::Silent => Duration::ZERO,
            };
            tokio::time::sleep(slow).await;
        }
        to.write_all(bytes.get(..count).unwrap_or_default()).await?;
    }
}
