//! `POST /v1/wallets`: takes a wallet of the signer into service, by procedure. The answer is the wallet; its lane works
//! from the processors' next look at the wallets on.

use axum::http::StatusCode;
use sluice_api::wallet::AdoptWallet;
use sluice_flow::operator::adopt_held;

use super::wanted::Asked;
use crate::call::{Answer, Call, answer};
use crate::problem::{self, Reject};
use crate::wire::wallet::wallet;

pub(crate) async fn run(call: Call) -> Answer {
    let body: AdoptWallet = call.body()?;
    let asked = Asked::adopted(&call, &body)?;
    let adopted = adopt_held(call.ports(), &asked.wanted(&call), call.cause(&body.reason)).await;
    let adopted = adopted.map_err(|error| problem::adoption(error, &body))?;
    let view = call.reader().wallet(call.caller.sees(), adopted.id).await?.ok_or_else(Reject::not_found)?;
    answer(StatusCode::CREATED, &wallet(&view, &super::holdable(&call).await?, call.lang))
}
