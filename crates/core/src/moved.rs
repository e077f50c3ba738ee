//! The only thing the store persists of a state machine: a step that a transition made.

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
        /// `withdrawal`, `transfer` or `wallet`.
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
