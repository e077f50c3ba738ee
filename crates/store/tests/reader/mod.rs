//! Promises of the port `core::port::reader::Reader`.

mod build;
mod feed;
mod figures;
mod pages;
mod tenants;
mod unread;
mod views;

pub use build::{Tenant, limit, raise, seal};
