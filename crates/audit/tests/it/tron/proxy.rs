//! A node that does not tell the truth: a proxy before the real one that changes answers.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use serde_json::Value;

use crate::liar::body;

/// Changes an answer to a question, which is named by the last part of its path.
type Lie = dyn Fn(&str, &Value, &mut Value) + Send + Sync;

pub struct Proxy {
    pub url: String,
    address: SocketAddr,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Before the node at this address.
    pub fn before(url: &str, lie: impl Fn(&str, &Value, &mut Value) + Send + Sync + 'static) -> Self {
        let node: SocketAddr = url.strip_prefix("http://").unwrap().parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let over = Arc::new(AtomicBool::new(false));
        let (ended, lie): (_, Arc<Lie>) = (Arc::clone(&over), Arc::new(lie));
        let serve = move || {
            while let Ok((mut stream, _)) = listener.accept() {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                let mut from = BufReader::new(&stream);
                let mut first = String::new();
                if from.read_line(&mut first).unwrap() == 0 {
                    continue; // A client may open a connection that it then has no use for.
                }
                let path = first.split(' ').nth(1).unwrap().to_owned();
                let Some(asked) = body(&mut from) else { continue };
                let mut told = told(node, &path, &asked);
                lie(path.rsplit('/').next().unwrap(), &asked, &mut told);
                let text = told.to_string();
                let head =
                    format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", text.len());
                stream.write_all(format!("{head}{text}").as_bytes()).unwrap();
            }
        };
        let thread = std::thread::Builder::new().name("liar".into()).spawn(serve).unwrap();
        Self { url: format!("http://{address}"), address, over, thread: Some(thread) }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
        drop(self.thread.take().map(JoinHandle::join));
    }
}

fn told(node: SocketAddr, path: &str, asked: &Value) -> Value {
    let mut node = TcpStream::connect(node).unwrap();
    let text = asked.to_string();
    let head = "Host: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ";
    node.write_all(format!("POST {path} HTTP/1.1\r\n{head}{}\r\n\r\n{text}", text.len()).as_bytes()).unwrap();
    body(&mut BufReader::new(&node)).unwrap()
}
