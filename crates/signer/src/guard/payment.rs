//! Whether a payment may be made at all: whose it is, what people consented to, how much it is.

use std::collections::BTreeSet;

use ed25519_dalek::{Signature, VerifyingKey};
use sluice_codec::{evm, tron};
use sluice_core::address::{EvmAddress, TronAddress};
use sluice_core::asset::AssetKind;
use sluice_core::attempt::{Fees, TronTerms};
use sluice_core::chain::{BlockRef, ChainId, Family};
use sluice_core::id::WalletId;
use sluice_core::intent::{Approved, Payment};
use sluice_core::slot::Slot;

use super::{Guard, HOUR_MIN, No};
use crate::caps::AssetCaps;
use crate::journal::{TicketRow, WalletRow, minute_of, read};
use crate::refusal::Code;

/// Signatures of people looked at; more are not counted, so that nobody can keep the signer busy with them.
const APPROVALS_MAX: usize = 16;

/// Hash of what is paid to whom. The expiry is left out: a payment that is approved again is the same payment, and
/// must find its ticket.
pub(crate) fn terms(payment: &Payment) -> [u8; 32] {
    Payment { expires_at: None, ..payment.clone() }.hash()
}

impl<'a> Guard<'a> {
    /// Everything about a payment that no slot has to do with.
    pub(crate) fn payment(
        &self,
        id: WalletId,
        wallet: &WalletRow,
        approved: &Approved,
    ) -> Result<&'a AssetCaps, No> {
        let payment = &approved.payment;
        if payment.partner.to_string() != wallet.partner {
            return Err(Code::WalletUnknown
                .refuse(format!("{id} is no wallet of {}", payment.partner))
                .into());
        }
        let unknown =
            || Code::AssetUnknown.refuse(format!("{} is not configured here for {id}", payment.asset));
        let caps = self.caps.asset(payment.asset).ok_or_else(unknown)?;
        if payment.asset.chain.to_string() != wallet.chain || self.caps.chain(payment.asset.chain).is_none() {
            return Err(unknown().into());
        }
        payable(payment, caps)?;
        if payment.amount > caps.payment_max {
            let most = caps.payment_max.text(caps.asset.precision);
            return Err(Code::CapAmount
                .refuse(format!("a payment is at most {most} {}", caps.asset.symbol))
                .into());
        }
        self.consent(approved, caps)?;
        self.stopped(id, payment)?;
        Ok(caps)
    }

    /// The ticket of a payment, when it was admitted with this content.
    pub(crate) fn ticket(&self, payment: &Payment) -> Result<Option<TicketRow>, No> {
        match read::ticket(self.conn, &payment.key.0)? {
            Some(ticket) if ticket.terms != terms(payment) => {
                Err(Code::PaymentChanged.refuse("the same payment was admitted with other content").into())
            }
            ticket => Ok(ticket),
        }
    }

    /// First minute of the hour that ends now.
    pub(crate) const fn since(&self) -> i64 {
        minute_of(self.now.micros()).saturating_sub(HOUR_MIN)
    }

    /// Whether the hour of this partner and asset has room for one more payment.
    pub(crate) fn room(&self, payment: &Payment, caps: &AssetCaps) -> Result<(), No> {
        let since = self.since();
        let spent = read::spent(self.conn, &payment.partner.to_string(), &payment.asset.to_string(), since)?;
        match spent.checked_add(payment.amount.atoms()) {
            Some(sum) if sum <= caps.hourly_max.atoms() => Ok(()),
            Some(_) | None => {
                let most = caps.hourly_max.text(caps.asset.precision);
                let detail =
                    format!("an hour of {} is at most {most} {}", payment.partner, caps.asset.symbol);
                Err(Code::CapHourly.refuse(detail).into())
            }
        }
    }

    /// Enough people consented to exactly this payment, or it is small enough for policy alone.
    fn consent(&self, approved: &Approved, caps: &AssetCaps) -> Result<(), No> {
        let payment = &approved.payment;
        if payment.expires_at.is_some_and(|expires_at| expires_at <= self.now) {
            return Err(Code::ApprovalMissing.refuse("the approval has expired").into());
        }
        if payment.amount <= caps.unapproved_max {
            return Ok(());
        }
        let hash = payment.hash();
        // By key and not by name: one key under two names is one person.
        let mut people = BTreeSet::new();
        for approval in approved.approvals.iter().take(APPROVALS_MAX) {
            if let Some(key) = self.caps.approvers.get(&approval.key)
                && signed_by(key, &hash, &approval.signature)
            {
                people.insert(*key);
            }
        }
        if people.len() < usize::from(caps.approvals_min.max(1)) {
            let detail = format!("{} of {} approvals are good", people.len(), caps.approvals_min.max(1));
            return Err(Code::ApprovalMissing.refuse(detail).into());
        }
        Ok(())
    }
}

/// Terms under which a payment that can be made at all can be made.
const ANY_TERMS: TronTerms = TronTerms {
    reference: BlockRef { number: 0, hash: [0; 32] },
    expires_at_ms: 1,
    made_at_ms: 0,
    fee_limit_sun: 1,
    permission: 0,
};

/// Whether bytes can be made for it: tried here, before a slot exists that would be lost.
fn payable(payment: &Payment, caps: &AssetCaps) -> Result<(), No> {
    let chain: ChainId = payment.asset.chain;
    let one = std::slice::from_ref(payment);
    let made = match chain.family {
        Family::Evm => {
            let slot = Slot::EvmNonce { chain, sender: EvmAddress([0; 20]), nonce: 0 };
            let fees = Fees { gas_limit: 0, max_fee_wei: 0, tip_wei: 0 };
            evm::pay(&slot, &fees, one, &caps.asset).map(|_| ()).map_err(|error| error.to_string())
        }
        Family::Tron => {
            // A stake is of the account's own; that it is this wallet's shows when its bytes are made again.
            let own = matches!(payment.asset.kind, AssetKind::Errand(deed, _) if deed.is_own());
            let owner = payment.to.tron().filter(|_| own).unwrap_or(TronAddress([0; 20]));
            tron::pay(owner, &ANY_TERMS, one, &caps.asset).map(|_| ()).map_err(|error| error.to_string())
        }
    };
    made.map_err(|why| Code::PaymentInvalid.refuse(why).into())
}

fn signed_by(key: &[u8; 32], hash: &[u8; 32], signature: &str) -> bool {
    let mut bytes = [0; 64];
    if hex::decode_to_slice(signature, &mut bytes).is_err() {
        return false;
    }
    // Strict: refuses weak keys and second spellings of a signature.
    VerifyingKey::from_bytes(key)
        .is_ok_and(|key| key.verify_strict(hash, &Signature::from_bytes(&bytes)).is_ok())
}
