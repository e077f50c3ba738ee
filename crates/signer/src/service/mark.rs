//! `mark`: how far the store's own commits have come, as a row in the journal (M17).

use sluice_core::port::signer::SignerError;
use sluice_core::time::Timestamp;

use super::{SigningService, broken};
use crate::journal::Fact;

impl SigningService {
    /// Notes the mark. The place in the journal.
    ///
    /// # Errors
    /// [`SignerError::Journal`]: it is not noted.
    pub fn mark(&self, mark: u64, now: Timestamp) -> Result<u64, SignerError> {
        let mut journal = self.journal()?;
        let mut tx = journal.begin(now).map_err(broken)?;
        let seq = tx.append(&Fact::Mark { mark }).map_err(broken)?;
        tx.commit().map_err(broken)?;
        Ok(seq)
    }
}
