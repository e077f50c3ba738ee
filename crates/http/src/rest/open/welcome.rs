//! `GET /`: what answers here, and where to go on.

use std::sync::Arc;

use axum::extract::State;
use sluice_api::path;

use crate::call::{Answer, ok};
use crate::server::Server;

pub(crate) async fn run(State(server): State<Arc<Server>>) -> Answer {
    ok(&serde_json::json!({
        "object": "service",
        "service": "sluice",
        "version": server.api.config.version,
        "says": {
            "en": "Sluice, a withdrawal engine for stablecoins. Read `docs` first.",
            "ko": "스테이블코인 출금 엔진 Sluice입니다. 먼저 `docs`를 읽어 주세요.",
        },
        "docs": "/docs",
        "openapi": path::OPENAPI,
        "health": path::HEALTH,
        "ready": path::READY,
        "api": path::WITHDRAWALS,
    }))
}
