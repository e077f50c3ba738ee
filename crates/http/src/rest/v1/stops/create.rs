//! `POST /v1/stops`: stops payments: no new signature, no fee bump, no first broadcast. The answer lists what cannot be
//! recalled. `all` means everything the caller may stop: a partner's own payments, or the whole installation for the
//! platform. Only the platform stops a chain or an asset, which others share.

use axum::http::StatusCode;
use sluice_api::problem::{Code, Fault, Form};
use sluice_api::stop::{CreateStop, StopScope};
use sluice_core::stop::{Scope, Stop};
use sluice_flow::operator::stop;

use crate::call::{Answer, Call, answer};
use crate::problem::{self, Reject};
use crate::wire;
use crate::wire::stop::Out;

pub(crate) async fn run(call: Call) -> Answer {
    let body: CreateStop = call.body()?;
    let scope = scope(&call, &body).await?;
    let cause = call.cause(body.reason);
    // A stop is its setter's: a partner does not lift the platform's, though both stopped the same.
    let holder = call.caller.partner;
    let made = Stop { scope, holder, actor: cause.actor.clone(), reason: cause.reason.clone(), at: cause.at };
    let stopped =
        stop(call.ports(), call.registry(), call.reader(), (scope, holder, call.caller.sees()), cause).await;
    let stopped = stopped.map_err(|error| problem::order(error, "stop.set", 0))?;
    let out = Out { listed: super::told(&call, stopped.cannot_recall).await?, more: stopped.more };
    // A holder's first stop of a scope stands, with its own reason and time.
    let mut stops = call.ports().store.stops().await?.into_iter();
    let stands = stops.find(|stop| stop.scope == scope && stop.holder == holder);
    let stands = stands.unwrap_or(made);
    let unconfirmed = super::unconfirmed(&call, &stands, stopped.confirmed_by_signer).await?;
    answer(StatusCode::CREATED, &wire::stop::stop(&stands, out, unconfirmed))
}

async fn scope(call: &Call, body: &CreateStop) -> Result<Scope, Reject> {
    let scope = match (body.scope, body.subject.as_deref()) {
        (StopScope::All, None) if call.caller.is_platform() => Scope::All,
        (StopScope::All, None) => Scope::Partner(call.caller.partner),
        (StopScope::All, Some(_)) => {
            return Err(Reject::field("subject", Form::NoSubject));
        }
        (_, None) => return Err(Fault::field(Code::FieldRequired, "subject").into()),
        (kind, Some(subject)) => Scope::from_parts(kind.as_str(), subject)
            .ok_or_else(|| Reject::field("subject", subject_of(kind)))?,
    };
    match scope {
        Scope::Partner(partner) if !call.caller.acts_for(partner) => Err(Reject::not_found()),
        Scope::Wallet(wallet) if !super::owns(call, wallet).await? => Err(Reject::not_found()),
        Scope::Chain(_) | Scope::Asset(_) if !call.caller.is_platform() => Err(Reject::platform_only()),
        Scope::All | Scope::Partner(_) | Scope::Wallet(_) | Scope::Chain(_) | Scope::Asset(_) => Ok(scope),
    }
}

const fn subject_of(scope: StopScope) -> Form {
    match scope {
        StopScope::All => Form::NoSubject,
        StopScope::Partner => Form::PartnerId,
        StopScope::Chain => Form::ChainId,
        StopScope::Asset => Form::AssetId,
        StopScope::Wallet => Form::WalletId,
    }
}
