//! Filters of the list as fragments of a statement: what was not asked for is not in it, so that each combination gets
//! the index that fits it. Which one that is stands beside each index in the migration, and a test asks the database.

use sluice_core::id::PartnerId;
use sluice_core::port::reader::Filter;
use sluice_core::withdrawal::Status;

use super::query::Query;

/// The platform sees all partners, and the index that fits begins with one: it is entered once per partner.
pub(super) const EVERY_PARTNER: &str = " and w.partner_id in (select p.id from partner p)";

/// Narrows `query` over `withdrawal w` to a tenant and a filter, except for the end of its range: where a page ends is
/// the list's to say.
pub(super) fn narrow(query: Query, partner: Option<PartnerId>, filter: &Filter) -> Query {
    let query = match (partner, by_tenant(filter)) {
        (Some(_), _) => query.tenant(" and w.partner_id = ?", partner),
        (None, true) => query.and(EVERY_PARTNER),
        (None, false) => query,
    };
    let query = match filter.status {
        Some(status) => by_status(query, partner, status, broad(filter).is_some()),
        None => query,
    };
    let (kind, asset) = match broad(filter) {
        Some(Broad::Type) => (" and w.type = ?", BESIDE_ASSET),
        Some(Broad::Asset) => (BESIDE_TYPE, " and w.asset = ?"),
        None => (BESIDE_TYPE, BESIDE_ASSET),
    };
    let query = if filter.errands { query } else { query.and(" and w.pinned_to is null") };
    query
        .maybe(" and w.external_id = ?", filter.external_id.as_ref())
        .maybe(" and w.user_id = ?", filter.user_id.as_ref())
        .maybe(" and w.address = ?", filter.address.as_ref())
        .maybe(kind, filter.kind.map(|kind| kind.as_str()))
        .maybe(asset, filter.asset.map(|asset| asset.to_string()))
        .maybe(" and w.accepted_at >= ?", filter.from)
}

/// A filter that is looked at on the way and never leads it: SQLite, which has no statistics, would enter at a type that
/// nearly all have as gladly as at the one customer who is asked for.
const BESIDE_TYPE: &str = " and coalesce(w.type, '') = ?";
const BESIDE_ASSET: &str = " and coalesce(w.asset, '') = ?";

/// What many may have, and leads where nothing narrower is asked for.
enum Broad {
    Type,
    Asset,
}

fn broad(filter: &Filter) -> Option<Broad> {
    let one = filter.external_id.is_some() || filter.user_id.is_some() || filter.address.is_some();
    // What is completed is nearly everything; every other status is few.
    let few = filter.status.is_some_and(|status| status != Status::Completed);
    match (one || few, filter.kind, filter.asset) {
        (true, _, _) | (false, None, None) => None,
        (false, Some(_), _) => Some(Broad::Type),
        (false, None, Some(_)) => Some(Broad::Asset),
    }
}

/// Whether the filter is found through an index that begins with the partner.
fn by_tenant(filter: &Filter) -> bool {
    let open = filter.status.is_some_and(|status| ended(status).is_none());
    let one = filter.external_id.is_some() || filter.user_id.is_some() || filter.address.is_some();
    open || one || broad(filter).is_some()
}

/// What is open is little and moves; what has ended is much and stands still. Each has an index of its own, and the
/// open one does not hold the status: a step of a transfer changes the status of a withdrawal and should touch no index.
fn by_status(query: Query, partner: Option<PartnerId>, status: Status, led: bool) -> Query {
    match (ended(status), partner) {
        (None, _) => query.with(" and w.ended_at is null and w.status = ?", [status.as_str().into()]),
        // A type or an asset leads.
        (Some("paid"), _) if led => query.with(" and coalesce(w.state, '') = ?", ["paid".into()]),
        (Some("paid"), None) => query.and(" and w.ended_at is not null and w.state = 'paid'"),
        (Some(state), None) => {
            query.with(" and w.state in ('rejected', 'cancelled', 'failed') and w.state = ?", [state.into()])
        }
        (Some(state), Some(_)) => query.with(" and w.ended_at is not null and w.state = ?", [state.into()]),
    }
}

/// The state behind a final status: there the two are one to one.
const fn ended(status: Status) -> Option<&'static str> {
    match status {
        Status::Completed => Some("paid"),
        Status::Rejected => Some("rejected"),
        Status::Cancelled => Some("cancelled"),
        Status::Failed => Some("failed"),
        Status::Pending
        | Status::Held
        | Status::Approved
        | Status::Queued
        | Status::WalletFunded
        | Status::EnergyRequested
        | Status::EnergyReceived
        | Status::Processing
        | Status::Signing
        | Status::Broadcast
        | Status::Confirming
        | Status::NeedsAttention => None,
    }
}
