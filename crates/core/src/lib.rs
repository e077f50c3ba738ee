//! Words, money, states, decisions, intents and ports of Sluice.
//!
//! This crate computes. It performs no I/O, starts nothing, reads no clock and draws no randomness: time and chance are
//! arguments. Everything another crate may decide about money is decided by a function here, so that it can be read in
//! one place and tested without a database, a chain or a runtime.
//!
//! Where to start: [`withdrawal`] and [`transfer`] are the two state machines, one transition per file; [`intent`] is
//! what people approve and the signer signs; [`proof`] is what ends a transfer; [`port`] is all the engine asks of the
//! world.
//!
//! # Invariants
//! - A state is reached only through its transition: a [`moved::Reached`] is read by everybody and written by none, a
//!   [`moved::Moved`] has no public constructor, and the store persists nothing else.
//! - A second slot for a withdrawal needs a [`proof::Death`], and every constructor of one demands final evidence (M4).
//! - A [`proof::Proof`] is made where its evidence is judged and nowhere else. The doors through which `store`, `signer` and
//!   `chain` vouch for what they hold or have asked are closed to everybody else by `clippy.toml`.
//! - No float, no unchecked money arithmetic, no `HashMap` (its order would break replay).
//! - Nothing an unclear answer says ([`port::chain::Heard`]) can end a transfer: no function from it to an end state
//!   exists (M5).

pub mod access;
pub mod address;
pub mod adoption;
pub mod alert;
pub mod amount;
pub mod asset;
pub mod attempt;
pub mod canonical;
pub mod chain;
pub mod command;
pub mod energy;
pub mod errand;
pub mod event;
pub mod fee;
#[cfg(test)]
mod fuzz;
pub mod hand_out;
pub mod id;
pub mod intent;
pub mod journal;
pub mod lane;
pub mod ledger;
pub mod moved;
pub mod partner;
pub mod policy;
pub mod port;
pub mod proof;
pub mod receipt;
pub mod reconciliation;
pub mod resource;
#[cfg(test)]
mod samples;
pub mod sighting;
pub mod signature_request;
pub mod slot;
pub mod statement;
pub mod stop;
pub mod time;
pub mod trail;
pub mod transfer;
pub mod treasury;
pub mod usage;
pub mod wallet;
pub mod withdrawal;
