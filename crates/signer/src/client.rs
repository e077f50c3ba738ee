//! The other end of [`crate::server`]: a blocking client with the same methods as the service, without the clock.
//!
//! A connection that breaks is made again once, and the question asked again: every question may be.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

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

/// A signer in another process. Connects when first asked.
pub struct Client {
    path: PathBuf,
    deployment: DeploymentId,
    timeout: Duration,
    stream: Mutex<Option<UnixStream>>,
}

impl Client {
    /// A client of the socket at `path`. `timeout` bounds each read and write: give it room for a keystore's first use.
    pub const fn new(path: PathBuf, deployment: DeploymentId, timeout: Duration) -> Self {
        Self { path, deployment, timeout, stream: Mutex::new(None) }
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
        // Whatever a panic left behind is a broken connection at worst, and that is made again.
        let mut kept = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mut stream) = kept.take()
            && let Ok(reply) = exchange(&mut stream, &call)
        {
            *kept = Some(stream);
            return understood(reply);
        }
        let down = |error: io::Error| SignerError::Down(format!("{}: {error}", self.path.display()));
        let mut stream = self.connect().map_err(down)?;
        let reply = exchange(&mut stream, &call).map_err(down)?;
        *kept = Some(stream);
        understood(reply)
    }

    fn connect(&self) -> io::Result<UnixStream> {
        let stream = UnixStream::connect(&self.path)?;
        stream.set_read_timeout(Some(self.timeout))?;
        stream.set_write_timeout(Some(self.timeout))?;
        Ok(stream)
    }
}

fn exchange(stream: &mut UnixStream, call: &Call) -> io::Result<Vec<u8>> {
    wire::write_frame(stream, call)?;
    wire::read_frame(stream)
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
