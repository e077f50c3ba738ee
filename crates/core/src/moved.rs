//! What stands where a transition has brought it, and the only thing the store persists of a state machine: a step that a
//! transition made.

use std::ops::Deref;

/// A thing in a state that a transition reached, or that the store kept. Everybody reads it; only the transitions in this
/// crate change it, so nobody writes a state down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached<T>(pub(crate) T);

impl<T> Reached<T> {
    /// Reads back what the store holds. Called by `store` alone.
    pub const fn restored(record: T) -> Self {
        Self(record)
    }
}

impl<T> Deref for Reached<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// A step of a state machine: what was, and what a transition made of it. Only transitions in this crate can create
/// one, so a state nobody reached by a transition cannot be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved<T> {
    before: Option<T>,
    after: T,
}

impl<T> Moved<T> {
    pub(crate) const fn new(before: T, after: T) -> Self {
        Self { before: Some(before), after }
    }

    pub(crate) const fn born(after: T) -> Self {
        Self { before: None, after }
    }

    /// What was; `None` for a thing that did not exist before.
    pub const fn before(&self) -> Option<&T> {
        self.before.as_ref()
    }

    /// What it became.
    pub const fn after(&self) -> &T {
        &self.after
    }

    /// Continues from what it became.
    pub fn into_after(self) -> T {
        self.after
    }

    /// Joins two steps of the same thing into one: from before the first to after the second.
    pub fn then(self, next: impl FnOnce(T) -> Result<Self, crate::moved::Refusal>) -> Result<Self, Refusal> {
        let second = next(self.after)?;
        Ok(Self { before: self.before, after: second.after })
    }
}

/// Why a transition did not happen. Nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The thing is in a state this transition does not start from.
    #[error("cannot {transition} a {thing} that is {state}")]
    NotFrom {
        /// `withdrawal`, `transfer`, `wallet` or `purchase of energy`.
        thing: &'static str,
        /// The transition that was asked for.
        transition: &'static str,
        /// The state it is in.
        state: &'static str,
    },
    /// The evidence handed over is not evidence for this thing.
    #[error("cannot {transition}: {why}")]
    Evidence {
        /// The transition that was asked for.
        transition: &'static str,
        /// What does not fit.
        why: &'static str,
    },
}
