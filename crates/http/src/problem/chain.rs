//! What nodes and the signer say.

use sluice_api::problem::{Code, Refusal};
use sluice_core::port::chain::ChainError;
use sluice_core::port::signer::SignerError;

use super::Reject;

/// How long nodes usually need to come back, seconds.
const RETRY_AFTER_S: u64 = 5;

/// No usable answer from the nodes of a chain.
pub(crate) fn node_unavailable(chain: impl std::fmt::Display) -> Reject {
    let refusal = Refusal::new(Code::NodeUnavailable).with("chain", chain);
    Reject { refusal, retry_after_s: Some(RETRY_AFTER_S) }
}

impl From<ChainError> for Reject {
    fn from(error: ChainError) -> Self {
        tracing::warn!(error = %error, "No usable answer from nodes");
        match error {
            ChainError::Down { chain, .. }
            | ChainError::Disagree { chain, .. }
            | ChainError::Foreign { chain, .. } => node_unavailable(chain),
            ChainError::NoBlock => node_unavailable("of this asset"),
        }
    }
}

impl From<SignerError> for Reject {
    fn from(error: SignerError) -> Self {
        tracing::warn!(error = %error, "The signer does not answer");
        Self { retry_after_s: Some(RETRY_AFTER_S), ..Self::new(Code::SignerUnavailable) }
    }
}
