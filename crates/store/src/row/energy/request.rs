//! Requests to get energy ahead, and what each is for.

use std::collections::BTreeMap;

use serde::Serialize;
use sluice_core::chain::ChainId;
use sluice_core::energy::{Burning, Request, RequestItem, RequestRecord, RequestState};
use sluice_core::id::{EnergyNeedId, EnergyRequestId, PartnerId, WalletId, WithdrawalId};

use crate::row::cells::{Cells, big};
use crate::row::table::Table;
use crate::row::{Unread, kept};
use crate::sql::Row;

pub(crate) const REQUESTS: Table = Table {
    name: "energy_request",
    texts: &["id", "partner_id", "wallet_id", "chain", "external_id", "state", "need_id", "why"],
    ints: &["got", "not_before", "expires_at", "ended", "requested_at", "changed_at", "version"],
    blobs: &[],
};

/// What a step of a request writes.
pub(crate) const REQUEST_MOVES: &[&str] =
    &["state", "need_id", "why", "got", "ended", "changed_at", "version"];

pub(crate) const REQUEST_ITEMS: Table = Table {
    name: "energy_request_item",
    texts: &["request_id", "withdrawal_id"],
    ints: &["energy", "open"],
    blobs: &[],
};

/// A row of `energy_request`. `was` is the version it is expected to have.
#[derive(Debug, Serialize)]
pub(crate) struct RequestRow {
    id: String,
    partner_id: String,
    wallet_id: String,
    chain: String,
    external_id: String,
    state: &'static str,
    need_id: Option<String>,
    why: Option<&'static str>,
    got: i64,
    not_before: i64,
    expires_at: i64,
    ended: u8,
    requested_at: i64,
    changed_at: i64,
    version: i64,
    was: Option<i64>,
}

impl RequestRow {
    pub(crate) fn of(request: &Request, was: Option<i64>) -> Self {
        let (need_id, why) = match request.state {
            RequestState::Asked { need } => (Some(need.to_string()), None),
            RequestState::Burning(why) => (None, Some(why.as_str())),
            RequestState::Open
            | RequestState::Served
            | RequestState::Dropped
            | RequestState::Expired
            | RequestState::Cancelled => (None, None),
        };
        Self {
            id: request.id.to_string(),
            partner_id: request.partner.to_string(),
            wallet_id: request.wallet.to_string(),
            chain: request.chain.to_string(),
            external_id: request.external_id.clone(),
            state: request.state.as_str(),
            need_id,
            why,
            got: big(request.got),
            not_before: request.not_before.micros(),
            expires_at: request.expires_at.micros(),
            ended: u8::from(request.state.is_ended()),
            requested_at: request.requested_at.micros(),
            changed_at: request.changed_at.micros(),
            version: request.version,
            was,
        }
    }
}

/// A row of `energy_request_item`.
#[derive(Debug, Serialize)]
pub(crate) struct RequestItemRow {
    request_id: String,
    withdrawal_id: String,
    energy: i64,
    open: u8,
}

impl RequestItemRow {
    pub(crate) fn all(request: &Request) -> impl Iterator<Item = Self> + '_ {
        let open = u8::from(!request.state.is_ended());
        request.items.iter().map(move |item| Self {
            request_id: request.id.to_string(),
            withdrawal_id: item.withdrawal.to_string(),
            energy: big(item.energy),
            open,
        })
    }
}

/// From a row of `energy_request_item`.
///
/// # Errors
/// [`Unread`].
pub(crate) fn read_item(row: &Row) -> Result<(EnergyRequestId, RequestItem), Unread> {
    let cells = Cells::of("energy_request_item", "request_id", row);
    let item = RequestItem {
        withdrawal: cells.parsed("withdrawal_id", WithdrawalId::parse)?,
        energy: cells.number("energy")?,
    };
    Ok((cells.parsed("request_id", EnergyRequestId::parse)?, item))
}

/// From a row of `energy_request`, with the items of all that are read.
///
/// # Errors
/// [`Unread`], also for one without items.
pub(crate) fn read_request(
    row: &Row,
    items: &BTreeMap<EnergyRequestId, Vec<RequestItem>>,
) -> Result<Request, Unread> {
    let cells = Cells::of("energy_request", "id", row);
    let id = cells.parsed("id", EnergyRequestId::parse)?;
    let state = match cells.text("state")? {
        "open" => RequestState::Open,
        "asked" => RequestState::Asked { need: cells.parsed("need_id", EnergyNeedId::parse)? },
        "served" => RequestState::Served,
        "burning" => RequestState::Burning(cells.parsed("why", |text| Burning::parse(text).ok_or(()))?),
        "dropped" => RequestState::Dropped,
        "expired" => RequestState::Expired,
        "cancelled" => RequestState::Cancelled,
        other => return Err(cells.unread(format!("state {other:?}"))),
    };
    Ok(kept(RequestRecord {
        id,
        partner: cells.parsed("partner_id", PartnerId::parse)?,
        wallet: cells.parsed("wallet_id", WalletId::parse)?,
        chain: cells.parsed("chain", ChainId::parse)?,
        external_id: cells.text("external_id")?.to_owned(),
        items: items.get(&id).cloned().ok_or_else(|| cells.unread("it is for nothing"))?,
        not_before: cells.at("not_before")?,
        expires_at: cells.at("expires_at")?,
        got: cells.number("got")?,
        state,
        requested_at: cells.at("requested_at")?,
        changed_at: cells.at("changed_at")?,
        version: cells.int("version")?,
    }))
}
