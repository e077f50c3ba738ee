//! Limits and their use.

pub(crate) mod list;
