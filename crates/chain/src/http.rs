//! HTTP as all nodes are asked over it. With `evm::http` and `tron::http` the only place of this crate that knows a runtime,
//! a socket or a timeout.

use std::time::Duration;

use serde_json::Value;

use crate::crew::NodeError;

/// Why there is no connection to configure. No variant shows the URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// Not an address of a node.
    #[error("the node's address must be an http or https URL with a host")]
    Url,
    /// Not a key that a header can hold.
    #[error("the node's key must be visible ASCII")]
    Key,
    /// The TLS library or its root certificates are missing.
    #[error("no HTTP client: {0}")]
    Client(String),
}

/// What [`client`] makes.
pub type Client = reqwest::Client;

/// The one HTTP client that all nodes share: connections are reused, redirects and proxies of the environment are not
/// followed.
///
/// # Errors
/// [`HttpError::Client`] when TLS cannot be set up.
pub fn client() -> Result<Client, HttpError> {
    // Ring is the one provider of the house. Somebody may have installed it already; it is the same one.
    let _already = rustls::crypto::ring::default_provider().install_default();
    let builder = || {
        reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .tcp_nodelay(true)
            .connect_timeout(Duration::from_secs(5))
            .pool_idle_timeout(Duration::from_secs(60))
    };
    // A machine without root certificates still reaches nodes over plain http, such as a devnet; over https it then
    // trusts nobody, and says so at the first connection.
    let client = builder().build().or_else(|_| builder().tls_certs_only([]).build());
    client.map_err(|error| HttpError::Client(error.to_string()))
}

/// An endpoint, and its host with the port where it is not the usual one: as much as may be shown.
///
/// # Errors
/// [`HttpError::Url`] for anything but an http or https URL with a host.
pub(crate) fn endpoint(text: &str) -> Result<(reqwest::Url, String), HttpError> {
    let url: reqwest::Url = text.parse().map_err(|_| HttpError::Url)?;
    let host = url.host_str().filter(|_| matches!(url.scheme(), "http" | "https")).ok_or(HttpError::Url)?;
    let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
    let shown = format!("{host}{port}");
    Ok((url, shown))
}

/// A client with the bounds of one node.
pub(crate) struct Line {
    pub(crate) client: reqwest::Client,
    /// A request and its answer take at most this long.
    pub(crate) timeout: Duration,
    /// Largest answer that is read.
    pub(crate) answer_max_bytes: usize,
}

impl Line {
    /// Posts JSON; the status and the body, whatever they are.
    pub(crate) async fn exchange(
        &self,
        url: &reqwest::Url,
        header: Option<(&'static str, &reqwest::header::HeaderValue)>,
        body: &Value,
    ) -> Result<(u16, Vec<u8>), NodeError> {
        let failed = |error: reqwest::Error| match error.is_timeout() {
            true => NodeError::Silent(self.describe(error)),
            false => NodeError::Transport(self.describe(error)),
        };
        let mut request = self.client.post(url.clone()).timeout(self.timeout).json(body);
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        let mut response = request.send().await.map_err(failed)?;
        let mut text = Vec::new();
        while let Some(part) = response.chunk().await.map_err(failed)? {
            if text.len().saturating_add(part.len()) > self.answer_max_bytes {
                let max = self.answer_max_bytes;
                return Err(NodeError::Transport(format!("the answer is larger than {max} bytes")));
            }
            text.extend_from_slice(&part);
        }
        Ok((response.status().as_u16(), text))
    }

    /// What went wrong, without the URL: it may hold a key.
    fn describe(&self, error: reqwest::Error) -> String {
        if error.is_timeout() {
            return format!("no answer within {} ms", self.timeout.as_millis());
        }
        let error = error.without_url();
        let mut cause: &dyn std::error::Error = &error;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        if error.is_connect() { format!("no connection: {cause}") } else { cause.to_string() }
    }
}
