//! `GET /metrics`: Prometheus text, for those nearby only. From elsewhere there is nothing here.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse as _;

use crate::auth::client;
use crate::call::Answer;
use crate::problem::Reject;
use crate::server::Server;

pub(crate) async fn run(
    State(server): State<Arc<Server>>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
) -> Answer {
    let peer = peer.map(|Extension(peer)| peer);
    if !server.api.config.metrics_from.contains(client(&headers, peer.as_ref(), &server)) {
        return Err(Reject::not_found());
    }
    let text = (server.api.metrics)();
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}
