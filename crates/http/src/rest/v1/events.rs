//! The numbered feed.

pub(crate) mod list;
pub(crate) mod stream;

use sluice_api::problem::{Code, Refusal};

use crate::call::Call;
use crate::problem::Reject;

/// Refuses a number that was read from another life of the feed.
pub(crate) async fn same_feed(call: &Call, named: Option<&str>) -> Result<(), Reject> {
    let Some(named) = named else { return Ok(()) };
    let present = call.reader().feed().await?.to_string();
    if named == present {
        return Ok(());
    }
    Err(Refusal::new(Code::FeedChanged).with("feed_id", present).into())
}

/// A number of the feed as the store has it; nothing is numbered higher.
pub(crate) fn number(after: u64) -> i64 {
    i64::try_from(after).unwrap_or(i64::MAX)
}
