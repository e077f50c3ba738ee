//! Random histories: needs of energy, put to vendors on which anything goes wrong, by a caller that does what the order
//! machine allows and nothing else. `PLANS` and `PLAN` replay others, or one.

mod buying;
mod judge;

use std::collections::BTreeMap;

use sluice_core::amount::Cost;
use sluice_core::chain::BlockRef;
use sluice_core::energy::breaker::Breaker;
use sluice_core::energy::choice::{Caps, Demand, Offer, choose};
use sluice_core::energy::closed::may_ask;
use sluice_core::energy::{
    Account, Accounts, Arrival, Order, Plan, Settlement, State, Uncharged, Watched, sign_of,
};
use sluice_core::id::{EnergyNeedId, EnergyOrderId, Ulid, WalletId};
use sluice_core::moved::Moved;
use sluice_core::port::market::{Found, Market as _, Placed, Quote, QuoteRequest, VendorId};
use sluice_core::port::world::Clock as _;
use sluice_core::time::Timestamp;
use sluice_devnet::market::{Call, Fault, OrderFacts, Rule, VendorName};

use super::stall::*;

/// Fault plans.
const PLANS: u64 = 2_000;
/// Needs of one plan.
const NEEDS: u64 = 3;
/// How long a need may take, in milliseconds, and how often the caller looks.
const NEED_MS: i64 = 40_000;
const STEP_MS: u32 = 10_000;
/// What each account held first.
const OPENING: Cost = Cost(1_000_000_000);

/// SplitMix64.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut it = self.0;
        it = (it ^ (it >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        it = (it ^ (it >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (it ^ (it >> 31)) % bound
    }
}

/// The caller, its books and what it looks at.
struct Caller<'a> {
    stall: &'a Stall,
    chance: Chance,
    orders: Vec<Order>,
    breakers: BTreeMap<VendorId, Breaker>,
    /// Transactions that a vendor names for an order.
    named: BTreeMap<String, EnergyOrderId>,
    /// What happened, for whoever reads a failure.
    trace: Vec<String>,
}

/// How far a plan came, over all plans: what never happens proves nothing.
type Seen = BTreeMap<String, u64>;

#[tokio::test]
async fn no_need_is_bought_twice_and_every_sun_is_explained_whatever_vendors_do() {
    let from_environment = |name: &str| option(name).and_then(|text| text.parse::<u64>().ok());
    let plans = match from_environment("PLAN") {
        Some(one) => one..one + 1,
        None => 0..from_environment("PLANS").unwrap_or(PLANS),
    };
    let all = plans.clone().count() >= 1_000;
    let stall = Stall::open(0).await;
    let mut seen = Seen::new();
    for seed in plans {
        stall.market.renew(seed);
        stall.chain.clear();
        let mut caller = Caller::new(&stall, seed);
        let played = caller.play(&mut seen).await;
        if let Err(why) = played {
            panic!("PLAN={seed} breaks it: {why}\n{}", caller.trace.join("\n"));
        }
    }
    println!("{seen:#?}");
    if all {
        for state in [
            "refused",
            "accepted",
            "delivered",
            "short",
            "failed",
            "refunded",
            "unresolved",
            "absent",
            "lost",
            "unknown",
        ] {
            assert!(seen.get(state).copied().unwrap_or(0) >= 20, "{state} is hardly ever reached: {seen:?}");
        }
        for deed in ["repeated", "crashed", "a person looked"] {
            assert!(seen.get(deed).copied().unwrap_or(0) >= 20, "{deed}: {seen:?}");
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "which plan is replayed is said from outside")]
fn option(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

impl<'a> Caller<'a> {
    fn new(stall: &'a Stall, seed: u64) -> Self {
        let mut chance = Chance(seed.wrapping_mul(0x9e37_79b9));
        for name in VendorName::ALL {
            for _ in 0..chance.below(5) {
                let fault = Fault::ALL[usize::try_from(chance.below(14)).unwrap()];
                // Wrong by anything, down to a sun.
                let fault = match fault {
                    Fault::BalanceWrong { .. } => Fault::BalanceWrong { sun: 1 + chance.below(4_000_000) },
                    Fault::Late { .. } => Fault::Late { ms: 1 + chance.below(900_000) },
                    other => other,
                };
                let rule = Rule::every(fault).permille(100 + chance.below(901));
                let rule = match fault.call() {
                    None => rule.on(Call::ALL[usize::try_from(chance.below(4)).unwrap()]),
                    Some(_) => rule,
                };
                stall.desk(name).add(rule).unwrap();
            }
        }
        Self {
            stall,
            chance,
            orders: Vec::new(),
            breakers: BTreeMap::new(),
            named: BTreeMap::new(),
            trace: Vec::new(),
        }
    }

    fn now(&self) -> Timestamp {
        self.stall.clock.now()
    }

    async fn play(&mut self, seen: &mut Seen) -> Result<(), String> {
        for number in 0..NEEDS {
            self.meet(number, seen).await?;
        }
        // Everything settles: late energy and late refunds come, then account and chain are looked at.
        for _ in 0..3 {
            self.stall.market.advance(1_900_000).await;
            self.look_at_all(seen).await;
            self.reconcile_all(seen).await;
            self.check()?;
        }
        // What account and chain did not explain, a person reads from the vendor's own statement.
        self.ask_a_person(seen);
        self.check()?;
        self.balance_to_the_sun()
    }

    fn breaker(&self, vendor: &VendorId) -> Breaker {
        self.breakers.get(vendor).copied().unwrap_or_default()
    }

    fn step(&mut self, at: usize, moved: Moved<Order>, seen: &mut Seen) {
        let now = self.now();
        if let Some(sign) = sign_of(&moved) {
            let vendor = self.orders[at].vendor.clone();
            let breaker = self.breaker(&vendor).heard(sign, now);
            self.breakers.insert(vendor, breaker);
        }
        let order = moved.into_after();
        count(seen, order.state.as_str());
        self.trace.push(format!("{now} {} {} for {}: {:?}", order.vendor, order.id, order.need, order.state));
        self.orders[at] = order;
    }
}

/// One of two wallets.
fn wallet(number: u64) -> WalletId {
    WalletId::new(Ulid::new(Timestamp::from_micros(START_MS * 1_000), u128::from(number)))
}

/// Its account.
fn account(wallet: WalletId) -> u8 {
    if wallet == self::wallet(0) { 10 } else { 11 }
}

fn count(seen: &mut Seen, what: &str) {
    *seen.entry(what.to_owned()).or_default() += 1;
}
