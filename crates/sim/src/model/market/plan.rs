//! What goes wrong at vendors, drawn from the seed of a history. It goes wrong with their first orders, whenever those come:
//! unlike the weather they never heal, they only run out of mishaps.

use std::sync::Arc;

use sluice_core::amount::Cost;
use sluice_core::chain::TronRules;
use sluice_core::energy::Policy;
use sluice_core::port::market::{Durations, Recovery, Rejection, VendorFacts, VendorId};

use super::{Stall, Vendor};
use crate::rng::Rng;

/// What goes wrong with one order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mishap {
    /// When it is placed.
    pub placing: Placing,
    /// When its energy is due.
    pub delivering: Delivering,
    /// The vendor forgets it, and our id, so long after it was sold, microseconds; it keeps the money and delivers what
    /// is due.
    pub forgets_us: Option<i64>,
    /// The vendor does not say how it fares.
    pub mute: bool,
}

/// What happens to an order on its way to a vendor and back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Placing {
    /// Nothing.
    #[default]
    Well,
    /// It never reaches the vendor, and nobody says so.
    LostBefore,
    /// It is sold, and the reply is lost.
    LostAfter,
    /// The vendor refuses it.
    Refused(Rejection),
    /// It costs so many thousandths more than was quoted.
    Dearer(u64),
}

/// What happens to the energy of an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delivering {
    /// It comes.
    #[default]
    Well,
    /// It never comes, and nothing goes back.
    Never,
    /// It comes so much later, microseconds.
    Late(i64),
    /// So many thousandths of it come.
    Short(u64),
    /// It comes twice, for one price.
    Twice,
    /// It goes to another account.
    Elsewhere,
    /// The vendor gives up, and pays back so long after the sale, microseconds.
    GivesUp(i64),
    /// The vendor takes it back so many blocks after the next signature of the wallet.
    Vanishes(u64),
}

impl Placing {
    /// The name in coverage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Well => "heard",
            Self::LostBefore => "lost_before",
            Self::LostAfter => "lost_after",
            Self::Refused(_) => "refused",
            Self::Dearer(_) => "dearer",
        }
    }
}

impl Delivering {
    /// The name in coverage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::Never => "never",
            Self::Late(_) => "late",
            Self::Short(_) => "short",
            Self::Twice => "twice",
            Self::Elsewhere => "elsewhere",
            Self::GivesUp(_) => "gives_up",
            Self::Vanishes(_) => "vanishes",
        }
    }
}

/// When a vendor is wrong about our account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lie {
    /// Since then, microseconds since 1970.
    pub from_us: i64,
    /// Until then.
    pub until_us: i64,
    /// How.
    pub how: Wrong,
}

/// How a vendor is wrong about our account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// What it shows is so old, microseconds.
    Behind(i64),
    /// It shows so many sun more.
    By(i64),
}

/// A vendor forgets an order no sooner: an order that is put to it again may have waited on its way while the process that
/// sent it slept, and a vendor that sells it twice then has not been asked twice for anything it knew of.
const FORGETS_US_MIN: i64 = 20_000_000;
/// Blocks after a signature within which energy vanishes, at most: twice as many as a transaction has to be included.
const VANISHES_MAX: u64 = 40;
/// Orders of a vendor that something may go wrong with.
const ORDERS_MAX: u64 = 8;
/// What they are called.
const NAMES: [&str; 3] = ["ampere", "volt", "watt"];
/// What our account holds first, sun.
const OPENING_SUN: u64 = 10_000_000_000;

/// The vendors of a seed; without `faults` nothing goes wrong at them.
pub fn draw(seed: u64, start_us: i64, faults: bool) -> Arc<Stall> {
    let mut rng = Rng::of(seed, 20);
    let policy = policy(&mut rng);
    let count = if rng.chance(500) { NAMES.len() } else { 2 };
    let mut vendors = vec![];
    for (place, name) in NAMES.into_iter().enumerate().take(count) {
        let Ok(id) = VendorId::parse(name) else { continue };
        let mut vendor = vendor(place, id, &mut rng);
        let mut own = Rng::new(rng.bits());
        if faults {
            spoil(&mut vendor, start_us, &mut own);
        }
        vendors.push(vendor);
    }
    Stall::new(policy, vendors)
}

/// What a wallet may burn within an hour: in some histories hardly more than a few payouts together.
pub fn burn_hour_cap_sun(seed: u64, rules: &TronRules) -> u64 {
    let mut rng = Rng::of(seed, 21);
    match rng.chance(300) {
        // One payout has to fit in at the highest price at which it is sent at all.
        true => rules.transfer_cost_cap_sun + rng.within(5_000_000, 60_000_000),
        false => rules.burn_hour_cap_sun,
    }
}

