//! One vendor: its account, its price, what goes wrong there; and the levers on it.

use super::{
    Floor, VendorName, address,
    book::{Book, Fate, NotTaken, OrderFacts, Taking},
    fault::{Fault, Rule, RuleError},
    price::Price,
    script::{Counts, Due, RuleId, Script},
};

/// What both vendors sell and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// From an order to its delegation, in milliseconds.
    pub delegate_ms: u64,
    /// From a delegation to its confirmation on chain, in milliseconds.
    pub confirm_ms: u64,
    /// How far a signature's time may be from the vendor's, in milliseconds, in both directions.
    pub skew_ms: u64,
    /// Calls of one second that are answered; `None`: all.
    pub rate_per_s: Option<u32>,
    /// CatFee's middle price, in thousandths of a sun for each energy.
    pub catfee_milli_sun: u64,
    /// TronSave's middle price, in thousandths of a sun for each energy and day.
    pub tronsave_milli_sun: u64,
    /// Energy that TronSave's market can fill at once.
    pub tronsave_supply: u64,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            delegate_ms: 2_000,
            confirm_ms: 3_000,
            skew_ms: 5_000,
            rate_per_s: None,
            catfee_milli_sun: 40_000,
            tronsave_milli_sun: 50_000,
            tronsave_supply: 20_000_000,
        }
    }
}

/// What went through an account, exact to the sun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Books {
    /// Paid in.
    pub deposited_sun: u64,
    /// Taken for orders.
    pub spent_sun: u64,
    /// Given back.
    pub refunded_sun: u64,
    /// What is left.
    pub balance_sun: u64,
}

/// An order as a wire has read it.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) client_id: Option<String>,
    pub(super) receiver: String,
    pub(super) energy: u64,
    pub(super) duration_s: u64,
}

pub(super) struct Vendor {
    pub(super) book: Book,
    pub(super) script: Script,
    pub(super) terms: Terms,
    price: Price,
    second: (i64, u32),
}

impl Vendor {
    pub(super) fn new(name: VendorName, seed: u64, deposit_sun: u64, terms: Terms) -> Self {
        let (salt, middle) = match name {
            VendorName::Catfee => (1, terms.catfee_milli_sun),
            VendorName::Tronsave => (2, terms.tronsave_milli_sun),
        };
        let seed = crate::chaos::mix(seed ^ salt);
        Self {
            book: Book::new(name.name(), deposit_sun),
            script: Script::new(seed),
            terms,
            price: Price::new(seed, middle),
            second: (i64::MIN, 0),
        }
    }

    /// The price now, in thousandths of a sun.
    pub(super) fn milli_sun(&self, now_ms: i64) -> u64 {
        self.price.at(now_ms)
    }

    /// Whether this call is one too many within its second.
    pub(super) fn is_throttled(&mut self, now_ms: i64) -> bool {
        let Some(most) = self.terms.rate_per_s else { return false };
        let second = now_ms.div_euclid(1_000);
        self.second = match self.second {
            (last, calls) if last == second => (second, calls.saturating_add(1)),
            _ => (second, 1),
        };
        self.second.1 > most
    }

    /// What the account says it holds, in sun.
    pub(super) fn told_balance_sun(&self, due: &Due) -> u64 {
        let real = self.book.balance_sun();
        due.find(|fault, roll| match (fault, roll % 2) {
            (Fault::BalanceWrong { sun }, 0) => Some(real.saturating_add(sun)),
            (Fault::BalanceWrong { sun }, _) => Some(real.saturating_sub(sun)),
            _ => None,
        })
        .unwrap_or(real)
    }

    /// A price after whatever jump is due.
    pub(super) fn jumped(price: u64, due: &Due) -> u64 {
        let by = due.find(|fault, _| match fault {
            Fault::PriceJump { by } => Some(by),
            _ => None,
        });
        price.saturating_add(price.saturating_mul(by.unwrap_or(0)) / 1_000)
    }

