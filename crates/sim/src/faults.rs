//! Faults: every port call is a place where one may strike, named `port.method`.
//!
//! A plan says which faults strike when; a [`Site`] wraps the calls of one process and asks the plan at each of them.
//! Two kinds of plan: *systematic*, one given fault at the n-th call of the history, and *random*, drawn from a seed.

pub mod node;
pub mod signer;
pub mod site;
pub mod store;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::executor::Sim;
use crate::oracle::Witness;
use crate::rng::Rng;

pub use site::Site;

/// What is around every call of a process: faults, and a witness on what is really committed and signed.
#[derive(Clone)]
pub struct Chaos {
    /// Where calls come from.
    pub site: Site,
    /// Sees what is done.
    pub witness: Witness,
}

/// What may strike a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The call never arrives, and says so.
    FailBefore,
    /// The call is done, and its answer is lost.
    FailAfter,
    /// The call takes long: up to past the lease.
    Delay,
    /// The call arrives twice.
    Duplicate,
    /// The process dies before the call leaves.
    KillBefore,
    /// The process dies after the call was done.
    KillAfter,
    /// The process sleeps past its lease before the call leaves.
    PauseBefore,
    /// The process sleeps past its lease after the call was done.
    PauseAfter,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::FailBefore,
        Self::FailAfter,
        Self::Delay,
        Self::Duplicate,
        Self::KillBefore,
        Self::KillAfter,
        Self::PauseBefore,
        Self::PauseAfter,
    ];

    /// The name in coverage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FailBefore => "fail_before",
            Self::FailAfter => "fail_after",
            Self::Delay => "delay",
            Self::Duplicate => "duplicate",
            Self::KillBefore => "kill_before",
            Self::KillAfter => "kill_after",
            Self::PauseBefore => "pause_before",
            Self::PauseAfter => "pause_after",
        }
    }
}

/// Every port call there is: [`Site::ask`] takes no other, and coverage is measured against it.
pub const METHODS: &[&str] = &[
    "store.lease",
    "store.release",
    "store.accept",
    "store.apply",
    "store.lane",
    "store.wallets",
    "store.assets",
    "store.claimable",
    "store.withdrawals",
    "store.transfers",
    "store.attempts_by_txid",
    "store.cursor",
    "store.settleable",
    "store.included_in",
    "store.revived",
    "store.proof",
    "store.expired_holds",
    "store.overdue",
    "store.intake_facts",
    "store.seal",
    "store.undelivered_alerts",
    "store.alerts_delivered",
    "store.open_alerts",
    "store.untold_attention",
    "store.journal_seq",
    "store.journal_known",
    "store.unheld",
    "store.unended",
    "store.lost_payments",
    "store.lost_txids",
    "store.outbid",
    "store.stops",
    "store.is_adopted",
    "store.ended_since",
    "store.retired",
    "store.open_command",
    "store.expired_commands",
    "store.person",
    "store.booked",
    "signer.hello",
    "signer.admit",
    "signer.sign",
    "signer.held",
    "signer.show",
    "signer.bar",
    "signer.close",
    "signer.export",
    "signer.mark",
    "signer.stop",
    "signer.lift",
    "node.chain_id",
    "node.header",
    "node.transactions",
    "node.wallet_logs",
    "node.receipts",
    "node.nonces",
    "node.balance",
    "node.calls",
    "node.estimates",
    "node.tip",
    "node.has_code",
    "node.send",
];

/// Calls that change something, or decide about money: faults are drawn here more often.
const HOT: &[&str] = &[
    "store.lease",
    "store.apply",
    "store.apply",
    "store.apply",
    "store.accept",
    "store.lane",
    "signer.sign",
    "signer.sign",
    "signer.admit",
    "signer.close",
    "node.send",
    "node.send",
    "node.receipts",
    "node.nonces",
    "node.header",
];

/// When a planned fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// At the n-th port call of the history, counted from 0.
    Call(u64),
    /// At the first call of this method at or after this virtual time; of any method, when it is late already.
    After {
        /// Microseconds since 1970.
        us: i64,
        /// Which; `None` is any.
        method: Option<&'static str>,
    },
}

struct Planned {
    when: When,
    fault: Fault,
    /// Calls of the method it struck first that it strikes in all: an outage is a fault that stays.
    calls: u64,
}

