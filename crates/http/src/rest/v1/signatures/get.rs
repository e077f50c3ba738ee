//! `GET /v1/signature-requests/{id}`: reads one. Its bytes are told to whoever has them in hand.

use sluice_core::id::WithdrawalId;

use crate::call::{Answer, Call, ok};

pub(crate) async fn run(call: Call) -> Answer {
    let id = call.id(WithdrawalId::parse)?;
    ok(&super::told(&call, id).await?)
}
