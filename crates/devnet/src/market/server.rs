//! Connections: a request is read whole, answered by the vendor whose path it names, or lost.

use std::{sync::Arc, time::Duration};

use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{CONTENT_TYPE, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
};

use super::{
    Floor, Keys, VendorName, catfee,
    fault::{Call, Fault},
    script::Due,
    tronsave,
    vendor::Vendor,
};

/// Connections at a time; further ones wait to be taken.
const CONNECTIONS_MAX: usize = 256;
/// The longest body that is read.
const REQUEST_MAX_BYTES: usize = 64 * 1024;

/// A request, read whole.
pub(super) struct Asked {
    pub(super) method: String,
    /// Without the query.
    pub(super) path: String,
    /// Path and query, exactly as they came.
    pub(super) target: String,
    /// Names in lower case.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Bytes,
}

impl Asked {
    /// A header, as it came.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }

    /// A parameter of the query, as it came. What our vendors take there needs no escapes.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let (_, query) = self.target.split_once('?')?;
        query.split('&').filter_map(|pair| pair.split_once('=')).find(|(it, _)| *it == name).map(|(_, it)| it)
    }
}

/// Status and body.
pub(super) type Reply = (u16, Value);

/// Nothing is answered, and the connection closes.
#[derive(Debug, thiserror::Error)]
#[error("the reply is lost")]
struct Lost;

/// One vendor's way to read, refuse and answer.
pub(super) trait Wire {
    /// Why this caller is not served, or what is asked.
    fn admit(vendor: &mut Vendor, keys: &Keys, asked: &Asked, now_ms: i64) -> Result<Call, Reply>;

    /// Carries it out, with what is due for it.
    fn act(vendor: &mut Vendor, call: Call, asked: &Asked, due: &Due, now_ms: i64) -> Reply;

    /// Says that it broke.
    fn broken() -> Reply;
}

pub(super) async fn keep(listener: TcpListener, floor: Arc<Floor>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut guests = JoinSet::new();
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        // Out of file descriptors, or a connection that ended before it began: the next one may do better.
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let floor = Arc::clone(&floor);
        guests.spawn(async move {
            host(stream, &floor).await;
            drop(place);
        });
        while guests.try_join_next().is_some() {}
    }
}

/// One connection, until either side has enough of it.
async fn host(stream: TcpStream, floor: &Floor) {
    // Without it answers wait for the system to have more to send.
    let _best_effort = stream.set_nodelay(true);
    let service = service_fn(|request| serve(request, floor));
    // It ends with an error whenever a reply is lost: that is what the client is to see.
    let _ended = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn serve(request: Request<Incoming>, floor: &Floor) -> Result<Response<Full<Bytes>>, Lost> {
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, REQUEST_MAX_BYTES).collect().await else {
        return Ok(respond((413, json!({ "error": true, "message": "too large" }))));
    };
    let headers = parts
        .headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())));
    let asked = Asked {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        target: parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
        headers: headers.collect(),
        body: body.to_bytes(),
    };
    let name = match asked.path.starts_with("/v1/") {
        true => VendorName::Catfee,
        false => VendorName::Tronsave,
    };
    let reply = floor.with(name, |vendor, now_ms| match name {
        VendorName::Catfee => answer::<catfee::Catfee>(vendor, &floor.keys, &asked, now_ms),
        VendorName::Tronsave => answer::<tronsave::Tronsave>(vendor, &floor.keys, &asked, now_ms),
    });
    reply.map(respond)
}

/// What is due happens around what the vendor does.
fn answer<W: Wire>(vendor: &mut Vendor, keys: &Keys, asked: &Asked, now_ms: i64) -> Result<Reply, Lost> {
    let call = match W::admit(vendor, keys, asked, now_ms) {
        Ok(call) => call,
        Err(refusal) => return Ok(refusal),
    };
    let due = vendor.script.strike(call);
    if due.has(Fault::LoseRequest) {
        return Err(Lost);
    }
    if due.has(Fault::ErrorBefore) {
        return Ok(W::broken());
    }
    let reply = W::act(vendor, call, asked, &due, now_ms);
    match (due.has(Fault::LoseReply), due.has(Fault::ErrorAfter)) {
        (true, _) => Err(Lost),
        (false, true) => Ok(W::broken()),
        (false, false) => Ok(reply),
    }
}

fn respond((status, body): Reply) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
