//! `GET /v1/partners/{id}`: reads a partner.

use sluice_core::id::PartnerId;

use crate::call::{Answer, Call, ok};
use crate::problem::Reject;

pub(crate) async fn run(call: Call) -> Answer {
    let id = call.id(PartnerId::parse)?;
    let partner = call.registry().partner(id).await?.ok_or_else(Reject::not_found)?;
    ok(&crate::wire::key::partner(&partner, &call.ports().store.stops().await?))
}
