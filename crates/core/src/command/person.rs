//! Who is another person?
//!
//! Until operators log in, a person is known by an API key, and a key can make keys. So two keys count as two persons
//! only when no key stands in the line of both: neither made the other, through however many keys between, and no third
//! key made both. Otherwise one holder of `keys:manage` could be both persons. Lines begin on the engine's machine
//! (`sluice key create --platform`), where whoever stands could change the database anyway.

use crate::id::{KeyId, PartnerId};
use crate::partner::PLATFORM;
use crate::time::Timestamp;

/// Longest line of keys that is followed; a longer one is not known, and its end never counts as another person.
pub const LINE_MAX: usize = 64;

/// A person, as far as the engine can tell one from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The key.
    pub key: KeyId,
    /// Its tenant.
    pub partner: PartnerId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was revoked, or ends by itself: the earlier of the two.
    pub ends_at: Option<Timestamp>,
    /// The key itself, the key that made it, the key that made that one, and so on.
    pub line: Vec<KeyId>,
    /// The line is known to its beginning.
    pub rooted: bool,
}

impl Person {
    /// Whether it may act for a tenant: its own, or any where it is the platform's.
    pub fn acts_for(&self, partner: PartnerId) -> bool {
        self.partner == partner || self.partner == PLATFORM
    }

    /// Whether the key may be used at this time.
    pub fn in_force(&self, now: Timestamp) -> bool {
        self.ends_at.is_none_or(|end| now < end)
    }

    /// Whether one hand may hold both keys.
    pub fn same_hand(&self, other: &Self) -> bool {
        !self.rooted || !other.rooted || self.line.iter().any(|key| other.line.contains(key))
    }
}
