//! `POST /v1/energy/topups/{id}/assign`: says whose a top-up is that came from an account which nobody has shown to be its own. Once.
//! For the platform's own keys.

use sluice_api::energy::AssignTopUp;
use sluice_api::problem::Form;
use sluice_core::id::PartnerId;
use sluice_core::partner::PLATFORM;
use sluice_flow::operator::assign;

use crate::call::{Answer, Call, ok};
use crate::problem::{self, Reject};
use crate::wire::energy::credit::topup;

pub(crate) async fn run(call: Call) -> Answer {
    let body: AssignTopUp = call.body()?;
    let txid = call.id(txid)?;
    let found = call.reader().energy_topup(txid).await?.ok_or_else(Reject::not_found)?;
    let id = PartnerId::parse(&body.partner_id).ok().filter(|id| *id != PLATFORM);
    let partner = match id {
        Some(id) => call.registry().partner(id).await?,
        None => None,
    };
    let partner = partner.ok_or_else(|| Reject::field("partner_id", Form::PartnerId))?;
    let done = assign(call.ports(), found, partner.id, call.cause(&body.reason)).await;
    ok(&topup(&done.map_err(|error| problem::order(error, "assign", 0))?))
}

fn txid(text: &str) -> Result<[u8; 32], hex::FromHexError> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut bytes)?;
    Ok(bytes)
}
