//! Promises of the devnet, kept against a real anvil. Each test has a chain of its own on a free port.

mod artifact;
mod authorization;
mod chain;
mod chaos;
mod chaos_lies;
mod chaos_pool;
mod control;
mod market;
mod support;
mod token;
mod tron;
