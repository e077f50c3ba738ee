//! Operators of nodes: several names in front of one anvil, each with a door of its own that can be shut, slowed down or
//! left without an answer.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How an operator's node behaves.
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

/// An operator with a node.
pub struct Operator {
    /// Its name, by which a quorum counts it.
    pub name: String,
    /// Its node.
    pub url: String,
    manner: watch::Sender<Manner>,
    _door: JoinSet<()>,
}

impl Operator {
    /// An operator whose node is the anvil at this port.
    pub(super) async fn new(name: &str, anvil: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (manner, watched) = watch::channel(Manner::Honest);
        let mut door = JoinSet::new();
        door.spawn(async move {
            let mut guests = JoinSet::new();
            loop {
                let Ok((guest, _)) = listener.accept().await else { continue };
                guests.spawn(host(guest, anvil, watched.clone()));
                while guests.try_join_next().is_some() {}
            }
        });
        Self { name: name.to_owned(), url, manner, _door: door }
    }

    /// From now on it behaves like this.
    pub fn is(&self, manner: Manner) {
        self.manner.send_replace(manner);
    }
}

/// One connection, until either side is tired of it or the operator goes down.
async fn host(guest: TcpStream, anvil: u16, mut manner: watch::Receiver<Manner>) {
    if *manner.borrow() == Manner::Down {
        return;
    }
    let Ok(node) = TcpStream::connect(("127.0.0.1", anvil)).await else { return };
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
