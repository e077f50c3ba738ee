//! From bytes back to meaning: what a signed transaction does, and who signed it.

use alloy_consensus::TxEip1559;
use alloy_consensus::transaction::{RlpEcdsaDecodableTx, RlpEcdsaEncodableTx};
use alloy_primitives::{TxKind, keccak256};
use sluice_core::address::EvmAddress;
use sluice_core::amount::Units;

use super::{key, tx};

/// A signed EIP-1559 transaction of a shape that [`super::attach`] makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// Chain (EIP-155).
    pub chain_id: u64,
    /// Account nonce of `sender`.
    pub nonce: u64,
    /// `maxFeePerGas`, wei.
    pub max_fee_wei: u128,
    /// `maxPriorityFeePerGas`, wei.
    pub tip_wei: u128,
    /// Gas limit.
    pub gas_limit: u64,
    /// Account or contract it calls.
    pub to: EvmAddress,
    /// Native coin it moves, wei.
    pub value: Units,
    /// Call data.
    pub data: Vec<u8>,
    /// Who signed it, recovered from the signature.
    pub sender: EvmAddress,
    /// keccak-256 of the signed bytes.
    pub txid: [u8; 32],
    /// keccak-256 of the unsigned bytes: what was signed.
    pub digest: [u8; 32],
}

/// Why bytes are not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Empty, or the first byte is not 2.
    #[error("not a type 2 transaction")]
    Type,
    /// Broken or padded RLP, bytes left over, or a second spelling of the same fields.
    #[error("malformed transaction")]
    Malformed,
    /// Creates a contract or carries an access list: nothing of ours does.
    #[error("a contract creation or an access list, which we never make")]
    Shape,
    /// Out of range, a high `s` (EIP-2), or no key can have made it.
    #[error("no key can have made this signature, or its s is high")]
    Signature,
}

/// Reads signed bytes and recovers their sender.
///
/// # Errors
/// [`DecodeError`] for anything but exactly one transaction of our shape.
pub fn decode(raw: &[u8]) -> Result<Decoded, DecodeError> {
    let mut rest = match raw.split_first() {
        Some((&tx::TYPE, rest)) => rest,
        _ => return Err(DecodeError::Type),
    };
    let (parsed, signature) =
        TxEip1559::rlp_decode_with_signature(&mut rest).map_err(|_| DecodeError::Malformed)?;
    let mut again = Vec::with_capacity(raw.len());
    parsed.eip2718_encode(&signature, &mut again);
    // Whatever the parser forgave, one transaction has one spelling: its hash depends on it.
    if !rest.is_empty() || again != raw {
        return Err(DecodeError::Malformed);
    }
    let to = match parsed.to {
        TxKind::Call(to) if parsed.access_list.0.is_empty() => EvmAddress(to.into_array()),
        TxKind::Call(_) | TxKind::Create => return Err(DecodeError::Shape),
    };
    let digest = keccak256(tx::encoded(&parsed)).0;
    let (r, s) = (signature.r().to_be_bytes(), signature.s().to_be_bytes());
    let sender = key::recover(&digest, &r, &s, signature.v()).ok_or(DecodeError::Signature)?;
    Ok(Decoded {
        chain_id: parsed.chain_id,
        nonce: parsed.nonce,
        max_fee_wei: parsed.max_fee_per_gas,
        tip_wei: parsed.max_priority_fee_per_gas,
        gas_limit: parsed.gas_limit,
        to,
        value: parsed.value,
        data: parsed.input.to_vec(),
        sender,
        txid: txid(raw),
        digest,
    })
}

/// The transaction hash of signed bytes: their keccak-256.
pub fn txid(raw: &[u8]) -> [u8; 32] {
    keccak256(raw).0
}
