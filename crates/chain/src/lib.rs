//! Questions to nodes, and carrying bytes to them.
//!
//! One chain is one [`evm::Evm`] or one [`tron::Tron`] over several nodes. A [`evm::node::Node`] or [`tron::node::Node`] is
//! what one node of one operator says, typed: above it are quorum, watching and submission, which run unchanged over the
//! simulator's model nodes; below it is HTTP (`evm::http`, `tron::http`, feature `http`), the only place here that names a
//! runtime. What no family owns, health of nodes, quorum and heads, is in one place for both (`crew`).
//!
//! Three classes of reading, never mixed:
//! - *carried or hinted* by any one node: market, balances, simulation, progress. Wrong answers cost time or gas.
//! - *final*: `k` of `n` distinct operators say the same, pinned to one final block hash. The only source of
//!   [`sluice_core::proof::Final`].
//! - *absence*: never evidence alone. A missing receipt counts only beside a consumed nonce, at a pinned block, from
//!   more than one operator; on TRON only equal runs of whole solid blocks over a transaction's life count.
//!
//! # Invariants
//! - What money rests on is made by [`sluice_core::proof::Final::by_quorum`] from answers of distinct operators, read
//!   under one final block hash that these same operators agree on (M4, M16).
//! - A slot is read by slot: its nonce and every attempt, never one hash (M6). On TRON a slot is one hash, and is read in
//!   whole blocks.
//! - [`sluice_core::port::chain::Heard::Unclear`] is the answer to everything that is not listed; no text of a node
//!   decides anything about money (M5).
//! - A node that contradicts an agreed final block is not asked again until it agrees with it; it is never outvoted in
//!   silence.
//! - Nothing here keeps chain state: a restart loses health figures and nothing else.
//! - No clock, no chance, no order of a hash map: the same answers of the nodes give the same result.

mod crew;
// Shared by every crate that has fuzz targets.
#[cfg(test)]
#[path = "../../core/src/fuzz/drive.rs"]
mod drive;
pub mod evm;
#[cfg(feature = "http")]
mod http;
pub mod tron;
