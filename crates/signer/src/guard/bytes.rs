//! Whether a request, the stored attempt and the bytes say the same: the bytes are made again from the meaning (M10).

use sluice_codec::evm;
use sluice_core::attempt::{Kind, Unsigned};
use sluice_core::id::WalletId;
use sluice_core::intent::{Payment, SigningRequest};
use sluice_core::slot::Slot;

use super::{Guard, No};
use crate::journal::WalletRow;
use crate::refusal::Code;

impl Guard<'_> {
    /// The slot is a nonce of this wallet's own account on its own chain.
    pub(crate) fn own_slot(&self, id: WalletId, wallet: &WalletRow, slot: &Slot) -> Result<(), No> {
        match slot {
            Slot::EvmNonce { chain, sender, .. }
                if chain.to_string() == wallet.chain && sender.key() == wallet.address =>
            {
                Ok(())
            }
            Slot::EvmNonce { .. }
            | Slot::EvmAuthorization { .. }
            | Slot::TronTransaction { .. }
            | Slot::VaultPayment { .. } => {
                Err(Code::WalletUnknown.refuse(format!("slot {slot} is none of {id}")).into())
            }
        }
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
        let chain = match request.slot {
            Slot::EvmNonce { chain, .. }
            | Slot::EvmAuthorization { chain, .. }
            | Slot::TronTransaction { chain, .. }
            | Slot::VaultPayment { chain, .. } => chain,
        };
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
