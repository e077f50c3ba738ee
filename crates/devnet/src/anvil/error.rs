//! Why there is no chain.

use std::{io, path::PathBuf, process::ExitStatus};

use super::ANVIL_ENV;
use crate::rpc::RpcError;

/// Why there is no chain, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum AnvilError {
    /// There is no binary.
    #[error("anvil was not found in {looked}; install it with `make tools`, or name it in {ANVIL_ENV}")]
    NotFound {
        /// The places that were searched.
        looked: String,
    },
    /// npm installed its script without a binary for this machine.
    #[error(
        "{} is npm's script for anvil, but its binary for {platform} is missing; \
         install it with `make tools`, or name a binary in {ANVIL_ENV}", wrapper.display()
    )]
    NoNativeBinary {
        /// The script.
        wrapper: PathBuf,
        /// This machine, in the words of Foundry's package names.
        platform: String,
    },
    /// Somebody else listens there.
    #[error("port {port} is in use; stop what listens there, or choose another port")]
    PortInUse {
        /// The port that was asked for.
        port: u16,
    },
    /// The block time rounds to nothing.
    #[error(
        "the block time is shorter than a millisecond; make it longer, or mine each transaction as it comes"
    )]
    BlockTimeTooShort,
    /// Anvil takes its paths as text.
    #[error("{} is not valid UTF-8; keep the chain in a file with another name", path.display())]
    PathNotUtf8 {
        /// The path as given.
        path: PathBuf,
    },
    /// There is no place to save the chain.
    #[error("the directory of {} cannot be made; choose another place to save the chain", path.display())]
    NoPlaceToSave {
        /// The file that was to hold the chain.
        path: PathBuf,
        /// What the file system reported.
        source: io::Error,
    },
    /// The file is there and is not a chain.
    #[error(
        "the saved chain {} cannot be read ({last_words}); delete it to start a new one, \
         and with it the database that remembers the old one", path.display()
    )]
    SavedChainDamaged {
        /// The file.
        path: PathBuf,
        /// What anvil said.
        last_words: String,
    },
    /// The operating system did not run it.
    #[error("{} cannot be run; check that it is a program for this machine", path.display())]
    NotRun {
        /// The binary.
        path: PathBuf,
        /// What the operating system reported.
        source: io::Error,
    },
    /// Without the guard the chain could outlive us.
    #[error("the shell that ends anvil together with this program cannot be run; check /bin/sh")]
    NotGuarded {
        /// What the operating system reported.
        source: io::Error,
    },
    /// It ended before it was ready.
    #[error("anvil ended before it was ready ({status}): {last_words}")]
    Ended {
        /// How it ended.
        status: ExitStatus,
        /// What it said last.
        last_words: String,
    },
    /// It runs and does not answer.
    #[error(
        "anvil was not ready within {limit_ms} ms; allow more time if this machine is busy: {last_words}"
    )]
    NotReady {
        /// The limit that was passed.
        limit_ms: u128,
        /// What it said last.
        last_words: String,
    },
    /// It answers for another chain.
    #[error("anvil answers for chain {found} instead of {expected}; check its version")]
    OtherChain {
        /// The chain id that was asked for.
        expected: u64,
        /// The chain id it gives.
        found: u64,
    },
    /// It was ready and then refused its first orders.
    #[error("anvil started but could not be set up; check its version")]
    NotSetUp(#[from] RpcError),
    /// The operating system does not tell how it ended.
    #[error("it cannot be told whether anvil ended; look for it among the processes")]
    NotReaped {
        /// What the operating system reported.
        source: io::Error,
    },
    /// It ended without saving.
    #[error("anvil stopped without saving {}; what happened since it was last written is lost", path.display())]
    NotSaved {
        /// The file that was to hold the chain.
        path: PathBuf,
    },
}
