//! `GET /v1/stops/{id}`: reads a stop in force, with what may still happen in spite of it.

use crate::call::{Answer, Call, ok};
use crate::wire;

pub(crate) async fn run(call: Call) -> Answer {
    let stop = super::find(&call).await?;
    let cannot_recall = super::irrevocable(&call, stop.scope).await?;
    let unconfirmed = super::unconfirmed(&call, &stop).await?;
    ok(&wire::stop::stop(&stop, cannot_recall, unconfirmed))
}
