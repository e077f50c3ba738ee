//! A database that went back in time.

pub(crate) mod get;
