//! A store that is put back to an older copy of itself: what was durable may be so no more, and nothing is paid before a
//! person has let it (M17).

use sluice_core::intent::PaymentKey;

use super::{Stored, Witness};

/// What was durable when a copy of the store was made.
#[derive(Clone, Debug)]
pub struct Copied(Stored);

impl Witness {
    /// The store is copied.
    pub fn copied(&self) -> Copied {
        Copied(self.seen().stored.clone())
    }

    /// Signatures so far whose very bytes this copy has never heard of: what the signer's journal shows the copy to be old by.
    pub fn unheard_of(&self, copy: &Copied) -> usize {
        self.seen().signed.values().filter(|(_, it)| !copy.0.durable_unsigned.contains(&it.digest)).count()
    }

    /// The copy is the store from now on. What was signed stays signed, and what is dead on the chain stays dead there.
    pub fn put_back(&self, copy: Copied) {
        let mut seen = self.seen();
        seen.stored = copy.0;
        seen.held.clear();
        seen.shut = true;
    }

    /// People let it pay again.
    pub fn opened(&self) {
        self.seen().shut = false;
    }

    /// What a transaction of ours pays, whoever remembers it; the inner `None` for a void. `None` where we never signed it.
    pub fn signed_for(&self, txid: &[u8; 32]) -> Option<Option<PaymentKey>> {
        self.seen().signed.get(txid).map(|(_, signed)| signed.key)
    }
}
