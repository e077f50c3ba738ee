//! What the wallets of a partner did on a day.

pub(crate) mod get;