/// Fault and method, and how often it struck.
pub type Coverage = BTreeMap<(&'static str, &'static str), u64>;

struct Book {
    planned: Vec<Planned>,
    calls: u64,
    called: BTreeMap<&'static str, u64>,
    coverage: Coverage,
    luck: Rng,
}

/// Which faults strike when, and which did.
#[derive(Clone)]
pub struct Plan(Arc<Mutex<Book>>);

/// Past this a planned fault no longer waits for its method.
const PATIENCE_US: i64 = 12_000_000;

impl Plan {
    /// A plan without faults.
    pub fn quiet(luck: Rng) -> Self {
        let book =
            Book { planned: vec![], calls: 0, called: BTreeMap::new(), coverage: Coverage::new(), luck };
        Self(Arc::new(Mutex::new(book)))
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a fault that strikes once.
    pub fn add(&self, when: When, fault: Fault) {
        self.book().planned.push(Planned { when, fault, calls: 1 });
    }

    /// Adds a fault that strikes a method several times.
    pub fn outage(&self, when: When, fault: Fault, calls: u64) {
        self.book().planned.push(Planned { when, fault, calls });
    }

    /// Draws a random plan over `span_us` of virtual time: at least five faults, a kill, and a pause past the lease.
    pub fn draw(&self, rng: &mut Rng, start_us: i64, span_us: i64) {
        let at = |rng: &mut Rng| {
            let us = start_us + rng.below(span_us as u64) as i64;
            let method = match rng.below(10) {
                0..5 => rng.pick(HOT).copied(),
                5..8 => rng.pick(METHODS).copied(),
                _ => None,
            };
            When::After { us, method }
        };
        let plain = [Fault::FailBefore, Fault::FailAfter, Fault::Delay, Fault::Duplicate];
        for _ in 0..rng.within(5, 12) {
            let fault = rng.pick(&plain).copied().unwrap_or(Fault::FailBefore);
            let when = at(rng);
            let stays = matches!(fault, Fault::FailBefore | Fault::FailAfter) && rng.chance(300);
            self.outage(when, fault, if stays { rng.within(2, 12) } else { 1 });
        }
        for pair in [[Fault::KillBefore, Fault::KillAfter], [Fault::PauseBefore, Fault::PauseAfter]] {
            for _ in 0..rng.within(1, 3) {
                let fault = rng.pick(&pair).copied().unwrap_or(Fault::KillBefore);
                let when = at(rng);
                self.add(when, fault);
            }
        }
    }

    /// No drawn fault strikes from now on. A fault at a given call still does: the systematic mode counts every call.
    pub fn end(&self) {
        let mut book = self.book();
        book.planned.retain(|planned| matches!(planned.when, When::Call(_)));
    }

    /// Port calls so far.
    pub fn calls(&self) -> u64 {
        self.book().calls
    }

    /// How often each method was called.
    pub fn called(&self) -> BTreeMap<&'static str, u64> {
        self.book().called.clone()
    }

    /// What struck where.
    pub fn coverage(&self) -> Coverage {
        self.book().coverage.clone()
    }

    /// Counts something that struck without being a port call: the weather of the chain.
    pub fn struck(&self, what: &'static str, place: &'static str) {
        *self.book().coverage.entry((what, place)).or_default() += 1;
    }

    /// Whether a fault strikes this call, and a number it may use.
    fn strike(&self, sim: &Sim, method: &'static str) -> Option<(Fault, u64)> {
        let mut book = self.book();
        let number = book.calls;
        book.calls += 1;
        *book.called.entry(method).or_default() += 1;
        if book.planned.is_empty() {
            return None;
        }
        let now = sim.now_us();
        let index = book.planned.iter().position(|planned| match planned.when {
            When::Call(at) => at == number,
            When::After { us, method: wanted } => {
                us <= now && (wanted.is_none_or(|wanted| wanted == method) || us + PATIENCE_US <= now)
            }
        })?;
        let struck = &mut book.planned[index];
        let fault = struck.fault;
        struck.calls = struck.calls.saturating_sub(1);
        if struck.calls == 0 {
            book.planned.swap_remove(index);
        } else {
            struck.when = When::After { us: now, method: Some(method) };
        }
        *book.coverage.entry((fault.as_str(), method)).or_default() += 1;
        let luck = book.luck.bits();
        Some((fault, luck))
    }
}
