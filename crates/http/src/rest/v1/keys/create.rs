//! `POST /v1/keys`: creates a key. Its secret is shown in this answer and never again. A key hands out no scope it lacks,
//! no address it may not be used from, and no time beyond its own; only the platform's keys make keys of other partners.

use axum::http::StatusCode;
use sluice_api::key::{CreateApiKey, CreatedApiKey, KeyAlgorithm};
use sluice_api::problem::{Code, Fault, Form};
use sluice_api::sign::VerifyingSecret;
use sluice_core::access::Scope;
use sluice_core::id::{KeyId, PartnerId};
use sluice_core::partner::{ApiKey, Credential, PLATFORM, Partner};
use sluice_core::time::Timestamp;
use zeroize::Zeroizing;

use crate::call::{Answer, Call, answer, time};
use crate::network::{Network, Networks};
use crate::problem::Reject;
use crate::wire;

pub(crate) async fn run(call: Call) -> Answer {
    let body: CreateApiKey = call.body()?;
    let partner = partner(&call, body.partner_id.as_deref()).await?;
    let id = KeyId::new(call.ports().entropy.ulid(call.now));
    let (credential, secret) = credential(&call, &body, id, &partner)?;
    let cause = call.cause(&body.reason);
    let maker = call.registry().key(call.caller.key).await?.ok_or_else(Reject::not_found)?;
    let key = ApiKey {
        id,
        partner: partner.id,
        scopes: scopes(&call, &body, partner.id)?,
        networks: networks(&body, &maker)?,
        expires_at: expires_at(&body, &maker, call.now)?,
        label: body.name,
        credential,
        revoked_at: None,
        created_at: call.now,
        created_by: Some(cause.actor.clone()),
        last_used_at: None,
    };
    let told = wire::key::key(&key);
    // Authentication may have known its maker a moment too long.
    if !call.registry().create_key(key, cause).await? {
        return Err(Reject::new(Code::KeyRevoked));
    }
    answer(StatusCode::CREATED, &CreatedApiKey { key: told, secret: secret.map(|secret| secret.to_string()) })
}

async fn partner(call: &Call, named: Option<&str>) -> Result<Partner, Reject> {
    let id = named.map_or(Ok(call.caller.partner), PartnerId::parse).map_err(|_| Reject::not_found())?;
    let found = if call.caller.acts_for(id) { call.registry().partner(id).await? } else { None };
    found.ok_or_else(Reject::not_found)
}

fn scopes(call: &Call, body: &CreateApiKey, partner: PartnerId) -> Result<Vec<Scope>, Reject> {
    let mut scopes = Vec::new();
    for (at, word) in body.scopes.iter().enumerate() {
        if Scope::parse(word.as_str()).is_some_and(Scope::platform_only) && partner != PLATFORM {
            let place = format!("/scopes/{at}");
            return Err(Fault::new(Code::ScopePlatformOnly, place).with("scope", word).into());
        }
        match Scope::parse(word.as_str()).filter(|scope| call.caller.may(*scope)) {
            Some(scope) => scopes.push(scope),
            None => {
                let place = format!("/scopes/{at}");
                return Err(Fault::new(Code::ScopeExceedsOwn, place).with("scope", word).into());
            }
        }
    }
    scopes.sort_unstable();
    scopes.dedup();
    Ok(scopes)
}

/// Within the maker's own; those where none are named.
fn networks(body: &CreateApiKey, maker: &ApiKey) -> Result<Vec<String>, Reject> {
    let ranges = body.allowed_ips.clone().unwrap_or_default();
    if ranges.is_empty() {
        return Ok(maker.networks.clone());
    }
    // A list that cannot be read covers nothing.
    let own = (!maker.networks.is_empty())
        .then(|| Networks::parse(&maker.networks).unwrap_or_else(|_| Networks::none()));
    for (at, range) in ranges.iter().enumerate() {
        let fault = |code| Fault::new(code, format!("/allowed_ips/{at}")).with("value", range);
        let read = Network::parse(range).map_err(|_| fault(Code::IpMalformed))?;
        if own.as_ref().is_some_and(|own| !own.covers(&read)) {
            return Err(fault(Code::IpExceedsOwn).into());
        }
    }
    Ok(ranges)
}

/// No later than the maker's own end; that where none is named.
fn expires_at(body: &CreateApiKey, maker: &ApiKey, now: Timestamp) -> Result<Option<Timestamp>, Reject> {
    let Some(text) = &body.expires_at else { return Ok(maker.expires_at) };
    let at = time(text, "expires_at")?;
    if at <= now {
        return Err(Reject::time("/expires_at", "expires_at", text, now, maker.expires_at));
    }
    match maker.expires_at {
        Some(end) if end < at => {
            Err(Fault::field(Code::ExpiryExceedsOwn, "expires_at").with("expires_at", end).into())
        }
        Some(_) | None => Ok(Some(at)),
    }
}

type Made = (Credential, Option<Zeroizing<String>>);

fn credential(call: &Call, body: &CreateApiKey, id: KeyId, partner: &Partner) -> Result<Made, Reject> {
    match (body.algorithm.unwrap_or(KeyAlgorithm::Hmac), &body.public_key) {
        (KeyAlgorithm::Hmac, None) => {
            let secrets = &call.server.api.secrets;
            let kind = if partner.test_mode { "test" } else { "live" };
            let secret = Zeroizing::new(format!("sk_{kind}_{}", hex::encode(*secrets.fresh())));
            Ok((Credential::Hmac { sealed_secret: secrets.seal(id, secret.as_bytes()) }, Some(secret)))
        }
        (KeyAlgorithm::Hmac, Some(_)) => Err(Reject::field("public_key", Form::NoPublicKey)),
        (KeyAlgorithm::Ed25519, None) => Err(Fault::field(Code::FieldRequired, "public_key").into()),
        (KeyAlgorithm::Ed25519, Some(text)) => Ok((Credential::Ed25519 { public: public(text)? }, None)),
    }
}

fn public(text: &str) -> Result<[u8; 32], Reject> {
    let malformed = || Fault::new(Code::PublicKeyMalformed, "/public_key").into();
    match VerifyingSecret::ed25519(text) {
        Some(VerifyingSecret::Ed25519(public)) => Ok(public),
        Some(VerifyingSecret::Hmac(_)) | None => Err(malformed()),
    }
}
