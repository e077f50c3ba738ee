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
        Some(status) => by_status(query, partner, status),
        None => query,
    };
    query
        .maybe(" and w.external_id = ?", filter.external_id.as_ref())
        .maybe(" and w.user_id = ?", filter.user_id.as_ref())
        .maybe(" and w.address = ?", filter.address.as_ref())
        .maybe(" and w.type = ?", filter.kind.map(|kind| kind.as_str()))
        .maybe(" and w.asset = ?", filter.asset.map(|asset| asset.to_string()))
        .maybe(" and w.accepted_at >= ?", filter.from)
}

/// Whether the filter is found through an index that begins with the partner.
fn by_tenant(filter: &Filter) -> bool {
    let open = filter.status.is_some_and(|status| ended(status).is_none());
    open || filter.external_id.is_some() || filter.user_id.is_some() || filter.address.is_some()
}

/// What is open is little and moves; what has ended is much and stands still. Each has an index of its own, and the
/// open one does not hold the status: a step of a transfer changes the status of a withdrawal and should touch no index.
fn by_status(query: Query, partner: Option<PartnerId>, status: Status) -> Query {
    match (ended(status), partner) {
        (None, _) => query.with(" and w.ended_at is null and w.status = ?", [status.as_str().into()]),
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
