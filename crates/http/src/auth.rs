//! Who calls? Everything that can refuse a caller, in one place and one order.
//!
//! | | asked | |
//! |---|---|---|
//! | 1 | does the body fit | costs a bounded read |
//! | 2 | has the credential its form | |
//! | 3 | was it signed a moment ago | |
//! | 4 | is there such a key | remembered for less than a second |
//! | 5 | did that key sign exactly this | constant time |
//! | 6 | is the key neither revoked nor over | |
//! | 7 | may it be used from there | |
//! | 8 | is it not too often | counts |
//! | 9 | has it the scope of the route | |
//! | 10 | is it the first time | writes the nonce |
//!
//! What is cheap and proves nothing comes first, so that strangers cost little; what writes (the nonce) comes last, so
//! that only a proven and permitted request takes a row. A rate counts proven requests only: otherwise a stranger who
//! knows a key's id could use its rate up.

mod keys;
mod rate;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;
use sluice_api::openapi::{ENDPOINTS, Endpoint, Method as Called};
use sluice_api::problem::{Code, Form, Lang, Refusal};
use sluice_api::sign::{Bearer, Presented, Signed, WINDOW_MS, parse_headers};
use sluice_core::access::Scope;
use sluice_core::partner::PLATFORM;
use sluice_core::time::Timestamp;

pub(crate) use keys::Keys;
use keys::Known;
pub(crate) use rate::Rates;

use crate::call::{Call, Caller};
use crate::problem::Reject;
use crate::server::Server;

/// Lets a request through to its handler, with a proven caller, or answers why not.
pub(crate) async fn authenticate(
    State(server): State<Arc<Server>>,
    request: Request,
    next: Next,
) -> Response {
    let Some(endpoint) = endpoint_of(&request) else {
        return next.run(request).await; // the router answers 405: no handler takes a request without a caller
    };
    let (request, rate) = match admit(&server, endpoint, request).await {
        Ok(admitted) => admitted,
        Err(reject) => {
            let throttled = reject.refusal.code == Code::RateLimited;
            let mut response = reject.into_response();
            if throttled {
                server.rates.nothing_left().tell(response.headers_mut());
            }
            return response;
        }
    };
    let mut response = next.run(request).await;
    rate.tell(response.headers_mut());
    response
}

/// The row of the table this request is for. `HEAD` is `GET` without an answer.
fn endpoint_of(request: &Request) -> Option<&'static Endpoint> {
    let path = request.extensions().get::<MatchedPath>()?.as_str();
    let method = match *request.method() {
        Method::GET | Method::HEAD => Called::Get,
        Method::POST => Called::Post,
        _ => return None,
    };
    ENDPOINTS.iter().find(|endpoint| endpoint.path == path && endpoint.method == method)
}

/// The scope a route asks for, in the engine's words.
pub(crate) fn scope_of(endpoint: &Endpoint) -> Option<Scope> {
    endpoint.scope.and_then(|scope| Scope::parse(scope.as_str()))
}

async fn admit(
    server: &Arc<Server>,
    endpoint: &'static Endpoint,
    request: Request,
) -> Result<(Request, rate::Left), Reject> {
    let (parts, body) = request.into_parts();
    let now = server.now();
    let body = read(body, &parts.headers, server.api.config.body_bytes_max).await?;
    let named = parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let presented = parse_headers(named).map_err(Refusal::from)?;
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let known = match &presented {
        Presented::Signed(signed) => prove(server, signed, parts.method.as_str(), target, &body, now).await?,
        Presented::Bearer(bearer) => in_test(server, bearer, now).await?,
    };
    in_force(&known, now)?;
    let from = client(&parts.headers, parts.extensions.get::<ConnectInfo<SocketAddr>>(), server);
    if !known.may_come_from(from) {
        return Err(Refusal::new(Code::IpNotAllowed).with("ip", from).into());
    }
    tracing::Span::current().record("partner.id", tracing::field::display(known.key.partner));
    let rate = server.rates.take(known.key.id, known.key.partner)?;
    match scope_of(endpoint) {
        Some(scope) if !known.key.scopes.contains(&scope) => return Err(Reject::scope(scope)),
        // No such key can be made; one that is there all the same opens nothing.
        Some(scope) if scope.platform_only() && known.key.partner != PLATFORM => {
            return Err(Reject::platform_only());
        }
        Some(_) => {}
        None if endpoint.any_key => {}
        None => return Err(Reject::internal("a route with credentials and no scope")),
    }
    if let Presented::Signed(signed) = &presented {
        first_time(server, &known, signed, now).await?;
    }
    server.keys.note_use(&server.api, &known, now).await;
    let caller =
        Caller { key: known.key.id, partner: known.key.partner, scopes: known.key.scopes.as_slice().into() };
    let call = Call {
        server: Arc::clone(server),
        caller,
        from,
        lang: parts.extensions.get::<Lang>().copied().unwrap_or(Lang::En),
        now,
        id: path_id(endpoint.path, parts.uri.path()),
        query: parts.uri.query().unwrap_or("").to_owned(),
        body,
        headers: parts.headers.clone(),
    };
    let mut request = Request::from_parts(parts, Body::empty());
    request.extensions_mut().insert(call);
    Ok((request, rate))
}

