//! A small HTTP server: remembers what it was sent and answers as it was told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What the server does with a request.
#[derive(Clone, Debug)]
pub enum Manner {
    /// Answers with a status and a body.
    Answers(u16, String),
    /// Sends the caller elsewhere.
    Redirects(String),
    /// Says nothing.
    Sleeps,
    /// Begins an answer and never ends it, a few bytes at a time.
    Trickles,
    /// Answers this status while the body contains the text, and 200 otherwise.
    Refuses(u16, &'static str),
}

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    pub head: String,
    pub body: String,
}

/// Stops when dropped.
pub struct Server {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    _tasks: JoinSet<()>,
}

impl Server {
    pub async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let mut tasks = JoinSet::new();
        let record = seen.clone();
        tasks.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                open.spawn(serve(stream, manner.clone(), record.clone()));
            }
        });
        Self { address, seen, _tasks: tasks }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, manner: Manner, record: Arc<Mutex<Vec<Seen>>>) {
    // One request for each connection: `connection: close` says so.
    let Some(seen) = read(&mut stream).await else { return };
    record.lock().unwrap().push(seen.clone());
    let (status, extra, body) = match manner {
        Manner::Answers(status, body) => (status, String::new(), body),
        Manner::Redirects(to) => (307, format!("location: {to}\r\n"), String::new()),
        Manner::Refuses(status, text) if seen.body.contains(text) => {
            (status, String::new(), "no\u{7}".into())
        }
        Manner::Refuses(..) => (200, String::new(), String::new()),
        Manner::Sleeps => return std::future::pending().await,
        Manner::Trickles => {
            let _sent = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n").await;
            while stream.write_all(b".").await.is_ok() {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
            return;
        }
    };
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status} Status\r\ncontent-length: {length}\r\nconnection: close\r\n{extra}\r\n");
    let _sent = stream.write_all((head + &body).as_bytes()).await;
}

async fn read(stream: &mut TcpStream) -> Option<Seen> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4_096]);
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
            });
            if body.len() >= length.unwrap_or(0) {
                return Some(Seen { head: head.to_owned(), body: body.to_owned() });
            }
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}
