//! The breaker of a vendor: after troubles in a row nothing is put to it for a while, then one order tries.

use super::Sign;
use crate::time::Timestamp;

/// Troubles in a row that open it.
pub const TROUBLES_MAX: u32 = 3;
/// How long it is open the first time, in milliseconds; each further time twice as long.
pub const OPEN_MS: i64 = 60_000;
/// How often the time doubles: past it, it is open for some half an hour each time.
const DOUBLINGS_MAX: u32 = 5;
/// How long a trial may take until another one may try, in milliseconds.
pub const TRIAL_MS: i64 = 300_000;

/// Whether anything is put to the vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Everything passes.
    Closed,
    /// Nothing passes until then; then one order may try.
    Open {
        /// When one may try.
        until: Timestamp,
    },
    /// One order tries; no other passes until it is heard of, or until then.
    Trying {
        /// When another one may try.
        until: Timestamp,
    },
}

/// A vendor's breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breaker {
    /// Whether anything passes.
    pub gate: Gate,
    /// Troubles in a row.
    pub troubles: u32,
    /// How often it opened since it last served.
    pub openings: u32,
}

impl Default for Breaker {
    fn default() -> Self {
        Self { gate: Gate::Closed, troubles: 0, openings: 0 }
    }
}

impl Breaker {
    /// Whether an order may be put to the vendor now.
    pub fn passes(&self, now: Timestamp) -> bool {
        match self.gate {
            Gate::Closed => true,
            Gate::Open { until } | Gate::Trying { until } => now >= until,
        }
    }

    /// An order is put to the vendor. `None` when none may be.
    pub fn passed(self, now: Timestamp) -> Option<Self> {
        match self.gate {
            _ if !self.passes(now) => None,
            Gate::Closed => Some(self),
            Gate::Open { .. } | Gate::Trying { .. } => {
                Some(Self { gate: Gate::Trying { until: now.plus_ms(TRIAL_MS) }, ..self })
            }
        }
    }

    /// What an order said of the vendor.
    #[must_use]
    pub fn heard(self, sign: Sign, now: Timestamp) -> Self {
        let troubles = self.troubles.saturating_add(1);
        match (sign, self.gate) {
            (Sign::Served, _) => Self::default(),
            (Sign::Troubled, Gate::Closed) if troubles < TROUBLES_MAX => Self { troubles, ..self },
            (Sign::Troubled | Sign::Harmed, Gate::Closed | Gate::Open { .. } | Gate::Trying { .. }) => {
                self.opened(troubles, now)
            }
        }
    }

    fn opened(self, troubles: u32, now: Timestamp) -> Self {
        let open_ms = OPEN_MS.saturating_mul(1 << self.openings.min(DOUBLINGS_MAX));
        let until = now.plus_ms(open_ms);
        // What is heard late never shortens a wait.
        let until = match self.gate {
            Gate::Closed | Gate::Trying { .. } => until,
            Gate::Open { until: before } => until.max(before),
        };
        Self { gate: Gate::Open { until }, troubles, openings: self.openings.saturating_add(1) }
    }
}
