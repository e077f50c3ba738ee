//! One request, signed as a caller signs it, and its answer.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http;
use serde_json::Value;
use sluice_api::sign::{self, HEADER_KEY, HEADER_NONCE, HEADER_SIGNATURE, HEADER_TIMESTAMP, SigningSecret};
use tower_service::Service as _;

use super::{World, fresh_nonce};

/// A caller's credential.
#[derive(Clone)]
pub struct Key {
    pub id: String,
    pub secret: SigningSecret,
    pub text: String,
}

/// A request before it is sent. Its parts may be changed after it was signed: that is what attackers do.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
    pub from: SocketAddr,
}

impl Request {
    /// Without any header.
    pub fn plain(method: &str, target: &str, body: &[u8]) -> Self {
        let (method, target, body) = (method.to_owned(), target.to_owned(), body.to_vec());
        Self { method, target, headers: vec![], body, from: ([203, 0, 113, 9], 4_000).into() }
    }

    pub fn signed(world: &World, key: &Key, method: &str, target: &str, body: &[u8]) -> Self {
        let now_ms = u64::try_from(world.clock.now_at().millis()).unwrap();
        Self::signed_at(key, method, target, body, now_ms, &fresh_nonce())
    }

    pub fn signed_at(
        key: &Key,
        method: &str,
        target: &str,
        body: &[u8],
        timestamp_ms: u64,
        nonce: &str,
    ) -> Self {
        let request = sign::Request { timestamp_ms, nonce, method, target, body };
        let signature = key.secret.sign(&request).unwrap();
        Self::plain(method, target, body)
            .header(HEADER_KEY, key.id.as_str())
            .header(HEADER_TIMESTAMP, timestamp_ms.to_string())
            .header(HEADER_NONCE, nonce)
            .header(HEADER_SIGNATURE, signature.to_string())
            .header("Content-Type", "application/json")
    }

    pub fn bearer(key: &Key, method: &str, target: &str) -> Self {
        Self::plain(method, target, b"").header("Authorization", format!("Bearer {}.{}", key.id, key.text))
    }

    pub fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The same header with another value.
    pub fn instead(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(other, _)| other != name);
        self.header(name, value)
    }

    pub fn from(mut self, address: &str) -> Self {
        self.from = SocketAddr::new(address.parse().unwrap(), 4_000);
        self
    }

    pub async fn send(&self, world: &World) -> Reply {
        self.send_to(&world.router).await
    }

    pub async fn send_to(&self, router: &Router) -> Reply {
        let response = self.open(router).await;
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 10_000_000).await.unwrap().to_vec();
        Reply { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    /// Sends it and leaves the body to the caller.
    pub async fn open(&self, router: &Router) -> http::Response<Body> {
        let mut request = http::Request::builder().method(self.method.as_str()).uri(self.target.as_str());
        for (name, value) in &self.headers {
            request = request.header(name.as_str(), value.as_slice());
        }
        let mut request = request.body(Body::from(self.body.clone())).unwrap();
        request.extensions_mut().insert(ConnectInfo(self.from));
        router.clone().call(request).await.unwrap()
    }
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: http::HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The code of a problem, with the form of one checked.
    pub fn code(&self) -> String {
        let json = self.json();
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        assert_eq!(json["status"], self.status);
        assert_eq!(json["request_id"], self.header("x-request-id"));
        assert!(
            !json["detail"].as_str().unwrap().contains(" ?") && !json["remedy"].as_str().unwrap().is_empty(),
            "{json}"
        );
        json["code"].as_str().unwrap().to_owned()
    }

    pub fn id(&self) -> String {
        self.json()["id"].as_str().unwrap_or_else(|| panic!("{}", self.text())).to_owned()
    }
}
