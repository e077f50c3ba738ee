//! Events, and the text of one that the trail is a hash over.

use serde::Serialize;
use sluice_core::canonical::Canonical;
use sluice_core::event::{Cause, Event};
use sluice_core::id::{EventId, FeedId, PartnerId, WithdrawalId};
use sluice_core::port::reader::FeedEvent;

use super::Unread;
use super::cells::Cells;
use super::table::Table;
use crate::sql::Row;

pub(crate) const TABLE: Table = Table {
    name: "event",
    texts: &[
        "id",
        "partner_id",
        "kind",
        "withdrawal_id",
        "transfer_id",
        "wallet_id",
        "actor",
        "reason",
        "data",
    ],
    ints: &["at"],
    blobs: &[],
};

/// A row of `event` before it is sealed.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct EventRow {
    id: String,
    partner_id: String,
    kind: String,
    withdrawal_id: Option<String>,
    transfer_id: Option<String>,
    wallet_id: Option<String>,
    actor: String,
    reason: String,
    data: String,
    at: i64,
}

impl EventRow {
    pub(crate) fn of(id: EventId, event: &Event, cause: &Cause) -> Self {
        Self {
            id: id.to_string(),
            partner_id: event.partner.to_string(),
            kind: event.kind.clone(),
            withdrawal_id: event.withdrawal.map(|id| id.to_string()),
            transfer_id: event.transfer.map(|id| id.to_string()),
            wallet_id: event.wallet.map(|id| id.to_string()),
            actor: cause.actor.to_string(),
            reason: cause.reason.clone(),
            data: event.data.json(),
            at: cause.at.micros(),
        }
    }
}

/// A sealed row of `event` as the feed shows it.
///
/// # Errors
/// [`Unread`].
pub fn read(row: &Row) -> Result<FeedEvent, Unread> {
    let cells = Cells::of("event", "id", row);
    Ok(FeedEvent {
        id: cells.parsed("id", EventId::parse)?,
        feed: cells.parsed("feed_id", FeedId::parse)?,
        number: cells.int("number")?,
        partner: cells.parsed("partner_id", PartnerId::parse)?,
        kind: cells.text("kind")?.to_owned(),
        withdrawal: cells.opt_parsed("withdrawal_id", WithdrawalId::parse)?,
        actor: cells.text("actor")?.to_owned(),
        reason: cells.text("reason")?.to_owned(),
        at: cells.at("at")?,
        data: cells.text("data")?.to_owned(),
    })
}

/// The text of a row of `event` that its link is a hash over: every column but number and link.
///
/// # Errors
/// [`Unread`].
pub fn sealed_text(row: &Row) -> Result<String, Unread> {
    let cells = Cells::of("event", "id", row);
    let text = |name| cells.opt_text(name).map(|found| found.map(Canonical::text));
    let map = Canonical::map([
        ("actor", text("actor")?),
        ("at", Some(Canonical::text(cells.int("at")?))),
        ("data", text("data")?),
        ("id", text("id")?),
        ("kind", text("kind")?),
        ("partner", text("partner_id")?),
        ("reason", text("reason")?),
        ("transfer", text("transfer_id")?),
        ("wallet", text("wallet_id")?),
        ("withdrawal", text("withdrawal_id")?),
    ]);
    Ok(map.json())
}
