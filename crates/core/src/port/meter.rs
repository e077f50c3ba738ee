//! Figures about the engine's own work. Nothing is decided by them, and whoever takes them never waits.

use super::store::{Accepted, Change, Outcome};

/// Takes figures.
pub trait Meter: Send + Sync {
    /// A stage, or a whole turn of a loop, begins in the task that calls this.
    fn enters(&self, _stage: &'static str) {}

    /// A stage, or a whole turn of a loop, has run. `outcome` is `ok`, or the kind of the error.
    fn stage(&self, _stage: &'static str, _took_us: i64, _outcome: &'static str) {}

    /// Requests that shared a commit were answered.
    fn accepted(&self, _answers: &[Accepted]) {}

    /// Changes were written, or not; one outcome for each.
    fn applied(&self, _changes: &[Change], _outcomes: &[Outcome]) {}
}

/// Takes none.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoMeter;

impl Meter for NoMeter {}
