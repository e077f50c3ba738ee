//! The smallest caller that signs: one connection, one request after another, no library between it and the socket.
//! A request is signed before its time is taken.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::clock::{Moment, milliseconds, now, rest};

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
    /// Of times that were measured elsewhere.
    pub fn of(mut each_us: Vec<u128>, all: Duration) -> Self {
        each_us.sort_unstable();
        Self { each_us, all }
    }

    /// Several as if they were one.
    pub fn joined(loads: Vec<Self>) -> Self {
        let all = loads.iter().map(|load| load.all).sum();
        Self::of(loads.into_iter().flat_map(|load| load.each_us).collect(), all)
    }

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

/// How fast a load comes.
#[derive(Clone, Copy)]
pub enum Pace {
    /// The next request as soon as the one before it is answered.
    Full,
    /// So many in a second over all connections. A request is late from when it was due, so that an engine that stalls
    /// is not spared what would have come meanwhile.
    PerSecond(u64),
}

/// What will be asked: signed when it is sent, since a signature is good for half a minute.
pub enum Question {
    /// An order of this body by this key.
    Order(Key, String),
    /// `GET` of this target by this key.
    Get(Key, String),
    /// `GET /health`, which takes no key.
    Health,
}

impl Question {
    fn request(&self) -> Result<String, String> {
        match self {
            Self::Order(key, body) => key.signed("POST", "/v1/withdrawals", body),
            Self::Get(key, target) => key.signed("GET", target, ""),
            Self::Health => Ok("GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".to_owned()),
        }
    }
}

/// A connection for each plan; each asks what its plan says, one after the other.
pub fn load(address: &str, plans: &[Vec<Question>], pace: Pace) -> Result<Load, String> {
    let (each, all) = asked(address, plans, pace)?;
    let taken =
        |(status, took, said): Answer| if status < 300 { Ok(took) } else { Err(format!("{status} {said}")) };
    Ok(Load::of(each.into_iter().map(taken).collect::<Result<_, _>>()?, all))
}

/// The same for what is too much: how many were taken, and how many refused for their number.
pub fn press(address: &str, plans: &[Vec<Question>], pace: Pace) -> Result<[usize; 2], String> {
    let mut answers = [0, 0];
    for (status, _, said) in asked(address, plans, pace)?.0 {
        match status {
            ..300 => answers[0] += 1,
            429 => answers[1] += 1,
            _ => return Err(format!("{status} {said}")),
        }
    }
    Ok(answers)
}

/// Status, microseconds, and what was said where it was refused.
type Answer = (u16, u128, String);

