//! An entry in the words of `core`: what a store compares itself with, and imports what it has lost from (M17).

use sluice_core::id::{AttemptId, WalletId};
use sluice_core::intent::PaymentKey;
use sluice_core::journal::{Entry, Fact as Told, Pays};
use sluice_core::slot::Slot;

use super::{Fact, JournalEntry, JournalError};
use crate::journal::fact::Reserve;

impl JournalEntry {
    /// What it says of payments and slots.
    ///
    /// # Errors
    /// [`JournalError::Malformed`] for an entry of a newer program: what is not understood must not be passed over.
    pub fn told(&self) -> Result<Entry, JournalError> {
        let fact = match self.fact()? {
            Fact::Ticket { payment_key, .. } | Fact::Recount { payment_key, .. } => {
                Told::Admitted { key: key(&payment_key)? }
            }
            Fact::Reserve(reserve) => reserved(&reserve)?,
            Fact::Signature { attempt, raw, txid, .. } => Told::Signed {
                attempt: AttemptId::parse(&attempt).map_err(malformed)?,
                raw: hex::decode(&raw).map_err(malformed)?,
                txid: word(&txid)?,
            },
            Fact::Close { slot, .. } => Told::Closed { slot: Slot::parse(&slot).map_err(malformed)? },
            Fact::Mark { mark } => Told::Marked { mark },
            Fact::Genesis { .. }
            | Fact::Enrol { .. }
            | Fact::Epoch { .. }
            | Fact::Show { .. }
            | Fact::Shown { .. }
            | Fact::Bar { .. }
            | Fact::Stop { .. }
            | Fact::Lift { .. } => Told::Other,
        };
        Ok(Entry { seq: self.seq, at: self.at, hash: self.hash, fact })
    }
}

fn reserved(reserve: &Reserve) -> Result<Told, JournalError> {
    let pays = match (&reserve.payment_key, &reserve.payment_hash) {
        (Some(payment), Some(hash)) => Some(Pays { key: key(payment)?, hash: word(hash)? }),
        (Some(_), None) | (None, Some(_)) => {
            return Err(JournalError::Malformed("half a payment in a reservation".into()));
        }
        (None, None) => None,
    };
    let attempt = reserve
        .unsigned()
        .ok_or_else(|| JournalError::Malformed("a reservation that cannot be read".into()))?;
    let wallet = WalletId::parse(&reserve.wallet).map_err(malformed)?;
    Ok(Told::Reserved { wallet, attempt: Box::new(attempt), pays })
}

fn key(hex: &str) -> Result<PaymentKey, JournalError> {
    word(hex).map(PaymentKey)
}

fn word(hex: &str) -> Result<[u8; 32], JournalError> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(hex, &mut bytes).map_err(malformed)?;
    Ok(bytes)
}

fn malformed(error: impl std::fmt::Display) -> JournalError {
    JournalError::Malformed(error.to_string())
}
