//! The node behind the proxy, asked over plain HTTP.

use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Method, Request, Uri,
    body::Bytes,
    header::{CONTENT_TYPE, HeaderValue},
};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};

/// A question to the node takes at most this long.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The longest answer that is carried.
const ANSWER_MAX_BYTES: usize = 64 * 1024 * 1024;

/// The node gave no answer that could be carried. Whoever asked finds the connection closed, as if the node had done it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gone;

#[derive(Clone)]
pub(super) struct Upstream {
    client: Client<HttpConnector, Full<Bytes>>,
    uri: Uri,
}

impl Upstream {
    pub(super) fn new(uri: Uri) -> Self {
        Self { client: Client::builder(TokioExecutor::new()).build(HttpConnector::new()), uri }
    }

    /// Carries a body there, and the answer back, whatever they are.
    pub(super) async fn carry(&self, body: Bytes) -> Result<Bytes, Gone> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let exchange = async {
            let response = self.client.request(request).await.map_err(|_| Gone)?;
            let body = Limited::new(response.into_body(), ANSWER_MAX_BYTES).collect().await;
            body.map(|body| body.to_bytes()).map_err(|_| Gone)
        };
        tokio::time::timeout(TIMEOUT, exchange).await.map_err(|_| Gone)?
    }

    /// Carries one call, and reads the answer.
    pub(super) async fn call(&self, call: &Value) -> Result<Value, Gone> {
        let answer = self.carry(Bytes::from(call.to_string())).await?;
        serde_json::from_slice(&answer).map_err(|_| Gone)
    }

    /// Asks for something the proxy itself must know; `null` where the node does not say.
    pub(super) async fn ask(&self, method: &str, params: Value) -> Result<Value, Gone> {
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let mut answer = self.call(&call).await?;
        Ok(answer.get_mut("result").map(Value::take).unwrap_or_default())
    }
}
