//! What opens a lane needs a store and a journal that belong together: it would pay before the next look shuts it (M17).

use sluice_core::port::Ports;
use sluice_core::port::store::StoreError;

use super::OrderError;
use crate::StageError;
use crate::journal::{self, Standing};

/// Compares them now. Where the store went back in time, what it lost has been imported when this returns; asked again, they
/// are together then, and a journal that is another one never is.
///
/// # Errors
/// [`OrderError::JournalApart`], or why they could not be compared.
pub(super) async fn together(ports: &Ports) -> Result<(), OrderError> {
    match journal::compare(ports).await.map_err(not_compared)? {
        Standing::Together => Ok(()),
        Standing::WentBack => Err(OrderError::JournalApart),
    }
}

/// Until they are together: what a store that went back has lost is imported first.
///
/// # Errors
/// As [`together`].
pub(super) async fn together_at_last(ports: &Ports) -> Result<(), OrderError> {
    match together(ports).await {
        Err(OrderError::JournalApart) => together(ports).await,
        compared => compared,
    }
}

/// The same, and whatever the journal has signed of what is awaited is recorded: what the engine has made is known as that.
///
/// # Errors
/// As [`together`].
pub(super) async fn together_whole(ports: &Ports) -> Result<(), OrderError> {
    together(ports).await?;
    journal::record(ports).await.map_err(not_compared)
}

/// Store and journal could not be compared.
fn not_compared(error: StageError) -> OrderError {
    match error {
        StageError::Store(error) => error.into(),
        StageError::Chain(error) => error.into(),
        StageError::Signer(error) => error.into(),
        StageError::Refused(refusal) => refusal.into(),
        StageError::LeaseLost | StageError::Overtaken => OrderError::Moved,
        StageError::NotConfigured(what) => OrderError::NotConfigured(what),
        StageError::Encode(why) | StageError::Inconsistent(why) => {
            StoreError::Inconsistent { table: "lost_attempt", row: "the signer's journal".into(), why }.into()
        }
    }
}
