//! What people are asked to sign: refills that are pinned to a desk, with the desk, whom they refill, and what was handed out
//! of them last.

use std::collections::{BTreeMap, BTreeSet};

use sluice_core::hand_out::HandOut;
use sluice_core::id::{PartnerId, WalletId, WithdrawalId};
use sluice_core::port::reader::{Position, WalletView, WithdrawalView};
use sluice_core::signature_request::{SignatureFilter, SignatureRequest};
use sluice_core::withdrawal::Withdrawal;

use super::query::Query;
use super::wallets;
use super::withdrawals::{self, Place};
use crate::engine::LIST_MAX;
use crate::engine::unread::{Found, keep};
use crate::row::cells::Cells;
use crate::row::{self, Unread};
use crate::sql::{Conn, Row, SqlError};

/// What a person signs; the index of the same words leads to it. A sweep is signed by the signer, see
/// [`sluice_core::withdrawal::Request::errand_kind`].
const REFILLS: &str = " and w.pinned_to is not null and w.asset like '%/trc20:%' and w.type = 'regular'";

/// Newest first.
pub(super) async fn list(
    conn: &mut Conn<'_>,
    partner: Option<PartnerId>,
    filter: SignatureFilter,
    after: Option<Position>,
    limit: usize,
) -> Result<Found<Vec<SignatureRequest>>, SqlError> {
    let after = after.map(|position| (position.accepted_at.micros(), position.id.to_string()));
    let listing = |after: Option<Place>| {
        let query = Query::new(crate::withdrawals!(text "where true")).and(REFILLS);
        let query = query.tenant(" and w.partner_id = ?", partner);
        let query = query.maybe(" and w.pinned_to = ?", filter.wallet.map(|id| id.to_string()));
        let query = match filter.open {
            Some(true) => query.and(" and w.ended_at is null"),
            Some(false) => query.and(" and w.ended_at is not null"),
            None => query,
        };
        let query = match after {
            Some(after) => query.with(" and (w.accepted_at, w.id) < (?, ?)", withdrawals::place(after)),
            None => query,
        };
        query.and(" order by w.accepted_at desc, w.id desc")
    };
    let (errands, mut unread) = withdrawals::filled(conn, partner, after, limit, listing).await?;
    Ok((complete(conn, partner, errands, &mut unread).await?, unread))
}

pub(super) async fn one(
    conn: &mut Conn<'_>,
    partner: Option<PartnerId>,
    id: WithdrawalId,
) -> Result<Found<Option<SignatureRequest>>, SqlError> {
    let query = Query::new(crate::withdrawals!(text "where true")).and(REFILLS);
    let query = query.with(" and w.id = ?", [id.to_string().into()]).tenant(" and w.partner_id = ?", partner);
    let (errand, mut unread) = withdrawals::only(conn, partner, query).await?;
    let errands = errand.into_iter().collect();
    Ok((complete(conn, partner, errands, &mut unread).await?.pop(), unread))
}

async fn complete(
    conn: &mut Conn<'_>,
    partner: Option<PartnerId>,
    errands: Vec<WithdrawalView>,
    unread: &mut Vec<Unread>,
) -> Result<Vec<SignatureRequest>, SqlError> {
    if errands.is_empty() {
        return Ok(vec![]);
    }
    let desks: BTreeSet<WalletId> = errands.iter().filter_map(|it| it.withdrawal.request.pinned_to).collect();
    let desks: BTreeMap<WalletId, WalletView> = keep(wallets::among(conn, partner, desks).await?, unread)
        .into_iter()
        .map(|view| (view.wallet.id, view))
        .collect();
    let mut hand_outs = hand_outs(conn, partner, &errands, unread).await?;
    let refilled = refilled(conn, partner, &errands, unread).await?;
    // A desk that does not read was reported; what it is asked for is left out with it.
    let requests = errands.into_iter().filter_map(|errand| {
        let of = &errand.withdrawal;
        let desk = desks.get(&of.request.pinned_to?)?.clone();
        Some(SignatureRequest {
            to: refilled.get(&place_of(of)).copied(),
            hand_out: hand_outs.remove(&of.id),
            desk,
            errand,
        })
    });
    Ok(requests.collect())
}

/// The last one of each; an id begins with its time.
async fn hand_outs(
    conn: &mut Conn<'_>,
    partner: Option<PartnerId>,
    errands: &[WithdrawalView],
    unread: &mut Vec<Unread>,
) -> Result<BTreeMap<WithdrawalId, HandOut>, SqlError> {
    let last =
        "hand_out h where h.id = (select max(o.id) from hand_out o where o.withdrawal_id = h.withdrawal_id)";
    let rows = Query::select("h.*", last)
        .among(" and h.withdrawal_id", errands.iter().map(|it| it.withdrawal.id))
        .tenant(" and h.partner_id = ?", partner)
        .and(" order by h.id")
        .rows(conn, LIST_MAX)
        .await?;
    let found = keep(row::read(&rows, row::hand_out::read), unread);
    Ok(found.into_iter().map(|it| (it.withdrawal, it)).collect())
}

type Address = (PartnerId, String, String);

fn place_of(of: &Withdrawal) -> Address {
    (of.partner, of.request.asset.id.chain.to_string(), of.request.to.key())
}

/// Wallets at the addresses that are refilled.
async fn refilled(
    conn: &mut Conn<'_>,
    partner: Option<PartnerId>,
    errands: &[WithdrawalView],
    unread: &mut Vec<Unread>,
) -> Result<BTreeMap<Address, WalletId>, SqlError> {
    let places: BTreeSet<Address> = errands.iter().map(|it| place_of(&it.withdrawal)).collect();
    let rows = Query::select("id, partner_id, chain, address", "wallet where true")
        .among(" and address", places.iter().map(|(_, _, address)| address))
        .tenant(" and partner_id = ?", partner)
        .and(" order by id")
        .rows(conn, LIST_MAX)
        .await?;
    let read = |row: &Row| {
        let cells = Cells::of("wallet", "id", row);
        let place = (
            cells.parsed("partner_id", PartnerId::parse)?,
            cells.text("chain")?.to_owned(),
            cells.text("address")?.to_owned(),
        );
        Ok((place, cells.parsed("id", WalletId::parse)?))
    };
    Ok(keep(row::read(&rows, read), unread).into_iter().collect())
}
