//! What tiers of wallets hold and should hold, and what withdrawals that wait need.

pub(crate) mod funding;
pub(crate) mod get;
pub(crate) mod refill;
pub(crate) mod sweep;

use axum::http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use sluice_core::id::{PartnerId, WithdrawalId};
use sluice_core::partner::Partner;

use crate::call::{Answer, Call, answer};
use crate::problem::Reject;

/// The partner that is asked about: the caller's own, or one that the platform names.
pub(crate) async fn whose(call: &Call, named: Option<&str>) -> Result<Partner, Reject> {
    let id = match named {
        Some(text) => PartnerId::parse(text).map_err(|_| Reject::not_found())?,
        None => call.caller.partner,
    };
    if !call.caller.acts_for(id) {
        return Err(Reject::not_found());
    }
    call.registry().partner(id).await?.ok_or_else(Reject::not_found)
}

/// The answer to an order: where what it made is read, and whether it was made now.
pub(super) fn ordered(
    before: Option<WithdrawalId>,
    folder: &str,
    id: WithdrawalId,
    made: &impl Serialize,
) -> Answer {
    let status = if before.is_some() { StatusCode::OK } else { StatusCode::CREATED };
    let mut response = answer(status, made)?;
    let place = HeaderValue::from_str(&format!("{folder}/{id}")).map_err(Reject::internal)?;
    response.headers_mut().insert(header::LOCATION, place);
    Ok(response)
}
