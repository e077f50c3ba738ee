//! What the store says.

use sluice_api::problem::Code;
use sluice_core::port::store::StoreError;

use super::Reject;

impl From<StoreError> for Reject {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Down(why) => {
                tracing::warn!(error = %why, "The database does not answer");
                Self { retry_after_s: Some(1), ..Self::new(Code::StoreUnavailable) }
            }
            // Committed or not: only asking again tells. The external id makes that safe.
            StoreError::Unknown(why) => {
                tracing::warn!(error = %why, "The database did not confirm a commit");
                Self { retry_after_s: Some(1), ..Self::new(Code::TimedOut) }
            }
            StoreError::Inconsistent { .. } | StoreError::Statement(_) => Self::internal(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_words_of_the_database_reach_a_caller() {
        for error in [
            StoreError::Down("password=hunter2".into()),
            StoreError::Unknown("hunter2".into()),
            StoreError::Statement("select hunter2".into()),
            StoreError::Inconsistent { table: "hunter2", row: "hunter2".into(), why: "hunter2".into() },
        ] {
            let reject = Reject::from(error);
            assert!(reject.refusal.is_complete() && reject.refusal.code.is_retryable());
            assert!(!format!("{reject:?}").contains("hunter2"));
        }
    }
}
