//! Questions to a node: JSON-RPC in batches, or TRON's HTTP API; over HTTP, bounded in size, time and tries.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::HeaderValue;
use rustls_platform_verifier::BuilderVerifierExt as _;
use serde_json::{Value, json};

/// How long one exchange may take.
const TIMEOUT: Duration = Duration::from_secs(60);
/// The longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Tries of one exchange that got no answer.
const TRIES: u32 = 5;
/// Wait before the second try; doubled before each further one.
const AGAIN: Duration = Duration::from_millis(250);

/// The header that carries a key of TronGrid.
const KEY: &str = "TRON-PRO-API-KEY";
/// What TRON nodes say when they are asked too much at once.
const BUSY: &str = "lack of computing resources";

/// One node.
#[derive(Clone, Debug)]
pub struct Node {
    name: String,
    url: Url,
    http: reqwest::Client,
    key: Option<HeaderValue>,
}

/// Why a node gave no answer that could be used.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// The address cannot be used.
    #[error("`{0}` is not the address of a node; write http://host:port or https://host/path")]
    Url(String),
    /// A key that no header can carry.
    #[error("the key for TRON nodes holds something else than visible ASCII; give it without line feeds")]
    Key,
    /// The system's certificates cannot be used.
    #[error("TLS cannot be set up: {0}; install the system's root certificates (ca-certificates)")]
    Tls(String),
    /// No answer, whatever was tried.
    #[error("{node} does not answer: {why}; try again, or name another node with --rpc")]
    Unreachable {
        /// Which node.
        node: String,
        /// What happened.
        why: String,
    },
    /// It answers that it will not.
    #[error("{node} refused {method}: {message} (code {code})")]
    Refused {
        /// Which node.
        node: String,
        /// What it was asked.
        method: String,
        /// Its own code.
        code: i64,
        /// Its own words.
        message: String,
    },
    /// An answer of another shape.
    #[error(
        "{node} answered {method} with something that is not understood: {why}; name another node with --rpc"
    )]
    NotUnderstood {
        /// Which node.
        node: String,
        /// What it was asked.
        method: String,
        /// What is wrong.
        why: String,
    },
}

