//! What a person should look at.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::event::Actor;
use crate::tag;
use crate::text::Time;
use crate::words::words;

words! {
    /// How soon a person must look.
    Severity {
        /// Money may be at risk: within 15 minutes.
        P1 = "P1",
        /// Payments stand still: within an hour.
        P2 = "P2",
        /// Payments are slow, or something will run out: within four hours.
        P3 = "P3",
        /// Good to know: within a day.
        P4 = "P4",
    }
}

/// Something a person should look at. Equal ones are one alert that counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Alert {
    /// `al_...`
    pub id: String,
    /// Always `alert`.
    pub object: tag::Alert,
    /// Whose it is; `null` for the platform's own.
    pub partner_id: Option<String>,
    /// How soon a person must look.
    pub severity: Severity,
    /// What it is, as a stable code.
    pub code: String,
    /// What it is about: the id of a lane, chain, withdrawal or process.
    pub subject: String,
    /// What it means, in one sentence in the caller's language.
    pub summary: String,
    /// The case: figures, names and reasons, in the engine's own words (English).
    pub detail: String,
    /// Who looks first: `engineering`, `treasury` or `operations`.
    pub owner: String,
    /// When it was first seen.
    pub since: Time,
    /// When it was last seen.
    pub last_seen: Time,
    /// How often it was seen.
    pub count: u64,
    /// Who looks into it.
    pub acknowledged_by: Option<Actor>,
    /// Since when.
    pub acknowledged_at: Option<Time>,
    /// Where to read what to do: a path in the documentation.
    pub runbook: String,
    /// When its cause was gone; `null` while it lasts.
    pub resolved_at: Option<Time>,
}
