//! Buying TRON energy from vendors. What a vendor says is a hint: energy is there once the chain shows it.
//!
//! Money is whole sun, and prices are totals for what was asked: per energy they are fractions of a sun, per order at one
//! vendor and per day at another, so that only totals for the same energy and duration compare.

use std::fmt;

use super::Fut;
use crate::address::TronAddress;
use crate::amount::Cost;
use crate::attempt::Durable;
use crate::id::EnergyOrderId;
use crate::time::Timestamp;

/// Longest name of a vendor.
const VENDOR_CHARS_MAX: usize = 32;
/// Longest name that a vendor may give an order.
const PROVIDER_CHARS_MAX: usize = 64;
/// Transactions of one order that are looked at; a vendor that names more is not followed further.
pub const TXIDS_MAX: usize = 64;

/// A vendor, as the configuration calls it: 1 to 32 of `a-z`, `0-9`, `-` and `_`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct VendorId(String);

/// The vendor's own name of an order: 1 to 64 printable ASCII letters that need no escape in a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProviderId(String);

/// A text that is not such a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} has 1 to {max} letters, digits, `-` and `_`")]
pub struct NotAName {
    /// What it should be.
    pub what: &'static str,
    /// The most characters.
    pub max: usize,
}

impl VendorId {
    /// Reads a name.
    ///
    /// # Errors
    /// [`NotAName`].
    pub fn parse(text: &str) -> Result<Self, NotAName> {
        let fits = text.bytes().all(|it| matches!(it, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'));
        let fits = fits && (1..=VENDOR_CHARS_MAX).contains(&text.len());
        let wrong = NotAName { what: "the name of an energy vendor", max: VENDOR_CHARS_MAX };
        fits.then(|| Self(text.to_owned())).ok_or(wrong)
    }

    /// As it was read.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ProviderId {
    /// Reads a name. It comes from a stranger and goes into paths: anything that would need an escape is no name.
    ///
    /// # Errors
    /// [`NotAName`].
    pub fn parse(text: &str) -> Result<Self, NotAName> {
        let fits = text.bytes().all(|it| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_'));
        let fits = fits && (1..=PROVIDER_CHARS_MAX).contains(&text.len());
        let wrong = NotAName { what: "a vendor's name of an order", max: PROVIDER_CHARS_MAX };
        fits.then(|| Self(text.to_owned())).ok_or(wrong)
    }

    /// As it was read.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VendorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for ProviderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a caller who lost the reply to an order can do at a vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// An order carries our id, and the same id again is the same order: [`Market::place`] of the same ask answers the
    /// order that is there, and takes it only if there is none.
    Repeat,
    /// An order carries no id of ours: placing it again buys again. Nothing can be done but look at the account and at
    /// the chain.
    None,
}

/// The durations a vendor sells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Durations {
    /// These and no others, in seconds, shortest first.
    Of(Vec<u64>),
    /// Any between these, both included, in seconds.
    Between {
        /// The shortest, in seconds.
        min_s: u64,
        /// The longest, in seconds.
        max_s: u64,
    },
}

impl Durations {
    /// The shortest duration on sale that lasts at least so many seconds.
    pub fn at_least(&self, wanted_s: u64) -> Option<u64> {
        match self {
            Self::Of(all) => all.iter().copied().find(|it| *it >= wanted_s),
            Self::Between { min_s, max_s } => Some(wanted_s.max(*min_s)).filter(|it| it <= max_s),
        }
    }
}

/// What is known of a vendor before it is asked anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VendorFacts {
    /// Its name.
    pub id: VendorId,
    /// What can be done after a lost reply.
    pub recovery: Recovery,
    /// It refuses an order that would cost more than we said. Where it does not, a price that moved shows afterwards.
    pub caps_price: bool,
    /// The least it sells.
    pub energy_min: u64,
    /// The most it sells in one order.
    pub energy_max: u64,
    /// How long its energy lasts.
    pub durations: Durations,
    /// From an order to its energy on chain, in milliseconds, as the operator expects it.
    pub delivers_ms: u64,
}

/// A question for a price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuoteRequest {
    /// Who is to get the energy.
    pub receiver: TronAddress,
    /// How much.
    pub energy: u64,
    /// For how long, in seconds.
    pub duration_s: u64,
}

/// A price. Not an offer: neither vendor holds itself to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Whose.
    pub vendor: VendorId,
    /// For so much energy: what was asked, or the vendor's least.
    pub energy: u64,
    /// For so long, in seconds: what was asked, or the next longer duration on sale.
    pub duration_s: u64,
    /// What it costs, in sun.
    pub total_sun: Cost,
    /// Taken for the price until then: our bound, for vendors name none.
    pub valid_until: Timestamp,
}

/// An order as it goes out: made by [`crate::energy::Order::ask`] and handed to a vendor once it is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Our name for it, and the vendor's way to know it again where it takes one.
    pub order: EnergyOrderId,
    /// Whom it is put to.
    pub vendor: VendorId,
    /// Who is to get the energy.
    pub receiver: TronAddress,
    /// How much.
    pub energy: u64,
    /// For how long, in seconds.
    pub duration_s: u64,
    /// The most it may cost, in sun. A vendor that takes no bound is not held to it ([`VendorFacts::caps_price`]).
    pub max_total_sun: Cost,
}

