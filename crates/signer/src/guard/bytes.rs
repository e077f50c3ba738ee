//! Whether a request, the stored attempt and the bytes say the same: the bytes are made again from the meaning (M10).

use sluice_codec::{evm, tron};
use sluice_core::address::TronAddress;
use sluice_core::asset::Asset;
use sluice_core::attempt::{Kind, Terms, TronTerms, Unsigned};
use sluice_core::chain::ChainId;
use sluice_core::id::WalletId;
use sluice_core::intent::{Payment, SigningRequest};
use sluice_core::slot::Slot;

use super::{Guard, No};
use crate::journal::{SlotRow, WalletRow, read};
use crate::refusal::Code;

impl Guard<'_> {
    /// The slot is a nonce of this wallet's own account on its own chain, and not far above those it has used: voids of
    /// nonces that nobody waits for would spend the wallet's coin, and shut the nonces to payments. On TRON it is a
    /// transaction of its chain; that it is this wallet's own shows when its bytes are made again.
    pub(crate) fn own_slot(&self, id: WalletId, wallet: &WalletRow, slot: &Slot) -> Result<(), No> {
        match slot {
            Slot::EvmNonce { chain, sender, .. }
                if chain.to_string() == wallet.chain && sender.key() == wallet.address =>
            {
                self.within_reach(id, slot)
            }
            Slot::TronTransaction { chain, .. } if chain.to_string() == wallet.chain => Ok(()),
            Slot::EvmNonce { .. }
            | Slot::EvmAuthorization { .. }
            | Slot::TronTransaction { .. }
            | Slot::VaultPayment { .. } => {
                Err(Code::WalletUnknown.refuse(format!("slot {slot} is none of {id}")).into())
            }
        }
    }

    /// A wallet that never signed may begin anywhere: its account may have been used before.
    fn within_reach(&self, id: WalletId, slot: &Slot) -> Result<(), No> {
        let (chain, nonce) = (chain_of(slot), slot.nonce());
        let (Some(caps), Some(nonce)) = (self.caps.chain(chain), nonce) else { return Ok(()) };
        let Some(reach) = read::reach(self.conn, &id.to_string())? else { return Ok(()) };
        if nonce > reach.nonce.saturating_add(caps.nonce_ahead_max) {
            let most = caps.nonce_ahead_max;
            let detail =
                format!("nonce {nonce} is more than {most} above {}, the highest signed", reach.nonce);
            return Err(Code::NonceAhead.refuse(detail).into());
        }
        Ok(())
    }

    /// The stored attempt is the one the request is about.
    pub(crate) fn same_attempt(&self, request: &SigningRequest, unsigned: &Unsigned) -> Result<(), No> {
        let same = request.attempt == unsigned.id
            && request.kind == unsigned.kind
            && request.slot == unsigned.slot
            && request.terms == unsigned.terms
            && request.digest == unsigned.digest;
        same.then_some(())
            .ok_or_else(|| Code::BytesDiffer.refuse("the stored attempt is another than asked for").into())
    }

    /// The bytes are exactly what the request means, with decimals from our own configuration.
    pub(crate) fn same_bytes(
        &self,
        request: &SigningRequest,
        wallet: &WalletRow,
        unsigned: &Unsigned,
    ) -> Result<(), No> {
        let invalid = |why: String| No::from(Code::PaymentInvalid.refuse(why));
        let (bytes, digest) = match (&request.terms, request.kind) {
            (Terms::Evm(fees), Kind::Void) => {
                let meant = evm::void(&request.slot, fees).map_err(|error| invalid(error.to_string()))?;
                (meant.unsigned, meant.digest)
            }
            (Terms::Evm(fees), Kind::Pay) => {
                let (payment, asset) = self.paid(request)?;
                let meant = evm::pay(&request.slot, fees, std::slice::from_ref(payment), asset);
                let meant = meant.map_err(|error| invalid(error.to_string()))?;
                (meant.unsigned, meant.digest)
            }
            (Terms::Tron(_), Kind::Void) => {
                return Err(invalid("a transaction on TRON is never voided".into()));
            }
            (Terms::Tron(terms), Kind::Pay) => {
                let (payment, asset) = self.paid(request)?;
                let owner =
                    TronAddress::parse(&wallet.address).map_err(|error| invalid(error.to_string()))?;
                let meant = tron::pay(owner, terms, std::slice::from_ref(payment), asset);
                let meant = meant.map_err(|error| invalid(error.to_string()))?;
                // What makes the slot is the transaction itself.
                if request.slot != (Slot::TronTransaction { chain: asset.id.chain, txid: meant.txid }) {
                    return Err(Code::BytesDiffer.refuse("the slot is another transaction").into());
                }
                self.within_its_time(terms)?;
                (meant.raw, meant.txid)
            }
        };
        if bytes != unsigned.bytes || digest != request.digest {
            return Err(Code::BytesDiffer.refuse("the bytes are not what the request means").into());
        }
        Ok(())
    }

    fn paid<'r>(&self, request: &'r SigningRequest) -> Result<(&'r Payment, &Asset), No> {
        let payment = single(request)?;
        let caps = self
            .caps
            .asset(payment.asset)
            .ok_or_else(|| Code::AssetUnknown.refuse(format!("{} is not configured here", payment.asset)))?;
        Ok((payment, &caps.asset))
    }

    /// A transaction on TRON is alive until it expires, and nothing else of its payment is signed before: so it expires
    /// soon. One that has expired is not signed, for there is nothing to win by it.
    fn within_its_time(&self, terms: &TronTerms) -> Result<(), No> {
        let left_ms = terms.expires_at_ms.saturating_sub(self.now.millis());
        if left_ms > EXPIRES_WITHIN_MS {
            let detail =
                format!("it could be included for {left_ms} ms, and {EXPIRES_WITHIN_MS} are the most");
            return Err(Code::PaymentInvalid.refuse(detail).into());
        }
        if left_ms <= 0 {
            return Err(Code::PaymentInvalid.refuse("it has expired").into());
        }
        Ok(())
    }

    /// Both fee caps of the slot's chain, absolute.
    pub(crate) fn fees(&self, request: &SigningRequest) -> Result<(), No> {
        let chain = chain_of(&request.slot);
        let caps = self
            .caps
            .chain(chain)
            .ok_or_else(|| Code::AssetUnknown.refuse(format!("{chain} is not configured here")))?;
        if let Some(fees) = request.terms.evm()
            && fees.max_fee_wei > caps.max_fee_wei
        {
            let detail = format!("{} wei per gas, and {} is the most", fees.max_fee_wei, caps.max_fee_wei);
            return Err(Code::CapFee.refuse(detail).into());
        }
        match request.terms.worst() {
            Some(worst) if worst <= caps.cost_max => Ok(()),
            Some(_) | None => {
                let detail =
                    format!("it may cost more than {} of the chain's smallest unit", caps.cost_max.0);
                Err(Code::CapFee.refuse(detail).into())
            }
        }
    }

    /// Room in the wallet's hour of network cost, for what this attempt can cost above those of its slot before it.
    pub(crate) fn gas(&self, request: &SigningRequest, row: Option<&SlotRow>) -> Result<(), No> {
        let Some(caps) = self.caps.chain(chain_of(&request.slot)) else { return Ok(()) };
        let more = cost_gwei(&request.terms).saturating_sub(row.map_or(0, |row| row.cost_gwei));
        if more <= 0 {
            return Ok(());
        }
        let burned = read::burned(self.conn, &request.wallet.to_string(), self.since())?;
        let most = caps.cost_hourly_max.0 / per_unit(&request.terms);
        if u128::try_from(burned.saturating_add(more)).is_ok_and(|sum| sum <= most) {
            return Ok(());
        }
        let detail =
            format!("an hour of {} may cost at most {most} gwei, and {burned} are counted", request.wallet);
        Err(Code::CapGas.refuse(detail).into())
    }
}

