//! Promises of the port `core::port::registry::Registry`.

mod commands;
mod keys;
mod partners;
mod stops;

pub use commands::{asked, persons};
