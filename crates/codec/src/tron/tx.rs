//! Transactions as bytes.

use prost::Message;
use sha2::{Digest, Sha256};
use sluice_core::address::TronAddress;

use super::call::Call;
use super::key::Signature;
use super::message;
use super::terms::Terms;

/// The longest transaction a node takes, signatures included, bytes.
pub const BYTES_MAX: usize = 500 * 1024;
/// Signatures a transaction can carry: a permission has at most five keys.
pub const SIGNATURES_MAX: usize = 5;
/// What a node adds to the length of a transaction for its result when it charges bandwidth, bytes.
const RESULT_BYTES: usize = 64;

/// What is about to be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsigned {
    /// Whose account acts, and pays.
    pub owner: TronAddress,
    /// What it does.
    pub call: Call,
    /// On which terms.
    pub terms: Terms,
}

/// `raw_data`: the bytes whose hash is signed. Whether they make sense is for [`super::draft`] to say.
pub fn raw(unsigned: &Unsigned) -> Vec<u8> {
    let Unsigned { owner, call, terms } = unsigned;
    message::Raw {
        ref_block_bytes: terms.reference.bytes.to_vec(),
        ref_block_hash: terms.reference.hash.to_vec(),
        expiration: terms.expiration_ms,
        data: terms.memo.clone(),
        contract: vec![message::Contract {
            r#type: call.contract_type().number().into(),
            parameter: Some(call.any(*owner)),
            permission_id: terms.permission_id,
        }],
        timestamp: terms.timestamp_ms,
        fee_limit: terms.fee_limit_sun,
    }
    .encode_to_vec()
}

/// The id of a transaction, which is also what is signed: SHA-256 of `raw_data`.
pub fn txid(raw: &[u8]) -> [u8; 32] {
    Sha256::digest(raw).into()
}

/// `raw_data` and signatures, joined: what `/wallet/broadcasthex` takes. Who signed is not checked here; see
/// [`super::decode`].
pub fn signed(raw: &[u8], signatures: &[Signature]) -> Vec<u8> {
    let signature = signatures.iter().map(|signature| signature.bytes().to_vec()).collect();
    message::Transaction { raw_data: raw.to_vec(), signature }.encode_to_vec()
}

/// The bandwidth a signed transaction costs, bytes: its length and 64 for the result.
pub const fn bandwidth(signed: &[u8]) -> usize {
    signed.len().saturating_add(RESULT_BYTES)
}
