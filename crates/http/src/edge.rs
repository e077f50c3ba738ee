//! The outermost layer: a request gets its id, its language, its place and its time; a refusal gets its words.
//!
//! Shedding comes before anything that costs: a request that finds no place has touched nothing.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::FutureExt as _;
use sluice_api::problem::{Code, Lang, MEDIA_TYPE, Refusal};
use tracing::Instrument as _;

use crate::problem::Reject;
use crate::server::Server;

/// Counts the requests answered, by method, route and status.
pub const REQUESTS_METRIC: &str = "sluice_http_requests_total";
/// Spreads the seconds they took, by method, route and status.
pub const SECONDS_METRIC: &str = "sluice_http_request_seconds";

/// Names a request in answers, problems and logs.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The most characters of a request id that a caller brings.
const REQUEST_ID_CHARS_MAX: usize = 64;
/// The most characters of a path that are quoted back.
const INSTANCE_CHARS_MAX: usize = 200;

/// What the edge remembers of a request until its answer leaves.
struct Seen {
    id: HeaderValue,
    lang: Lang,
    method: Method,
    path: String,
    route: String,
}

/// Takes a request through the server.
pub(crate) async fn edge(State(server): State<Arc<Server>>, mut request: Request, next: Next) -> Response {
    let seen = Seen::of(&server, &request);
    request.extensions_mut().insert(seen.lang);
    let span = tracing::info_span!(
        "request",
        request.id = seen.id.to_str().unwrap_or_default(),
        partner.id = tracing::field::Empty,
        method = %seen.method,
        route = %seen.route,
    );
    let began = server.now();
    let response = bounded(&server, &seen, request, next).instrument(span.clone()).await;
    let response = seen.finish(&server, response);
    let took_ms = server.now().since_ms(began).max(0);
    let status = response.status().as_u16();
    span.in_scope(|| tracing::debug!(status, took_ms, "Request answered"));
    let labels = [("method", seen.method.to_string()), ("route", seen.route), ("status", status.to_string())];
    metrics::counter!(REQUESTS_METRIC, &labels).increment(1);
    let took = Duration::from_millis(u64::try_from(took_ms).unwrap_or(0));
    metrics::histogram!(SECONDS_METRIC, &labels).record(took);
    response
}

async fn bounded(server: &Arc<Server>, seen: &Seen, request: Request, next: Next) -> Response {
    use axum::response::IntoResponse as _;
    // Whoever watches this process must hear from it also when it is full.
    let watched = crate::routes::WATCHED.contains(&seen.path.as_str());
    let place = if watched { None } else { Some(Arc::clone(&server.room).try_acquire_owned()) };
    if let Some(Err(_)) = place {
        return Reject::overloaded().into_response();
    }
    let time = Duration::from_millis(server.api.config.timeout_ms);
    let work = AssertUnwindSafe(next.run(request)).catch_unwind();
    match tokio::time::timeout(time, work).await {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => {
            let said =
                panic.downcast_ref::<&str>().copied().or(panic.downcast_ref::<String>().map(String::as_str));
            Reject::internal(format!("a handler panicked: {}", said.unwrap_or("?"))).into_response()
        }
        Err(_) => {
            tracing::warn!("A request took too long");
            Reject { retry_after_s: Some(1), ..Reject::new(Code::TimedOut) }.into_response()
        }
    }
}

impl Seen {
    fn of(server: &Server, request: &Request) -> Self {
        let headers = request.headers();
        let lang = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let brought = headers.get(&REQUEST_ID).filter(|value| is_request_id(value.as_bytes())).cloned();
        let made = || {
            let id = format!("req_{}", server.api.ports.entropy.ulid(server.now()));
            HeaderValue::from_str(&id).unwrap_or_else(|_| HeaderValue::from_static("req"))
        };
        let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str);
        Self {
            id: brought.unwrap_or_else(made),
            lang: Lang::from_accept_language(lang.unwrap_or("")),
            method: known(request.method()),
            path: request.uri().path().chars().take(INSTANCE_CHARS_MAX).collect(),
            route: route.to_owned(),
        }
    }

    fn finish(&self, server: &Server, mut response: Response) -> Response {
        let reject = response.extensions_mut().remove::<Reject>().or_else(|| self.plain(&response));
        if let Some(reject) = reject {
            self.put_into_words(server, reject, &mut response);
        }
        let headers = response.headers_mut();
        headers.insert(REQUEST_ID, self.id.clone());
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.append(header::VARY, HeaderValue::from_static("Accept-Language"));
        response
    }

    /// A refusal that the router made by itself.
    fn plain(&self, response: &Response) -> Option<Reject> {
        let status = response.status();
        let has_body = response.headers().contains_key(header::CONTENT_TYPE);
        match status {
            StatusCode::NOT_FOUND => Some(Reject::not_found()),
            StatusCode::METHOD_NOT_ALLOWED => {
                let refusal = Refusal::new(Code::MethodNotAllowed).with("method", &self.method);
                Some(refusal.with("allowed", crate::routes::methods_of(&self.route)).into())
            }
            _ if has_body => None,
            _ if status.is_client_error() => Some(Reject::not_found()),
            _ if status.is_server_error() => Some(Reject::internal(status)),
            _ => None,
        }
    }

    fn put_into_words(&self, server: &Server, reject: Reject, response: &mut Response) {
        let code = reject.refusal.code;
        let id = self.id.to_str().unwrap_or_default();
        let mut problem = reject.refusal.problem(self.lang).about(&self.path, id);
        if let Some(docs) = &server.api.config.problem_docs {
            problem = problem.documented_at(docs);
        }
        tracing::debug!(code = %code, "Request refused");
        *response.status_mut() =
            StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        *response.body_mut() = serde_json::to_vec(&problem).unwrap_or_default().into();
        let headers = response.headers_mut();
        headers.remove(header::CONTENT_LENGTH);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(self.lang.as_str()));
        if code.status() == 401 {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Sluice"));
        }
        if let Some(seconds) = reject.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
    }
}

/// Methods are labels of metrics and must not be the caller's to invent.
fn known(method: &Method) -> Method {
    const KNOWN: [Method; 7] = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ];
    KNOWN.into_iter().find(|known| known == method).unwrap_or(Method::TRACE)
}

fn is_request_id(bytes: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    (1..=REQUEST_ID_CHARS_MAX).contains(&bytes.len()) && bytes.iter().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_cannot_carry_anything_into_a_log() {
        assert!(is_request_id(b"req-1.a_B"));
        for wrong in [&b""[..], b"a b", b"a\nb", b"{}", "\u{ac00}".as_bytes(), &[b'a'; 65]] {
            assert!(!is_request_id(wrong), "{wrong:?}");
        }
    }

    #[test]
    fn an_invented_method_is_no_label() {
        let invented = Method::from_bytes(b"AAAA").unwrap();
        assert_eq!(known(&invented), Method::TRACE);
        assert_eq!(known(&Method::POST), Method::POST);
    }
}
