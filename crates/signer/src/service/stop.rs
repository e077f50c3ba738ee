//! `stop` and `lift`: rows in the journal, so that every judgement sees them in its own transaction (M12).
//!
//! Anyone may stop. A stop belongs to the door its setter came through, and is lifted through that door alone: an engine in
//! other hands lifts what the engine set, and nothing that a person set at this machine. Whether two persons wanted it is
//! asked before it comes here: this crate cannot tell two persons from one.

use sluice_core::port::signer::{Setter, SignerError, Standing};
use sluice_core::stop::Scope;
use sluice_core::time::Timestamp;

use super::{SigningService, broken};
use crate::journal::{Fact, JournalError, read};

impl SigningService {
    /// From the moment this returns nothing in the scope is paid, bumped or admitted. Voids stay possible.
    ///
    /// # Errors
    /// [`SignerError::Journal`]: the stop is not in force.
    pub fn stop(
        &self,
        scope: &Scope,
        setter: Setter,
        reason: &str,
        now: Timestamp,
    ) -> Result<u64, SignerError> {
        let (kind, subject) = scope.parts();
        let fact = Fact::Stop {
            scope: kind.into(),
            subject,
            reason: reason.into(),
            setter: Some(setter.as_str().into()),
        };
        let mut journal = self.journal()?;
        let mut tx = journal.begin(now).map_err(broken)?;
        let seq = tx.append(&fact).map_err(broken)?;
        tx.commit().map_err(broken)?;
        Ok(seq)
    }

    /// Ends this setter's stop of exactly this scope. With `read_at`, only the one that was read there: one that was set
    /// again since stays. Asked for what is not in force, it changes nothing. The end of the journal.
    ///
    /// # Errors
    /// [`SignerError::Journal`]: the stop is still in force.
    pub fn lift(
        &self,
        scope: &Scope,
        setter: Setter,
        read_at: Option<u64>,
        reason: &str,
        now: Timestamp,
    ) -> Result<u64, SignerError> {
        let mut journal = self.journal()?;
        let mut tx = journal.begin(now).map_err(broken)?;
        let stops = stops_of(tx.conn()).map_err(broken)?;
        let found = stops.iter().find(|stop| stop.scope == *scope && stop.setter == setter);
        if found.is_none_or(|stop| read_at.is_some_and(|place| place != stop.journal_seq)) {
            return Ok(tx.head().seq);
        }
        let (kind, subject) = scope.parts();
        let fact = Fact::Lift {
            scope: kind.into(),
            subject,
            reason: reason.into(),
            setter: Some(setter.as_str().into()),
        };
        let seq = tx.append(&fact).map_err(broken)?;
        tx.commit().map_err(broken)?;
        Ok(seq)
    }

    /// Stops in force. A scope this program cannot read is shown as everything, for that is what it stops.
    ///
    /// # Errors
    /// [`SignerError::Journal`].
    pub fn stops(&self) -> Result<Vec<Standing>, SignerError> {
        stops_of(self.journal()?.conn()).map_err(broken)
    }
}

pub(super) fn stops_of(conn: &rusqlite::Connection) -> Result<Vec<Standing>, JournalError> {
    let standing = |row: read::StopRow| Standing {
        scope: Scope::from_parts(&row.scope, &row.subject).unwrap_or(Scope::All),
        // The table holds no other word; were it to, the stop would be nobody's to lift over the engine's socket.
        setter: Setter::parse(&row.setter).unwrap_or(Setter::Console),
        reason: row.reason,
        journal_seq: row.seq,
    };
    Ok(read::stops(conn)?.into_iter().map(standing).collect())
}
