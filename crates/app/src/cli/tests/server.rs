//! A server of a few lines, for tests of what is sent and what becomes of the answers.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use serde_json::{Value, json};

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Asked {
    pub(in crate::cli) method: String,
    pub(in crate::cli) target: String,
    pub(in crate::cli) signed: bool,
    pub(in crate::cli) body: Value,
}

type Answers = dyn Fn(&Asked) -> (u16, Value) + Send + Sync;

/// A server that answers as a function says.
pub(in crate::cli) struct Server {
    pub(in crate::cli) url: String,
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(in crate::cli) fn answering(
        answers: impl Fn(&Asked) -> (u16, Value) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, over) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (log, ended) = (Arc::clone(&asked), Arc::clone(&over));
        let answers: Arc<Answers> = Arc::new(answers);
        let serve = move || {
            while let Ok((stream, _)) = listener.accept() {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                let (log, answers) = (Arc::clone(&log), Arc::clone(&answers));
                let one = move || {
                    let mut reader = BufReader::new(stream);
                    // A client opens a connection it then has no use for, when another one becomes free first.
                    let Some(request) = read(&mut reader) else { return };
                    log.lock().unwrap().push(request.clone());
                    let (status, body) = answers(&request);
                    answer(reader.into_inner(), status, &body.to_string());
                };
                // Not joined: it ends with its connection, which the client holds.
                drop(std::thread::Builder::new().name("answer".into()).spawn(one).unwrap());
            }
        };
        let thread = std::thread::Builder::new().name("answers".into()).spawn(serve).unwrap();
        Self { url: format!("http://{address}"), address, asked, over, thread: Some(thread) }
    }

    pub(in crate::cli) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
        drop(self.thread.take().map(JoinHandle::join));
    }
}

fn answer(mut stream: TcpStream, status: u16, body: &str) {
    let head = format!("HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    // A caller that left, as after Ctrl-C, is no failure of the test.
    drop(stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())));
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next()?, words.next()?);
    let (mut length, mut signed) = (0, false);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.to_lowercase();
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        match name {
            "content-length" => length = value.parse().unwrap(),
            "sluice-signature" => signed = true,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Asked { method, target, signed, body: serde_json::from_slice(&body).unwrap_or(Value::Null) })
}

/// Who a partner's, or the platform's, key belongs to.
pub(in crate::cli) fn me(platform: bool) -> Value {
    json!({
        "object": "me", "key_id": "key_1", "key_name": "k", "partner_id": "pt_1", "partner_name": "p", "scopes": [],
        "platform": platform, "mode": "test", "timezone": "Asia/Seoul", "allowed_ips": [], "ip": "127.0.0.1",
        "expires_at": null, "now": "2026-11-21T00:00:00Z", "version": "0"
    })
}
