//! A journal without its signer: read for a copy, and made again from one. Entries are the whole truth, so a copy is a list
//! of them. There is no key among them, nor anything a key could be made from.

use std::path::Path;

use crate::journal::{Head, Journal, JournalAt, JournalEntry, JournalError, Tampered, Unverified};

/// A journal in a file that no signer has open.
pub struct Archive(Journal);

/// Why a journal is not made from a copy.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The copy is not what a signer wrote.
    #[error(transparent)]
    Tampered(#[from] Tampered),
    /// The file cannot be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl Archive {
    /// Opens the journal of a signer that does not run.
    ///
    /// # Errors
    /// [`JournalError`]: a signer has it open, or it is none.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        if !path.exists() {
            return Err(JournalError::Malformed(format!("there is no journal at {}", path.display())));
        }
        Journal::open(&JournalAt::File(path.to_owned())).map(Self)
    }

    /// The installation it belongs to.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn deployment(&self) -> Result<Option<String>, JournalError> {
        crate::journal::read::deployment(self.0.conn())
    }

    /// Up to so many entries from a place on, at most 1,000.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn entries(&self, from: u64, limit: usize) -> Result<Vec<JournalEntry>, JournalError> {
        self.0.entries(from, limit)
    }

    /// Makes a journal in a new file from all of its entries, in order, and proves it as `verify` does.
    ///
    /// # Errors
    /// [`RebuildError`]: the first entry that is not the one that follows; what was written so far is no journal.
    pub fn rebuild(path: &Path, entries: impl Iterator<Item = JournalEntry>) -> Result<Head, RebuildError> {
        let mut journal = Journal::open(&JournalAt::File(path.to_owned()))?;
        journal.replay(entries).map_err(said)?;
        journal.verify(None).map_err(said)
    }
}

fn said(error: Unverified) -> RebuildError {
    match error {
        Unverified::Tampered(tampered) => tampered.into(),
        Unverified::Unreadable(error) => error.into(),
    }
}
