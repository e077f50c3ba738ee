//! Promises of the port `core::port::registry::Registry`.

mod keys;
mod partners;
mod stops;
