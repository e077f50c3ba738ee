//! Whether a slot may be used for this, and a payment may have this slot (M1, M3, M4).
//!
//! The signer does not see the chain. It cannot know that a former slot of a payment is dead, and it must not believe
//! it: a void may lose the race, and "it reverted" is what a thief would say. What it can do:
//! - a former slot in which something was reserved and nothing signed must be closed first;
//! - a former slot with a signature must be quiet for [`Caps::reslot_after_ms`](crate::Caps::reslot_after_ms), which
//!   stops every mistake that asks twice in a row;
//! - a former transaction on TRON must have expired, by our own clock;
//! - from the new reservation on, the former slot is released: no payment or bump of it is ever signed again;
//! - a payment counts against its hour for each of its slots: admitted again, or nothing is signed in the new one;
//! - there are at most [`Caps::reslots_max`](crate::Caps::reslots_max) such slots in a payment's life, so that a lying
//!   engine multiplies its hourly cap by a small number and leaves a journal of it.

use sluice_core::attempt::Kind;
use sluice_core::intent::{PaymentKey, SigningRequest};

use super::bytes::single;
use super::{Guard, No};
use crate::journal::{SlotRow, WalletRow, read};
use crate::refusal::Code;

impl Guard<'_> {
    /// Whether this kind of attempt may be signed in this slot, whatever was signed in it before.
    pub(crate) fn slot(
        &self,
        request: &SigningRequest,
        wallet: &WalletRow,
        row: Option<&SlotRow>,
    ) -> Result<(), No> {
        match request.kind {
            Kind::Void => {
                void(request, row)?;
                match read::was_asked_for(self.conn, &request.slot.to_string())? {
                    true => Ok(()),
                    false => self.one_more_slot(request),
                }
            }
            Kind::Pay => match row {
                Some(row) => {
                    again(request, row)?;
                    self.stopped(request.wallet, single(request)?)
                }
                None => self.first(request, wallet),
            },
        }
    }

    /// Whether a payment may have one more slot, as far as its former ones are concerned; how many it had.
    pub(crate) fn free_of_former_slots(&self, key: &PaymentKey, this: Option<&str>) -> Result<usize, No> {
        let mut former = read::slots_of(self.conn, &key.0)?;
        former.retain(|slot| Some(slot.id.as_str()) != this);
        let mut latest = None;
        for slot in &former {
            let Some(signed_at) = slot.signed_at else {
                let detail = format!("slot {} is reserved for it and not closed", slot.id);
                return Err(Code::PaymentOtherSlot.refuse(detail).into());
            };
            latest = latest.max(Some(signed_at));
            // TRON: no receipt and no scan is seen here, but a clock is. Until it has expired it may be included.
            let dead_at = slot.expires_at.map(|at| at.plus_ms(self.caps.expired_after_ms));
            if let Some(at) = dead_at.filter(|at| self.now < *at) {
                let detail = format!("slot {} may be included until {at}", slot.id);
                return Err(Code::PaymentOtherSlot.wait(detail).into());
            }
        }
        let allowed = usize::try_from(self.caps.reslots_max).unwrap_or(usize::MAX);
        if former.len() > allowed {
            let detail = format!("it had {} slots, and {allowed} after the first are allowed", former.len());
            return Err(Code::PaymentOtherSlot.refuse(detail).into());
        }
        if latest.is_some_and(|signed_at| self.now.since_ms(signed_at) < self.caps.reslot_after_ms) {
            let detail = "a former slot was signed just now, and can not be proven dead yet";
            return Err(Code::PaymentOtherSlot.wait(detail).into());
        }
        Ok(former.len())
    }

    /// The first payment in a slot.
    fn first(&self, request: &SigningRequest, wallet: &WalletRow) -> Result<(), No> {
        let payment = single(request)?;
        let approved =
            request.payments.first().ok_or_else(|| Code::PaymentInvalid.refuse("nothing is paid"))?;
        let Some(ticket) = self.ticket(payment)? else {
            return Err(Code::NoTicket.refuse("the payment was not admitted").into());
        };
        let former = self.free_of_former_slots(&payment.key, Some(&request.slot.to_string()))?;
        if !ticket.covers(former, self.since()) {
            let detail = "the payment was not admitted for this slot within the last hour";
            return Err(Code::NoTicket.refuse(detail).into());
        }
        self.payment(request.wallet, wallet, approved)?;
        self.one_more_slot(request)
    }

    /// Room for a slot in which nothing was ever asked for.
    fn one_more_slot(&self, request: &SigningRequest) -> Result<(), No> {
        let opened = read::opened(self.conn, &request.wallet.to_string(), self.since())?;
        if opened >= i64::from(self.caps.slots_hourly_max) {
            let detail = format!("{} opened {opened} slots within an hour", request.wallet);
            return Err(Code::CapSlots.refuse(detail).into());
        }
        Ok(())
    }
}

/// A void: always, except under the name of another payment.
fn void(request: &SigningRequest, row: Option<&SlotRow>) -> Result<(), No> {
    match row.and_then(|row| row.payment_hash) {
        Some(hash) if !request.payments.is_empty() && hash != request.payment_hash() => {
            Err(Code::SlotOtherPayment.refuse("the slot pays something else than this void gives up").into())
        }
        Some(_) | None => Ok(()),
    }
}

/// A further payment attempt in a slot: the same payment, while the slot may still pay.
fn again(request: &SigningRequest, row: &SlotRow) -> Result<(), No> {
    if row.payment_hash.is_some_and(|hash| hash != request.payment_hash()) {
        return Err(Code::SlotOtherPayment.refuse(format!("slot {} pays something else", row.id)).into());
    }
    match row.shut() {
        Some(code) => {
            Err(code.refuse(format!("slot {} is shut to payments: {}", row.id, code.as_str())).into())
        }
        None => Ok(()),
    }
}
