//! An async client for everything a command line, a test or a demo does with the API.
//!
//! It reads no clock and no randomness: both come in with [`Surroundings`], as does the wait between tries. A request is
//! repeated only when that is safe: reads, and creations, which their `external_id` makes one withdrawal. Every try is
//! signed anew.
//!
//! TLS is rustls with ring and the system's roots. For an `http://` address no roots are loaded at all.

mod pages;
mod resources;
mod transport;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::problem::{Code, Lang, Problem};
use crate::sign::{AuthError, Bearer, SigningSecret, Unsignable};

pub use pages::Pages;

/// How long connecting may take.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long one try may take from its first to its last byte.
pub const TRY_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest answer that is read, in bytes.
pub const REPLY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The most tries of one request, whatever the caller's pause says.
pub const TRIES_MAX: u32 = 10;
/// The longest wait a server can ask for; more is taken as this.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(300);

/// A wait that the caller makes.
pub type Pause = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A try that did not succeed, and may be made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// How many tries were made, from 1.
    pub tried: u32,
    /// How long the server asks to wait, at most [`RETRY_AFTER_MAX`].
    pub retry_after: Option<Duration>,
}

/// What the client takes from around it.
#[derive(Clone)]
pub struct Surroundings {
    now_ms: Arc<dyn Fn() -> u64 + Send + Sync>,
    nonce: Arc<dyn Fn() -> String + Send + Sync>,
    pause: Arc<dyn Fn(Retry) -> Option<Pause> + Send + Sync>,
}

impl Surroundings {
    /// A clock in milliseconds since 1970, and a source of nonces: 16 to 64 letters, digits, `-` or `_`, never the same
    /// twice. Nothing is tried again.
    pub fn new(
        now_ms: impl Fn() -> u64 + Send + Sync + 'static,
        nonce: impl Fn() -> String + Send + Sync + 'static,
    ) -> Self {
        Self { now_ms: Arc::new(now_ms), nonce: Arc::new(nonce), pause: Arc::new(|_| None) }
    }

    /// Tries again after the wait that `pause` makes, for as long as it makes one and at most [`TRIES_MAX`] times.
    #[must_use]
    pub fn trying_again(mut self, pause: impl Fn(Retry) -> Option<Pause> + Send + Sync + 'static) -> Self {
        self.pause = Arc::new(pause);
        self
    }
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Surroundings(..)")
    }
}

/// How requests prove who sends them. Never printed.
#[derive(Clone)]
pub enum Credentials {
    /// None: for health and readiness.
    Nobody,
    /// Every request is signed.
    Signed {
        /// Which key.
        key_id: String,
        /// What it signs with.
        secret: SigningSecret,
    },
    /// The secret itself is sent: test mode only.
    Bearer {
        /// The whole `<key id>.<secret>`.
        token: Zeroizing<String>,
    },
}

impl Credentials {
    /// Signs with a shared secret, from `<key id>.<secret>`.
    ///
    /// # Errors
    /// [`AuthError::Malformed`] for any other text.
    pub fn signed(token: &str) -> Result<Self, AuthError> {
        let key = Bearer::parse(token)?;
        Ok(Self::Signed { secret: SigningSecret::hmac(key.secret()), key_id: key.key_id })
    }

    /// Sends `<key id>.<secret>` as it is.
    ///
    /// # Errors
    /// [`AuthError::Malformed`] for any other text.
    pub fn bearer(token: &str) -> Result<Self, AuthError> {
        Bearer::parse(token)?;
        Ok(Self::Bearer { token: Zeroizing::new(token.to_owned()) })
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nobody => "Credentials::Nobody",
            Self::Signed { .. } => "Credentials::Signed(..)",
            Self::Bearer { .. } => "Credentials::Bearer(..)",
        })
    }
}

/// Why a call has no result.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The server refused.
    #[error(transparent)]
    Problem(Box<Problem>),
    /// No answer, or not all of it. The request may have been carried out.
    #[error("no answer from the server")]
    Transport(#[source] reqwest::Error),
    /// An answer that is not understood. The request may have been carried out.
    #[error("the server answered {status}, and {why}")]
    NotUnderstood {
        /// Its HTTP status.
        status: u16,
        /// What is wrong with it.
        why: String,
    },
    /// The request cannot be signed: the nonce source or an argument is out of bounds.
    #[error("the request cannot be signed")]
    Unsignable(#[from] Unsignable),
    /// The address of the server is not `http://host` or `https://host` with nothing behind it.
    #[error("`{0}` is not the address of a server, such as http://127.0.0.1:8080")]
    BaseUrl(String),
    /// The text cannot be an id.
    #[error("`{0}` is not an id")]
    Id(String),
    /// The TLS set-up failed: no usable root certificates, for example.
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
}

impl ClientError {
    /// The stable code, when the server refused with one we know.
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Problem(problem) => problem.known(),
            _ => None,
        }
    }

    /// Whether the request may have been carried out all the same. Then ask, or send the same creation again; never make
    /// a new one.
    pub fn may_have_happened(&self) -> bool {
        match self {
            // 429 and the 503 of an overloaded server are said before anything is started; the rest of 5xx is not.
            Self::Problem(problem) => problem.status >= 500 && problem.known() != Some(Code::Overloaded),
            Self::Transport(error) => !error.is_connect() && !error.is_builder(),
            Self::NotUnderstood { status, .. } => !(400..500).contains(status),
            Self::Unsignable(_) | Self::BaseUrl(_) | Self::Id(_) | Self::Tls(_) => false,
        }
    }

    /// Whether the same request, signed anew, may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Problem(problem) => problem.retryable && (problem.status == 429 || problem.status >= 500),
            Self::Transport(error) => !error.is_builder(),
            // Such answers come from a proxy in between, not from us.
            Self::NotUnderstood { status, .. } => matches!(status, 429 | 502 | 503 | 504),
            Self::Unsignable(_) | Self::BaseUrl(_) | Self::Id(_) | Self::Tls(_) => false,
        }
    }
}

/// A client of one server, with one key. Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    credentials: Credentials,
    surroundings: Surroundings,
    lang: Lang,
}

impl Client {
    /// A client of the server at `base_url`, such as `http://127.0.0.1:8080`. A path behind it is refused: the path is
    /// signed, and a proxy that strips a prefix would break every signature.
    ///
    /// # Errors
    /// [`ClientError::BaseUrl`], or [`ClientError::Tls`] for an `https` address on a system without usable roots.
    pub fn new(
        base_url: &str,
        credentials: Credentials,
        surroundings: Surroundings,
    ) -> Result<Self, ClientError> {
        let (http, base) = transport::connect(base_url)?;
        Ok(Self { http, base, credentials, surroundings, lang: Lang::En })
    }

    /// Asks for texts in this language.
    #[must_use]
    pub fn speaking(mut self, lang: Lang) -> Self {
        self.lang = lang;
        self
    }
}
