//! Who signed: addresses from public keys, and public keys from signatures.

use alloy_primitives::keccak256;
use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};
use sluice_core::address::EvmAddress;

/// The address of a public key: the last 20 bytes of keccak-256 over `x || y`, without the leading 0x04
/// (Yellow Paper, appendix F).
pub fn address_of(public: &[u8; 64]) -> EvmAddress {
    let mut address = [0; 20];
    address.copy_from_slice(&keccak256(public)[12..]);
    EvmAddress(address)
}

/// The address whose key made a signature over a digest. `None` for `r` or `s` outside the curve's order, a high `s`
/// (EIP-2), or a point that does not exist.
pub fn recover(digest: &[u8; 32], r: &[u8; 32], s: &[u8; 32], y_parity: bool) -> Option<EvmAddress> {
    let signature = low(r, s)?;
    // A recovery id above 1 means r overflowed the order; Ethereum has no way to write it.
    let key =
        VerifyingKey::recover_from_prehash(digest, &signature, RecoveryId::new(y_parity, false)).ok()?;
    let point = key.to_encoded_point(false);
    let public: &[u8; 64] = point.as_bytes().get(1..)?.try_into().ok()?;
    Some(address_of(public))
}

/// The signature, when both halves are in range and `s` is in the lower half of the order.
pub(crate) fn low(r: &[u8; 32], s: &[u8; 32]) -> Option<Signature> {
    let signature = Signature::from_scalars(*r, *s).ok()?;
    match signature.normalize_s() {
        None => Some(signature),
        Some(_) => None,
    }
}
