//! The wire between a store and PostgreSQL: it can hold back any statement, and change one.
//!
//! Nothing in the store knows of it. A statement is what makes the server work: a simple query, or a message group that
//! executes something prepared. What only prepares passes.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Longest message of a test, bytes.
const MESSAGE_MAX: usize = 1 << 24;

/// A text of ours and what the server is told instead, of the same length or shorter.
pub type Edit = (&'static str, &'static str);

#[derive(Clone, Copy, Default)]
struct Gate {
    seen: usize,
    hold_at: Option<usize>,
    held: bool,
}

#[derive(Default)]
struct Noted {
    /// Server processes of the connections.
    pids: BTreeSet<i32>,
    edited: bool,
}

/// One way to the server.
pub struct Wire {
    port: u16,
    gate: Arc<watch::Sender<Gate>>,
    noted: Arc<Mutex<Noted>>,
    _tasks: JoinSet<()>,
}

impl Wire {
    /// Opens a way to `server`, an address.
    pub async fn to(server: String, edit: Option<Edit>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let gate = Arc::new(watch::Sender::new(Gate::default()));
        let noted = Arc::new(Mutex::new(Noted::default()));
        let mut tasks = JoinSet::new();
        let (at, notes) = (Arc::clone(&gate), Arc::clone(&noted));
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let upstream = TcpStream::connect(&server).await.unwrap();
                client.set_nodelay(true).unwrap();
                upstream.set_nodelay(true).unwrap();
                let ((from_client, to_client), (from_server, to_server)) =
                    (client.into_split(), upstream.into_split());
                let (at, asking, telling) = (Arc::clone(&at), Arc::clone(&notes), Arc::clone(&notes));
                // Either end may go away at any time: that ends its half and nothing else.
                connections.spawn(async move { drop(ask(from_client, to_server, &at, &asking, edit).await) });
                connections.spawn(async move { drop(answer(from_server, to_client, &telling).await) });
            }
        });
        Self { port, gate, noted, _tasks: tasks }
    }

    /// `url` by way of this wire, which is in the clear.
    pub fn url(&self, url: &str) -> String {
        let mut to_us = url.replacen(server_of(url), &format!("127.0.0.1:{}", self.port), 1);
        to_us.push_str(if url.contains('?') { "&sslmode=disable" } else { "?sslmode=disable" });
        to_us
    }

    /// Holds back the statement of this place from now on, from 1; no statement for `None`.
    pub fn hold(&self, place: Option<usize>) {
        self.gate.send_replace(Gate { seen: 0, hold_at: place, held: false });
    }

    /// Until a statement is held back.
    pub async fn held(&self) {
        let mut gate = self.gate.subscribe();
        gate.wait_for(|gate| gate.held).await.unwrap();
    }

    pub fn pids(&self) -> BTreeSet<i32> {
        noted(&self.noted, |noted| noted.pids.clone())
    }

    pub fn edited(&self) -> bool {
        noted(&self.noted, |noted| noted.edited)
    }
}

/// `host:port` of an address of a database.
pub fn server_of(url: &str) -> &str {
    let after = url.split_once('@').unwrap().1;
    after.split_once('/').unwrap().0
}

fn noted<T>(notes: &Mutex<Noted>, with: impl FnOnce(&mut Noted) -> T) -> T {
    with(&mut notes.lock().unwrap_or_else(PoisonError::into_inner))
}

async fn ask(
    from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    gate: &watch::Sender<Gate>,
    notes: &Mutex<Noted>,
    edit: Option<Edit>,
) -> io::Result<()> {
    let mut from = BufReader::new(from);
    // Greetings have no kind.
    let size = from.read_u32().await?;
    to.write_u32(size).await?;
    to.write_all(&body(&mut from, size).await?).await?;
    let (mut group, mut works) = (Vec::new(), false);
    loop {
        let kind = from.read_u8().await?;
        let size = from.read_u32().await?;
        let mut body = body(&mut from, size).await?;
        if let Some((ours, instead)) = edit
            && matches!(kind, b'P' | b'Q')
        {
            noted(notes, |noted| noted.edited |= replace(&mut body, ours, instead));
        }
        group.push(kind);
        group.extend(size.to_be_bytes());
        group.append(&mut body);
        works |= matches!(kind, b'E' | b'Q');
        if matches!(kind, b'S' | b'Q' | b'H' | b'p' | b'X') {
            if works {
                pass(gate).await;
            }
            to.write_all(&group).await?;
            group.clear();
            works = false;
        }
    }
}

async fn pass(gate: &watch::Sender<Gate>) {
    let mut waits = gate.subscribe();
    gate.send_modify(|gate| {
        gate.seen += 1;
        gate.held |= gate.hold_at == Some(gate.seen);
    });
    if waits.borrow_and_update().held {
        waits.wait_for(|gate| gate.hold_at.is_none()).await.unwrap();
    }
}

/// What is shorter is filled up, so that no length changes.
fn replace(body: &mut [u8], ours: &str, instead: &str) -> bool {
    let Some(at) = body.windows(ours.len()).position(|part| part == ours.as_bytes()) else { return false };
    let filled = format!("{instead:width$}", width = ours.len());
    body[at..at + ours.len()].copy_from_slice(filled.as_bytes());
    true
}

async fn answer(from: OwnedReadHalf, mut to: OwnedWriteHalf, notes: &Mutex<Noted>) -> io::Result<()> {
    let mut from = BufReader::new(from);
    let mut group = Vec::new();
    loop {
        let kind = from.read_u8().await?;
        let size = from.read_u32().await?;
        let body = body(&mut from, size).await?;
        if kind == b'K' {
            let pid = i32::from_be_bytes(body[..4].try_into().unwrap());
            noted(notes, |noted| noted.pids.insert(pid));
        }
        group.push(kind);
        group.extend(size.to_be_bytes());
        group.extend(body);
        if from.buffer().is_empty() {
            to.write_all(&group).await?;
            group.clear();
        }
    }
}

async fn body(from: &mut BufReader<OwnedReadHalf>, size: u32) -> io::Result<Vec<u8>> {
    let length = usize::try_from(size).unwrap() - 4;
    assert!(length <= MESSAGE_MAX, "a message of {length} bytes");
    let mut body = vec![0; length];
    from.read_exact(&mut body).await?;
    Ok(body)
}
