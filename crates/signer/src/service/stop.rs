//! `stop` and `lift`: rows in the journal, so that every judgement sees them in its own transaction (M12).
//!
//! Anyone with the signer's console may stop. Lifting is the quorum's business, and the quorum is asked before it comes
//! here: this crate cannot tell two persons from one.

use sluice_core::port::signer::SignerError;
use sluice_core::stop::Scope;
use sluice_core::time::Timestamp;

use super::{SigningService, broken, stops_of};
use crate::journal::Fact;

impl SigningService {
    /// From the moment this returns nothing in the scope is paid, bumped or admitted. Voids stay possible.
    ///
    /// # Errors
    /// [`SignerError::Journal`]: the stop is not in force.
    pub fn stop(&self, scope: &Scope, reason: &str, now: Timestamp) -> Result<u64, SignerError> {
        let (kind, subject) = scope.parts();
        self.note(&Fact::Stop { scope: kind.into(), subject, reason: reason.into() }, now)
    }

    /// Ends a stop of exactly this scope.
    ///
    /// # Errors
    /// [`SignerError::Journal`]: the stop is still in force.
    pub fn lift(&self, scope: &Scope, reason: &str, now: Timestamp) -> Result<u64, SignerError> {
        let (kind, subject) = scope.parts();
        self.note(&Fact::Lift { scope: kind.into(), subject, reason: reason.into() }, now)
    }

    /// Stops in force with their reasons. A scope this program cannot read is shown as everything, for that is what it
    /// stops.
    ///
    /// # Errors
    /// [`SignerError::Journal`].
    pub fn stops(&self) -> Result<Vec<(Scope, String)>, SignerError> {
        stops_of(self.journal()?.conn()).map_err(broken)
    }

    fn note(&self, fact: &Fact, now: Timestamp) -> Result<u64, SignerError> {
        let mut journal = self.journal()?;
        let mut tx = journal.begin(now).map_err(broken)?;
        let seq = tx.append(fact).map_err(broken)?;
        tx.commit().map_err(broken)?;
        Ok(seq)
    }
}
