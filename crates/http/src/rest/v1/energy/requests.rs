//! `/v1/energy/requests`: asks to have energy got ahead for withdrawals that no lane has taken yet; lists, reads, calls off.
//!
//! 201 with `Location` when it was made; 200 with `Idempotent-Replayed: true` when the same external id with the same content had
//! made it before.

use std::collections::BTreeMap;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use sluice_api::command::Because;
use sluice_api::energy::{RequestEnergy, WITHDRAWALS_MAX};
use sluice_api::list::List;
use sluice_api::openapi::IDEMPOTENT_REPLAYED;
use sluice_api::path::ENERGY_REQUESTS;
use sluice_api::problem::{Code, Fault};
use sluice_api::query::{EnergyRequestQuery, Query as _};
use sluice_core::id::{EnergyRequestId, PartnerId, WalletId, WithdrawalId};
use sluice_core::port::reader::RequestFilter;
use sluice_core::withdrawal::Withdrawal;
use sluice_flow::operator::{Ahead, AheadStored, Given, cancel_energy_request, request_energy};

use super::chain_of;
use crate::call::{Answer, Call, answer, ok, time};
use crate::page::{Listing, limit};
use crate::problem::{self, Reject};
use crate::rest::v1::treasury::whose;
use crate::wire::energy::request::request;

pub(crate) async fn create(call: Call) -> Answer {
    let body: RequestEnergy = call.body()?;
    let partner = whose(&call, body.partner_id.as_deref()).await?;
    let chain = chain_of(&call, body.chain.as_deref(), "/chain")?;
    let withdrawals = named(&call, partner.id, &body.withdrawals, &body.external_ids).await?;
    if withdrawals.is_empty() {
        return Err(Fault::field(Code::FieldRequired, "withdrawals").into());
    }
    let at = |text: &Option<_>, field| text.as_ref().map(|text| time(text, field)).transpose();
    let ahead = Ahead {
        partner: partner.id,
        chain,
        wallet: body.wallet.as_deref().map(WalletId::parse).transpose().map_err(|_| Reject::not_found())?,
        external_id: body.external_id.clone(),
        withdrawals,
        not_before: at(&body.not_before, "not_before")?,
        expires_at: at(&body.expires_at, "expires_at")?,
    };
    let done = request_energy(call.ports(), call.reader(), &ahead, call.cause("requested")).await;
    let done = done.map_err(|error| problem::ahead(error, &ahead, call.now))?;
    let (status, made, name, value) = match done {
        AheadStored::New(made) => {
            let place = HeaderValue::from_str(&format!("{ENERGY_REQUESTS}/{}", made.id));
            (StatusCode::CREATED, *made, header::LOCATION, place.map_err(Reject::internal)?)
        }
        AheadStored::Replay(stored) => {
            let name = HeaderName::from_bytes(IDEMPOTENT_REPLAYED.as_bytes()).map_err(Reject::internal)?;
            (StatusCode::OK, *stored, name, HeaderValue::from_static("true"))
        }
    };
    let mut response = answer(status, &request(&made))?;
    response.headers_mut().insert(name, value);
    Ok(response)
}

pub(crate) async fn list(call: Call) -> Answer {
    let query: EnergyRequestQuery = call.query()?;
    let listing = Listing::of(ENERGY_REQUESTS, &query.give());
    let invalid = || Reject::new(Code::CursorInvalid);
    let before = match &query.page.cursor {
        Some(cursor) => Some(EnergyRequestId::parse(&listing.key(cursor)?).map_err(|_| invalid())?),
        None => None,
    };
    // What cannot be the id of a wallet is one that nobody may see.
    let wallet = query.wallet.as_deref().map(WalletId::parse).transpose().map_err(|_| Reject::not_found())?;
    let (partner, external_id) = (call.caller.sees(), query.external_id.clone());
    let filter = RequestFilter { partner, wallet, external_id, withdrawal: None };
    let one_more = limit(&query.page).saturating_add(1);
    let found = call.reader().energy_requests(&filter, before, one_more).await?;
    let page = listing.first(found, &query.page, |it| it.id.to_string());
    ok(&List::page(page.data.iter().map(request).collect(), page.next_cursor))
}

pub(crate) async fn get(call: Call) -> Answer {
    let id = call.id(EnergyRequestId::parse)?;
    let found = call.reader().energy_request(call.caller.sees(), id).await?;
    ok(&request(&found.ok_or_else(Reject::not_found)?))
}

pub(crate) async fn cancel(call: Call) -> Answer {
    let body: Because = call.body()?;
    let id = call.id(EnergyRequestId::parse)?;
    let expected = body.version.map(|version| i64::try_from(version).unwrap_or(i64::MAX));
    let given = Given { cause: call.cause(&body.reason), expected };
    let done = cancel_energy_request(call.ports(), call.reader(), call.caller.sees(), id, given).await;
    ok(&request(&done.map_err(|error| problem::order(error, "energy.request_cancel", 0))?))
}

/// Withdrawals of a partner by our ids and by its own, each once.
///
/// # Errors
/// `not_found` where one of them is not there, and more than a hundred.
pub(super) async fn named(
    call: &Call,
    partner: PartnerId,
    ids: &[String],
    external_ids: &[String],
) -> Result<Vec<Withdrawal>, Reject> {
    let count = ids.len().saturating_add(external_ids.len());
    if count > WITHDRAWALS_MAX {
        let many = Fault::field(Code::FieldTooMany, "withdrawals").with("count", count);
        return Err(many.with("max", WITHDRAWALS_MAX).into());
    }
    let mut found: BTreeMap<WithdrawalId, Withdrawal> = BTreeMap::new();
    for name in ids {
        let id = WithdrawalId::parse(name).map_err(|_| Reject::not_found())?;
        let view = call.reader().withdrawal(Some(partner), id).await?.ok_or_else(Reject::not_found)?;
        found.insert(id, view.withdrawal);
    }
    for name in external_ids {
        let view = call.reader().by_external_id(partner, name).await?.ok_or_else(Reject::not_found)?;
        found.insert(view.withdrawal.id, view.withdrawal);
    }
    Ok(found.into_values().collect())
}
