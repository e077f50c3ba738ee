//! `admit`: caps are reserved before a slot is written, so that a refusal costs no nonce (M10).

use sluice_core::id::WalletId;
use sluice_core::intent::Approved;
use sluice_core::port::signer::{SignerError, SignerRefusal, Ticket};
use sluice_core::time::Timestamp;

use super::{SigningService, answer, broken, note_epoch};
use crate::guard::{Caller, No, Sitting, terms};
use crate::journal::{Fact, JournalError, Tx, WalletRow};

impl SigningService {
    /// Reserves room for payments; one answer per payment, in order. A payment counts once for each slot, however many
    /// attempts that takes: asked again, it gets the same ticket. It is counted again before another slot after a former
    /// one, and when its ticket was not used within its hour.
    ///
    /// # Errors
    /// [`SignerError::Journal`]: nothing was reserved.
    pub fn admit(
        &self,
        wallet: WalletId,
        epoch: i64,
        payments: &[Approved],
        now: Timestamp,
    ) -> Result<Vec<Result<Ticket, SignerRefusal>>, SignerError> {
        let caller = Caller { wallet, known: self.ring().holds(wallet), epoch, asked_at: None };
        let mut journal = self.journal()?;
        let mut tx = journal.begin(now).map_err(broken)?;
        let answers = self.admit_all(&mut tx, &caller, payments, now).map_err(broken)?;
        tx.commit().map_err(broken)?;
        Ok(answers)
    }

    fn admit_all(
        &self,
        tx: &mut Tx<'_>,
        caller: &Caller,
        payments: &[Approved],
        now: Timestamp,
    ) -> Result<Vec<Result<Ticket, SignerRefusal>>, JournalError> {
        let sitting = Sitting::new(tx, &self.caps, now)?;
        let identified = answer(sitting.guard(tx).caller(caller))?;
        let wallet = match identified {
            Ok(wallet) => wallet,
            Err(refusal) => return Ok(payments.iter().map(|_| Err(refusal.clone())).collect()),
        };
        note_epoch(tx, caller, &wallet)?;
        payments
            .iter()
            .map(|approved| answer(admit_one(tx, &sitting, caller.wallet, &wallet, approved)))
            .collect()
    }
}

fn admit_one(
    tx: &mut Tx<'_>,
    sitting: &Sitting<'_>,
    id: WalletId,
    wallet: &WalletRow,
    approved: &Approved,
) -> Result<Ticket, No> {
    let payment = &approved.payment;
    let guard = sitting.guard(tx);
    let ticket = guard.ticket(payment)?;
    let caps = guard.payment(id, wallet, approved)?;
    // Said here, before a slot exists, rather than there, when a nonce already waits for it.
    let former = guard.free_of_former_slots(&payment.key, None)?;
    if let Some(ticket) = &ticket
        && ticket.covers(former, guard.since())
    {
        return Ok(Ticket { journal_seq: ticket.seq });
    }
    guard.room(payment, caps)?;
    if ticket.is_some() {
        let slots = u32::try_from(former.saturating_add(1)).unwrap_or(u32::MAX);
        let journal_seq = tx.append(&Fact::Recount { payment_key: payment.key.to_string(), slots })?;
        return Ok(Ticket { journal_seq });
    }
    let journal_seq = tx.append(&Fact::Ticket {
        payment_key: payment.key.to_string(),
        terms: hex::encode(terms(payment)),
        wallet: id.to_string(),
        partner: payment.partner.to_string(),
        asset: payment.asset.to_string(),
        atoms: payment.amount.atoms(),
        payment: payment.canonical().json(),
    })?;
    Ok(Ticket { journal_seq })
}
