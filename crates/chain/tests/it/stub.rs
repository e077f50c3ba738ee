//! A web server of one trick: it answers each POST with what a function makes of its body.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Status and body; `None` never answers.
pub type Reply = Option<(u16, String)>;

/// A running stub; it ends when dropped.
pub struct Stub {
    pub url: String,
    _tasks: JoinSet<()>,
}

pub async fn stub(reply: impl Fn(Value) -> Reply + Send + Sync + 'static) -> Stub {
    stub_of(move |_, body| reply(body)).await
}

/// The same, for replies that depend on the head of the request, in lower case.
pub async fn stub_of(reply: impl Fn(&str, Value) -> Reply + Send + Sync + 'static) -> Stub {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1/secret-key", listener.local_addr().unwrap());
    let reply = Arc::new(reply);
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut open = JoinSet::new();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let reply = Arc::clone(&reply);
            open.spawn(async move { serve(stream, &*reply).await });
        }
    });
    Stub { url, _tasks: tasks }
}

async fn serve(mut stream: TcpStream, reply: &(impl Fn(&str, Value) -> Reply + ?Sized)) -> Option<()> {
    let mut buffer = Vec::new();
    loop {
        let head = loop {
            if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            stream.read_buf(&mut buffer).await.ok().filter(|read| *read > 0)?;
        };
        let text = String::from_utf8_lossy(&buffer[..head]).to_lowercase();
        let length: usize =
            text.split("content-length:").nth(1)?.split("\r\n").next()?.trim().parse().ok()?;
        while buffer.len() < head + length {
            stream.read_buf(&mut buffer).await.ok().filter(|read| *read > 0)?;
        }
        let body: Value = serde_json::from_slice(&buffer[head..head + length]).unwrap();
        buffer.drain(..head + length);
        let Some((status, body)) = reply(&text, body) else {
            tokio::time::sleep(Duration::from_secs(60)).await;
            return None;
        };
        let answer = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        stream.write_all(answer.as_bytes()).await.ok()?;
    }
}
