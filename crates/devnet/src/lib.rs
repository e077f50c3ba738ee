//! Local chains to build and test against, as close to the real ones as a laptop allows.
//!
//! The EVM side is a real node: [`anvil`] finds, starts and stops Foundry's anvil, [`rpc`] talks to it, [`token`]
//! puts our USDC stand-in on it, and [`control`] does what only a development node can do, such as undoing blocks.
//! [`chaos`] stands between a client and a node, and things go wrong there. The TRON side is a simulator of our own,
//! [`tron`]: no TRON node can be installed from a package. [`market`] is two vendors of TRON energy.
//!
//! ```no_run
//! # async fn first_minute() -> Result<(), Box<dyn std::error::Error>> {
//! use sluice_devnet::{anvil::{Anvil, AnvilConfig}, token::TestUsd};
//!
//! let anvil = Anvil::start(AnvilConfig { chain_id: 137, ..AnvilConfig::default() }).await?;
//! let usdc = TestUsd::ensure(anvil.rpc()).await?;
//! println!("TestUSD is {} on {}", usdc.address(), anvil.url());
//! anvil.stop().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Invariants
//!
//! 1. Nothing here listens on, or speaks to, anything but loopback; only [`chaos`] speaks to the node it is given.
//! 2. No process that this crate starts outlives the process that started it, however that one ends.
//! 3. A saved chain goes on where it ended, or starting fails. It is never replaced by a new one in silence.
//! 4. The same accounts give the same contract addresses: a restart finds what the last run deployed.
//! 5. Nothing that pays for real depends on this crate (DESIGN section 3).

pub mod anvil;
pub mod artifact;
pub mod chaos;
pub mod control;
pub mod market;
pub mod rpc;
pub mod token;
pub mod transaction;
pub mod tron;
