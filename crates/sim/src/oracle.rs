//! Says what went wrong. It believes nobody: what was paid is read from the model chain and compared with the callers'
//! own lists; what the engine stored is read by SQL of its own; what left a process is seen by witnesses at its ports.

pub mod end;
pub mod energy;
pub mod money;
pub mod store;
pub mod witness;

pub use witness::Witness;

/// A rule that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Stable name: the money rule and what about it.
    pub invariant: &'static str,
    /// What was seen.
    pub detail: String,
}

impl Violation {
    /// A broken rule.
    pub fn new(invariant: &'static str, detail: impl Into<String>) -> Self {
        Self { invariant, detail: detail.into() }
    }
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.invariant, self.detail)
    }
}
