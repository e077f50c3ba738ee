//! The one HTTP client: guarded, bounded, and without a mind of its own.

use std::error::Error as _;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::{Method, Response, Url};
use rustls_platform_verifier::BuilderVerifierExt as _;

use crate::Secret;
use crate::guard::{Forbidden, Names, Reach, judge};

/// What an exchange may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For a connection, TLS included.
    pub connect_ms: u64,
    /// For the whole exchange.
    pub total_ms: u64,
    /// Of a request's body.
    pub request_bytes_max: usize,
    /// Of a reply's body.
    pub reply_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connect_ms: 3_000, total_ms: 10_000, request_bytes_max: 1 << 20, reply_bytes_max: 64 << 10 }
    }
}

/// Why there is no reply. Whether the other side acted on the request is not known, unless the variant says so.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The URL is not one that is called. Nothing was sent.
    #[error("the URL {why}")]
    Url {
        /// What is wrong with it.
        why: &'static str,
    },
    /// The address must not be connected to. Nothing was sent.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The body is longer than is ever sent. Nothing was sent.
    #[error("the request has {bytes} bytes and at most {max} are sent")]
    RequestTooLarge {
        /// Its length.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// The other side wants us elsewhere. Whoever named this URL did not name that one.
    #[error("it redirects (status {status}), and redirects are not followed")]
    Redirected {
        /// The status.
        status: u16,
    },
    /// The reply is longer than is ever read.
    #[error("the reply is longer than {max} bytes")]
    ReplyTooLarge {
        /// The limit.
        max: usize,
    },
    /// No connection was made. Nothing was sent.
    #[error("no connection was made")]
    Unreached(#[source] reqwest::Error),
    /// Time ran out.
    #[error("no reply within {ms} ms")]
    TimedOut {
        /// The limit.
        ms: u64,
    },
    /// The connection failed. The URL is left out: it may carry a token.
    #[error("the connection failed")]
    Transport(#[source] reqwest::Error),
    /// TLS cannot be set up on this machine.
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
}

impl ClientError {
    /// No byte of the request has left: the other side cannot have acted on it.
    pub const fn nothing_left(&self) -> bool {
        match self {
            Self::Url { .. }
            | Self::Forbidden(_)
            | Self::RequestTooLarge { .. }
            | Self::Unreached(_)
            | Self::Tls(_) => true,
            Self::Redirected { .. }
            | Self::ReplyTooLarge { .. }
            | Self::TimedOut { .. }
            | Self::Transport(_) => false,
        }
    }
}

/// What the other side answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Status code.
    pub status: u16,
    /// Body, within the limit.
    pub body: Vec<u8>,
}

impl Reply {
    /// The other side took it.
    pub const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// The first words of the body, printable, for a log line.
    pub fn excerpt(&self) -> String {
        excerpt(&String::from_utf8_lossy(&self.body))
    }
}

/// Most characters of a stranger's answer that reach a log line.
const EXCERPT_CHARS: usize = 200;

/// The first words of a stranger's text, printable, for a log line.
pub(crate) fn excerpt(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(EXCERPT_CHARS).collect()
}

/// A client for one purpose. Built once, shared by cloning.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    reach: Reach,
    limits: Limits,
}

