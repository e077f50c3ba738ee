//! The routes: `v1` is the contract, `open` is what needs no credentials.

pub(crate) mod open;
pub(crate) mod v1;
