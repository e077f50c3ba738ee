//! TRON, over the HTTP API of its nodes: solid blocks alone, everything under `/walletsolidity`. Written from the protocol's
//! own files and from nothing of the engine.
//!
//! | file | what it does |
//! |---|---|
//! | `base58` | addresses as people write them |
//! | `bytes` | what a transaction's own bytes say |
//! | `block` | a block with its transactions and their receipts |
//! | `read` | a linked range of blocks |
//! | `lives` | blocks beside the range, where transactions expired |
//! | `standing` | what wallets hold at the last solid block |

pub(crate) mod base58;
mod block;
mod bytes;
mod lives;
mod read;
mod standing;

pub(crate) use block::{block_at, chain_id, solid_head};
pub(crate) use read::{Scope, read};
pub(crate) use standing::stand;
