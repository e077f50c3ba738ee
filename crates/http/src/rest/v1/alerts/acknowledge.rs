//! `POST /v1/alerts/{id}/acknowledge`: says that you look into it.

use sluice_api::command::Because;
use sluice_core::id::AlertId;

use crate::call::{Answer, Call, ok};
use crate::problem::Reject;

pub(crate) async fn run(call: Call) -> Answer {
    let body: Because = call.body()?;
    let (id, sees) = (call.id(AlertId::parse)?, call.caller.sees());
    if !call.registry().acknowledge(sees, id, call.cause(body.reason)).await? {
        return Err(Reject::not_found());
    }
    let alert = call.reader().alert(sees, id).await?.ok_or_else(Reject::not_found)?;
    ok(&super::wire(&alert, call.lang, &call.server.api.config.runbooks))
}
