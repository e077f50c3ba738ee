//! What a process can be.

pub mod copies;
#[cfg(feature = "dev")]
pub mod dev;
#[cfg(feature = "dev")]
pub mod devnet;
pub mod migrate;
pub mod platform_key;
pub mod run;
pub mod signer;
#[cfg(feature = "dev")]
pub mod tron_sim;
