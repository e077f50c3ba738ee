//! From what people approved to the bytes that are signed: EIP-1559 transactions (type 2).

use alloy_consensus::TxEip1559;
use alloy_consensus::transaction::{RlpEcdsaDecodableTx, RlpEcdsaEncodableTx, SignableTransaction};
use alloy_primitives::{Address, Signature, TxKind, keccak256};
use sluice_core::address::EvmAddress;
use sluice_core::amount::{Amount, Units};
use sluice_core::asset::{Asset, AssetKind};
use sluice_core::attempt::{Fees, Kind};
use sluice_core::chain::Family;
use sluice_core::intent::Payment;
use sluice_core::slot::Slot;

use super::{call, key, txid};
use crate::scale;

/// The type byte in front of an EIP-1559 transaction (EIP-2718).
pub(super) const TYPE: u8 = 2;

/// Bytes to be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bytes {
    /// `0x02 || rlp([chain_id, nonce, tip, max_fee, gas_limit, to, value, data, access_list])` (EIP-1559).
    pub unsigned: Vec<u8>,
    /// keccak-256 of `unsigned`: what the key signs.
    pub digest: [u8; 32],
}

/// Why no bytes are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// R1 executes in an account nonce of an EVM chain, and this slot is none.
    #[error("a plain transfer needs an account nonce of an EVM chain as its slot")]
    Slot,
    /// R1 pays exactly one payment.
    #[error("a plain transfer pays exactly one payment, not {0}")]
    Count(usize),
    /// Payment, asset and slot do not speak of the same asset, chain and precision.
    #[error("the payment is not of this asset, at this precision, on the slot's chain")]
    Asset,
    /// Nothing would be paid.
    #[error("the amount is zero")]
    Nothing,
    /// The chain cannot say the amount exactly, or it is more than 256 bits.
    #[error("the amount does not scale exactly to the asset's decimals")]
    Amount,
    /// The zero address, the token contract itself, or an account of another family: what is sent there is lost.
    #[error("the recipient is the zero address, the token contract, or no account of an EVM chain")]
    Recipient,
    /// The tip exceeds the fee: every node refuses it.
    #[error("the tip exceeds the fee per gas")]
    Fees,
    /// Not unsigned bytes of ours.
    #[error("not an unsigned type 2 transaction")]
    Unsigned,
    /// `r` or `s` outside the curve's order, or a high `s` (EIP-2).
    #[error("the signature is out of range or has a high s")]
    Signature,
}

/// R1: one payment in one account nonce. A token goes by `transfer(address,uint256)`, the native coin as value. The
/// transfer carries no memo; the approvals over [`Payment::hash`] cover it all the same.
///
/// # Errors
/// [`EncodeError`] names what does not fit together.
pub fn pay(slot: &Slot, fees: &Fees, pays: &[Payment], asset: &Asset) -> Result<Bytes, EncodeError> {
    let [payment] = pays else { return Err(EncodeError::Count(pays.len())) };
    let place = place(slot)?;
    if payment.asset != asset.id
        || payment.precision != asset.precision
        || asset.id.chain.reference != place.chain_id
        || asset.id.chain.family != Family::Evm
    {
        return Err(EncodeError::Asset);
    }
    if payment.amount == Amount::ZERO {
        return Err(EncodeError::Nothing);
    }
    let units = scale::to_chain(payment.amount, asset).ok_or(EncodeError::Amount)?;
    let to = payment.to.evm().filter(|to| *to != EvmAddress([0; 20])).ok_or(EncodeError::Recipient)?;
    if Some(payment.to) == asset.contract() {
        return Err(EncodeError::Recipient);
    }
    match asset.id.kind {
        AssetKind::Erc20(contract) => bytes(&place, fees, contract, Units::ZERO, call::transfer(to, units)),
        AssetKind::Trc20(_) | AssetKind::Errand(..) => Err(EncodeError::Asset),
        AssetKind::Native(_) => bytes(&place, fees, to, units, Vec::new()),
    }
}

