//! A TRON node simulator: the full node's HTTP API over a chain in memory, kept in a file if told, with time, money and
//! trouble at will.
//!
//! What anvil is for Ethereum's chains, this is for TRON: wallets and libraries that speak to a node's `/wallet`,
//! `/walletsolidity` and `/jsonrpc` speak to it unchanged. It keeps the network's rules of reference blocks, expiry,
//! duplicates, permissions, bandwidth, energy, stakes and delegations, has Tether's token as its one contract, and
//! becomes final with the network's delay.
//!
//! ```no_run
//! # async fn first_minute() -> Result<(), Box<dyn std::error::Error>> {
//! use sluice_devnet::tron::{Tron, TronConfig};
//!
//! let tron = Tron::start(TronConfig::default()).await?;
//! println!("TRON on {}, USDT is {}", tron.url(), tron.usdt());
//! let control = tron.control();
//! let alice = control.accounts()[0].address();
//! control.faucet(alice, 1_000_000, 5_000_000);
//! control.mine(20)?;
//! # Ok(())
//! # }
//! ```
//!
//! # Invariants
//! - The same configuration, orders and transactions give the same blocks, where the clock is [`ClockKind::Frozen`].
//! - A transaction that was refused leaves nothing behind. One that was executed is a duplicate until it expires, on
//!   every branch.
//! - What is solid is never replaced; where the chain is kept in a file, not by a kill either.
//! - No arithmetic rounds twice: integers alone, rounded where the network rounds.
//! - Everything is bounded: bodies, connections, pool, blocks, transactions, layers, rules.
//! - It listens on loopback only.

mod address;
mod chain;
mod config;
mod control;
mod execute;
mod fault;
mod http;
mod journal;
mod json;
mod key;
mod network;
mod node;
mod remote;
mod schema;
mod server;
mod sim;
mod state;
mod tx;
mod usdt;
mod view;
mod wire;

pub use address::{Address, NoAddress};
pub use chain::{BLOCK_MS, ClockKind, Fate, Stalled};
pub use config::{Blocks, MAINNET_USDT, TronConfig, TronError};
pub use control::{Control, Head, Refused};
pub use fault::{Fault, Rule, RuleError, RuleId};
pub use journal::{Resumed, StateError};
pub use key::Account;
pub use remote::{Loan, Remote, RemoteError, Standing};
pub use server::Tron;
pub use state::{Param, Resource, SUN};
pub use tx::Txid;
