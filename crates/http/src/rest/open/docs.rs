//! `GET /docs`: a page that renders the OpenAPI document. It loads nothing from elsewhere, and its policy says so.

use axum::http::header;
use axum::response::IntoResponse as _;

use crate::call::Answer;

const PAGE: &str = include_str!("../../assets/docs.html");
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(crate) async fn run() -> Answer {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "public, max-age=300"),
    ];
    Ok((headers, PAGE).into_response())
}
