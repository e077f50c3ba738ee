//! The smallest caller that signs: one connection, one request after another, no library between it and the socket.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A key of a partner.
#[derive(Clone)]
pub struct Key {
    /// `key_...`
    pub id: String,
    /// As it was shown.
    pub secret: String,
}

/// How long each request of a load took, and all of them together.
pub struct Load {
    each_us: Vec<u128>,
    all: Duration,
}

impl Load {
    /// What so many of a hundred stayed within, microseconds.
    pub fn quantile_us(&self, percent: usize) -> u128 {
        let place = (self.each_us.len() * percent).div_ceil(100).saturating_sub(1);
        self.each_us.get(place).copied().unwrap_or(u128::MAX)
    }

    /// Requests in a second.
    pub fn rate(&self) -> u128 {
        self.each_us.len() as u128 * 1_000_000 / self.all.as_micros().max(1)
    }
}

/// A connection for each key; each asks `requests` times, one after the other.
pub fn load(
    address: &str,
    keys: &[Key],
    requests: usize,
    ask: impl Fn(usize, usize) -> (&'static str, &'static str, String) + Sync,
) -> Result<Load, String> {
    let ready = Barrier::new(keys.len() + 1);
    let (begun, each) = std::thread::scope(|scope| {
        let callers: Vec<_> = keys
            .iter()
            .enumerate()
            .map(|(place, key)| {
                let (ready, ask) = (&ready, &ask);
                scope.spawn(move || {
                    let connection = Connection::open(address);
                    ready.wait();
                    let mut connection = connection?;
                    (0..requests)
                        .map(|number| {
                            let (method, target, body) = ask(place, number);
                            let begun = now();
                            let (status, said) = connection.ask(key, method, target, &body)?;
                            let took = begun.elapsed_us();
                            if status >= 300 {
                                Err(format!("{method} {target}: {status} {said}"))
                            } else {
                                Ok(took)
                            }
                        })
                        .collect::<Result<Vec<u128>, String>>()
                })
            })
            .collect();
        ready.wait();
        let begun = now();
        let each: Vec<_> = callers
            .into_iter()
            .map(|caller| caller.join().unwrap_or_else(|_| Err("a caller panicked".to_owned())))
            .collect();
        (begun, each)
    });
    let all = Duration::from_micros(u64::try_from(begun.elapsed_us()).unwrap_or(u64::MAX));
    let mut each_us: Vec<u128> =
        each.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
    each_us.sort_unstable();
    Ok(Load { each_us, all })
}

impl Key {
    /// One command on a connection of its own; its answer.
    pub fn post(&self, address: &str, target: &str, body: &str) -> Result<serde_json::Value, String> {
        let (status, said) = Connection::open(address)?.ask(self, "POST", target, body)?;
        if status >= 300 {
            return Err(format!("POST {target}: {status} {said}"));
        }
        serde_json::from_str(&said).map_err(|error| format!("POST {target}: {error}"))
    }

    fn headers(&self, method: &str, target: &str, body: &str) -> Result<String, String> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let at = milliseconds();
        let nonce = format!("bench-{at}-{:08}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let digest = hex::encode(Sha256::digest(body.as_bytes()));
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.secret.as_bytes()).map_err(|error| error.to_string())?;
        mac.update(format!("{at}\n{nonce}\n{method}\n{target}\n{digest}").as_bytes());
        let signature = hex::encode(mac.finalize().into_bytes());
        Ok(format!(
            "Sluice-Key: {}\r\nSluice-Timestamp: {at}\r\nSluice-Nonce: {nonce}\r\nSluice-Signature: v1={signature}\r\n",
            self.id
        ))
    }
}

/// A connection that stays open.
struct Connection {
    address: String,
    stream: BufReader<TcpStream>,
}

impl Connection {
    fn open(address: &str) -> Result<Self, String> {
        let stream = TcpStream::connect(address).map_err(|error| format!("{address}: {error}"))?;
        let set = stream.set_nodelay(true).and_then(|()| stream.set_read_timeout(Some(PATIENCE)));
        set.map_err(|error| format!("{address}: {error}"))?;
        Ok(Self { address: address.to_owned(), stream: BufReader::new(stream) })
    }

    /// Status and body of the answer.
    fn ask(&mut self, key: &Key, method: &str, target: &str, body: &str) -> Result<(u16, String), String> {
        let signed = key.headers(method, target, body)?;
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{signed}\r\n{body}",
            self.address,
            body.len()
        );
        self.exchange(&request).map_err(|error| format!("{method} {target}: {error}"))
    }

    fn exchange(&mut self, request: &str) -> std::io::Result<(u16, String)> {
        self.stream.get_mut().write_all(request.as_bytes())?;
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|word| word.parse().ok());
        let status = status.ok_or_else(|| std::io::Error::other(format!("no HTTP: {line:?}")))?;
        let mut length = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            let header = line.trim_end().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().map_err(std::io::Error::other)?;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    }
}

/// Whether something answers there.
pub fn answers(address: &str) -> bool {
    let key = Key { id: String::new(), secret: String::new() };
    Connection::open(address)
        .and_then(|mut connection| connection.ask(&key, "GET", "/ready", ""))
        .is_ok_and(|(status, _)| status == 200)
}

/// A moment of this run.
#[derive(Clone, Copy)]
pub struct Moment(Instant);

/// Now.
#[expect(clippy::disallowed_methods, reason = "measures; nothing is decided by it")]
pub fn now() -> Moment {
    Moment(Instant::now())
}

impl Moment {
    /// Time since then, microseconds.
    #[expect(clippy::disallowed_methods, reason = "measures; nothing is decided by it")]
    pub fn elapsed_us(self) -> u128 {
        self.0.elapsed().as_micros()
    }
}

#[expect(clippy::disallowed_methods, reason = "a request is signed over the caller's clock")]
fn milliseconds() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_a_time_that_was_measured() {
        let load = Load { each_us: (1..=200).collect(), all: Duration::from_secs(2) };
        assert_eq!((load.quantile_us(50), load.quantile_us(95), load.quantile_us(100)), (100, 190, 200));
        assert_eq!(load.rate(), 100);
        let none = Load { each_us: vec![], all: Duration::ZERO };
        assert_eq!(none.quantile_us(95), u128::MAX, "nothing measured keeps no promise");
    }
}
