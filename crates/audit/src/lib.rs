//! Proves on chain that each withdrawal of a list was paid exactly once, or not at all, as its owner was told.
//!
//! It takes the caller's own list, reads the chain with its own few words of JSON-RPC or of TRON's HTTP API, and judges.
//! `docs/audit.md` says what is proven, what is not, and how the files look.
//!
//! ```no_run
//! # async fn audited() -> Result<(), Box<dyn std::error::Error>> {
//! use sluice_audit::{Audit, chain::Chain, list::List};
//!
//! let mut list = List::default();
//! list.add("export.ndjson", std::fs::File::open("export.ndjson")?)?;
//! let nodes = ["https://one.example", "https://other.example"];
//! let audit = Audit::of(Chain::Evm(137), &nodes, list)?;
//! let report = audit.above(74_000_000).run().await?;
//! println!("{} proven, root {}", report.proven.len(), report.root);
//! # Ok(())
//! # }
//! ```
//!
//! # Invariants
//!
//! 1. It depends on no crate of ours: what judges the engine shares no line with it, and opens no database of it.
//! 2. Nothing is passed over. A line, a log or a transaction that cannot be read ends the run without a verdict.
//! 3. What cannot be told is undecided, and is never counted as proven.
//! 4. What one node says is what every named node says, at one block hash; who differs is named and nothing is proven.
//! 5. Amounts are integers.

pub mod amount;
pub mod chain;
pub mod error;
pub mod evm;
pub mod finding;
pub mod judge;
pub mod list;
pub mod merkle;
pub mod node;
pub mod read;
pub mod report;
pub mod run;
pub mod stand;
mod tron;

pub use error::AuditError;
pub use report::Report;
pub use run::Audit;
