//! Keys, each call a failpoint: the only places inside a request of the signer. Before `key.sign` its intents are in the
//! journal, after it the signature is not.

use std::sync::Arc;

use sluice_core::address::EvmAddress;
use sluice_signer::Enrolled;
use sluice_signer::key::{Key, KeyError, KeyRing, Raw};

use super::Failpoint;

/// Every call of a key that something is around.
pub const CALLS: [&str; 2] = ["key.sign", "key.unlock"];

/// The ring with every signature a failpoint.
pub fn stopping_keys(ring: &KeyRing, point: &Arc<Failpoint>) -> KeyRing {
    let mut wrapped = KeyRing::new();
    for enrolled in ring.wallets() {
        let key = Arc::new(Wrapped { inner: enrolled.key.clone(), point: point.clone() });
        wrapped.insert(Enrolled { key, ..enrolled.clone() });
    }
    wrapped
}

struct Wrapped {
    inner: Arc<dyn Key>,
    point: Arc<Failpoint>,
}

impl Key for Wrapped {
    fn address(&self) -> EvmAddress {
        self.inner.address()
    }

    fn sign(&self, digest: &[u8; 32]) -> Result<Raw, KeyError> {
        self.point.around_sync("key.sign", || self.inner.sign(digest))
    }

    fn unlock(&self) -> Result<(), KeyError> {
        self.point.around_sync("key.unlock", || self.inner.unlock())
    }
}
