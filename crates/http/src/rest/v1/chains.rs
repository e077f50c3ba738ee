//! Chains.

pub(crate) mod list;
