//! Partners: the platform's own keys only.

pub(crate) mod create;
pub(crate) mod get;
pub(crate) mod list;
