//! HTTP and mail to strangers.
//!
//! [`guard`] says which addresses may be connected to, [`client`] is the one HTTP client that obeys it, [`alert`] hands
//! alerts to whoever wakes people, [`market`] buys energy from vendors.
//!
//! # Invariants
//! - Nothing is connected to before its address was judged, and the address that was judged is the one connected to: a
//!   name is resolved once. A private address is reached only for a sink that the operator named, and a metadata service
//!   never.
//! - Every exchange ends: time, request and reply are bounded (M14). No redirect is followed and no proxy is taken from
//!   the environment.
//! - What a stranger answers is bounded text for a log line, never a reason to move money.
//! - A vendor's answer that is not listed means that it may have sold (M5), and no text of a vendor is logged: some repeat
//!   our secrets.
//! - A sink that fails keeps no other sink from being told, and is not told twice what it has taken.

pub mod alert;
pub mod client;
pub mod guard;
pub mod market;

use std::fmt;

use zeroize::Zeroizing;

/// A password or token. It prints as dots and is wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Keeps a secret.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Shows it to the one wire it is for.
    fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(...)")
    }
}