/// The usual one, in a shorter time: a history has no minutes for each need.
fn policy(rng: &mut Rng) -> Policy {
    let deliver_ms = rng.within(4_000, 40_000);
    let usual = Policy::usual();
    Policy {
        deliver_ms,
        wait_ms: deliver_ms + rng.within(2_000, 10_000),
        // In some histories too little for all that is wanted.
        hour_max_sun: if rng.chance(200) {
            Cost(rng.within(5_000_000, 60_000_000).into())
        } else {
            usual.hour_max_sun
        },
        order_max_sun: if rng.chance(200) {
            Cost(rng.within(2_000_000, 30_000_000).into())
        } else {
            usual.order_max_sun
        },
        ..usual
    }
}

fn vendor(place: usize, id: VendorId, rng: &mut Rng) -> Vendor {
    // One knows our ids, one does not, and the third is either.
    let recovery = match place {
        0 => Recovery::Repeat,
        1 => Recovery::None,
        _ if rng.chance(500) => Recovery::Repeat,
        _ => Recovery::None,
    };
    let energy_min = rng.within(1, 65_000);
    let facts = VendorFacts {
        id,
        recovery,
        caps_price: rng.chance(500),
        energy_min,
        energy_max: if rng.chance(300) { rng.within(65_000, 200_000) } else { 10_000_000 },
        durations: match rng.chance(500) {
            true => Durations::Of(vec![3_600]),
            false => Durations::Between { min_s: 600, max_s: 86_400 },
        },
        delivers_ms: rng.within(500, 3_000),
    };
    Vendor {
        facts,
        says_price: rng.chance(600),
        names_txids: rng.chance(500),
        // Burning costs a hundred sun for each: some ask more.
        milli_sun: rng.within(25_000, 105_000),
        seed: rng.bits(),
        opening_sun: if rng.chance(100) { rng.within(1, 9_000_000) } else { OPENING_SUN },
        account: vec![],
        plan: vec![],
        lies: vec![],
        heard: 0,
        booked: false,
    }
}

fn spoil(vendor: &mut Vendor, start_us: i64, rng: &mut Rng) {
    // Some vendors do nothing right.
    let permille = [200, 600, 900, 1_000][rng.index(4)];
    let orders = rng.within(1, ORDERS_MAX);
    vendor.plan = (0..orders).map(|_| mishap(permille, rng)).collect();
    let forgets = vendor.plan.iter().any(|mishap| mishap.forgets_us.is_some());
    for _ in 0..rng.below(3) {
        let from_us = start_us + rng.below(30_000_000) as i64;
        let until_us = from_us + rng.within(1_000_000, 60_000_000) as i64;
        // A vendor that has forgotten an order, and shows our account as it was before: it has stolen it, and nothing tells.
        let how = match rng.chance(400) && !forgets {
            true => Wrong::Behind(rng.within(100_000, 30_000_000) as i64),
            false => Wrong::By(rng.within(1, 3_000_000) as i64 * if rng.chance(500) { 1 } else { -1 }),
        };
        vendor.lies.push(Lie { from_us, until_us, how });
    }
}

fn mishap(permille: u64, rng: &mut Rng) -> Mishap {
    if !rng.chance(permille) {
        return Mishap::default();
    }
    let mut mishap = Mishap::default();
    if rng.chance(450) {
        mishap.placing = match rng.below(6) {
            0 => Placing::LostBefore,
            1..=3 => Placing::LostAfter,
            4 => Placing::Refused(*rng.pick(&Rejection::ALL).unwrap_or(&Rejection::NoSupply)),
            _ => Placing::Dearer(rng.within(1, 2_000)),
        };
    }
    if rng.chance(800) {
        mishap.delivering = match rng.below(8) {
            0 => Delivering::Never,
            1 => Delivering::Late(rng.within(500_000, 90_000_000) as i64),
            2 => Delivering::Short(rng.within(1, 990)),
            3 => Delivering::Twice,
            4 => Delivering::Elsewhere,
            5 => Delivering::GivesUp(rng.below(300_000_000) as i64),
            // Most of what is signed is included within a few blocks.
            6 => Delivering::Vanishes(rng.below(4)),
            _ => Delivering::Vanishes(rng.below(VANISHES_MAX)),
        };
    }
    mishap.forgets_us = rng.chance(150).then(|| FORGETS_US_MIN + rng.below(20_000_000) as i64);
    mishap.mute = rng.chance(100);
    mishap
}
