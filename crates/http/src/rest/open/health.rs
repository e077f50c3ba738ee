//! `GET /health` (also `/livez`): the process answers. It says nothing about what the process depends on: restarting it
//! would not mend that.

use std::sync::Arc;

use axum::extract::State;
use sluice_api::health::{Health, Verdict};
use sluice_api::tag;

use crate::call::{Answer, ok};
use crate::server::Server;
use crate::wire::time;

pub(crate) async fn run(State(server): State<Arc<Server>>) -> Answer {
    ok(&Health {
        object: tag::Health::Is,
        status: Verdict::Ok,
        version: server.api.config.version.clone(),
        started_at: time(server.started_at),
    })
}
