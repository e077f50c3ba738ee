//! `GET /openapi.json`: the contract of `/v1` as OpenAPI 3.1.

use std::sync::OnceLock;

use axum::http::header;
use axum::response::IntoResponse as _;

use crate::call::Answer;

pub(crate) async fn run() -> Answer {
    static DOCUMENT: OnceLock<String> = OnceLock::new();
    let document = DOCUMENT.get_or_init(crate::openapi::openapi).as_str();
    let headers =
        [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "public, max-age=300")];
    Ok((headers, document).into_response())
}
