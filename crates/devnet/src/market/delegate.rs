//! Where delivered energy goes: whatever can delegate, or a list that remembers.

use std::{
    future::Future,
    pin::Pin,
    sync::{Mutex, PoisonError},
};

use sha2::{Digest as _, Sha256};

/// Energy that a vendor hands to an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegation {
    /// The receiver, as a base58 address that was checked.
    pub to: String,
    /// Energy.
    pub energy: u64,
    /// For how long, in seconds.
    pub duration_s: u64,
}

/// The chain does not delegate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the chain does not delegate: {why}")]
pub struct Refused {
    /// Why, in one sentence.
    pub why: String,
}

/// Carries out delegations: the vendor's own node.
pub trait Delegator: Send + Sync {
    /// Delegates; the transaction's id in lower-case hex. Called once for each delegation, and not retried: a vendor whose
    /// chain refuses gives the order up.
    fn delegate<'a>(
        &'a self,
        delegation: Delegation,
    ) -> Pin<Box<dyn Future<Output = Result<String, Refused>> + Send + 'a>>;
}

/// Delegations remembered at most; further ones are refused.
const RECORDED_MAX: usize = 100_000;

/// A chain that remembers what it was given and makes ids up. For tests.
#[derive(Debug, Default)]
pub struct Recorder(Mutex<Vec<(Delegation, String)>>);

impl Recorder {
    /// What was delegated so far, in order, each with its transaction.
    pub fn told(&self) -> Vec<(Delegation, String)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Forgets it all.
    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// What was delegated to this address so far, in order, each with its transaction.
    pub fn to(&self, address: &str) -> Vec<(Delegation, String)> {
        self.told().into_iter().filter(|(delegation, _)| delegation.to == address).collect()
    }
}

impl Delegator for Recorder {
    fn delegate<'a>(
        &'a self,
        delegation: Delegation,
    ) -> Pin<Box<dyn Future<Output = Result<String, Refused>> + Send + 'a>> {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let done = match told.len() < RECORDED_MAX {
            true => {
                let txid = hex::encode(Sha256::digest(format!("{}:{delegation:?}", told.len())));
                told.push((delegation, txid.clone()));
                Ok(txid)
            }
            false => Err(Refused { why: "the record is full".to_owned() }),
        };
        Box::pin(std::future::ready(done))
    }
}
