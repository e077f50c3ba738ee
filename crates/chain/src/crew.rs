//! The nodes of one chain, of whatever family: which of them are asked, what they agree on, where its ends are, and what is
//! wrong with them.
//!
//! What a family's node says about money is typed by that family, above which its readings are written; here is only what
//! all families ask of any node ([`Peer`]).

mod alarm;
mod debt;
mod finality;
mod heads;
mod health;
mod peer;
mod quorum;
mod second;
mod state;
mod still;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use peer::{NodeError, Tag};

pub(crate) use finality::Head;
pub(crate) use health::Crew;
pub(crate) use peer::{Peer, Top};
pub(crate) use quorum::{Dissent, Judge};
pub(crate) use second::Concerning;
pub(crate) use still::hashes;

/// How many distinct operators must say the same before it is final.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quorum {
    /// At least this many; 2 of 3 is usual. 1 means that every proof may be `single_source`.
    pub needed: usize,
}

/// A lock whose holder panicked still holds plain data: figures of health, never money.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A list answer has as many entries as were asked for, or it is none.
pub(crate) fn exactly<T>(asked: usize, answers: Vec<T>, what: &str) -> Result<Vec<T>, NodeError> {
    if answers.len() == asked {
        return Ok(answers);
    }
    Err(NodeError::Nonsense(format!("{} {what} for {asked} asked", answers.len())))
}
