//! `POST /v1/signature-requests/{id}/hand-out`: takes the bytes in hand. 202 while the lane makes them, then 200 with the bytes.

use axum::http::StatusCode;
use sluice_api::problem::{Code, Fault};
use sluice_api::signature::{HandOutRequest, MINUTES_MAX, MINUTES_MIN};
use sluice_core::hand_out::Life;
use sluice_flow::operator::{HandedOut, hand_out};

use crate::call::{Answer, Call, answer};
use crate::problem;

/// How long bytes live where nobody says it, minutes.
const MINUTES: u64 = 30;
const MINUTE_MS: i64 = 60_000;

pub(crate) async fn run(call: Call) -> Answer {
    let body: HandOutRequest = call.body()?;
    let minutes = body.minutes.unwrap_or(MINUTES);
    let life = i64::try_from(minutes).ok().and_then(|it| Life::from_ms(it.checked_mul(MINUTE_MS)?));
    let life = life.ok_or_else(|| {
        Fault::field(Code::MinutesOutOfRange, "minutes")
            .with("value", minutes)
            .with("min", MINUTES_MIN)
            .with("max", MINUTES_MAX)
    })?;
    let found = super::find(&call).await?;
    let (errand, desk) = (&found.errand.withdrawal, found.desk.wallet.id);
    let done = hand_out(call.ports(), errand.partner, errand.id, life, call.cause(&body.reason)).await;
    let status = match done.map_err(|error| problem::hand_out(error, desk))? {
        HandedOut::Waiting(_) => StatusCode::ACCEPTED,
        HandedOut::Bytes(..) => StatusCode::OK,
    };
    answer(status, &super::told(&call, errand.id).await?)
}
