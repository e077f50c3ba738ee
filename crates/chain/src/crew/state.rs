//! How one node fares.

use sluice_core::time::Timestamp;

/// Failures in a row that open a node's breaker; one unanswered question does.
pub(super) const TRIP: u32 = 3;
/// First pause of an open breaker; it doubles with each failed probe.
const PAUSE_MS: i64 = 5_000;
/// Longest pause of an open breaker.
const PAUSE_MAX_MS: i64 = 60_000;

#[derive(Clone, Default)]
pub(super) struct State {
    pub(super) chain: Membership,
    pub(super) checked_at: Option<Timestamp>,
    pub(super) failures: u32,
    pub(super) shut_until: Timestamp,
    pub(super) out_of_step: bool,
    pub(super) recheck_at: Option<Timestamp>,
    pub(super) height: Option<u64>,
    /// The last thing that went wrong.
    pub(super) why: String,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Membership {
    /// Never answered.
    #[default]
    Unknown,
    /// Of our chain.
    Ours,
    /// Of another: never asked.
    Other,
}

impl State {
    pub(super) fn tripped(&self) -> bool {
        self.failures >= TRIP
    }

    pub(super) fn shut(&self, now: Timestamp) -> bool {
        self.tripped() && now < self.shut_until
    }

    pub(super) fn pause_ms(&self) -> i64 {
        let doublings = self.failures.saturating_sub(TRIP).min(4);
        PAUSE_MS.saturating_mul(1 << doublings).min(PAUSE_MAX_MS)
    }

    /// Why it is not asked, or asked last.
    pub(super) fn trouble(&self, now: Timestamp) -> Option<&'static str> {
        match self.chain {
            Membership::Other => Some("other_chain"),
            Membership::Unknown => Some("unproven"),
            Membership::Ours if self.recheck_at.is_some() => Some("contradicts"),
            Membership::Ours if self.shut(now) => Some("breaker_open"),
            Membership::Ours if self.out_of_step => Some("out_of_step"),
            Membership::Ours if self.failures > 0 => Some("failing"),
            Membership::Ours => None,
        }
    }

    pub(super) fn trusted(&self) -> bool {
        self.chain == Membership::Ours && self.recheck_at.is_none()
    }
}