impl Client {
    /// Sets it up; connects to nothing yet.
    ///
    /// # Errors
    /// [`ClientError::Tls`] or [`ClientError::Transport`] when this machine cannot do it.
    pub fn new(reach: Reach, limits: Limits) -> Result<Self, ClientError> {
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(reach)?)
            .dns_resolver(Names(reach))
            // A proxy would resolve and connect in our place, where nothing is judged.
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            // Whether to try again is the caller's decision.
            .retry(reqwest::retry::never())
            .connect_timeout(Duration::from_millis(limits.connect_ms))
            .timeout(Duration::from_millis(limits.total_ms))
            .user_agent(concat!("sluice/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(ClientError::Transport)?;
        Ok(Self { http, reach, limits })
    }

    /// Reads a URL and judges it as far as that is possible without asking for its name.
    ///
    /// # Errors
    /// [`ClientError::Url`] or [`ClientError::Forbidden`].
    pub fn url(&self, text: &str) -> Result<Url, ClientError> {
        let url = Url::parse(text).map_err(|_| ClientError::Url { why: "is malformed" })?;
        self.judge(&url)?;
        Ok(url)
    }

    /// Posts a JSON body.
    ///
    /// # Errors
    /// [`ClientError`]; a status of 400 and more is a [`Reply`], not an error.
    pub async fn post_json(
        &self,
        url: &Url,
        body: Vec<u8>,
        authorization: Option<&Secret>,
    ) -> Result<Reply, ClientError> {
        let headers = authorization.map(|secret| (AUTHORIZATION, secret.clone()));
        self.exchange(Method::POST, url, Some(body), headers.as_slice()).await
    }

    /// Asks, or orders, with headers that are secrets or as good as.
    ///
    /// # Errors
    /// [`ClientError`]; a status of 400 and more is a [`Reply`], not an error.
    pub(crate) async fn exchange(
        &self,
        method: Method,
        url: &Url,
        body: Option<Vec<u8>>,
        headers: &[(HeaderName, Secret)],
    ) -> Result<Reply, ClientError> {
        self.judge(url)?;
        let (bytes, max) = (body.as_ref().map_or(0, Vec::len), self.limits.request_bytes_max);
        if bytes > max {
            return Err(ClientError::RequestTooLarge { bytes, max });
        }
        let mut request = self.http.request(method, url.clone()).header(CONTENT_TYPE, "application/json");
        if let Some(body) = body {
            request = request.body(body);
        }
        for (name, secret) in headers {
            let mut value = HeaderValue::from_str(secret.expose())
                .map_err(|_| ClientError::Url { why: "has an authorization that is no header" })?;
            value.set_sensitive(true);
            request = request.header(name, value);
        }
        let response = request.send().await.map_err(|error| self.failed(error))?;
        let status = response.status();
        if status.is_redirection() {
            return Err(ClientError::Redirected { status: status.as_u16() });
        }
        Ok(Reply { status: status.as_u16(), body: self.read(response).await? })
    }

    async fn read(&self, mut response: Response) -> Result<Vec<u8>, ClientError> {
        let (mut body, max) = (Vec::new(), self.limits.reply_bytes_max);
        while let Some(chunk) = response.chunk().await.map_err(|error| self.failed(error))? {
            if body.len() + chunk.len() > max {
                return Err(ClientError::ReplyTooLarge { max });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// What can be judged without resolving a name. Names are judged where they are resolved.
    fn judge(&self, url: &Url) -> Result<(), ClientError> {
        match (url.scheme(), self.reach) {
            ("https", _) | ("http", Reach::Private) => {}
            ("http", Reach::Public) => {
                return Err(ClientError::Url {
                    why: "is not https: only a private sink may be reached in the clear",
                });
            }
            _ => return Err(ClientError::Url { why: "is neither http nor https" }),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(ClientError::Url { why: "carries a password: URLs are logged, configure it apart" });
        }
        let host = url.host_str().ok_or(ClientError::Url { why: "names no host" })?;
        // An address in the URL is connected to without asking a resolver.
        match host.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(ip) => Ok(judge(ip, self.reach)?),
            Err(_) => Ok(()),
        }
    }

    fn failed(&self, error: reqwest::Error) -> ClientError {
        if let Some(forbidden) = forbidden(&error) {
            return forbidden.into();
        }
        if error.is_connect() {
            return ClientError::Unreached(error.without_url());
        }
        if error.is_timeout() {
            return ClientError::TimedOut { ms: self.limits.total_ms };
        }
        ClientError::Transport(error.without_url())
    }
}

/// The guard's word, somewhere among the causes of a failed connection.
fn forbidden(error: &reqwest::Error) -> Option<Forbidden> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(forbidden) = error.downcast_ref::<Forbidden>() {
            return Some(*forbidden);
        }
        cause = error.source();
    }
    None
}

/// ring as the one provider, without touching the process-wide default.
fn tls(reach: Reach) -> Result<rustls::ClientConfig, ClientError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = || {
        rustls::ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(ClientError::Tls)
    };
    match (config()?.with_platform_verifier(), reach) {
        (Ok(config), _) => Ok(config.with_no_client_auth()),
        // A machine without root certificates still reaches a private sink in the clear; over TLS it trusts nobody.
        (Err(_), Reach::Private) => {
            Ok(config()?.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
        }
        (Err(error), Reach::Public) => Err(ClientError::Tls(error)),
    }
}
