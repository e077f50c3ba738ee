//! Which handler answers which route. Paths are those of the contract; who may call is said there too.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use sluice_api::openapi::{ENDPOINTS, Method};
use sluice_api::path;

use crate::api::Api;
use crate::auth::authenticate;
use crate::edge::edge;
use crate::problem::Reject;
use crate::rest::open::{docs, health, metrics, openapi, ready, welcome};
use crate::rest::v1::{
    alerts, assets, attention, chains, commands, energy, events, keys, lanes, limits, me, partners,
    reconciliations, restored, signatures, statements, stats, stops, treasury, wallets, withdrawals,
};
use crate::server::Server;

/// Routes that answer also when the server is full: whoever watches the process must hear from it.
pub(crate) const WATCHED: [&str; 5] = [path::HEALTH, path::READY, path::METRICS, "/livez", "/readyz"];

/// The methods of a route, as `Allow` lists them.
pub(crate) fn methods_of(route: &str) -> &'static str {
    let has = |method| ENDPOINTS.iter().any(|endpoint| endpoint.path == route && endpoint.method == method);
    match (has(Method::Get), has(Method::Post)) {
        (true, true) => "GET,HEAD,POST",
        (false, true) => "POST",
        (true, false) | (false, false) => "GET,HEAD",
    }
}

/// The whole server as a router. For a socket, use [`crate::serve()`]: it also ends event streams when the process ends.
pub fn router(api: Api) -> Router {
    build(&Server::new(api))
}

pub(crate) fn build(server: &Arc<Server>) -> Router {
    guarded()
        .layer(from_fn_with_state(Arc::clone(server), authenticate))
        .merge(open())
        .fallback(async || Reject::not_found())
        .layer(from_fn_with_state(Arc::clone(server), edge))
        .with_state(Arc::clone(server))
}