/// One question: a method and its parameters.
pub(crate) type Question = (&'static str, Value);

impl Node {
    /// The `number`th node of a run, at this address. Its name tells the host and never the path, which may hold a key.
    ///
    /// # Errors
    /// [`NodeError::Url`], [`NodeError::Tls`].
    pub fn at(number: usize, url: &str) -> Result<Self, NodeError> {
        // Not even an unusable address is repeated whole.
        let shown = || url.chars().take(24).collect::<String>();
        let parsed = Url::parse(url).map_err(|_| NodeError::Url(shown()))?;
        let host = parsed.host_str().map(str::to_owned).ok_or_else(|| NodeError::Url(shown()))?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(NodeError::Url(shown()));
        }
        let port = parsed.port().map(|port| format!(":{port}")).unwrap_or_default();
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(parsed.scheme() == "https")?)
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("sluice-audit/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| NodeError::Tls(error.to_string()))?;
        Ok(Self { name: format!("node {number} ({host}{port})"), url: parsed, http, key: None })
    }

    /// With a key of the provider, which goes into the header `TRON-PRO-API-KEY`.
    ///
    /// # Errors
    /// [`NodeError::Key`].
    pub(crate) fn keyed(self, key: &str) -> Result<Self, NodeError> {
        let mut key = HeaderValue::from_str(key).map_err(|_| NodeError::Key)?;
        key.set_sensitive(true);
        Ok(Self { key: Some(key), ..self })
    }

    /// What it is called in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Asks one thing.
    pub(crate) async fn ask(&self, method: &'static str, params: Value) -> Result<Value, NodeError> {
        let question = json!({ "jsonrpc": "2.0", "id": 0, "method": method, "params": params });
        let answer = self.exchange(&self.url, method, &question).await?;
        self.result(method, answer)
    }

    /// Asks several things at once; the answers come in the order of the questions.
    pub(crate) async fn batch(&self, questions: &[Question]) -> Result<Vec<Value>, NodeError> {
        let Some((first, _)) = questions.first() else { return Ok(Vec::new()) };
        let numbered = questions.iter().enumerate();
        let body: Vec<Value> = numbered
            .map(|(id, (method, params))| json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
            .collect();
        let Value::Array(answers) = self.exchange(&self.url, first, &Value::Array(body)).await? else {
            return Err(self.not_understood(first, "no array for a batch"));
        };
        let mut placed: Vec<Option<Value>> = questions.iter().map(|_| None).collect();
        for answer in answers {
            let id = answer["id"].as_u64().and_then(|id| usize::try_from(id).ok());
            match id.and_then(|id| placed.get_mut(id)) {
                Some(place @ None) => *place = Some(answer),
                _ => return Err(self.not_understood(first, "an answer to no question")),
            }
        }
        let answers = placed.into_iter().zip(questions);
        answers
            .map(|(answer, (method, _))| match answer {
                Some(answer) => self.result(method, answer),
                None => Err(self.not_understood(method, "a question without an answer")),
            })
            .collect()
    }

    /// Asks TRON's HTTP API: a question about solid blocks, which stands below `/walletsolidity`.
    pub(crate) async fn solid(&self, method: &'static str, question: Value) -> Result<Value, NodeError> {
        let mut url = self.url.clone();
        url.set_path(&format!("{}/walletsolidity/{method}", self.url.path().trim_end_matches('/')));
        let answer = self.exchange(&url, method, &question).await?;
        match answer.get("Error") {
            None => Ok(answer),
            Some(error) => Err(NodeError::Refused {
                node: self.name.clone(),
                method: method.to_owned(),
                code: 0,
                message: error.as_str().unwrap_or("no reason given").chars().take(300).collect(),
            }),
        }
    }

    /// An answer that is not what was asked for.
    pub(crate) fn not_understood(&self, method: &str, why: impl Into<String>) -> NodeError {
        NodeError::NotUnderstood { node: self.name.clone(), method: method.to_owned(), why: why.into() }
    }

    fn result(&self, method: &str, mut answer: Value) -> Result<Value, NodeError> {
        if let Some(error) = answer.get("error").filter(|error| !error.is_null()) {
            return Err(NodeError::Refused {
                node: self.name.clone(),
                method: method.to_owned(),
                code: error["code"].as_i64().unwrap_or(0),
                message: error["message"].as_str().unwrap_or("no reason given").chars().take(300).collect(),
            });
        }
        match answer.get_mut("result") {
            Some(result) => Ok(result.take()),
            None => Err(self.not_understood(method, "neither a result nor an error")),
        }
    }

    /// Everything that is asked here only reads, so it may be asked again.
    async fn exchange(&self, url: &Url, method: &str, question: &Value) -> Result<Value, NodeError> {
        let mut pause = AGAIN;
        let mut why = String::new();
        for tried in 1..=TRIES {
            match self.once(url, method, question).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => return Err(error),
                Err(failed) => why = failed,
            }
            if tried < TRIES {
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
        }
        Err(NodeError::Unreachable { node: self.name.clone(), why })
    }

    /// The outer error may pass.
    async fn once(
        &self,
        url: &Url,
        method: &str,
        question: &Value,
    ) -> Result<Result<Value, NodeError>, String> {
        // An error of the HTTP client names the address, which may hold a key.
        let plain = |error: reqwest::Error| with_causes(&error.without_url());
        let mut request = self.http.post(url.clone()).json(question);
        if let Some(key) = &self.key {
            request = request.header(KEY, key.clone());
        }
        let mut answer = request.send().await.map_err(plain)?;
        let status = answer.status();
        if status.as_u16() == 429 || status.is_server_error() {
            return Err(format!("HTTP {status}"));
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(plain)? {
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Ok(Err(self.not_understood(method, format!("more than {ANSWER_BYTES_MAX} bytes"))));
            }
            body.extend_from_slice(&chunk);
        }
        // Some providers put their JSON-RPC error into a 400.
        match serde_json::from_slice::<Value>(&body) {
            Ok(answer) if answer["Error"].as_str().is_some_and(|error| error.contains(BUSY)) => {
                Err(BUSY.to_owned())
            }
            Ok(answer) => Ok(Ok(answer)),
            Err(_) => Ok(Err(self.not_understood(method, format!("HTTP {status}, and no JSON")))),
        }
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(&format!(": {cause}"));
        next = cause.source();
    }
    text
}

/// ring as the one provider. Plain http gets a configuration that trusts nobody, so that no system roots are needed.
fn tls(needed: bool) -> Result<rustls::ClientConfig, NodeError> {
    let failed = |error: rustls::Error| NodeError::Tls(error.to_string());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(failed)?;
    let config = if needed {
        config.with_platform_verifier().map_err(failed)?
    } else {
        config.with_root_certificates(rustls::RootCertStore::empty())
    };
    Ok(config.with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_named_by_its_host_and_never_by_its_key() {
        let node = Node::at(2, "https://polygon.example.com/v2/secret-key").unwrap();
        assert_eq!(node.name(), "node 2 (polygon.example.com)");
        assert_eq!(Node::at(1, "http://127.0.0.1:8545").unwrap().name(), "node 1 (127.0.0.1:8545)");
        for wrong in ["", "127.0.0.1:8545", "ftp://x", "ws://x"] {
            assert!(matches!(Node::at(1, wrong), Err(NodeError::Url(_))), "{wrong}");
        }
    }
}
