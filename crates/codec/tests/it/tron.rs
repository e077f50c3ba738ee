//! TRON: what holds of its bytes.

#[path = "tron/golden.rs"]
mod golden;

use k256::ecdsa::SigningKey;
use sluice_codec::tron::{self, Address, Signature};

/// A key and its account.
fn key(secret: &[u8]) -> (SigningKey, Address) {
    let key = SigningKey::from_slice(secret).unwrap();
    let public = key.verifying_key().to_encoded_point(false);
    let address = tron::address_of(public.as_bytes()[1..].try_into().unwrap());
    (key, address)
}

/// As every wallet signs: RFC 6979, low `s`.
fn sign(key: &SigningKey, digest: &[u8; 32]) -> Signature {
    let (signature, recovery) = key.sign_prehash_recoverable(digest).unwrap();
    let (r, s) = (signature.r().to_bytes().into(), signature.s().to_bytes().into());
    Signature::new(r, s, recovery.is_y_odd()).unwrap()
}
