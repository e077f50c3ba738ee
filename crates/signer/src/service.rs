//! The service: what may be asked, and in which order it is written, signed and answered.
//!
//! One mutex covers journal and keys for the whole of a call. It must: between the commit of a reservation and the
//! signature no void, close or stop of the same slot may come in. Groups make it fast, not concurrency: all requests of
//! a call share two commits.

mod admit;
mod bar;
mod close;
mod mark;
mod open;
mod show;
mod sign;
mod stop;

use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use sluice_core::id::WalletId;
use sluice_core::intent::DeploymentId;
use sluice_core::port::signer::{FeeCap, Hello, SignerError, SignerRefusal};

use crate::caps::{Caps, ChainCaps};
use crate::guard::{Caller, No};
use crate::journal::{Fact, Head, Journal, JournalEntry, JournalError, Tampered, Tx, WalletRow, read};
use crate::key::KeyRing;

pub use open::{EnrolError, Enrolled, OpenError};
pub use sign::Ask;

/// The signer. All methods take `&self`; calls run one after another.
pub struct SigningService {
    deployment: DeploymentId,
    caps: Caps,
    ring: RwLock<KeyRing>,
    journal: Mutex<Journal>,
}

impl SigningService {
    /// Who it is, how far its journal is, the highest epoch it has seen for a wallet (0 for one it does not know), what is
    /// stopped there and what it offers at most.
    ///
    /// # Errors
    /// [`SignerError::Journal`].
    pub fn hello(&self, wallet: Option<WalletId>) -> Result<Hello, SignerError> {
        let journal = self.journal()?;
        let row = match wallet {
            Some(id) => read::wallet(journal.conn(), &id.to_string()).map_err(broken)?,
            None => None,
        };
        Ok(Hello {
            deployment: self.deployment.clone(),
            journal_seq: journal.head().map_err(broken)?.seq,
            epoch: row.map_or(0, |row| row.epoch),
            stops: stop::stops_of(journal.conn()).map_err(broken)?,
            fee_caps: self.caps.chains.iter().map(fee_cap).collect(),
        })
    }

    /// Up to `limit` entries (1,000 at most) from a place on, to import what a restored store has lost (M17).
    ///
    /// # Errors
    /// [`SignerError::Journal`].
    pub fn export(&self, from_seq: u64, limit: usize) -> Result<Vec<JournalEntry>, SignerError> {
        self.journal()?.entries(from_seq, limit).map_err(broken)
    }

    /// The end of the journal. Note it elsewhere.
    ///
    /// # Errors
    /// [`SignerError::Journal`].
    pub fn head(&self) -> Result<Head, SignerError> {
        self.journal()?.head().map_err(broken)
    }

    /// Walks the whole journal. `noted` is a head that was noted elsewhere: without one, a cut tail cannot be found
    /// when the tables were cut with it.
    ///
    /// # Errors
    /// [`SignerError::Journal`]; the inner result says how it was tampered with.
    pub fn verify(&self, noted: Option<Head>) -> Result<Result<Head, Tampered>, SignerError> {
        match self.journal()?.verify(noted) {
            Ok(head) => Ok(Ok(head)),
            Err(crate::journal::Unverified::Tampered(tampered)) => Ok(Err(tampered)),
            Err(crate::journal::Unverified::Unreadable(error)) => Err(broken(error)),
        }
    }

    /// Whose signer this is (M1).
    pub const fn deployment(&self) -> &DeploymentId {
        &self.deployment
    }

    fn journal(&self) -> Result<MutexGuard<'_, Journal>, SignerError> {
        // A panic inside a call left a transaction that was never committed. What else it left is unknown: stop here.
        self.journal
            .lock()
            .map_err(|_| SignerError::Down("a call before this one panicked; restart the signer".into()))
    }

    fn ring(&self) -> std::sync::RwLockReadGuard<'_, KeyRing> {
        // The ring is changed by one insertion: there is no half-changed ring to fear.
        self.ring.read().unwrap_or_else(PoisonError::into_inner)
    }
}

const fn fee_cap(caps: &ChainCaps) -> FeeCap {
    FeeCap { chain: caps.chain, max_fee_wei: caps.max_fee_wei, cost_max: caps.cost_max }
}

fn broken(error: JournalError) -> SignerError {
    SignerError::Journal(error.to_string())
}

/// Splits what a guard said from a journal that failed: the first is an answer, the second is none.
fn answer<T>(judged: Result<T, No>) -> Result<Result<T, SignerRefusal>, JournalError> {
    match judged {
        Ok(value) => Ok(Ok(value)),
        Err(No::Refused(refusal)) => Ok(Err(refusal)),
        Err(No::Broken(error)) => Err(error),
    }
}

/// Notes a higher epoch: from here on every lower one is refused (M7).
fn note_epoch(tx: &mut Tx<'_>, caller: &Caller, wallet: &WalletRow) -> Result<(), JournalError> {
    if caller.epoch > wallet.epoch {
        tx.append(&Fact::Epoch { wallet: caller.wallet.to_string(), epoch: caller.epoch })?;
    }
    Ok(())
}
