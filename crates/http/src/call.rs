//! One authenticated request, as a handler sees it.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sluice_api::body::Body;
use sluice_api::problem::{Code, Fault, Lang};
use sluice_api::query::Query;
use sluice_core::access::{Actor, Scope};
use sluice_core::chain::ChainId;
use sluice_core::event::Cause;
use sluice_core::id::{KeyId, PartnerId};
use sluice_core::partner::PLATFORM;
use sluice_core::port::Ports;
use sluice_core::port::reader::Reader;
use sluice_core::port::registry::Registry;
use sluice_core::time::Timestamp;

use crate::problem::Reject;
use crate::server::Server;

/// What a handler answers.
pub(crate) type Answer = Result<Response, Reject>;

/// Who calls, as proven by the credential.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The key.
    pub key: KeyId,
    /// Its tenant.
    pub partner: PartnerId,
    /// What it may do.
    pub scopes: Arc<[Scope]>,
}

impl Caller {
    /// Whether the key may do this.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// Whether it is the platform's key. What it may do is still said by its scopes.
    pub fn is_platform(&self) -> bool {
        self.partner == PLATFORM
    }

    /// Whose things it sees: its tenant's, or everybody's.
    pub fn sees(&self) -> Option<PartnerId> {
        if self.is_platform() { None } else { Some(self.partner) }
    }

    /// Whether it acts for this tenant.
    pub fn acts_for(&self, partner: PartnerId) -> bool {
        self.is_platform() || self.partner == partner
    }
}

/// One authenticated request. It exists only behind `auth`.
#[derive(Clone)]
pub(crate) struct Call {
    pub server: Arc<Server>,
    pub caller: Caller,
    /// Where the request comes from.
    pub from: IpAddr,
    pub lang: Lang,
    pub now: Timestamp,
    pub id: Option<String>,
    pub query: String,
    pub body: Bytes,
    pub headers: HeaderMap,
}

impl Call {
    pub fn ports(&self) -> &Ports {
        &self.server.api.ports
    }

    pub fn reader(&self) -> &dyn Reader {
        &*self.server.api.reader
    }

    pub fn registry(&self) -> &dyn Registry {
        &*self.server.api.registry
    }

    /// The body.
    ///
    /// # Errors
    /// Every fault of it at once.
    pub fn body<T: Body>(&self) -> Result<T, Reject> {
        let declared =
            self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
        let media_type = declared.split(';').next().unwrap_or("").trim();
        if !self.body.is_empty() && !media_type.eq_ignore_ascii_case("application/json") {
            return Err(Reject::new(Code::MediaTypeUnsupported));
        }
        Ok(sluice_api::body::read(&self.body)?)
    }

    /// The query string.
    ///
    /// # Errors
    /// Every fault of it at once.
    pub fn query<T: Query>(&self) -> Result<T, Reject> {
        Ok(sluice_api::query::read(&self.query)?)
    }

    /// The id in the path. One that cannot be an id of this kind names nothing.
    ///
    /// # Errors
    /// `not_found`.
    pub fn id<T, E>(&self, parse: impl Fn(&str) -> Result<T, E>) -> Result<T, Reject> {
        self.id.as_deref().and_then(|id| parse(id).ok()).ok_or_else(Reject::not_found)
    }

    /// Who did it and why, for the record (M15).
    pub fn cause(&self, reason: impl Into<String>) -> Cause {
        Cause { actor: Actor::Key(self.caller.key), reason: reason.into(), at: self.now }
    }
}

impl<S: Sync> FromRequestParts<S> for Call {
    type Rejection = Reject;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Reject> {
        parts
            .extensions
            .remove::<Self>()
            .ok_or_else(|| Reject::internal("a handler was reached without authentication"))
    }
}

/// 200 with this.
pub(crate) fn ok(body: &impl Serialize) -> Answer {
    answer(StatusCode::OK, body)
}

/// A status with this.
pub(crate) fn answer(status: StatusCode, body: &impl Serialize) -> Answer {
    let text = serde_json::to_vec(body).map_err(Reject::internal)?;
    Ok((status, [(header::CONTENT_TYPE, "application/json")], text).into_response())
}

/// An instant from a field of the body.
pub(crate) fn time(text: &sluice_api::text::Time, field: &str) -> Result<Timestamp, Reject> {
    Timestamp::parse(text.as_str())
        .map_err(|_| malformed(text.as_str(), field, sluice_api::problem::pointer(&[field])))
}

/// A transaction's hash from a field of the body, in full.
pub(crate) fn txid(text: &str, field: &str, chain: ChainId) -> Result<[u8; 32], Reject> {
    let mut bytes = [0; 32];
    let malformed = || Fault::field(Code::TxidMalformed, field).with("chain", chain);
    let digits = text.strip_prefix("0x").ok_or_else(malformed)?;
    hex::decode_to_slice(digits, &mut bytes).map_err(|_| malformed())?;
    Ok(bytes)
}

/// An instant from a query parameter.
pub(crate) fn query_time(
    text: Option<&sluice_api::text::Time>,
    name: &str,
) -> Result<Option<Timestamp>, Reject> {
    let parse = |text: &sluice_api::text::Time| {
        Timestamp::parse(text.as_str()).map_err(|_| malformed(text.as_str(), name, format!("?{name}")))
    };
    text.map(parse).transpose()
}

fn malformed(value: &str, field: &str, pointer: String) -> Reject {
    let fault = sluice_api::problem::Fault::new(Code::TimeMalformed, pointer);
    fault.with("field", field).with("value", value).into()
}