fn guarded() -> Router<Arc<Server>> {
    Router::new()
        .route(path::WITHDRAWALS, get(withdrawals::list::run).post(withdrawals::create::run))
        .route(path::WITHDRAWAL, get(withdrawals::get::run))
        .route(path::WITHDRAWAL_CANCEL, post(withdrawals::cancel::run))
        .route(path::WITHDRAWAL_EVENTS, get(withdrawals::events::run))
        .route(path::EVENTS, get(events::list::run))
        .route(path::EVENTS_STREAM, get(events::stream::run))
        .route(path::STATEMENTS, get(statements::get::run))
        .route(path::STATS, get(stats::get::run))
        .route(path::LIMITS, get(limits::list::run).post(limits::set::run))
        .route(path::ASSETS, get(assets::list::run))
        .route(path::CHAINS, get(chains::list::run))
        .route(path::WALLETS, get(wallets::list::run).post(wallets::adopt::run))
        .route(path::WALLETS_CHECK, post(wallets::check::run))
        .route(path::WALLETS_REGISTER, post(wallets::register::run))
        .route(path::WALLET, get(wallets::get::run))
        .route(path::WALLET_RETIRE, post(wallets::retire::run))
        .route(path::WALLET_KEY_STATEMENT, get(wallets::show_key::statement))
        .route(path::WALLET_SHOW_KEY, post(wallets::show_key::run))
        .route(path::WALLET_RECONCILE, post(wallets::reconcile::run))
        .route(path::RECONCILIATIONS, get(reconciliations::list::run))
        .route(path::TREASURY, get(treasury::get::run))
        .route(path::TREASURY_FUNDING, get(treasury::funding::run))
        .route(path::TREASURY_REFILLS, post(treasury::refill::run))
        .route(path::TREASURY_REFILLS_CHECK, post(treasury::refill::check))
        .route(path::TREASURY_SWEEPS, post(treasury::sweep::run))
        .route(path::TREASURY_SWEEPS_CHECK, post(treasury::sweep::check))
        .route(path::SIGNATURE_REQUESTS, get(signatures::list::run))
        .route(path::SIGNATURE_REQUEST, get(signatures::get::run))
        .route(path::SIGNATURE_REQUEST_HAND_OUT, post(signatures::hand_out::run))
        .route(path::SIGNATURE_REQUEST_SUBMIT, post(signatures::submit::run))
        .route(path::ENERGY, get(energy::get::run))
        .route(path::ENERGY_PRICES, get(energy::prices::run))
        .route(path::ENERGY_ORDERS, get(energy::orders::run))
        .route(path::ENERGY_ORDER_RESOLVE, post(energy::resolve::run))
        .route(path::ENERGY_REQUESTS, get(energy::requests::list).post(energy::requests::create))
        .route(path::ENERGY_REQUEST, get(energy::requests::get))
        .route(path::ENERGY_REQUEST_CANCEL, post(energy::requests::cancel))
        .route(path::ENERGY_ACCOUNTS, get(energy::accounts::run))
        .route(path::ENERGY_ACCOUNT_BOOK, post(energy::book::run))
        .route(path::ENERGY_CREDIT, get(energy::credit::run))
        .route(path::ENERGY_CREDIT_ENTRIES, get(energy::credit::entries))
        .route(path::ENERGY_TOPUPS, get(energy::topups::run))
        .route(path::ENERGY_TOPUP_ASSIGN, post(energy::assign::run))
        .route(path::ENERGY_STAKES, post(energy::stakes::run))
        .route(path::ENERGY_STAKES_CHECK, post(energy::stakes::check))
        .route(path::ENERGY_FORECAST, get(energy::forecast::run))
        .route(path::ENERGY_PLAN, get(energy::plan::run))
        .route(path::ENERGY_QUOTE, post(energy::quote::run))
        .route(path::LANES, get(lanes::list::run))
        .route(path::LANE, get(lanes::get::run))
        .route(path::LANE_PAUSE, post(lanes::pause::run))
        .route(path::LANE_RESUME, post(lanes::resume::run))
        .route(path::LANE_DRAIN, post(lanes::drain::run))
        .route(path::LANE_CAP, post(lanes::cap::run))
        .route(path::LANE_SPEED_UP, post(lanes::speed_up::run))
        .route(path::LANE_ADOPT, post(lanes::adopt::run))
        .route(path::LANE_UNFREEZE, post(lanes::unfreeze::run))
        .route(path::ATTENTION, get(attention::list::run))
        .route(path::ATTENTION_ITEM, get(attention::get::run))
        .route(path::ATTENTION_REDRIVE, post(attention::redrive::run))
        .route(path::ATTENTION_RESOLVE, post(attention::resolve::run))
        .route(path::ATTENTION_GIVE_UP, post(attention::give_up::run))
        .route(path::COMMANDS, get(commands::list::run))
        .route(path::COMMAND, get(commands::get::run))
        .route(path::COMMAND_WITHDRAW, post(commands::withdraw::run))
        .route(path::ALERTS, get(alerts::list::run))
        .route(path::ALERT_ACKNOWLEDGE, post(alerts::acknowledge::run))
        .route(path::STOPS, get(stops::list::run).post(stops::create::run))
        .route(path::STOP, get(stops::get::run))
        .route(path::STOP_LIFT, post(stops::lift::run))
        .route(path::RESTORED, get(restored::get::run))
        .route(path::PARTNERS, get(partners::list::run).post(partners::create::run))
        .route(path::PARTNER, get(partners::get::run))
        .route(path::ME, get(me::get::run))
        .route(path::KEYS, get(keys::list::run).post(keys::create::run))
        .route(path::KEY_REVOKE, post(keys::revoke::run))
}

fn open() -> Router<Arc<Server>> {
    Router::new()
        .route(path::HEALTH, get(health::run))
        .route("/livez", get(health::run))
        .route(path::READY, get(ready::run))
        .route("/readyz", get(ready::run))
        .route(path::METRICS, get(metrics::run))
        .route(path::OPENAPI, get(openapi::run))
        .route("/docs", get(docs::run))
        .route("/", get(welcome::run))
}