/// The no-op of a slot: 0 native from the sender to itself, no data (M3).
///
/// # Errors
/// [`EncodeError::Slot`] and [`EncodeError::Fees`].
pub fn void(slot: &Slot, fees: &Fees) -> Result<Bytes, EncodeError> {
    let place = place(slot)?;
    let to = place.sender;
    bytes(&place, fees, to, Units::ZERO, Vec::new())
}

/// [`pay`] or [`void`], by kind. A void looks at neither `pays` nor `asset`.
///
/// # Errors
/// [`EncodeError`] names what does not fit together.
pub fn draft(
    kind: Kind,
    slot: &Slot,
    fees: &Fees,
    pays: &[Payment],
    asset: &Asset,
) -> Result<Bytes, EncodeError> {
    match kind {
        Kind::Pay => pay(slot, fees, pays, asset),
        Kind::Void => void(slot, fees),
    }
}

/// Unsigned bytes and a signature, joined: the bytes a node takes, and their hash. Who signed is not checked here; see
/// [`super::decode`].
///
/// # Errors
/// [`EncodeError::Unsigned`] and [`EncodeError::Signature`].
pub fn attach(
    unsigned: &[u8],
    r: [u8; 32],
    s: [u8; 32],
    y_parity: bool,
) -> Result<(Vec<u8>, [u8; 32]), EncodeError> {
    let mut rest = match unsigned.split_first() {
        Some((&TYPE, rest)) => rest,
        _ => return Err(EncodeError::Unsigned),
    };
    let tx = TxEip1559::rlp_decode(&mut rest).map_err(|_| EncodeError::Unsigned)?;
    if !rest.is_empty() || encoded(&tx) != unsigned {
        return Err(EncodeError::Unsigned);
    }
    key::low(&r, &s).ok_or(EncodeError::Signature)?;
    let signature = Signature::new(Units::from_be_bytes(r), Units::from_be_bytes(s), y_parity);
    let mut raw = Vec::with_capacity(tx.eip2718_encoded_length(&signature));
    tx.eip2718_encode(&signature, &mut raw);
    let txid = txid(&raw);
    Ok((raw, txid))
}

/// The account nonce a slot names.
struct Place {
    chain_id: u64,
    sender: EvmAddress,
    nonce: u64,
}

fn place(slot: &Slot) -> Result<Place, EncodeError> {
    match *slot {
        Slot::EvmNonce { chain, sender, nonce } if chain.family == Family::Evm => {
            Ok(Place { chain_id: chain.reference, sender, nonce })
        }
        Slot::EvmNonce { .. }
        | Slot::EvmAuthorization { .. }
        | Slot::TronTransaction { .. }
        | Slot::VaultPayment { .. } => Err(EncodeError::Slot),
    }
}

fn bytes(
    place: &Place,
    fees: &Fees,
    to: EvmAddress,
    value: Units,
    data: Vec<u8>,
) -> Result<Bytes, EncodeError> {
    if fees.tip_wei > fees.max_fee_wei {
        return Err(EncodeError::Fees);
    }
    let unsigned = encoded(&TxEip1559 {
        chain_id: place.chain_id,
        nonce: place.nonce,
        gas_limit: fees.gas_limit,
        max_fee_per_gas: fees.max_fee_wei,
        max_priority_fee_per_gas: fees.tip_wei,
        to: TxKind::Call(Address::new(to.0)),
        value,
        access_list: Default::default(),
        input: data.into(),
    });
    let digest = keccak256(&unsigned).0;
    Ok(Bytes { unsigned, digest })
}

pub(super) fn encoded(tx: &TxEip1559) -> Vec<u8> {
    let mut unsigned = Vec::with_capacity(tx.payload_len_for_signature());
    tx.encode_for_signing(&mut unsigned);
    unsigned
}
