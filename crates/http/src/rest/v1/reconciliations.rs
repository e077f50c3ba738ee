//! What comparisons of books and chain found.

pub(crate) mod list;
