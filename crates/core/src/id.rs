//! Typed, prefixed, sortable ids: `wd_01JD2Q...`. They are only names; [`crate::intent::PaymentKey`] is the identity of
//! a payment (M1).

use std::fmt;

use crate::time::Timestamp;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// 48 bits of milliseconds and 80 bits of chance, printed as 26 Crockford base-32 digits
/// (<https://github.com/ulid/spec>).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ulid(u128);

/// A text that is not an id of the expected kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an id that begins with {expected}_ and 26 base-32 digits")]
pub struct NotAnId {
    /// The prefix that was expected.
    pub expected: &'static str,
}

impl Ulid {
    /// Joins an instant and 80 bits of chance; higher bits of `chance` are ignored.
    pub const fn new(at: Timestamp, chance: u128) -> Self {
        let millis = (at.millis() as u128) & 0xffff_ffff_ffff;
        Self((millis << 80) | (chance & ((1 << 80) - 1)))
    }

    fn parse(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        if digits.len() != 26 || digits[0] > b'7' {
            return None;
        }
        digits
            .iter()
            .try_fold(0u128, |sum, digit| {
                let value = ALPHABET.iter().position(|letter| letter == digit)?;
                Some((sum << 5) | value as u128)
            })
            .map(Self)
    }
}

impl fmt::Display for Ulid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for place in (0..26u32).rev() {
            let digit = ((self.0 >> (place * 5)) & 31) as usize;
            write!(f, "{}", ALPHABET[digit] as char)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Ulid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

// Append only, alphabetical: a prefix, once released, never changes its meaning.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Ulid);

        impl $name {
            /// The prefix before the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// Names a new thing.
            pub const fn new(ulid: Ulid) -> Self {
                Self(ulid)
            }

            /// Reads an id of this kind and no other.
            ///
            /// # Errors
            /// [`NotAnId`] for another prefix or malformed digits.
            pub fn parse(text: &str) -> Result<Self, NotAnId> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(Ulid::parse)
                    .map(Self)
                    .ok_or(NotAnId { expected: $prefix })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    )*};
}

ids! {
    /// Something a person should look at.
    AlertId = "al";
    /// One byte string for a slot.
    AttemptId = "at";
    /// A command that takes two persons.
    CommandId = "cmd";
    /// What energy is ordered for: the payouts of a lane that are powered together.
    EnergyNeedId = "en";
    /// An order of energy at a vendor.
    EnergyOrderId = "eo";
    /// A request to get energy ahead.
    EnergyRequestId = "er";
    /// One recorded change.
    EventId = "ev";
    /// One life of the numbered feed: another one after the store went back in time (M17).
    FeedId = "fd";
    /// One handing out of a transaction to whoever holds an external key.
    HandOutId = "ho";
    /// An API key (its public half).
    KeyId = "key";
    /// A person who logs in.
    OperatorId = "op";
    /// The tenant.
    PartnerId = "pt";
    /// Chain evidence that ended a transfer, or an item of it.
    ProofId = "pf";
    /// A comparison of a wallet's books with the chain.
    ReconciliationId = "rc";
    /// A stop.
    StopId = "st";
    /// One intended on-chain effect.
    TransferId = "tf";
    /// A wallet; a managed hot one is a lane.
    WalletId = "wa";
    /// One customer request.
    WithdrawalId = "wd";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_parses_only_as_its_own_kind() {
        let id = WithdrawalId::new(Ulid::new(Timestamp::from_micros(1_700_000_000_000_000), 42));
        assert_eq!(WithdrawalId::parse(&id.to_string()), Ok(id));
        assert_eq!(TransferId::parse(&id.to_string()), Err(NotAnId { expected: "tf" }));
        assert!(WithdrawalId::parse("wd_8ZZZZZZZZZZZZZZZZZZZZZZZZZ").is_err(), "more than 128 bits");
        assert!(WithdrawalId::parse("wd_").is_err());
    }

    #[test]
    fn ids_sort_by_time() {
        let early = WalletId::new(Ulid::new(Timestamp::from_micros(1_000_000), u128::MAX));
        let late = WalletId::new(Ulid::new(Timestamp::from_micros(2_000_000), 0));
        assert!(early < late);
        assert!(early.to_string() < late.to_string());
    }
}
