//! Keys, each signature a failpoint: the only place between two signatures of one request.

use std::sync::Arc;

use sluice_core::address::EvmAddress;
use sluice_signer::Enrolled;
use sluice_signer::key::{Key, KeyError, KeyRing, Raw};

use super::Failpoint;

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
        self.inner.unlock()
    }
}
