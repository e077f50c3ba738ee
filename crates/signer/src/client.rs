//! The other end of [`crate::server`]: a blocking client with the same methods as the service, without the clock.
//!
//! There is a small pool of connections, so that one that hangs keeps no other caller waiting. Each call has one deadline
//! for all of it. A kept connection that broke meanwhile is made again once, and the question asked again: every question
//! may be.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sluice_core::id::WalletId;
use sluice_core::intent::{Approved, DeploymentId};
use sluice_core::port::signer::{
    Held, Hello, Shown, Signature, SignerError, SignerRefusal, SlotRecord, Standing, Ticket,
};
use sluice_core::slot::Slot;
use sluice_core::stop::Scope;

use crate::journal::JournalEntry;
use crate::service::Ask;
use crate::wire::{self, Call, Malformed, Question, Reply};

/// Connections of a client at a time. One more caller waits for a place, no longer than for an answer.
pub const CONNECTIONS_MAX: usize = 8;

/// A signer in another process. Connects when first asked.
pub struct Client {
    path: PathBuf,
    deployment: DeploymentId,
    timeout: Duration,
    pool: Mutex<Pool>,
    freed: Condvar,
}

/// Connections: those that nobody uses, and how many are used.
#[derive(Default)]
struct Pool {
    kept: Vec<UnixStream>,
    used: usize,
}

impl Client {
    /// A client of the socket at `path`. `timeout` bounds each call, once the connection is made: give it room for a
    /// keystore's first use. A signer that takes no connections at all holds up to [`CONNECTIONS_MAX`] calls in the making.
    pub const fn new(path: PathBuf, deployment: DeploymentId, timeout: Duration) -> Self {
        let pool = Mutex::new(Pool { kept: Vec::new(), used: 0 });
        Self { path, deployment, timeout, pool, freed: Condvar::new() }
    }

    /// See [`crate::SigningService::hello`].
    ///
    /// # Errors
    /// [`SignerError`].
    pub fn hello(&self, wallet: Option<WalletId>) -> Result<Hello, SignerError> {
        let reply = self.ask(Question::Hello { wallet: wallet.map(|id| id.to_string()) })?;
        match wire::hello::read(reply).map_err(|it| malformed(&it))? {
            Some(hello) => Ok(hello),
            None => Err(unexpected()),
        }
    }

    /// See [`crate::SigningService::admit`].
    ///
    /// # Errors
    /// [`SignerError`].
    pub fn admit(
        &self,
        wallet: WalletId,
        epoch: i64,
        payments: &[Approved],
    ) -> Result<Vec<Result<Ticket, SignerRefusal>>, SignerError> {
        let payments: Vec<_> = payments.iter().map(Into::into).collect();
        let count = payments.len();
        match self.ask(Question::Admit { wallet: wallet.to_string(), epoch, payments })? {
            Reply::Admitted { tickets } if tickets.len() == count => Ok(tickets
                .into_iter()
                .map(|ticket| match ticket.read::<u64>() {
                    Ok(answer) => answer.map(|journal_seq| Ticket { journal_seq }),
                    Err(never) => match never {},
                })
                .collect()),
            _ => Err(unexpected()),
        }
    }

