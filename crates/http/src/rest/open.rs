//! What needs no credentials: whether the process is well, its metrics for those nearby, and the documentation.

pub(crate) mod docs;
pub(crate) mod health;
pub(crate) mod metrics;
pub(crate) mod openapi;
pub(crate) mod ready;
pub(crate) mod welcome;
