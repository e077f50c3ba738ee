//! Where SQLite and PostgreSQL meet, and nowhere else: the durable state of Sluice.
//!
//! SQLite is the embedded default, PostgreSQL is for production. Both are reached through one seam ([`mod@sql`]), every
//! repository is written once, and one conformance suite runs on both. Where to start: [`Db`] is what the program holds;
//! `engine` implements [`sluice_core::port::store::Store`], one module per aggregate; [`row`] turns rows into values of
//! `core` and back; `migrations/` is the schema, with its reasons.
//!
//! # Invariants
//! - `Store::accept` and `Store::apply` are the only writes of the engine; each is one transaction, and no transaction or
//!   connection leaves this crate (M9).
//! - A change is written with everything that follows from it, or not at all: events, ledger, counters, public status
//!   (M15).
//! - Every update names the version it expects and checks that one row changed; every write of a lease holder is made
//!   under its fence (M7).
//! - The schema repeats the rules: what this crate gets wrong, an index, a constraint or a trigger refuses by name.
//! - A row that this version cannot read is left alone and reported, never guessed at and never an error for others.
//! - Every statement that answers a list has a limit (M14).

pub mod copy;
pub mod db;
mod engine;
pub mod migrate;
mod reader;
mod registry;
pub mod row;
pub mod sql;

pub use db::{Db, OpenError, Template};
