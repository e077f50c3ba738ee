//! What may be asked of the feed.

use super::{LIMIT, Parameter, Query, limit, text, whole};
use crate::problem::Code;

/// The most characters of the id of a feed.
const FEED_ID_CHARS_MAX: usize = 40;

/// Which part of the feed, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventQuery {
    /// Events with a higher number; 0, the start, when left out.
    pub after: u64,
    /// The feed that number was read from; refused where it is not the present one.
    pub feed_id: Option<String>,
    /// Items of a page.
    pub limit: Option<u32>,
}

impl Query for EventQuery {
    const PARAMETERS: &'static [Parameter] = &[
        whole("after", 0, u64::MAX, "Events with a higher number than this; from the start when left out."),
        text(
            "feed_id",
            FEED_ID_CHARS_MAX,
            "`feed_id` of the event with that number: refused with `feed_changed` when it is not the present one.",
        ),
        LIMIT,
    ];

    fn take(&mut self, name: &str, value: &str) -> Result<(), Code> {
        match name {
            "after" if value.bytes().all(|byte| byte.is_ascii_digit()) => {
                self.after = value.parse().map_err(|_| Code::QueryMalformed)?;
            }
            "feed_id" => self.feed_id = Some(value.to_owned()),
            "limit" => self.limit = Some(limit(value)?),
            _ => return Err(Code::QueryMalformed),
        }
        Ok(())
    }

    fn give(&self) -> Vec<(&'static str, String)> {
        let limit = self.limit.map(|limit| ("limit", limit.to_string()));
        let feed_id = self.feed_id.clone().map(|id| ("feed_id", id));
        [("after", self.after.to_string())].into_iter().chain(feed_id).chain(limit).collect()
    }
}
