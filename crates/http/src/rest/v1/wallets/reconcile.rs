//! `POST /v1/wallets/{id}/reconcile`: compares the books of a wallet with the chain now, and keeps what was found.

use axum::http::StatusCode;
use sluice_api::command::Because;
use sluice_api::problem::{Code, Refusal};
use sluice_core::id::WalletId;
use sluice_flow::operator::reconcile;

use crate::call::{Answer, Call, answer};
use crate::problem;
use crate::rest::v1::statements::get::why_not;
use crate::wire::reconciliation::reconciliation;

pub(crate) async fn run(call: Call) -> Answer {
    let body: Because = call.body()?;
    let id = call.id(WalletId::parse)?;
    let found = reconcile(call.ports(), call.caller.sees(), id, call.cause(&body.reason)).await;
    let found = found.map_err(|error| problem::order(error, "wallet.reconcile", 0))?;
    let run = found.map_err(|why| Refusal::new(Code::NotComparable).with("why", why_not(why)))?;
    answer(StatusCode::CREATED, &reconciliation(&run, &super::holdable(&call).await?))
}
