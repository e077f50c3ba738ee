//! `POST /v1/withdrawals/{id}/cancel`: asks to call a withdrawal off.
//!
//! 200 when it is cancelled. 202 when a signature may exist: `cancel_requested` is set, and the withdrawal ends
//! `completed` or `cancelled` by what the chain says. Do not refund before that.

use axum::http::StatusCode;
use sluice_api::withdrawal::CancelWithdrawal;
use sluice_flow::operator::{Cancelled, cancel};

use crate::call::{Answer, Call, answer};
use crate::problem;
use crate::wire::withdrawal::withdrawal;

pub(crate) async fn run(call: Call) -> Answer {
    let body: CancelWithdrawal = call.body()?;
    let view = super::find(&call).await?;
    let (id, partner) = (view.withdrawal.id, view.withdrawal.partner);
    let cause = call.cause(body.reason.unwrap_or_else(|| "asked by the partner".into()));
    let cancelled = cancel(call.ports(), partner, id, cause).await;
    let cancelled = cancelled.map_err(|error| problem::cancel(error, view.status.as_str()))?;
    let status = match cancelled {
        Cancelled::Now(_) => StatusCode::OK,
        Cancelled::Requested(_) => StatusCode::ACCEPTED,
    };
    let view = super::view(&call, id).await?;
    answer(status, &withdrawal(&view, call.lang, call.now))
}