/// Why a vendor took nothing. Only answers that say so for certain are one of these (M5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rejection {
    /// No connection was made: no byte left.
    NotSent,
    /// It does not know our key, our signature, or our clock.
    Unauthorized,
    /// It does not understand us.
    Malformed,
    /// We ask too often.
    Throttled,
    /// Our account there holds too little.
    NoFunds,
    /// Less than it sells.
    TooLittle,
    /// More than it sells.
    TooMuch,
    /// It costs more than we said.
    Price,
    /// It has too little to sell.
    NoSupply,
    /// It does not deliver to this address: malformed, or not activated.
    Receiver,
}

impl Rejection {
    /// Every one.
    pub const ALL: [Self; 10] = [
        Self::NotSent,
        Self::Unauthorized,
        Self::Malformed,
        Self::Throttled,
        Self::NoFunds,
        Self::TooLittle,
        Self::TooMuch,
        Self::Price,
        Self::NoSupply,
        Self::Receiver,
    ];

    /// The name in columns and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotSent => "not_sent",
            Self::Unauthorized => "unauthorized",
            Self::Malformed => "malformed",
            Self::Throttled => "throttled",
            Self::NoFunds => "no_funds",
            Self::TooLittle => "too_little",
            Self::TooMuch => "too_much",
            Self::Price => "price",
            Self::NoSupply => "no_supply",
            Self::Receiver => "receiver",
        }
    }

    /// Reads such a name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// What a vendor said to an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placed {
    /// It took it, and our money.
    Accepted {
        /// Its name for it.
        provider_id: ProviderId,
        /// What it took, in sun, where it says so.
        charged_sun: Option<Cost>,
    },
    /// It took nothing.
    Rejected(Rejection),
    /// Anything else: it may have taken it. In our words, for a log line.
    Unknown(String),
}

/// What a vendor shows of an order.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Shown {
    /// Energy it says it has delegated to the receiver.
    pub energy: u64,
    /// The transactions that did.
    pub txids: Vec<[u8; 32]>,
    /// What the order costs by now, in sun, where it says so.
    pub charged_sun: Option<Cost>,
}

/// How an order fares, in the vendor's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// It works on it.
    Pending(Shown),
    /// All of it was delegated, it says.
    Delivered(Shown),
    /// Some of it was delegated so far, it says.
    Partial(Shown),
    /// It gave up and took no money, or gave it back, it says: its account shows it.
    Refunded,
    /// It gave up.
    Failed(Shown),
    /// It knows no such order. It may have known it yesterday.
    NotFound,
    /// No usable answer. In our words, for a log line.
    Unknown(String),
}

/// No usable answer to a question that buys nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// The configuration has no such vendor.
    #[error("no energy vendor is called {vendor}")]
    NoVendor {
        /// As it was called.
        vendor: VendorId,
    },
    /// It refused.
    #[error("{vendor} refuses: {}", why.as_str())]
    Refused {
        /// Who.
        vendor: VendorId,
        /// Why.
        why: Rejection,
    },
    /// Anything else.
    #[error("{vendor} gives no usable answer: {why}")]
    Unclear {
        /// Who.
        vendor: VendorId,
        /// In our words.
        why: String,
    },
}

/// All configured vendors. Every call ends in bounded time, and none is repeated by whoever implements this.
pub trait Market: Send + Sync {
    /// What is known of each, in the order of the configuration.
    fn vendors(&self) -> &[VendorFacts];

    /// What it would cost now. Energy below the vendor's least and durations it does not sell are rounded up.
    fn quote<'a>(
        &'a self,
        vendor: &'a VendorId,
        request: &'a QuoteRequest,
    ) -> Fut<'a, Result<Quote, NoAnswer>>;

    /// Buys. The ask is durable before the first byte leaves, so that a crash leaves an order that is looked for. Called
    /// once for each time that the order was asked; where the vendor knows orders by our id, the same ask again is the same
    /// order ([`Recovery::Repeat`]).
    fn place<'a>(&'a self, ask: &'a Durable<Ask>) -> Fut<'a, Placed>;

    /// How an order fares that the vendor has named.
    fn lookup<'a>(&'a self, ask: &'a Ask, provider_id: &'a ProviderId) -> Fut<'a, Found>;

    /// What our account there holds, in sun.
    fn balance<'a>(&'a self, vendor: &'a VendorId) -> Fut<'a, Result<Cost, NoAnswer>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_strangers_need_no_escape() {
        for text in ["", "a/b", "a?b", "a b", "a%2f", "é", &"a".repeat(65), "..", "."] {
            assert!(ProviderId::parse(text).is_err(), "{text:?}");
        }
        for text in ["6818426a65fa8ea36d119d2c", "8200c6af-851b-4239-a79b-a89bb033fd39"] {
            assert_eq!(ProviderId::parse(text).map(|it| it.to_string()), Ok(text.to_owned()));
        }
        assert!(VendorId::parse("CatFee").is_err() && VendorId::parse("catfee").is_ok());
    }

    #[test]
    fn the_next_longer_duration_on_sale_is_taken() {
        let hour = Durations::Of(vec![3_600, 86_400]);
        assert_eq!(
            [1, 3_600, 3_601, 86_401].map(|it| hour.at_least(it)),
            [Some(3_600), Some(3_600), Some(86_400), None]
        );
        let range = Durations::Between { min_s: 300, max_s: 900 };
        assert_eq!([1, 301, 900, 901].map(|it| range.at_least(it)), [Some(300), Some(301), Some(900), None]);
    }

    #[test]
    fn every_rejection_reads_as_it_is_written() {
        for why in Rejection::ALL {
            assert_eq!(Rejection::parse(why.as_str()), Some(why));
        }
    }
}
