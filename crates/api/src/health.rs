//! Whether a process is alive, and whether it can do its work.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::tag;
use crate::text::Time;
use crate::words::words;

words! {
    /// How a part is.
    Verdict {
        /// It works.
        Ok = "ok",
        /// It works, and something is missing.
        Degraded = "degraded",
        /// It does not work.
        Down = "down",
    }
}

/// The process answers. It says nothing about what it depends on: restarting it would not mend that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// Always `health`.
    pub object: tag::Health,
    /// `ok`, or the request would have had no answer.
    pub status: Verdict,
    /// Version of the program.
    pub version: String,
    /// When the process started.
    pub started_at: Time,
}

/// Whether requests should be sent to this process. Answered with 200 when ready, with 503 otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Readiness {
    /// Always `readiness`.
    pub object: tag::Readiness,
    /// Whether it can take and keep withdrawals. A chain that is down delays payments and does not make it unready.
    pub ready: bool,
    /// What was looked at.
    pub checks: Vec<Check>,
}

/// One part that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Check {
    /// The part, such as `store`, `signer` or `eip155:137`.
    pub name: String,
    /// How it is.
    pub status: Verdict,
    /// What is wrong, in a few words; `null` when nothing is.
    pub detail: Option<String>,
    /// Since when it is so.
    pub since: Time,
}
