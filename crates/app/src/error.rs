//! Why a process does not start: one sentence, what to do, and an exit code.

use std::process::ExitCode;

use sluice_core::port::signer::SignerError;
use sluice_core::port::store::StoreError;
use sluice_store::OpenError;

use crate::config::ConfigError;

/// Why a process does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database does not open.
    #[error(transparent)]
    Database(#[from] OpenError),
    /// The database fails.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The signer.
    #[error("the signer cannot be used: {0}; start it with `sluice signer`, or check signer.socket")]
    Signer(#[source] SignerError),
    /// A node's URL.
    #[error("chains.{chain}: the node of {operator} cannot be used: {why}")]
    Node {
        /// Chain.
        chain: String,
        /// Operator.
        operator: String,
        /// Why.
        why: String,
    },
    /// A node of another chain.
    #[error("{node} is a node of chain {found}, not {expected}: check chains.nodes")]
    OtherChain {
        /// Node.
        node: String,
        /// What it says.
        found: u64,
        /// What is configured.
        expected: u64,
    },
    /// The port.
    #[error(
        "cannot listen on {address}: {why}; another program may use the port, choose one with server.listen or --listen"
    )]
    Listen {
        /// Address.
        address: String,
        /// Why.
        why: String,
    },
    /// A folder or file.
    #[error("{path} cannot be used: {why}")]
    Path {
        /// Path.
        path: String,
        /// Why.
        why: String,
    },
    /// Anything else that is one sentence already.
    #[error("{0}")]
    Other(String),
}

impl StartError {
    /// 2 for what the configuration must change, 3 for what the world must change (sysexits would say 78 and 69).
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Config(_) | Self::OtherChain { .. } | Self::Node { .. } => ExitCode::from(2),
            Self::Database(_)
            | Self::Store(_)
            | Self::Signer(_)
            | Self::Listen { .. }
            | Self::Path { .. }
            | Self::Other(_) => ExitCode::from(3),
        }
    }
}
