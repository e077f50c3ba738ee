//! `POST /v1/partners`: creates a partner. It has no limits yet, so nothing of it is paid until some are set.

use axum::http::StatusCode;
use sluice_api::partner::{CreatePartner, Mode};
use sluice_api::problem::{Code, Fault};
use sluice_core::id::PartnerId;
use sluice_core::partner::Partner;

use crate::call::{Answer, Call, answer};
use crate::problem::Reject;

/// Where its days begin when nothing is said.
const ZONE: &str = "Asia/Seoul";

pub(crate) async fn run(call: Call) -> Answer {
    let body: CreatePartner = call.body()?;
    let zone = body.timezone.unwrap_or_else(|| ZONE.to_owned());
    if call.now.day_in(&zone).is_none() {
        return Err(Fault::new(Code::TimezoneUnknown, "/timezone").with("value", zone).into());
    }
    let taken = || Reject::from(Fault::new(Code::NameTaken, "/name").with("name", &body.name));
    if call.registry().partners().await?.iter().any(|partner| partner.name == body.name) {
        return Err(taken());
    }
    let partner = Partner {
        id: PartnerId::new(call.ports().entropy.ulid(call.now)),
        name: body.name.clone(),
        zone,
        test_mode: body.mode == Mode::Test,
        created_at: call.now,
    };
    if !call.registry().create_partner(partner.clone(), Vec::new(), call.cause(body.reason.clone())).await? {
        return Err(taken());
    }
    answer(StatusCode::CREATED, &crate::wire::key::partner(&partner, &call.ports().store.stops().await?))
}