fn asked(address: &str, plans: &[Vec<Question>], pace: Pace) -> Result<(Vec<Answer>, Duration), String> {
    let ready = Barrier::new(plans.len() + 1);
    let (begun, each) = std::thread::scope(|scope| {
        let callers: Vec<_> = plans
            .iter()
            .enumerate()
            .map(|(place, plan)| {
                let ready = &ready;
                let due = move |number: usize| match pace {
                    Pace::Full => None,
                    Pace::PerSecond(rate) => {
                        let turn = (number * plans.len() + place) as u64;
                        Some(Duration::from_micros(turn * 1_000_000 / rate.max(1)))
                    }
                };
                scope.spawn(move || {
                    let connection = Connection::open(address);
                    ready.wait();
                    ask_all(connection?, plan, due)
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
    let all = begun.elapsed();
    Ok((each.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect(), all))
}

fn ask_all(
    mut connection: Connection,
    plan: &[Question],
    due: impl Fn(usize) -> Option<Duration>,
) -> Result<Vec<Answer>, String> {
    let begun = now();
    plan.iter()
        .enumerate()
        .map(|(number, question)| {
            let request = question.request()?;
            let since = match due(number) {
                None => now(),
                Some(at) => {
                    rest(at.saturating_sub(begun.elapsed()));
                    begun.plus(at)
                }
            };
            let (status, said) = connection.exchange(&request).map_err(|error| error.to_string())?;
            let took = since.elapsed_us();
            let refused = || format!("{}: {said}", request.lines().next().unwrap_or_default());
            Ok((status, took, if status < 300 { String::new() } else { refused() }))
        })
        .collect()
}

impl Key {
    /// One command on a connection of its own; its answer.
    pub fn ask(
        &self,
        address: &str,
        method: &str,
        target: &str,
        body: &str,
    ) -> Result<serde_json::Value, String> {
        let request = self.signed(method, target, body)?;
        let said = Connection::open(address)?.exchange(&request);
        match said.map_err(|error| format!("{method} {target}: {error}"))? {
            (status, said) if status >= 300 => Err(format!("{method} {target}: {status} {said}")),
            (_, said) => serde_json::from_str(&said).map_err(|error| format!("{method} {target}: {error}")),
        }
    }

    /// A request as it goes over the wire. It must be sent within the time that the API allows a clock to differ.
    pub fn signed(&self, method: &str, target: &str, body: &str) -> Result<String, String> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let at = milliseconds();
        let nonce = format!("bench-{at}-{:08}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let digest = hex::encode(Sha256::digest(body.as_bytes()));
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.secret.as_bytes()).map_err(|error| error.to_string())?;
        mac.update(format!("{at}\n{nonce}\n{method}\n{target}\n{digest}").as_bytes());
        let signature = hex::encode(mac.finalize().into_bytes());
        Ok(format!(
            "{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Sluice-Key: {}\r\nSluice-Timestamp: {at}\r\nSluice-Nonce: {nonce}\r\nSluice-Signature: v1={signature}\r\n\
             \r\n{body}",
            body.len(),
            self.id
        ))
    }
}

/// A question that takes no key, on a connection of its own; its answer.
pub fn post(address: &str, path: &str, body: &serde_json::Value) -> Result<serde_json::Value, String> {
    let body = body.to_string();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let said = Connection::open(address)?.exchange(&request);
    match said.map_err(|error| format!("{path}: {error}"))? {
        (200, said) => serde_json::from_str(&said).map_err(|error| format!("{path}: {error}")),
        (status, said) => Err(format!("{path}: {status} {said}")),
    }
}

/// A connection that stays open.
struct Connection(BufReader<TcpStream>);

impl Connection {
    fn open(address: &str) -> Result<Self, String> {
        let stream = TcpStream::connect(address).map_err(|error| format!("{address}: {error}"))?;
        let set = stream.set_nodelay(true).and_then(|()| stream.set_read_timeout(Some(PATIENCE)));
        set.map_err(|error| format!("{address}: {error}"))?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Status and body of the answer.
    fn exchange(&mut self, request: &str) -> std::io::Result<(u16, String)> {
        self.0.get_mut().write_all(request.as_bytes())?;
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|word| word.parse().ok());
        let status = status.ok_or_else(|| std::io::Error::other(format!("no HTTP: {line:?}")))?;
        let mut length = 0;
        loop {
            line.clear();
            self.0.read_line(&mut line)?;
            let header = line.trim_end();
            if header.is_empty() {
                break;
            }
            let (name, value) = header.split_once(':').unwrap_or_default();
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().map_err(std::io::Error::other)?;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    }
}

/// Whether the engine there is ready.
pub fn answers(address: &str) -> bool {
    let request = "GET /ready HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    Connection::open(address)
        .and_then(|mut connection| connection.exchange(request).map_err(|error| error.to_string()))
        .is_ok_and(|(status, _)| status == 200)
}

/// Waits until something is so.
pub fn until(
    what: &str,
    patience: Duration,
    mut is: impl FnMut() -> Result<bool, String>,
) -> Result<(), String> {
    let begun: Moment = now();
    while !is()? {
        if begun.elapsed() > patience {
            return Err(format!("{what}: not within {} s", patience.as_secs()));
        }
        rest(Duration::from_millis(2));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_a_time_that_was_measured() {
        let load = Load::of((1..=200).rev().collect(), Duration::from_secs(2));
        assert_eq!((load.quantile_us(50), load.quantile_us(95), load.quantile_us(100)), (100, 190, 200));
        assert_eq!(load.rate(), 100);
        let none = Load::of(vec![], Duration::ZERO);
        assert_eq!(none.quantile_us(95), u128::MAX, "nothing measured keeps no promise");
    }
}
