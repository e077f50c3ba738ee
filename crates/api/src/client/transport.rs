//! One request, over the wire and back, and again when that is safe.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{ACCEPT, ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use rustls_platform_verifier::BuilderVerifierExt as _;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{
    CONNECT_TIMEOUT, Client, ClientError, Credentials, REPLY_BYTES_MAX, RETRY_AFTER_MAX, Retry, TRIES_MAX,
    TRY_TIMEOUT,
};
use crate::openapi::{IDEMPOTENCY_KEY, Method};
use crate::path;
use crate::problem::Problem;
use crate::query::{self, Query};
use crate::sign::{HEADER_KEY, HEADER_NONCE, HEADER_SIGNATURE, HEADER_TIMESTAMP, Request};

/// Opens nothing yet; checks the address and sets TLS up.
pub(super) fn connect(base_url: &str) -> Result<(reqwest::Client, String), ClientError> {
    let wrong = || ClientError::BaseUrl(base_url.to_owned());
    let url = Url::parse(base_url).map_err(|_| wrong())?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let anonymous = url.username().is_empty() && url.password().is_none();
    if !bare || !anonymous || !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(wrong());
    }
    let http = reqwest::Client::builder()
        .tls_backend_preconfigured(tls(url.scheme() == "https")?)
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TRY_TIMEOUT)
        // A signature is for one target; following a redirect would send credentials somewhere nobody chose.
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("sluice/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(ClientError::Transport)?;
    Ok((http, url.origin().ascii_serialization()))
}

/// ring as the one provider, without touching the process-wide default. Plain http gets a configuration that trusts
/// nobody, so that no system roots are needed.
fn tls(needed: bool) -> Result<rustls::ClientConfig, ClientError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(ClientError::Tls)?;
    let config = if needed {
        config.with_platform_verifier().map_err(ClientError::Tls)?
    } else {
        config.with_root_certificates(rustls::RootCertStore::empty())
    };
    Ok(config.with_no_client_auth())
}

/// One request, before it is signed.
#[derive(Clone, Debug)]
pub(super) struct Call {
    method: Method,
    target: String,
    body: Vec<u8>,
    idempotency_key: Option<String>,
    /// Whether sending it twice does what sending it once does.
    repeatable: bool,
    /// A status beside 2xx whose body is an answer and not a problem.
    also_answer: Option<u16>,
}

impl Call {
    /// Reads.
    pub(super) fn get(path: impl Into<String>) -> Self {
        Self {
            method: Method::Get,
            target: path.into(),
            body: Vec::new(),
            idempotency_key: None,
            repeatable: true,
            also_answer: None,
        }
    }

    /// Creates or commands. Not repeated by itself.
    pub(super) fn post(path: impl Into<String>, body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).expect("wire types have text keys only and always serialise");
        Self { method: Method::Post, body, repeatable: false, ..Self::get(path) }
    }

    /// With a query.
    pub(super) fn asking(mut self, query: &impl Query) -> Self {
        let query = query::write(query);
        if !query.is_empty() {
            self.target = format!("{}?{query}", self.target);
        }
        self
    }

    /// Safe to repeat: the server makes it one.
    pub(super) fn repeatable(mut self, idempotency_key: Option<&str>) -> Self {
        self.idempotency_key = idempotency_key.map(str::to_owned);
        self.repeatable = true;
        self
    }

    /// This status answers too.
    pub(super) fn or_answer(mut self, status: u16) -> Self {
        self.also_answer = Some(status);
        self
    }
}

/// Puts an id into a path.
pub(super) fn at(template: &str, id: &str) -> Result<String, ClientError> {
    path::with_id(template, id).ok_or_else(|| ClientError::Id(id.to_owned()))
}

impl Client {
    /// Sends a request, again when that is safe and the caller waits for it.
    pub(super) async fn call<T: DeserializeOwned>(&self, call: Call) -> Result<T, ClientError> {
        let mut tried = 1;
        loop {
            let (error, retry_after) = match self.once(&call).await {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            if !call.repeatable || !error.is_retryable() || tried >= TRIES_MAX {
                return Err(error);
            }
            match (self.surroundings.pause)(Retry { tried, retry_after }) {
                None => return Err(error),
                Some(pause) => pause.await,
            }
            tried += 1;
        }
    }

    async fn once<T: DeserializeOwned>(&self, call: &Call) -> Result<T, (ClientError, Option<Duration>)> {
        let mut response = match self.prepare(call).map_err(|error| (error, None))?.send().await {
            Ok(response) => response,
            Err(error) => return Err((ClientError::Transport(error), None)),
        };
        let status = response.status().as_u16();
        let retry_after = retry_after(response.headers().get(RETRY_AFTER));
        let fail = |error| (error, retry_after);
        let not_understood = |why: String| fail(ClientError::NotUnderstood { status, why });
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| fail(ClientError::Transport(error)))? {
            body.extend_from_slice(&chunk);
            if body.len() > REPLY_BYTES_MAX {
                return Err(not_understood(format!("with more than {REPLY_BYTES_MAX} bytes")));
            }
        }
        if (200..300).contains(&status) {
            return serde_json::from_slice(&body)
                .map_err(|error| not_understood(format!("not as promised: {error}")));
        }
        if call.also_answer == Some(status)
            && let Ok(answer) = serde_json::from_slice(&body)
        {
            return Ok(answer);
        }
        match serde_json::from_slice::<Problem>(&body) {
            Ok(problem) => Err(fail(ClientError::Problem(Box::new(problem)))),
            Err(_) => Err(not_understood("without saying why".to_owned())),
        }
    }

    fn prepare(&self, call: &Call) -> Result<reqwest::RequestBuilder, ClientError> {
        let text = format!("{}{}", self.base, call.target);
        let url = Url::parse(&text).map_err(|_| ClientError::BaseUrl(text))?;
        // What is signed is what will be sent, also should the URL reader have changed a letter.
        let target = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let method = match call.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
        };
        let mut request = self
            .http
            .request(method, url)
            .header(ACCEPT, "application/json, application/problem+json")
            .header(ACCEPT_LANGUAGE, self.lang.as_str());
        if let Some(key) = &call.idempotency_key {
            request = request.header(IDEMPOTENCY_KEY, key);
        }
        if call.method == Method::Post {
            request = request.header(CONTENT_TYPE, "application/json").body(call.body.clone());
        }
        match &self.credentials {
            Credentials::Nobody => Ok(request),
            Credentials::Bearer { token } => {
                Ok(request.header(AUTHORIZATION, format!("Bearer {}", token.as_str())))
            }
            Credentials::Signed { key_id, secret } => {
                let (timestamp_ms, nonce) = ((self.surroundings.now_ms)(), (self.surroundings.nonce)());
                let signature = secret.sign(&Request {
                    timestamp_ms,
                    nonce: &nonce,
                    method: call.method.as_str(),
                    target: &target,
                    body: &call.body,
                })?;
                Ok(request
                    .header(HEADER_KEY, key_id)
                    .header(HEADER_TIMESTAMP, timestamp_ms)
                    .header(HEADER_NONCE, nonce)
                    .header(HEADER_SIGNATURE, signature.to_string()))
            }
        }
    }
}

/// Reads whole seconds; a date is not understood, and not needed from our own server.
fn retry_after(header: Option<&reqwest::header::HeaderValue>) -> Option<Duration> {
    let seconds: u64 = header?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds).min(RETRY_AFTER_MAX))
}
