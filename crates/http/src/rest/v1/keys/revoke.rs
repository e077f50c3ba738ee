//! `POST /v1/keys/{id}/revoke`: revokes a key for ever. Here it stops at once, in other processes within a second.

use sluice_api::command::Because;
use sluice_core::id::KeyId;

use crate::call::{Answer, Call, ok};
use crate::problem::Reject;
use crate::wire;

pub(crate) async fn run(call: Call) -> Answer {
    let body: Because = call.body()?;
    let id = call.id(KeyId::parse)?;
    let key = call.registry().key(id).await?.filter(|key| call.caller.acts_for(key.partner));
    let partner = key.ok_or_else(Reject::not_found)?.partner;
    call.registry().revoke_key(partner, id, call.cause(body.reason)).await?;
    call.server.keys.forget(id);
    let key = call.registry().key(id).await?.ok_or_else(Reject::not_found)?;
    ok(&wire::key::key(&key))
}
