//! What is refused, and why. Reads the journal, writes nothing, and uses no key.
//!
//! Checks go from "who are you" over "is this what it says" to "may it be": a caller that is refused learns nothing it
//! did not know, and only a caller with the right wallet and epoch can have a slot closed.

mod bytes;
mod payment;
mod slot;

pub(crate) use bytes::cost_gwei;
pub(crate) use payment::terms;

use rusqlite::Connection;
use sluice_core::id::WalletId;
use sluice_core::intent::Payment;
use sluice_core::port::signer::SignerRefusal;
use sluice_core::stop::Scope;
use sluice_core::time::Timestamp;

use crate::caps::Caps;
use crate::journal::{JournalError, Tx, WalletRow, minute_of, read};
use crate::refusal::Code;

/// One hour, in the minutes that windows are kept by. The minute that has begun counts whole, and so does the one an
/// hour ago: a window is never shorter than an hour.
const HOUR_MIN: i64 = 60;

/// How far above the highest epoch that was seen another may be. A lane that changes hands every two seconds gets there in
/// three weeks; a caller that invents one would shut the lane to its holder for ever.
const EPOCH_AHEAD_MAX: i64 = 1_000_000;

/// Proofs of one wallet's key in a rolling hour. A wallet is adopted once.
const SHOWN_HOURLY_MAX: i64 = 60;

/// Why there is no answer of the wanted kind.
#[derive(Debug)]
pub(crate) enum No {
    /// The guard refuses.
    Refused(SignerRefusal),
    /// The journal cannot be read.
    Broken(JournalError),
}

impl From<SignerRefusal> for No {
    fn from(refusal: SignerRefusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<JournalError> for No {
    fn from(error: JournalError) -> Self {
        Self::Broken(error)
    }
}

/// What is the same for a whole call: read once, in the transaction that is judged in (M12).
pub(crate) struct Sitting<'a> {
    caps: &'a Caps,
    /// Stops in force; `None` is a scope this program cannot read, and stops everything.
    stops: Vec<Option<Scope>>,
    now: Timestamp,
}

impl<'a> Sitting<'a> {
    pub(crate) fn new(tx: &Tx<'_>, caps: &'a Caps, now: Timestamp) -> Result<Self, JournalError> {
        let stops = read::stops(tx.conn())?;
        let stops = stops.iter().map(|stop| Scope::from_parts(&stop.scope, &stop.subject)).collect();
        Ok(Self { caps, stops, now })
    }

    pub(crate) fn guard<'s>(&'s self, tx: &'s Tx<'_>) -> Guard<'s> {
        Guard { conn: tx.conn(), last_at: tx.last_at(), caps: self.caps, stops: &self.stops, now: self.now }
    }
}

/// Who asks.
#[derive(Clone, Copy)]
pub(crate) struct Caller {
    /// For this wallet.
    pub wallet: WalletId,
    /// Whether its key is here.
    pub known: bool,
    /// As this holder of its lane.
    pub epoch: i64,
    /// At this time by its own clock, where it says.
    pub asked_at: Option<Timestamp>,
}

/// What a judgement is made from.
pub(crate) struct Guard<'a> {
    conn: &'a Connection,
    last_at: Option<Timestamp>,
    caps: &'a Caps,
    stops: &'a [Option<Scope>],
    now: Timestamp,
}

impl<'a> Guard<'a> {
    /// The wallet, when the caller may speak for it now.
    pub(crate) fn caller(&self, caller: &Caller) -> Result<WalletRow, No> {
        if !caller.known {
            return Err(Code::WalletUnknown.refuse(format!("no key of {} here", caller.wallet)).into());
        }
        self.clock(caller.asked_at)?;
        self.wallet(caller.wallet, caller.epoch)
    }

    /// The wallet, when the caller may close a slot of it: also one whose key is barred. Closing signs nothing; it says
    /// that nothing was signed and no payment ever will be.
    pub(crate) fn closer(&self, caller: &Caller) -> Result<WalletRow, No> {
        if !caller.known {
            return Err(Code::WalletUnknown.refuse(format!("no key of {} here", caller.wallet)).into());
        }
        self.clock(caller.asked_at)?;
        Self::in_turn(self.known(caller.wallet)?, caller.wallet, caller.epoch)
    }

    /// The wallet, when its key may be shown to be here.
    pub(crate) fn shows(&self, id: WalletId) -> Result<WalletRow, No> {
        self.clock(None)?;
        let wallet = self.in_service(id)?;
        let since = minute_of(self.now.micros()).saturating_sub(HOUR_MIN);
        if read::shown_since(self.conn, &id.to_string(), since)? >= SHOWN_HOURLY_MAX {
            return Err(Code::CapProofs.refuse(format!("{id} was shown too often within an hour")).into());
        }
        Ok(wallet)
    }

    /// The wallet, when its key is not barred.
    fn in_service(&self, id: WalletId) -> Result<WalletRow, No> {
        let wallet = self.known(id)?;
        if wallet.barred_by.is_some() {
            return Err(Code::WalletBarred.refuse(format!("the key of {id} is barred")).into());
        }
        Ok(wallet)
    }

    fn known(&self, id: WalletId) -> Result<WalletRow, No> {
        let wallet = read::wallet(self.conn, &id.to_string())?;
        Ok(wallet.ok_or_else(|| Code::WalletUnknown.refuse(format!("no wallet {id} here")))?)
    }

    /// The wallet, when its key is not barred and it is the caller's turn.
    fn wallet(&self, id: WalletId, epoch: i64) -> Result<WalletRow, No> {
        Self::in_turn(self.in_service(id)?, id, epoch)
    }

    /// The wallet, when the caller's epoch is not behind (M7), nor further ahead than a lane can come.
    fn in_turn(wallet: WalletRow, id: WalletId, epoch: i64) -> Result<WalletRow, No> {
        if epoch > wallet.epoch.saturating_add(EPOCH_AHEAD_MAX) {
            let detail = format!("epoch {epoch} of {id} is no next one: {} was seen", wallet.epoch);
            return Err(Code::EpochAhead.refuse(detail).into());
        }
        if epoch < wallet.epoch {
            let detail = format!("epoch {epoch} of {id} is over: {} was seen", wallet.epoch);
            return Err(Code::EpochStale.refuse(detail).into());
        }
        Ok(wallet)
    }

    /// Our own clock against the journal, and the caller's against ours. A clock that fell back would open the hourly
    /// windows again.
    fn clock(&self, asked_at: Option<Timestamp>) -> Result<(), No> {
        let most = self.caps.skew_max_ms;
        if let Some(last) = self.last_at
            && last.since_ms(self.now) > most
        {
            return Err(Code::ClockSkew
                .refuse(format!("our clock {} is behind our journal {last}", self.now))
                .into());
        }
        if let Some(asked_at) = asked_at
            && asked_at.since_ms(self.now).saturating_abs() > most
        {
            let detail = format!("asked at {asked_at}, and it is {} here", self.now);
            return Err(Code::ClockSkew.refuse(detail).into());
        }
        Ok(())
    }

    /// Whether a stop covers a payment from a wallet (M12).
    pub(crate) fn stopped(&self, wallet: WalletId, payment: &Payment) -> Result<(), No> {
        let covers = |scope: &Option<Scope>| {
            scope.as_ref().is_none_or(|scope| scope.covers(payment.partner, payment.asset, Some(wallet)))
        };
        if self.stops.iter().any(covers) {
            return Err(Code::Stopped.refuse("a stop is in force").into());
        }
        Ok(())
    }
}
