//! A minimal mail receiver (RFC 5321): takes what it is given, in the clear, and keeps it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A mail as it arrived.
#[derive(Clone, Debug, Default)]
pub struct Mail {
    pub from: String,
    pub to: Vec<String>,
    pub data: String,
}

/// What the receiver does.
#[derive(Clone, Copy, Debug)]
pub enum Manner {
    /// Takes every mail.
    Takes,
    /// Refuses mails whose headers contain the text, for good.
    Refuses(&'static str),
    /// Greets nobody.
    Sleeps,
}

/// What arrived, oldest first.
type Kept<T> = Arc<Mutex<Vec<T>>>;

/// Stops when dropped.
pub struct Receiver {
    pub address: SocketAddr,
    mails: Kept<Mail>,
    lines: Kept<String>,
    _tasks: JoinSet<()>,
}

impl Receiver {
    pub async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (mails, lines) = (Kept::default(), Kept::default());
        let mut tasks = JoinSet::new();
        let (kept, heard) = (mails.clone(), lines.clone());
        tasks.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (kept, heard) = (kept.clone(), heard.clone());
                open.spawn(async move {
                    let _ended = converse(stream, manner, &kept, &heard).await;
                });
            }
        });
        Self { address, mails, lines, _tasks: tasks }
    }

    pub fn mails(&self) -> Vec<Mail> {
        self.mails.lock().unwrap().clone()
    }

    /// Every command line ever received.
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }
}

async fn converse(
    stream: TcpStream,
    manner: Manner,
    kept: &Mutex<Vec<Mail>>,
    heard: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    if matches!(manner, Manner::Sleeps) {
        return std::future::pending().await;
    }
    let mut stream = BufReader::new(stream);
    let mut mail = Mail::default();
    stream.write_all(b"220 sink ready\r\n").await?;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let line = line.trim_end();
        heard.lock().unwrap().push(line.to_owned());
        let upper = line.to_ascii_uppercase();
        let answer = if upper.starts_with("EHLO") {
            "250-sink\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"
        } else if upper.starts_with("MAIL FROM:") {
            mail = Mail { from: address(line), ..Mail::default() };
            "250 go on\r\n"
        } else if upper.starts_with("RCPT TO:") {
            mail.to.push(address(line));
            "250 go on\r\n"
        } else if upper == "DATA" {
            stream.write_all(b"354 end with a dot\r\n").await?;
            mail.data = data(&mut stream).await?;
            match manner {
                Manner::Refuses(text) if mail.data.contains(text) => "550 not that one\r\n",
                Manner::Takes | Manner::Refuses(_) | Manner::Sleeps => {
                    kept.lock().unwrap().push(std::mem::take(&mut mail));
                    "250 kept\r\n"
                }
            }
        } else if upper == "QUIT" {
            stream.write_all(b"221 bye\r\n").await?;
            return Ok(());
        } else if upper == "RSET" || upper == "NOOP" {
            "250 ok\r\n"
        } else {
            "502 not here\r\n"
        };
        stream.write_all(answer.as_bytes()).await?;
    }
}

fn address(line: &str) -> String {
    line.split(['<', '>']).nth(1).unwrap_or_default().to_owned()
}

/// Lines up to a lone dot, with the dots that were doubled on the way (RFC 5321 4.5.2) made single again.
async fn data(stream: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut data = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 || line == ".\r\n" {
            return Ok(data);
        }
        data.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}
