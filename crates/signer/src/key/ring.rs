//! The keys of this signer, by wallet.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sluice_core::id::WalletId;

use super::KeyError;
use super::keystore::{Keystore, KeystoreKey, Password};
use crate::service::Enrolled;

/// Keys by wallet. Cloning copies no secret.
#[derive(Clone, Default)]
pub struct KeyRing {
    wallets: BTreeMap<WalletId, Enrolled>,
}

/// Why a folder of keystores cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RingError {
    /// The folder or a file cannot be read.
    #[error("{path} cannot be read: {why}", path = path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        why: std::io::Error,
    },
    /// A file is no keystore of ours.
    #[error("{path} is no keystore of a wallet: {why}", path = path.display())]
    Keystore {
        /// Which.
        path: PathBuf,
        /// Why.
        why: KeyError,
    },
}

/// Larger files are no keystores.
const KEYSTORE_MAX_BYTES: u64 = 65_536;

impl KeyRing {
    /// An empty ring.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a wallet, or replaces its key.
    pub fn insert(&mut self, enrolled: Enrolled) {
        self.wallets.insert(enrolled.wallet, enrolled);
    }

    /// The ring with one more wallet.
    #[must_use]
    pub fn with(mut self, enrolled: Enrolled) -> Self {
        self.insert(enrolled);
        self
    }

    /// Reads every `*.json` of a folder: keystores that name their wallet, partner and chain
    /// ([`Keystore::for_wallet`]). Nothing is decrypted until a key is first used.
    ///
    /// # Errors
    /// [`RingError`] names the first file that cannot be read.
    pub fn folder(folder: &Path, password: &Arc<dyn Password>) -> Result<Self, RingError> {
        let unreadable = |path: &Path| {
            let path = path.to_owned();
            move |why| RingError::File { path, why }
        };
        let mut ring = Self::new();
        for file in std::fs::read_dir(folder).map_err(unreadable(folder))? {
            let path = file.map_err(unreadable(folder))?.path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            ring.insert(read(&path, password)?);
        }
        Ok(ring)
    }

    /// Every wallet, by id.
    pub fn wallets(&self) -> impl Iterator<Item = &Enrolled> {
        self.wallets.values()
    }

    pub(crate) fn get(&self, wallet: WalletId) -> Option<&Enrolled> {
        self.wallets.get(&wallet)
    }

    pub(crate) fn holds(&self, wallet: WalletId) -> bool {
        self.wallets.contains_key(&wallet)
    }
}

fn read(path: &Path, password: &Arc<dyn Password>) -> Result<Enrolled, RingError> {
    let file = |why| RingError::File { path: path.to_owned(), why };
    let wrong = |why| RingError::Keystore { path: path.to_owned(), why };
    if std::fs::metadata(path).map_err(file)?.len() > KEYSTORE_MAX_BYTES {
        return Err(wrong(KeyError::Unreadable("too large")));
    }
    let text = std::fs::read_to_string(path).map_err(file)?;
    let keystore = Keystore::parse(&text).map_err(wrong)?;
    let (wallet, partner, chain) = keystore.wallet().map_err(wrong)?;
    let key = KeystoreKey::new(keystore, Arc::clone(password)).map_err(wrong)?;
    Ok(Enrolled { wallet, partner, chain, key: Arc::new(key) })
}
