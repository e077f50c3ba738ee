//! A small JSON-RPC client for a node on this machine.
//!
//! Deliberately plain: no retries, no fallback, no batches. A test that loses an answer must see that it was lost.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{
    Method, Request, StatusCode, Uri,
    body::Bytes,
    header::{CONTENT_TYPE, HeaderValue},
};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

/// How long a call may take unless [`Rpc::with_timeout`] says otherwise. Mining a few hundred blocks fits.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest answer that is read. A dump of a long chain is tens of megabytes.
const MAX_ANSWER_BYTES: usize = 256 * 1024 * 1024;

/// A JSON-RPC client of one node on loopback. Clones share connections.
#[derive(Clone)]
pub struct Rpc {
    client: Client<HttpConnector, Full<Bytes>>,
    port: u16,
    timeout: Duration,
    last_id: Arc<AtomicU64>,
}

impl Rpc {
    /// A client of the node that listens on this port of 127.0.0.1. Connects at the first call.
    pub fn local(port: u16) -> Self {
        Self {
            client: Client::builder(TokioExecutor::new()).build(HttpConnector::new()),
            port,
            timeout: DEFAULT_TIMEOUT,
            last_id: Arc::new(AtomicU64::new(0)),
        }
    }

    /// The same client with another limit on the time a call may take.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The node's address, for programs that are given one.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The node's port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Asks the node, once. `params` is an array or a tuple: `(address, "latest")`; none is `[(); 0]`.
    pub async fn call<P, R>(&self, method: &str, params: P) -> Result<R, RpcError>
    where
        P: Serialize,
        R: DeserializeOwned,
    {
        let id = self.last_id.fetch_add(1, Ordering::Relaxed);
        let question = Question { jsonrpc: "2.0", id, method, params };
        let body = serde_json::to_vec(&question)
            .map_err(|source| RpcError::NotEncoded { method: method.to_owned(), source })?;
        let bytes = self.in_time(method, "", body).await?;
        let not_understood = |source| RpcError::NotUnderstood { method: method.to_owned(), source };
        let answer: Answer = serde_json::from_slice(&bytes).map_err(not_understood)?;
        match answer.error {
            Some(error) => Err(RpcError::Refused {
                method: method.to_owned(),
                code: error.code,
                message: error.message,
                data: error.data,
            }),
            // A missing `result` reads as null, which is what the calls that answer nothing expect.
            None => serde_json::from_value(answer.result).map_err(not_understood),
        }
    }

    /// Posts JSON to a path, once, and reads JSON: for a node that has orders beside its methods. `path` begins with `/`.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, RpcError> {
        let bytes = self.in_time(path, path, body.to_string().into_bytes()).await?;
        serde_json::from_slice(&bytes)
            .map_err(|source| RpcError::NotUnderstood { method: path.to_owned(), source })
    }

    async fn in_time(&self, method: &str, path: &str, body: Vec<u8>) -> Result<Bytes, RpcError> {
        let late = |_| RpcError::TimedOut { method: method.to_owned(), timeout_ms: self.timeout.as_millis() };
        tokio::time::timeout(self.timeout, self.exchange(method, path, body)).await.map_err(late)?
    }

    async fn exchange(&self, method: &str, path: &str, body: Vec<u8>) -> Result<Bytes, RpcError> {
        let uri: Uri = format!("{}{path}", self.url())
            .parse()
            .expect("a loopback url with a numeric port and a path of ours always parses");
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri;
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));

        let response = self.client.request(request).await.map_err(|source| RpcError::Unreachable {
            url: self.url(),
            method: method.to_owned(),
            source,
        })?;
        let status = response.status();
        if !status.is_success() {
            return Err(RpcError::Status { method: method.to_owned(), status });
        }
        match Limited::new(response.into_body(), MAX_ANSWER_BYTES).collect().await {
            Ok(collected) => Ok(collected.to_bytes()),
            Err(source) if source.is::<LengthLimitError>() => {
                Err(RpcError::TooLong { method: method.to_owned(), limit_bytes: MAX_ANSWER_BYTES })
            }
            Err(source) => Err(RpcError::CutOff { method: method.to_owned(), source }),
        }
    }
}

impl fmt::Debug for Rpc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rpc")
            .field("port", &self.port)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct Question<'a, P> {
    jsonrpc: &'static str,
    id: u64,
    method: &'a str,
    params: P,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    result: Value,
    error: Option<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    code: i64,
    message: String,
    data: Option<Value>,
}

/// Why a call gave no answer. After `TimedOut`, `Unreachable` and `CutOff` the node may still have acted on it.
#[derive(Debug, thiserror::Error)]
pub enum RpcError {
    /// Nobody took the call.
    #[error("no node answered {method} at {url}; check that it runs")]
    Unreachable {
        /// The node that was called.
        url: String,
        /// The method that was called.
        method: String,
        /// What the connection reported.
        source: hyper_util::client::legacy::Error,
    },
    /// The node took the call and did not answer in time.
    #[error("the node did not answer {method} within {timeout_ms} ms; look at its log, or allow more time")]
    TimedOut {
        /// The method that was called.
        method: String,
        /// The limit that was passed.
        timeout_ms: u128,
    },
    /// The node answered at the level of HTTP only.
    #[error("the node answered {method} with HTTP status {status}; check that a JSON-RPC node listens there")]
    Status {
        /// The method that was called.
        method: String,
        /// The status it gave.
        status: StatusCode,
    },
    /// The connection ended inside the answer.
    #[error("the answer to {method} broke off; check that the node still runs")]
    CutOff {
        /// The method that was called.
        method: String,
        /// What the connection reported.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The answer is longer than anything a development node has to say.
    #[error("the answer to {method} is longer than {limit_bytes} bytes; ask for less")]
    TooLong {
        /// The method that was called.
        method: String,
        /// The limit that was passed.
        limit_bytes: usize,
    },
    /// The node understood the call and refused it.
    #[error("the node refused {method} with code {code}: {message}")]
    Refused {
        /// The method that was called.
        method: String,
        /// JSON-RPC error code; 3 is a revert.
        code: i64,
        /// The node's own words.
        message: String,
        /// The revert data, for a revert.
        data: Option<Value>,
    },
    /// The answer has another shape than the caller asked for.
    #[error("the answer to {method} has an unexpected shape; check the version of the node")]
    NotUnderstood {
        /// The method that was called.
        method: String,
        /// Where the shape differs.
        source: serde_json::Error,
    },
    /// The parameters cannot be written as JSON.
    #[error("the parameters of {method} cannot be written as JSON")]
    NotEncoded {
        /// The method that was called.
        method: String,
        /// Which value cannot.
        source: serde_json::Error,
    },
}

impl RpcError {
    /// The contract's reason, when this is a revert with one.
    pub fn revert_reason(&self) -> Option<&str> {
        match self {
            // Code 3 marks a revert; the reason follows the fixed words, and a revert without reason has none.
            Self::Refused { code: 3, message, .. } => message.strip_prefix("execution reverted: "),
            _ => None,
        }
    }
}
