//! Deterministic simulation: the production engine, store, quorum, watcher and signer over a model chain, under a seeded
//! executor, with faults at every port call and an oracle that believes nobody.
//!
//! Where to start: [`world::history`] runs one history from its seed; [`faults`] says what may go wrong between two
//! lines of the engine; [`model`] is the chain, and the vendors of energy; [`oracle`] is what must be true whatever happened;
//! `sluice_mutant` is how we know that the oracle would notice.
//!
//! What is ours here is only what lies outside the engine: time, chance, nodes, callers. The store is the SQLite that
//! ships, inline; the signer is the one that ships, with its journal in memory; the seam to the chain lies below quorum.
//!
//! # Invariants
//! - The same seed is the same history, call by call: every choice comes from a named stream of [`rng`], time moves only
//!   in [`executor`], nothing here walks a map without order.
//! - Every `.await` of the engine is a place where its process may die, or sleep past its lease.
//! - The oracle reads the model chain and the store by means of its own, and compares them with what callers ordered and
//!   were told; no check asks the engine.
//! - Liars are a minority: at most one operator of three lies at a time, and no reorg is deeper than what a proof of
//!   death waits for. Beyond that no payer can be safe, and nothing is proven here.
//! - A rule is broken on purpose only from outside, by wrappers of ports.

pub mod cli;
pub mod executor;
pub mod faults;
pub mod model;
pub mod oracle;
pub mod ports;
pub mod rng;
pub mod vault;
pub mod world;
