//! The REST contract of Sluice: what travels between the server and everybody who calls it. The server, the CLI, the
//! demo, the tests and the SDK all read and write these types; nothing here opens a database, a chain or a key store.
//!
//! One file, one subject:
//!
//! | file | subject |
//! |---|---|
//! | [`text`], [`status`], [`tag`] | amounts and times as text; closed word lists; the `object` field |
//! | [`withdrawal`], [`event`] | the business object and what happened to it |
//! | [`asset`], [`chain`], [`wallet`], [`lane`], [`stats`], [`statement`] | what is there, and how it is doing |
//! | [`treasury`], [`reconciliation`] | what tiers should hold, and whether books and chain agree |
//! | [`energy`] | energy of TRON: what is there, what it costs, what is expected, what should be staked |
//! | [`attention`], [`alert`], [`stop`], [`command`], [`restored`] | what people do |
//! | [`partner`], [`key`], [`limit`], [`health`] | who calls, how much, and whether we are well |
//! | [`list`], [`query`], [`body`], [`path`] | pages, query strings, request bodies, routes |
//! | [`problem`] | every refusal, in Korean and English |
//! | [`sign`] | how a request proves who sent it |
//! | [`openapi`] | the OpenAPI 3.1 document of all of the above |
//! | `client` | an async client (feature `client`) |
//!
//! # Invariants
//!
//! - An amount is a string on the wire, in both directions; a JSON number in its place is refused by name (M13).
//! - A wire type never decides. Bounds of shape (length, repeated or unknown fields, kind of JSON value) are checked
//!   here; whether an amount, an address, a time or a state is *right* is decided in `core` and `flow`.
//! - A request body is read strictly: unknown or repeated fields are refused, so that both sides understood the same
//!   thing (M1). A reply is read leniently: a client ignores fields it does not know.
//! - Every code that can be answered is in both catalogues, with the same placeholders. A code, once released, keeps its
//!   meaning; its text may change.
//! - Two different requests never have the same canonical text; a signature of one kind never verifies as another kind.
//! - No clock and no randomness is read here: both are arguments.
//! - Secrets never appear in `Debug` output.

mod words;

pub mod alert;
pub mod asset;
pub mod attention;
pub mod body;
pub mod chain;
#[cfg(feature = "client")]
pub mod client;
pub mod command;
pub mod energy;
pub mod event;
pub mod health;
pub mod key;
pub mod lane;
pub mod limit;
pub mod list;
pub mod me;
pub mod openapi;
pub mod partner;
pub mod path;
pub mod problem;
pub mod query;
pub mod reconciliation;
pub mod restored;
pub mod sign;
pub mod signature;
pub mod statement;
pub mod stats;
pub mod status;
pub mod stop;
pub mod tag;
pub mod text;
pub mod treasury;
pub mod wallet;
pub mod withdrawal;
