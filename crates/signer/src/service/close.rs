//! `close`: a slot in which nothing was signed is closed for ever (M4).

use sluice_core::attempt::Kind;
use sluice_core::id::{AttemptId, WalletId};
use sluice_core::port::signer::{Signature, SignerError, SignerRefusal, SlotRecord};
use sluice_core::proof::Tombstone;
use sluice_core::slot::Slot;
use sluice_core::time::Timestamp;

use super::{SigningService, answer, broken, note_epoch};
use crate::guard::{Caller, No, Sitting};
use crate::journal::{Fact, JournalError, Tx, read};

impl SigningService {
    /// Closes a slot for ever if no payment was signed for it, or says what was. Only payments are shut out: the nonce of
    /// a closed slot is filled by a void, and voids that were signed are said. Asked again, it gives the same tombstone.
    ///
    /// A reservation whose signature was never recorded is no signature: none has left, for a signature is returned
    /// only after it was recorded.
    ///
    /// # Errors
    /// [`SignerError::Journal`]: nothing was closed.
    pub fn close(
        &self,
        wallet: WalletId,
        epoch: i64,
        slot: &Slot,
        now: Timestamp,
    ) -> Result<Result<SlotRecord, SignerRefusal>, SignerError> {
        let caller = Caller { wallet, known: self.ring().holds(wallet), epoch, asked_at: None };
        let mut journal = self.journal()?;
        let mut tx = journal.begin(now).map_err(broken)?;
        let record = answer(self.close_one(&mut tx, &caller, slot, now)).map_err(broken)?;
        tx.commit().map_err(broken)?;
        Ok(record)
    }

    fn close_one(
        &self,
        tx: &mut Tx<'_>,
        caller: &Caller,
        slot: &Slot,
        now: Timestamp,
    ) -> Result<SlotRecord, No> {
        let sitting = Sitting::new(tx, &self.caps, now)?;
        let wallet = sitting.guard(tx).closer(caller)?;
        sitting.guard(tx).own_slot(caller.wallet, &wallet, slot)?;
        note_epoch(tx, caller, &wallet)?;
        let name = slot.to_string();
        let closed_by = read::slot(tx.conn(), &name)?.and_then(|row| row.closed_by);
        let (signed, pays) = signatures(tx, &name)?;
        let journal_seq = match closed_by {
            Some(journal_seq) => journal_seq,
            None if pays => return Ok(SlotRecord::Signed(signed)),
            None => bury(tx, caller.wallet, &name, "asked")?,
        };
        #[expect(clippy::disallowed_methods, reason = "the journal is what the tombstone is about")]
        let tombstone = Tombstone::journaled(slot.clone(), journal_seq);
        Ok(match signed.is_empty() {
            true => SlotRecord::Closed(tombstone),
            false => SlotRecord::Voided(tombstone, signed),
        })
    }
}

/// Closes a slot because its first payment was refused for good. Nothing happens when anything was ever asked for it:
/// then `close` must look first.
pub(super) fn refused(
    tx: &mut Tx<'_>,
    kind: Kind,
    id: WalletId,
    slot: &Slot,
    why: &str,
) -> Result<(), JournalError> {
    let name = slot.to_string();
    if kind == Kind::Pay && read::slot(tx.conn(), &name)?.is_none() {
        bury(tx, id, &name, why)?;
    }
    Ok(())
}

fn bury(tx: &mut Tx<'_>, id: WalletId, slot: &str, why: &str) -> Result<u64, JournalError> {
    tx.append(&Fact::Close { slot: slot.into(), wallet: id.to_string(), why: why.into() })
}

/// What was signed in a slot, oldest first, and whether any of it pays.
fn signatures(tx: &Tx<'_>, slot: &str) -> Result<(Vec<(AttemptId, Signature)>, bool), JournalError> {
    let (mut found, mut pays) = (Vec::new(), false);
    for attempt in read::signed_of(tx.conn(), slot)? {
        let id = AttemptId::parse(&attempt.id).map_err(|error| JournalError::Malformed(error.to_string()))?;
        pays |= attempt.kind == Kind::Pay.as_str();
        if let Some(signed) = attempt.signed {
            found.push((id, Signature { raw: signed.raw, txid: signed.txid, journal_seq: signed.seq }));
        }
    }
    Ok((found, pays))
}
