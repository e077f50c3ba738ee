//! What can be paid.

pub(crate) mod list;
