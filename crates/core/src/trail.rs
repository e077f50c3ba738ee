//! The hash-chained log: one chain per partner, made by the sealer (ADR 0005).

use sha2::{Digest, Sha256};

use crate::id::PartnerId;

/// The link before the first event of a partner.
pub fn genesis(partner: PartnerId) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"sluice/trail/v1\0");
    hash.update(partner.to_string().as_bytes());
    hash.finalize().into()
}

/// The link of event `number`: over the previous link, the dense number and the event's canonical text. Deleting,
/// reordering or editing any event changes every link after it.
pub fn link(previous: &[u8; 32], number: i64, event: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(previous);
    hash.update(number.to_be_bytes());
    hash.update(event.as_bytes());
    hash.finalize().into()
}