    /// Takes an order, with whatever is due for it.
    pub(super) fn take(
        &mut self,
        wanted: Wanted,
        charge_sun: u64,
        due: &Due,
        now_ms: i64,
    ) -> Result<OrderFacts, NotTaken> {
        let late = due.find(|fault, _| match fault {
            Fault::Late { ms } => Some(ms),
            _ => None,
        });
        let taking = Taking {
            fate: fate(&wanted, due),
            client_id: wanted.client_id,
            receiver: wanted.receiver,
            energy: wanted.energy,
            duration_s: wanted.duration_s,
            charge_sun,
            takes_ms: self.terms.delegate_ms.saturating_add(late.unwrap_or(0)),
            forgotten: due.has(Fault::Forget),
        };
        self.book.take(taking, now_ms)
    }
}

fn fate(wanted: &Wanted, due: &Due) -> Fate {
    let ends = due.find(|fault, _| match fault {
        Fault::Never => Some(Fate::Stays),
        Fault::Fail => Some(Fate::Fails { refund_ms: 0 }),
        Fault::RefundLate { ms } => Some(Fate::Fails { refund_ms: ms }),
        _ => None,
    });
    if let Some(fate) = ends {
        return fate;
    }
    let part = due.find(|fault, _| match fault {
        Fault::Short { part } => Some(part),
        _ => None,
    });
    let energy = match part {
        Some(part) => wanted.energy.saturating_mul(part) / 1_000,
        None => wanted.energy,
    };
    let to = match due.has(Fault::OtherAddress) {
        true => address::another(&wanted.receiver),
        false => wanted.receiver.clone(),
    };
    let times = if due.has(Fault::Twice) { 2 } else { 1 };
    Fate::Delivers(vec![(to, energy); times])
}

/// The levers of one vendor.
pub struct Desk<'a> {
    floor: &'a Floor,
    name: VendorName,
}

impl<'a> Desk<'a> {
    pub(super) const fn of(floor: &'a Floor, name: VendorName) -> Self {
        Self { floor, name }
    }

    fn with<T>(&self, act: impl FnOnce(&mut Vendor) -> T) -> T {
        self.floor.with(self.name, |vendor, _| act(vendor))
    }

    /// From now on, and until it is lifted.
    ///
    /// # Errors
    /// [`RuleError`]: a figure out of bounds, or too many rules.
    pub fn add(&self, rule: Rule) -> Result<RuleId, RuleError> {
        self.with(|vendor| vendor.script.add(rule))
    }

    /// Lifts a rule. One that is lifted already stays so.
    pub fn lift(&self, rule: RuleId) {
        self.with(|vendor| vendor.script.lift(rule));
    }

    /// Lifts every rule.
    pub fn lift_all(&self) {
        self.with(|vendor| vendor.script.lift_all());
    }

    /// Pays into the account, in sun.
    pub fn deposit(&self, sun: u64) {
        self.with(|vendor| vendor.book.deposit(sun));
    }

    /// Sets the middle of the price, in thousandths of a sun for each energy (TronSave: and day).
    pub fn set_milli_sun(&self, milli_sun: u64) {
        self.with(|vendor| vendor.price.set(milli_sun));
    }

    /// What really went through the account.
    pub fn books(&self) -> Books {
        self.with(|vendor| {
            let (deposited_sun, spent_sun, refunded_sun) = vendor.book.sums();
            Books { deposited_sun, spent_sun, refunded_sun, balance_sun: vendor.book.balance_sun() }
        })
    }

    /// Every order as it really is, in the order in which they came.
    pub fn orders(&self) -> Vec<OrderFacts> {
        self.with(|vendor| vendor.book.facts())
    }

    /// Faults that were drawn so far, by the kind of call.
    pub fn counts(&self) -> Counts {
        self.with(|vendor| vendor.script.counts())
    }
}
