//! Which vendor gets an order: the cheapest that delivers in time, within every cap, and below what burning costs.

use super::closed::Closed;
use crate::amount::Cost;
use crate::port::market::{Quote, VendorFacts};
use crate::time::Timestamp;

/// What an order may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// One order, in sun.
    pub order_max_sun: Cost,
    /// Each energy, in millionths of a sun: prices have fractions of a sun, and caps compare without dividing.
    pub energy_max_micro_sun: u64,
    /// What is left of the spending for the time, in sun.
    pub left_sun: Cost,
    /// What burning TRX for the same need would cost, in sun; `None` when it may not be burned.
    pub burning_sun: Option<Cost>,
}

/// The price of a vendor or of the pool, and whether it may be asked.
#[derive(Clone, Debug)]
pub struct Offer<'a> {
    /// What is known of it.
    pub facts: &'a VendorFacts,
    /// Its price.
    pub quote: &'a Quote,
    /// Why it takes no order of this wallet or need.
    pub closed: Option<Closed>,
    /// Its breaker lets an order pass.
    pub passes: bool,
    /// It is the platform's own stake: nothing is paid to a stranger, so the caps of an order and of the spending do not count.
    pub own: bool,
}

/// Why a vendor was passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passed {
    /// It takes no order of this wallet or need.
    Closed(Closed),
    /// Its breaker is open.
    Breaker,
    /// Its price is no longer valid.
    Stale,
    /// It sells less, or for a shorter time.
    TooLittle,
    /// It delivers too late.
    Late,
    /// Above the cap of an order.
    OrderCap,
    /// Above the cap of a price.
    PriceCap,
    /// Above what is left to spend.
    SpendCap,
    /// Burning costs no more.
    Burning,
    /// Another one is cheaper.
    Dearer,
}

impl Passed {
    /// The name in traces.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed(closed) => closed.as_str(),
            Self::Breaker => "breaker",
            Self::Stale => "stale",
            Self::TooLittle => "too_little",
            Self::Late => "late",
            Self::OrderCap => "order_cap",
            Self::PriceCap => "price_cap",
            Self::SpendCap => "spend_cap",
            Self::Burning => "burning",
            Self::Dearer => "dearer",
        }
    }
}

/// What is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// Energy.
    pub energy: u64,
    /// For how long, in seconds.
    pub duration_s: u64,
    /// When it must be on the chain.
    pub deadline: Timestamp,
}

/// The vendor that gets the order, by its place among the offers, and why each other one does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// `None` when every vendor was passed over.
    pub chosen: Option<usize>,
    /// One entry for each other offer, in order: its place and why.
    pub passed: Vec<(usize, Passed)>,
}

/// Chooses. Of two that cost the same the first one wins, so the configuration's order decides.
pub fn choose(need: &Demand, offers: &[Offer<'_>], caps: &Caps, now: Timestamp) -> Choice {
    let judged: Vec<Option<Passed>> = offers.iter().map(|offer| unfit(need, offer, caps, now)).collect();
    let fit = offers.iter().zip(&judged).enumerate().filter(|(_, (_, passed))| passed.is_none());
    let chosen =
        fit.min_by_key(|(place, (offer, _))| (offer.quote.total_sun, *place)).map(|(place, _)| place);
    let passed = judged.into_iter().enumerate().filter(|(place, _)| Some(*place) != chosen);
    Choice { chosen, passed: passed.map(|(place, why)| (place, why.unwrap_or(Passed::Dearer))).collect() }
}

fn unfit(need: &Demand, offer: &Offer<'_>, caps: &Caps, now: Timestamp) -> Option<Passed> {
    let (quote, total) = (offer.quote, offer.quote.total_sun);
    let delivers_ms = i64::try_from(offer.facts.delivers_ms).unwrap_or(i64::MAX);
    if let Some(closed) = offer.closed {
        return Some(Passed::Closed(closed));
    }
    let checks = [
        (!offer.passes, Passed::Breaker),
        (now > quote.valid_until, Passed::Stale),
        (quote.energy < need.energy || quote.duration_s < need.duration_s, Passed::TooLittle),
        (now.plus_ms(delivers_ms) > need.deadline, Passed::Late),
        (!offer.own && total > caps.order_max_sun, Passed::OrderCap),
        (is_above(total, quote.energy, caps.energy_max_micro_sun), Passed::PriceCap),
        (!offer.own && total > caps.left_sun, Passed::SpendCap),
        (caps.burning_sun.is_some_and(|burning| total >= burning), Passed::Burning),
    ];
    checks.into_iter().find(|(fails, _)| *fails).map(|(_, passed)| passed)
}

/// `total / energy > cap / 1,000,000`, without dividing. A product that does not fit is above.
fn is_above(total: Cost, energy: u64, cap_micro_sun: u64) -> bool {
    let allowed = u128::from(energy) * u128::from(cap_micro_sun);
    total.0.checked_mul(1_000_000).is_none_or(|asked| asked > allowed)
}
