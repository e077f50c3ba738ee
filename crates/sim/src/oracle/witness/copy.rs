//! A store that is put back to an older copy of itself: what was durable may be so no more, and nothing is paid before a
//! person has let it (M17).

use std::collections::{BTreeMap, BTreeSet};

use sluice_core::id::{TransferId, WalletId};
use sluice_core::intent::PaymentKey;

use super::{Seen, Witness};

/// What was durable when a copy of the store was made.
#[derive(Clone, Debug)]
pub struct Copied {
    epochs: BTreeMap<String, i64>,
    durable_unsigned: BTreeSet<[u8; 32]>,
    durable_signed: BTreeSet<[u8; 32]>,
    finalized: u64,
    reversed: Option<u64>,
    awaited: BTreeMap<WalletId, BTreeSet<TransferId>>,
}

impl Witness {
    /// The store is copied.
    pub fn copied(&self) -> Copied {
        let seen = self.seen();
        Copied {
            epochs: seen.epochs.clone(),
            durable_unsigned: seen.durable_unsigned.clone(),
            durable_signed: seen.durable_signed.clone(),
            finalized: seen.finalized,
            reversed: seen.reversed,
            awaited: seen.awaited.clone(),
        }
    }

    /// Signatures so far whose very bytes this copy has never heard of: what the signer's journal shows the copy to be old by.
    pub fn unheard_of(&self, copy: &Copied) -> usize {
        self.seen().signed.values().filter(|(_, it)| !copy.durable_unsigned.contains(&it.digest)).count()
    }

    /// The copy is the store from now on. What was signed stays signed, and what is dead on the chain stays dead there.
    pub fn put_back(&self, copy: Copied) {
        let Copied { epochs, durable_unsigned, durable_signed, finalized, reversed, awaited } = copy;
        let mut seen = self.seen();
        let Seen { held, shut, .. } = &mut *seen;
        held.clear();
        *shut = true;
        seen.epochs = epochs;
        seen.durable_unsigned = durable_unsigned;
        seen.durable_signed = durable_signed;
        seen.finalized = finalized;
        seen.reversed = reversed;
        seen.awaited = awaited;
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
