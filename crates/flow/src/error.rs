//! Why a turn of a loop ended early. Nothing was half done: what was committed is committed, the rest is run again.

use sluice_core::moved::Refusal;
use sluice_core::port::chain::ChainError;
use sluice_core::port::signer::SignerError;
use sluice_core::port::store::StoreError;

/// Why a turn of a loop ended early.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StageError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The nodes.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The signer.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// A transition said no where the stage had reason to expect yes: a defect of ours, never data loss.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Another process holds the lease, or ours has ended (M7).
    #[error("the lease is held by another process")]
    LeaseLost,
    /// Bytes cannot be made for what was asked: a defect of ours.
    #[error("cannot encode: {0}")]
    Encode(String),
    /// The wallet or chain is not configured here.
    #[error("{0} is not configured in this process")]
    NotConfigured(String),
    /// What was to be changed kept moving; the next turn tries again.
    #[error("it kept changing while it was written")]
    Overtaken,
    /// Store and signer's journal contradict each other in a way that no rule foresees: a person looks.
    #[error("the signer's journal contradicts the store: {0}")]
    Inconsistent(String),
}

impl StageError {
    /// Its kind, as figures name it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Store(_) => "store",
            Self::Chain(_) => "chain",
            Self::Signer(_) => "signer",
            Self::Refused(_) => "refused",
            Self::LeaseLost => "lease_lost",
            Self::Overtaken => "overtaken",
            Self::Inconsistent(_) => "inconsistent",
            Self::Encode(_) => "encode",
            Self::NotConfigured(_) => "not_configured",
        }
    }
}
