//! `GET /v1/withdrawals`: lists withdrawals, newest first. Filters narrow each other.

use sluice_api::problem::{Code, Fault};
use sluice_api::query::{Query as _, WithdrawalQuery};
use sluice_core::address::Address;
use sluice_core::asset::AssetId;
use sluice_core::id::WithdrawalId;
use sluice_core::port::reader::{Filter, Position, WithdrawalView};
use sluice_core::time::Timestamp;
use sluice_core::withdrawal::Status;

use crate::call::{Answer, Call, ok, query_time};
use crate::page::{Listing, limit};
use crate::problem::Reject;
use crate::wire::withdrawal::{core_type, withdrawal};

pub(crate) async fn run(call: Call) -> Answer {
    let query: WithdrawalQuery = call.query()?;
    let (filter, listing) = (filter(&query)?, Listing::of(sluice_api::path::WITHDRAWALS, &query.give()));
    let after = query.page.cursor.as_deref().map(|cursor| position(&listing.key(cursor)?)).transpose()?;
    let one_more = limit(&query.page).saturating_add(1);
    let views = call.reader().list(call.caller.sees(), &filter, after, one_more).await?;
    let page = listing.first(views, &query.page, key);
    let wire = |view: &WithdrawalView| withdrawal(view, call.lang, call.now);
    ok(&sluice_api::list::List::page(page.data.iter().map(wire).collect(), page.next_cursor))
}

fn filter(query: &WithdrawalQuery) -> Result<Filter, Reject> {
    let asset = |text: &String| {
        let unknown = |_| Fault::new(Code::AssetUnknown, "?asset").with("asset", text);
        AssetId::parse(text).map_err(unknown)
    };
    let address = |text: &String| {
        let malformed = |_| Fault::new(Code::AddressMalformed, "?address").with("chain", "eip155");
        Address::read(text).map(|address| address.key()).map_err(malformed)
    };
    let (from, to) = (query_time(query.from.as_ref(), "from")?, query_time(query.to.as_ref(), "to")?);
    if let (Some(from), Some(to)) = (from, to)
        && to < from
    {
        return Err(Reject::time("?to", "to", to, from, None));
    }
    Ok(Filter {
        status: query.status.and_then(|status| Status::parse(status.as_str())),
        kind: query.kind.map(core_type),
        asset: query.asset.as_ref().map(asset).transpose()?,
        user_id: query.user_id.clone(),
        from,
        to,
        external_id: query.external_id.clone(),
        address: query.address.as_ref().map(address).transpose()?,
        errands: query.errands,
    })
}

/// Where a withdrawal stands in a list that is ordered by time.
pub(crate) fn key(view: &WithdrawalView) -> String {
    format!("{} {}", view.withdrawal.accepted_at.micros(), view.withdrawal.id)
}

/// The place after that key.
pub(crate) fn position(key: &str) -> Result<Position, Reject> {
    let read = || {
        let (micros, id) = key.split_once(' ')?;
        Some(Position {
            accepted_at: Timestamp::from_micros(micros.parse().ok()?),
            id: WithdrawalId::parse(id).ok()?,
        })
    };
    read().ok_or_else(|| Reject::new(Code::CursorInvalid))
}