async fn prove(
    server: &Server,
    signed: &Signed,
    method: &str,
    target: &str,
    body: &[u8],
    now: Timestamp,
) -> Result<Arc<Known>, Reject> {
    let now_ms = u64::try_from(now.millis()).unwrap_or(0);
    signed.in_window(now_ms).map_err(Refusal::from)?;
    let known = server.keys.find(&server.api, &signed.key_id, now).await?;
    let secret = known.secret.as_ref().ok_or_else(|| Reject::new(Code::SignatureInvalid))?;
    signed.verify(secret, method, target, body).map_err(Refusal::from)?;
    Ok(known)
}

/// A plain key proves itself where no real money is, and nowhere else: neither in a production installation nor for a
/// partner with real money.
async fn in_test(server: &Server, bearer: &Bearer, now: Timestamp) -> Result<Arc<Known>, Reject> {
    if !server.api.config.test_mode {
        return Err(Reject::new(Code::BearerOnlyInTest));
    }
    let known = server.keys.find(&server.api, &bearer.key_id, now).await?;
    if !known.test_mode {
        return Err(Reject::new(Code::BearerOnlyInTest));
    }
    match &known.secret_sha256 {
        Some(digest) if bearer.matches_sha256(digest) => Ok(known),
        Some(_) | None => Err(Reject::new(Code::SignatureInvalid)),
    }
}

fn in_force(known: &Known, now: Timestamp) -> Result<(), Reject> {
    if known.key.revoked_at.is_some() {
        return Err(Reject::new(Code::KeyRevoked));
    }
    match known.key.expires_at {
        Some(end) if end <= now => Err(Refusal::new(Code::KeyExpired).with("expired_at", end).into()),
        Some(_) | None => Ok(()),
    }
}

/// Remembers the nonce for as long as its timestamp could be accepted again.
async fn first_time(server: &Server, known: &Known, signed: &Signed, now: Timestamp) -> Result<(), Reject> {
    let until = now.plus_ms(i64::try_from(WINDOW_MS).unwrap_or(i64::MAX).saturating_mul(2));
    if server.api.registry.use_nonce(known.key.id, &signed.nonce, until, now).await? {
        return Ok(());
    }
    Err(Reject::new(Code::NonceReplayed))
}

async fn read(body: Body, headers: &HeaderMap, bytes_max: usize) -> Result<Bytes, Reject> {
    let too_large = || Reject::from(Refusal::new(Code::BodyTooLarge).with("max_bytes", bytes_max));
    let declared =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > bytes_max) {
        return Err(too_large());
    }
    let (mut stream, mut bytes) = (body.into_data_stream(), Vec::with_capacity(declared.unwrap_or(0)));
    while let Some(chunk) = stream.next().await {
        let Ok(chunk) = chunk else {
            return Err(Refusal::new(Code::BodyInvalid).with("expected", Form::CompleteBody).into());
        };
        if bytes.len().saturating_add(chunk.len()) > bytes_max {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.into())
}

/// The caller's address: the peer of the connection, or what a trusted proxy says. Only the last address that no trusted
/// proxy added is believed; what stands before it the caller may have written.
pub(crate) fn client(headers: &HeaderMap, peer: Option<&ConnectInfo<SocketAddr>>, server: &Server) -> IpAddr {
    const NOBODY: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    let Some(ConnectInfo(peer)) = peer else { return NOBODY };
    let (trusted, mut last) = (&server.api.config.trusted_proxies, peer.ip().to_canonical());
    let said: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .flat_map(|value| value.to_str().unwrap_or("?").split(','))
        .map(str::trim)
        .collect();
    for hop in said.into_iter().rev() {
        if !trusted.contains(last) {
            break;
        }
        let Ok(hop) = hop.parse::<IpAddr>() else { return NOBODY };
        last = hop.to_canonical();
    }
    last
}

/// What stands in the place of `{id}`.
fn path_id(template: &str, path: &str) -> Option<String> {
    let place = template.split('/').position(|part| part == "{id}")?;
    path.split('/').nth(place).and_then(sluice_api::path::decode)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_from_its_place() {
        assert_eq!(path_id("/v1/lanes/{id}/pause", "/v1/lanes/wa_1/pause").as_deref(), Some("wa_1"));
        assert_eq!(path_id("/v1/lanes", "/v1/lanes"), None);
        assert_eq!(path_id("/v1/lanes/{id}", "/v1/lanes/%ff"), None);
    }

    #[test]
    fn every_route_under_v1_asks_for_a_scope_and_no_other_does() {
        for endpoint in ENDPOINTS {
            let guarded = scope_of(endpoint).is_some() || endpoint.any_key;
            assert_eq!(guarded, endpoint.path.starts_with("/v1/"), "{}", endpoint.id);
        }
    }
}
