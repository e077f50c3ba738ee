//! A node that does not tell the truth, or takes less at once than it is asked: a proxy before the real one that changes
//! answers.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use serde_json::{Value, json};

/// Changes an answer to a method and its parameters. An object with `error` becomes one.
type Lie = dyn Fn(&str, &Value, Value) -> Value + Send + Sync;

pub struct Liar {
    pub url: String,
    address: SocketAddr,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Liar {
    /// Before the node at this port. `batch_max` is how many questions it takes at once.
    pub fn before(
        port: u16,
        batch_max: usize,
        lie: impl Fn(&str, &Value, Value) -> Value + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let over = Arc::new(AtomicBool::new(false));
        let (ended, lie): (_, Arc<Lie>) = (Arc::clone(&over), Arc::new(lie));
        let serve = move || {
            while let Ok((mut stream, _)) = listener.accept() {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                // A client may open a connection that it then has no use for.
                let Some(asked) = body(&mut BufReader::new(&stream)) else { continue };
                let told = match asked.as_array() {
                    None => one(port, &asked, &*lie),
                    Some(all) if all.len() > batch_max => {
                        json!({ "jsonrpc": "2.0", "id": null, "error": { "code": -32005, "message": "batch too large" } })
                    }
                    Some(all) => all.iter().map(|asked| one(port, asked, &*lie)).collect(),
                };
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

impl Drop for Liar {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
        drop(self.thread.take().map(JoinHandle::join));
    }
}

fn one(port: u16, asked: &Value, lie: &Lie) -> Value {
    let mut node = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let text = asked.to_string();
    let head = "POST / HTTP/1.0\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ";
    node.write_all(format!("{head}{}\r\n\r\n{text}", text.len()).as_bytes()).unwrap();
    let mut told = body(&mut BufReader::new(&node)).unwrap();
    let said = lie(asked["method"].as_str().unwrap(), &asked["params"], told["result"].take());
    match said.get("error") {
        Some(error) => json!({ "jsonrpc": "2.0", "id": asked["id"], "error": error }),
        None => json!({ "jsonrpc": "2.0", "id": asked["id"], "result": said }),
    }
}

/// The JSON of one HTTP message.
pub fn body(from: &mut BufReader<&TcpStream>) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if from.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_lowercase();
        if line.is_empty() {
            break;
        }
        length = line.strip_prefix("content-length:").map_or(length, |text| text.trim().parse().unwrap());
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}
