//! Whether a request, the stored attempt and the bytes say the same: the bytes are made again from the meaning (M10).

use sluice_codec::evm;
use sluice_core::attempt::{Fees, Kind, Unsigned};
use sluice_core::chain::ChainId;
use sluice_core::id::WalletId;
use sluice_core::intent::{Payment, SigningRequest};
use sluice_core::slot::Slot;

use super::{Guard, No};
use crate::journal::{SlotRow, WalletRow, read};
use crate::refusal::Code;

impl Guard<'_> {
    /// The slot is a nonce of this wallet's own account on its own chain, and not far above those it has used: voids of
    /// nonces that nobody waits for would spend the wallet's coin, and shut the nonces to payments.
    pub(crate) fn own_slot(&self, id: WalletId, wallet: &WalletRow, slot: &Slot) -> Result<(), No> {
        match slot {
            Slot::EvmNonce { chain, sender, .. }
                if chain.to_string() == wallet.chain && sender.key() == wallet.address =>
            {
                self.within_reach(id, slot)
            }
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
            && request.fees == unsigned.fees
            && request.digest == unsigned.digest;
        same.then_some(())
            .ok_or_else(|| Code::BytesDiffer.refuse("the stored attempt is another than asked for").into())
    }

    /// The bytes are exactly what the request means, with decimals from our own configuration.
    pub(crate) fn same_bytes(&self, request: &SigningRequest, unsigned: &Unsigned) -> Result<(), No> {
        let meant = match request.kind {
            Kind::Void => evm::void(&request.slot, &request.fees),
            Kind::Pay => {
                let payment = single(request)?;
                let caps = self.caps.asset(payment.asset).ok_or_else(|| {
                    Code::AssetUnknown.refuse(format!("{} is not configured here", payment.asset))
                })?;
                evm::pay(&request.slot, &request.fees, std::slice::from_ref(payment), &caps.asset)
            }
        }
        .map_err(|error| Code::PaymentInvalid.refuse(error.to_string()))?;
        if meant.unsigned != unsigned.bytes || meant.digest != request.digest {
            return Err(Code::BytesDiffer.refuse("the bytes are not what the request means").into());
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
        let fees = &request.fees;
        if fees.max_fee_wei > caps.max_fee_wei {
            let detail = format!("{} wei per gas, and {} is the most", fees.max_fee_wei, caps.max_fee_wei);
            return Err(Code::CapFee.refuse(detail).into());
        }
        match fees.worst() {
            Some(worst) if worst.0 <= caps.cost_max_wei => Ok(()),
            Some(_) | None => {
                let detail = format!("it may cost more than {} wei", caps.cost_max_wei);
                Err(Code::CapFee.refuse(detail).into())
            }
        }
    }

    /// Room in the wallet's hour of network cost, for what this attempt can cost above those of its slot before it.
    pub(crate) fn gas(&self, request: &SigningRequest, row: Option<&SlotRow>) -> Result<(), No> {
        let Some(caps) = self.caps.chain(chain_of(&request.slot)) else { return Ok(()) };
        let more = cost_gwei(&request.fees).saturating_sub(row.map_or(0, |row| row.cost_gwei));
        if more <= 0 {
            return Ok(());
        }
        let burned = read::burned(self.conn, &request.wallet.to_string(), self.since())?;
        let most = caps.cost_hourly_max_wei / WEI_PER_GWEI;
        if u128::try_from(burned.saturating_add(more)).is_ok_and(|sum| sum <= most) {
            return Ok(());
        }
        let detail =
            format!("an hour of {} may cost at most {most} gwei, and {burned} are counted", request.wallet);
        Err(Code::CapGas.refuse(detail).into())
    }
}

const WEI_PER_GWEI: u128 = 1_000_000_000;

/// The most an attempt can cost, gwei, rounded up.
pub(crate) fn cost_gwei(fees: &Fees) -> i64 {
    let wei = fees.worst().map_or(u128::MAX, |worst| worst.0);
    i64::try_from(wei.div_ceil(WEI_PER_GWEI)).unwrap_or(i64::MAX)
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
