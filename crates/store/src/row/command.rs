//! Commands that take two persons.

use serde::Serialize;
use sluice_core::command::{Command, Ended, Kind, Order, Record, State};
use sluice_core::id::{CommandId, KeyId, PartnerId};

use super::cells::Cells;
use super::table::Table;
use super::{Unread, actor, kept};
use crate::sql::Row;

pub(crate) const TABLE: Table = Table {
    name: "command",
    texts: &[
        "id",
        "partner_id",
        "kind",
        "subject",
        "says",
        "facts",
        "asked_by",
        "reason",
        "state",
        "ended_by",
        "ended_reason",
    ],
    ints: &["asked_at", "expires_at", "ended_at", "version"],
    blobs: &[],
};

/// What its end writes.
pub(crate) const MUTABLE: &[&str] = &["state", "ended_by", "ended_reason", "ended_at", "version"];

/// A row of `command`. `was` is the version it is expected to have.
#[derive(Debug, Serialize)]
pub(crate) struct CommandRow {
    id: String,
    partner_id: String,
    kind: &'static str,
    subject: String,
    says: String,
    facts: String,
    asked_by: String,
    reason: String,
    state: &'static str,
    ended_by: Option<String>,
    ended_reason: Option<String>,
    asked_at: i64,
    expires_at: i64,
    ended_at: Option<i64>,
    version: i64,
    was: Option<i64>,
}

impl CommandRow {
    pub(crate) fn of(command: &Command, was: Option<i64>) -> Self {
        let ended = command.state.ended();
        Self {
            id: command.id.to_string(),
            partner_id: command.partner.to_string(),
            kind: command.order.kind.as_str(),
            subject: command.order.subject.clone(),
            says: command.order.says.clone(),
            facts: command.order.facts.clone(),
            asked_by: command.asked_by.to_string(),
            reason: command.reason.clone(),
            state: command.state.as_str(),
            ended_by: ended.map(|ended| ended.by.to_string()),
            ended_reason: ended.map(|ended| ended.reason.clone()),
            asked_at: command.asked_at.micros(),
            expires_at: command.expires_at.micros(),
            ended_at: ended.map(|ended| ended.at.micros()),
            version: command.version,
            was,
        }
    }
}

/// From a row of `command`.
///
/// # Errors
/// [`Unread`].
pub fn read(row: &Row) -> Result<Command, Unread> {
    let cells = Cells::of("command", "id", row);
    let ended = || -> Result<Ended, Unread> {
        Ok(Ended {
            by: cells.parsed("ended_by", |text| actor::parse(text).ok_or(()))?,
            reason: cells.text("ended_reason")?.to_owned(),
            at: cells.at("ended_at")?,
        })
    };
    Ok(kept(Record {
        id: cells.parsed("id", CommandId::parse)?,
        partner: cells.parsed("partner_id", PartnerId::parse)?,
        order: Order {
            kind: cells.parsed("kind", |text| Kind::parse(text).ok_or(()))?,
            subject: cells.text("subject")?.to_owned(),
            says: cells.text("says")?.to_owned(),
            facts: cells.text("facts")?.to_owned(),
        },
        asked_by: cells.parsed("asked_by", KeyId::parse)?,
        reason: cells.text("reason")?.to_owned(),
        asked_at: cells.at("asked_at")?,
        expires_at: cells.at("expires_at")?,
        state: match cells.text("state")? {
            "pending" => State::Pending,
            "done" => State::Done(ended()?),
            "withdrawn" => State::Withdrawn(ended()?),
            "expired" => State::Expired(ended()?),
            other => return Err(cells.unread(format!("state {other:?}"))),
        },
        version: cells.int("version")?,
    }))
}
