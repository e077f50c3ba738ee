//! The numbered feed.

pub(crate) mod list;
pub(crate) mod stream;

/// A number of the feed as the store has it; nothing is numbered higher.
pub(crate) fn number(after: u64) -> i64 {
    i64::try_from(after).unwrap_or(i64::MAX)
}
