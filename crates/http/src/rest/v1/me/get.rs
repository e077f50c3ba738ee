//! `GET /v1/me`: says who the caller is, and what time it is here. Any key may ask.

use sluice_api::key::Scope as WireScope;
use sluice_api::me::Me;
use sluice_api::partner::Mode;
use sluice_api::tag;

use crate::call::{Answer, Call, ok};
use crate::problem::Reject;
use crate::wire::time;

pub(crate) async fn run(call: Call) -> Answer {
    let key = call.registry().key(call.caller.key).await?.ok_or_else(Reject::not_found)?;
    let partner = call.registry().partner(key.partner).await?.ok_or_else(Reject::not_found)?;
    ok(&Me {
        object: tag::Me::Is,
        key_id: key.id.to_string(),
        key_name: key.label,
        partner_id: partner.id.to_string(),
        partner_name: partner.name,
        scopes: key.scopes.iter().filter_map(|scope| WireScope::parse(scope.as_str())).collect(),
        platform: call.caller.is_platform(),
        mode: if partner.test_mode { Mode::Test } else { Mode::Live },
        timezone: partner.zone,
        allowed_ips: key.networks,
        ip: call.from.to_string(),
        expires_at: key.expires_at.map(time),
        now: time(call.now),
        version: call.server.api.config.version.clone(),
    })
}
