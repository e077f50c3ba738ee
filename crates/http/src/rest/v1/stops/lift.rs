//! `POST /v1/stops/{id}/lift`: lifts a stop, when two persons say so. A partner lifts only what it may set, and what its
//! own people have set.

use sluice_api::command::Because;
use sluice_core::access::Actor;
use sluice_core::command::Kind;
use sluice_core::id::PartnerId;
use sluice_core::partner::PLATFORM;
use sluice_core::stop::{Scope, Stop};
use sluice_flow::operator::{STOP_VERSION, lift};

use crate::call::{Answer, Call};
use crate::problem::{self, Reject};
use crate::rest::v1::commands::{answered, given};
use crate::wire;

pub(crate) async fn run(call: Call) -> Answer {
    let body: Because = call.body()?;
    let stop = super::find(&call).await?;
    let (owner, scope, kind) = (owner(&call, &stop).await?, stop.scope, Kind::StopLift);
    if !call.caller.acts_for(owner) {
        return Err(Reject::platform_only());
    }
    let given = given(&call, &body.reason, body.version);
    let lifted = lift(call.ports(), call.registry(), owner, scope, given).await;
    let lifted = lifted.map_err(|error| problem::order(error, kind.as_str(), 0))?;
    let lifted = lifted.ok_or_else(Reject::not_found)?;
    answered(&call, kind, wire::stop::id(&scope), &body.reason, &lifted, |()| STOP_VERSION)
}

/// Whose stop it is: what concerns more than one partner, or was set by the platform, is the platform's.
async fn owner(call: &Call, stop: &Stop) -> Result<PartnerId, Reject> {
    let set_by = match &stop.actor {
        Actor::Key(key) => call.registry().key(*key).await?.map_or(PLATFORM, |key| key.partner),
        Actor::System(_) | Actor::Operator(_) | Actor::Console => PLATFORM,
    };
    if set_by == PLATFORM {
        return Ok(PLATFORM);
    }
    match stop.scope {
        Scope::All | Scope::Chain(_) | Scope::Asset(_) => Ok(PLATFORM),
        Scope::Partner(partner) => Ok(partner),
        Scope::Wallet(wallet) => {
            let view = call.reader().wallet(call.caller.sees(), wallet).await?;
            Ok(view.map_or(PLATFORM, |view| view.wallet.partner))
        }
    }
}
