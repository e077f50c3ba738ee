//! What the server promises, over the real store (SQLite) and a made-up chain, by requests as callers send them.

mod attacks;
mod bodies;
mod documents;
mod edge;
mod energy;
mod garbage;
mod generated;
mod idempotency;
mod languages;
mod lists;
mod operators;
mod people;
mod signatures;
mod statements;
mod stream;
mod support;
mod tenants;
mod tiers;
mod treasury;
mod two_persons;
