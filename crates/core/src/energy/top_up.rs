//! What is paid in at a vendor after its account was opened: a person's word, booked once under a reference.

use super::account::{Credit, Origin};
use crate::amount::Cost;
use crate::canonical::Canonical;
use crate::port::market::VendorId;
use crate::time::Timestamp;

/// Most characters of a reference.
pub const REFERENCE_CHARS_MAX: usize = 64;
/// The most that one booking says, in sun: a milliard TRX. So many of them as a vendor is ever paid stay far below what a sum holds.
pub const TOP_UP_SUN_MAX: u128 = 1_000_000_000_000_000;

/// What a payment to a vendor is known by, there or here: 1 to 64 visible ASCII characters without spaces.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference(String);

impl Reference {
    /// Reads a reference; `None` for a text that is none.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=REFERENCE_CHARS_MAX).contains(&text.len());
        (fits && text.bytes().all(|byte| byte.is_ascii_graphic())).then(|| Self(text.to_owned()))
    }

    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A payment to a vendor, as people state it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopUp {
    /// Whose account.
    pub vendor: VendorId,
    /// What it is known by; no two payments to a vendor have the same.
    pub reference: Reference,
    /// How much, in sun.
    pub sun: Cost,
    /// When the account showed it.
    pub paid_at: Timestamp,
}

/// Why a payment is not booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unbookable {
    /// The account was never read: its first word will hold the payment too.
    #[error("the account was not opened yet")]
    NotOpen,
    /// The opening balance holds it already, or it is yet to come.
    #[error("it was not paid in between the opening of the account, at {opened_at}, and now")]
    OutOfTime {
        /// When the account was opened.
        opened_at: Timestamp,
    },
    /// Nothing, or more than [`TOP_UP_SUN_MAX`].
    #[error("it is nothing, or more than anybody pays in")]
    OutOfRange,
}

impl TopUp {
    /// What it adds to an account that was opened then. The account adds up by it where the money is there; where it is not,
    /// the account is short of it, and explains nothing until it is.
    ///
    /// # Errors
    /// [`Unbookable`]. What the opening balance held is never booked a second time.
    pub fn book(&self, opened_at: Option<Timestamp>, now: Timestamp) -> Result<Credit, Unbookable> {
        if !(1..=TOP_UP_SUN_MAX).contains(&self.sun.0) {
            return Err(Unbookable::OutOfRange);
        }
        let opened_at = opened_at.ok_or(Unbookable::NotOpen)?;
        if self.paid_at <= opened_at || self.paid_at > now {
            return Err(Unbookable::OutOfTime { opened_at });
        }
        let origin = Origin::TopUp { reference: self.reference.clone(), paid_at: self.paid_at };
        Ok(Credit { vendor: self.vendor.clone(), sun: self.sun, origin })
    }

    /// What two persons agree on.
    pub fn says(&self) -> Canonical {
        Canonical::map([
            ("paid_at", Some(Canonical::text(self.paid_at))),
            ("reference", Some(Canonical::text(&self.reference))),
            ("sun", Some(Canonical::text(self.sun.0))),
            ("vendor", Some(Canonical::text(&self.vendor))),
        ])
    }
}
