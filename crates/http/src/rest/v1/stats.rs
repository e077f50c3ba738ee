//! Counts and sums.

pub(crate) mod get;