const WEI_PER_GWEI: u128 = 1_000_000_000;

/// The longest a transaction of a server's key may be includable, milliseconds.
const EXPIRES_WITHIN_MS: i64 = 600_000;

/// How much of the chain's smallest unit is counted as one: gwei on EVM chains, sun on TRON.
const fn per_unit(terms: &Terms) -> u128 {
    match terms {
        Terms::Evm(_) => WEI_PER_GWEI,
        Terms::Tron(_) => 1,
    }
}

/// The most an attempt can cost, gwei or sun, rounded up.
pub(crate) fn cost_gwei(terms: &Terms) -> i64 {
    let worst = terms.worst().map_or(u128::MAX, |worst| worst.0);
    i64::try_from(worst.div_ceil(per_unit(terms))).unwrap_or(i64::MAX)
}

const fn chain_of(slot: &Slot) -> ChainId {
    match slot {
        Slot::EvmNonce { chain, .. }
        | Slot::EvmAuthorization { chain, .. }
        | Slot::TronTransaction { chain, .. }
        | Slot::VaultPayment { chain, .. } => *chain,
    }
}

/// R1: the one payment of a paying request.
pub(super) fn single(request: &SigningRequest) -> Result<&Payment, No> {
    match request.payments.as_slice() {
        [approved] => Ok(&approved.payment),
        other => {
            Err(Code::PaymentInvalid.refuse(format!("one payment to a nonce, not {}", other.len())).into())
        }
    }
}
