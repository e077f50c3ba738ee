//! `POST /v1/withdrawals`: asks for one payment.
//!
//! 201 with `Location` when it was created; 200 with `Idempotent-Replayed: true` when the same external id or idempotency
//! key with the same parsed values had created it before. A refusal by policy or limit is a stored withdrawal with status
//! `rejected`, and spends both. Every refusal with a problem spends neither.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use sluice_api::openapi::{IDEMPOTENCY_KEY, IDEMPOTENCY_KEY_CHARS_MAX as KEY_MAX, IDEMPOTENT_REPLAYED};
use sluice_api::problem::{Code, Refusal};
use sluice_api::withdrawal::CreateWithdrawal;
use sluice_core::withdrawal::Type;
use sluice_flow::intake::{Taken, Wanted, take};

use crate::call::{Answer, Call, answer, time};
use crate::problem::{Reject, intake};
use crate::wire::withdrawal::{core_type, withdrawal};

pub(crate) async fn run(call: Call) -> Answer {
    let asked: CreateWithdrawal = call.body()?;
    let wanted = wanted(&asked, idempotency_key(&call)?)?;
    let api = &call.server.api;
    let cause = call.cause("requested");
    let taken = take(&api.ports, &api.deployment, call.caller.partner, wanted, cause).await;
    let taken = taken.map_err(|error| intake(error, &asked))?;
    let (status, view, name, value) = match taken {
        Taken::New(view) => {
            let place = format!("{}/{}", sluice_api::path::WITHDRAWALS, view.withdrawal.id);
            let place = HeaderValue::from_str(&place).map_err(Reject::internal)?;
            (StatusCode::CREATED, *view, header::LOCATION, place)
        }
        Taken::Replay(stored) => {
            let view = call.reader().withdrawal(Some(call.caller.partner), stored.id).await?;
            let view = view.ok_or_else(|| Reject::internal("a withdrawal that was stored is not there"))?;
            let replayed =
                HeaderName::from_bytes(IDEMPOTENT_REPLAYED.as_bytes()).map_err(Reject::internal)?;
            (StatusCode::OK, view, replayed, HeaderValue::from_static("true"))
        }
    };
    let mut response = answer(status, &withdrawal(&view, call.lang, call.now))?;
    response.headers_mut().insert(name, value);
    Ok(response)
}

fn wanted(asked: &CreateWithdrawal, idempotency_key: Option<String>) -> Result<Wanted, Reject> {
    Ok(Wanted {
        external_id: asked.external_id.clone(),
        user_id: asked.user_id.clone(),
        asset: asked.asset.clone(),
        amount: asked.amount.as_str().to_owned(),
        address: asked.address.clone(),
        kind: asked.kind.map_or(Type::Regular, core_type),
        memo: asked.memo.clone(),
        scheduled_for: asked.scheduled_for.as_ref().map(|at| time(at, "scheduled_for")).transpose()?,
        metadata: asked.metadata.clone().unwrap_or_default(),
        idempotency_key,
    })
}

/// The key that the caller gave this request, if it gave one: one header, visible ASCII, bounded.
fn idempotency_key(call: &Call) -> Result<Option<String>, Reject> {
    let mut values = call.headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let key = value.to_str().ok().filter(|key| key.len() <= KEY_MAX && sluice_api::body::is_name(key));
    match (key, values.next()) {
        (Some(key), None) => Ok(Some(key.to_owned())),
        _ => Err(Refusal::new(Code::IdempotencyKeyMalformed).with("max", KEY_MAX).into()),
    }
}
