//! What people are asked to sign with keys that this installation does not hold.

pub(crate) mod get;
pub(crate) mod hand_out;
pub(crate) mod list;
pub(crate) mod submit;

use sluice_api::signature::SignatureRequest as Wire;
use sluice_core::access::Actor;
use sluice_core::hand_out::Holder;
use sluice_core::id::WithdrawalId;
use sluice_core::signature_request::SignatureRequest;

use super::wallets::holdable;
use crate::call::Call;
use crate::problem::Reject;
use crate::wire::signature::request;

/// The request in the path, if the caller may see it.
async fn find(call: &Call) -> Result<SignatureRequest, Reject> {
    let id = call.id(WithdrawalId::parse)?;
    call.reader().signature_request(call.caller.sees(), id).await?.ok_or_else(Reject::not_found)
}

/// One request as the caller is told it.
pub(crate) async fn told(call: &Call, id: WithdrawalId) -> Result<Wire, Reject> {
    let found =
        call.reader().signature_request(call.caller.sees(), id).await?.ok_or_else(Reject::not_found)?;
    Ok(request(&found, &holdable(call).await?, holder(call).as_ref(), call.now))
}

/// The caller, as one who has bytes in hand.
fn holder(call: &Call) -> Option<Holder> {
    Holder::of(&Actor::Key(call.caller.key))
}
