//! The REST server: it reads a request, finds out who sent it, calls `flow` or a reading port once, and puts the answer
//! into the words of the contract (`sluice-api`).
//!
//! ```text
//! connection ─ serve ─▶ edge ─────▶ auth ──────────▶ one handler of rest/v1 ─▶ flow | Reader | Registry
//!   bounded, timed       id, language   key, signature,    parse, one call, map
//!                        shedding       address, rate,
//!                        timeout        scope, nonce
//!                        problems
//! ```
//! One route, one file: `rest/v1/<resource>/<verb>.rs` holds its documentation, its handler and its tests. The table of
//! routes (path, scope, body, answers) is [`sluice_api::openapi::ENDPOINTS`]; the router is tested against it.
//!
//! # Invariants
//! - The tenant comes from the credential and from nothing else: no body, header, path or query names whom a key acts
//!   for, and what belongs to another tenant is answered as if it did not exist.
//! - A request reaches a handler only through `auth`: a route that is not in the table, or whose caller is not proven,
//!   has no way in.
//! - A malformed, unauthenticated, throttled or shed request burns neither idempotency key nor external id: every check
//!   that can refuse it runs before the one call that stores (DESIGN 10).
//! - Nothing here moves money or decides about it: `flow` and `core` do (DESIGN 3).
//! - Everything is bounded: connections, requests at once, bodies, headers, pages, streams, rates and times (M14).
//! - A refusal is a problem with a stable code in Korean or English; no internals are told.
//! - No clock and no chance is read here: both come from the ports. Secrets never reach a log.

mod api;
mod auth;
mod call;
mod edge;
mod network;
mod openapi;
mod page;
mod problem;
mod rest;
mod routes;
mod secret;
mod serve;
mod server;
mod wire;

pub use api::{Api, ChainFacts, HttpConfig};
pub use edge::{REQUESTS_METRIC, SECONDS_METRIC};
pub use network::{Network, Networks, NotANetwork};
pub use openapi::openapi;
pub use routes::router;
pub use secret::SecretBox;
pub use serve::serve;
