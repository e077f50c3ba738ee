//! `POST /v1/alerts/{id}/acknowledge`: says that you look into it. What engineering answers for, the platform's people look
//! into: a partner sees such an alert of its wallets and does not take it from them.

use sluice_api::command::Because;
use sluice_core::alert::Owner;
use sluice_core::id::AlertId;

use crate::call::{Answer, Call, ok};
use crate::problem::Reject;

pub(crate) async fn run(call: Call) -> Answer {
    let body: Because = call.body()?;
    let (id, sees) = (call.id(AlertId::parse)?, call.caller.sees());
    let seen = call.reader().alert(sees, id).await?.ok_or_else(Reject::not_found)?;
    if seen.raise.code.owner() == Owner::Engineering && !call.caller.is_platform() {
        return Err(Reject::platform_only());
    }
    if !call.registry().acknowledge(sees, id, call.cause(body.reason)).await? {
        return Err(Reject::not_found());
    }
    let alert = call.reader().alert(sees, id).await?.ok_or_else(Reject::not_found)?;
    ok(&super::wire(&alert, call.lang, &call.server.api.config.runbooks))
}
