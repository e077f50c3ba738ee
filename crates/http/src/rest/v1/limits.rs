//! Limits and their use.

pub(crate) mod list;
pub(crate) mod set;
