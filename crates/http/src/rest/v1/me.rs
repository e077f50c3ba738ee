//! Who calls.

pub(crate) mod get;
