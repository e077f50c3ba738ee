//! TRON: what holds of its bytes.

#[path = "tron/any.rs"]
mod any;
#[path = "tron/golden.rs"]
mod golden;
#[path = "tron/properties.rs"]
mod properties;
#[path = "tron/refusals.rs"]
mod refusals;
#[path = "tron/tronweb.rs"]
mod tronweb;
#[path = "tron/words.rs"]
mod words;

use k256::ecdsa::SigningKey;
use sluice_codec::tron::{self, Address, Call, Reference, Signature, Terms, Unsigned};

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

/// Does a call for a minute.
fn with(call: Call) -> Unsigned {
    let terms = Terms {
        reference: Reference { bytes: [0xa1, 0xb2], hash: [7; 8] },
        expiration_ms: 1_763_600_060_000,
        timestamp_ms: 1_763_600_000_000,
        fee_limit_sun: 30_000_000,
        memo: Vec::new(),
        permission_id: 0,
    };
    Unsigned { owner: Address([1; 20]), call, terms }
}