    /// See [`crate::SigningService::sign`].
    ///
    /// # Errors
    /// [`SignerError`].
    pub fn sign(&self, asks: &[Ask<'_>]) -> Result<Vec<Result<Signature, SignerRefusal>>, SignerError> {
        match self.ask(Question::Sign { requests: asks.iter().map(Into::into).collect() })? {
            Reply::Signed { signatures } if signatures.len() == asks.len() => signatures
                .into_iter()
                .map(|signature| signature.read().map_err(|it| malformed(&it)))
                .collect(),
            _ => Err(unexpected()),
        }
    }

    /// See [`crate::SigningService::close`].
    ///
    /// # Errors
    /// [`SignerError`].
    pub fn close(
        &self,
        wallet: WalletId,
        epoch: i64,
        slot: &Slot,
    ) -> Result<Result<SlotRecord, SignerRefusal>, SignerError> {
        match self.ask(Question::Close { wallet: wallet.to_string(), epoch, slot: slot.to_string() })? {
            Reply::Closed { record } => record.read().map_err(|it| malformed(&it)),
            _ => Err(unexpected()),
        }
    }

    /// See [`crate::SigningService::held`].
    ///
    /// # Errors
    /// [`SignerError`].
    pub fn held(&self) -> Result<Vec<Held>, SignerError> {
        match self.ask(Question::Held)? {
            Reply::Held { wallets } => {
                wallets.into_iter().map(|held| held.try_into().map_err(|it| malformed(&it))).collect()
            }
            _ => Err(unexpected()),
        }
    }

    /// See [`crate::SigningService::show`].
    ///
    /// # Errors
    /// [`SignerError`].
    pub fn show(
        &self,
        wallet: WalletId,
        challenge: [u8; 32],
    ) -> Result<Result<Shown, SignerRefusal>, SignerError> {
        let challenge = hex::encode(challenge);
        match self.ask(Question::Show { wallet: wallet.to_string(), challenge })? {
            Reply::Shown { signature } => signature.read().map_err(|it| malformed(&it)),
            _ => Err(unexpected()),
        }
    }

    /// See [`crate::SigningService::bar`].
    ///
    /// # Errors
    /// [`SignerError`].
    pub fn bar(&self, wallet: WalletId, reason: &str) -> Result<Result<u64, SignerRefusal>, SignerError> {
        match self.ask(Question::Bar { wallet: wallet.to_string(), reason: reason.into() })? {
            Reply::Barred { place } => match place.read::<u64>() {
                Ok(answer) => Ok(answer),
                Err(never) => match never {},
            },
            _ => Err(unexpected()),
        }
    }

    /// See [`crate::SigningService::export`].
    ///
    /// # Errors
    /// [`SignerError`].
    pub fn export(&self, from_seq: u64, limit: usize) -> Result<Vec<JournalEntry>, SignerError> {
        match self.ask(Question::Export { from_seq, limit })? {
            Reply::Entries { entries } => {
                entries.into_iter().map(|entry| entry.try_into().map_err(|it| malformed(&it))).collect()
            }
            _ => Err(unexpected()),
        }
    }

    /// See [`crate::SigningService::mark`].
    ///
    /// # Errors
    /// [`SignerError`].
    pub fn mark(&self, mark: u64) -> Result<u64, SignerError> {
        self.note(Question::Mark { mark })
    }

    /// See [`crate::SigningService::stop`].
    ///
    /// # Errors
    /// [`SignerError`].
    pub fn stop(&self, scope: &Scope, reason: &str) -> Result<u64, SignerError> {
        let (scope, subject) = scope.parts();
        self.note(Question::Stop { scope: scope.into(), subject, reason: reason.into() })
    }

    /// See [`crate::SigningService::lift`].
    ///
    /// # Errors
    /// [`SignerError`].
    pub fn lift(&self, scope: &Scope, read_at: Option<u64>, reason: &str) -> Result<u64, SignerError> {
        let (scope, subject) = scope.parts();
        self.note(Question::Lift { scope: scope.into(), subject, reason: reason.into(), read_at })
    }

    /// See [`crate::SigningService::stops`].
    ///
    /// # Errors
    /// [`SignerError`].
    pub fn stops(&self) -> Result<Vec<Standing>, SignerError> {
        match self.ask(Question::Stops)? {
            Reply::Stops { stops } => Ok(stops.into_iter().map(wire::hello::standing).collect()),
            _ => Err(unexpected()),
        }
    }

    fn note(&self, question: Question) -> Result<u64, SignerError> {
        match self.ask(question)? {
            Reply::Noted { journal_seq } => Ok(journal_seq),
            _ => Err(unexpected()),
        }
    }

    fn ask(&self, question: Question) -> Result<Reply, SignerError> {
        let call = Call { v: wire::VERSION, deployment: self.deployment.0.clone(), question };
        let until = now() + self.timeout;
        let down = |error: io::Error| SignerError::Down(format!("{}: {error}", self.path.display()));
        let mut place = self.place(until).map_err(down)?;
        if let Some(stream) = place.stream.take() {
            match exchange(stream, &call, until) {
                Ok((reply, stream)) => {
                    place.stream = Some(stream);
                    return understood(reply);
                }
                // It hangs. Whoever asks again waits anew, and knows it.
                Err(error) if is_late(&error) => return Err(down(error)),
                Err(_broken) => {}
            }
        }
        let stream = UnixStream::connect(&self.path).map_err(down)?;
        let (reply, stream) = exchange(stream, &call, until).map_err(down)?;
        place.stream = Some(stream);
        understood(reply)
    }

    /// A place among the connections, with one that was kept, if there is any.
    fn place(&self, until: Instant) -> io::Result<Place<'_>> {
        let full = |pool: &mut Pool| pool.used >= CONNECTIONS_MAX;
        let waited = self.freed.wait_timeout_while(self.pool(), left(until)?, full);
        let (mut pool, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "every connection to the signer hangs"));
        }
        pool.used += 1;
        Ok(Place { client: self, stream: pool.kept.pop() })
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        // A list and a count that change together: a panic elsewhere left them whole.
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place among the connections of a client, given back with what is left in it.
struct Place<'a> {
    client: &'a Client,
    stream: Option<UnixStream>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut pool = self.client.pool();
        pool.used = pool.used.saturating_sub(1);
        pool.kept.extend(self.stream.take());
        drop(pool);
        self.client.freed.notify_one();
    }
}

/// A connection during one call: every read and write ends when the call must.
struct Timed {
    stream: UnixStream,
    until: Instant,
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(left(self.until)?))?;
        self.stream.read(buffer)
    }
}

impl Write for Timed {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(left(self.until)?))?;
        self.stream.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

#[expect(clippy::disallowed_methods, reason = "how long a caller waits; nothing is decided by it")]
fn now() -> Instant {
    Instant::now()
}

/// Time left for a call.
fn left(until: Instant) -> io::Result<Duration> {
    let left = until.checked_duration_since(now()).filter(|left| !left.is_zero());
    left.ok_or_else(|| io::ErrorKind::TimedOut.into())
}

fn is_late(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

fn exchange(stream: UnixStream, call: &Call, until: Instant) -> io::Result<(Vec<u8>, UnixStream)> {
    let mut timed = Timed { stream, until };
    let written = wire::write_frame(&mut timed, call);
    // A server without a place for us says so before it was asked, and takes no question.
    match wire::read_frame(&mut timed) {
        Ok(reply) => Ok((reply, timed.stream)),
        Err(error) => Err(written.err().unwrap_or(error)),
    }
}

fn understood(reply: Vec<u8>) -> Result<Reply, SignerError> {
    match serde_json::from_slice(&reply) {
        Ok(Reply::Journal { why }) => Err(SignerError::Journal(why)),
        Ok(Reply::Down { why }) => Err(SignerError::Down(why)),
        Ok(reply) => Ok(reply),
        Err(error) => Err(SignerError::Down(format!("malformed answer: {error}"))),
    }
}

fn unexpected() -> SignerError {
    SignerError::Down("the signer answered another question".into())
}

fn malformed(error: &Malformed) -> SignerError {
    SignerError::Down(format!("the answer holds a {error}"))
}
