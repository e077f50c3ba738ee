//! The crate over real wires: a stub that misbehaves, and anvil.
#![cfg(feature = "http")]

mod anvil;
mod counted;
mod http;
mod stage;
mod stub;
mod tron;
