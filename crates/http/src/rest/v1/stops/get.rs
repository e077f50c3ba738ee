//! `GET /v1/stops/{id}`: reads a stop in force, with what may still happen in spite of it.

use sluice_flow::stops;

use crate::call::{Answer, Call, ok};
use crate::wire;

pub(crate) async fn run(call: Call) -> Answer {
    let stop = super::find(&call).await?;
    let out = super::irrevocable(&call, stop.scope).await?;
    let missing = stops::unconfirmed(call.ports(), std::slice::from_ref(&stop)).await;
    let unconfirmed = super::unconfirmed(&call, &stop, missing.is_empty()).await?;
    ok(&wire::stop::stop(&stop, out, unconfirmed))
}
