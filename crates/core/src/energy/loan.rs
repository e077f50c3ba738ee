//! Energy of the pool that is lent to a lane for one need, from the decision to the day it is back.
//!
//! ```text
//! asked ----> lent --> ending --> free --> returning --> returned
//!   |  \     / |         the lane's    \<--/  the errand was not done
//!   |   late   |
//!   \----|-----/-> absent
//! ```
//! Lending and taking back are errands of the pool's wallet (ADR 0023): each is asked for in the commit that moves the loan, and what
//! became of it is read off its withdrawal, which ends by a proof or not at all. The steps between are the lane's own:
//! it alone knows what counts on its energy. Past its time it counts on the loan no longer (`ending`), and once nothing is
//! open that did, the loan may be taken back (`free`).
//!
//! # Invariants
//! - A need is lent to once.
//! - What is lent is paid for once, and what is late is not until it is lent. It is free where its need went elsewhere meanwhile.
//! - What is not `free` is never taken back.

use super::credit::Billing;
use crate::address::TronAddress;
use crate::amount::Cost;
use crate::chain::ChainId;
use crate::id::{EnergyNeedId, PartnerId, TransferId, WalletId, WithdrawalId};
use crate::moved::{Moved, Reached, Refusal};
use crate::time::Timestamp;
use crate::withdrawal::{State as Errand, Withdrawal};

/// Pause before a loan that could not be taken back is tried again, milliseconds; twice as long each further time.
const AGAIN_MS: i64 = 60_000;
/// How often that pause doubles: an hour or so is the longest.
const DOUBLINGS_MAX: u32 = 6;
/// So many tries in vain are a person's business.
pub const TRIES_TOLD: u32 = 3;

/// Where a loan stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoanState {
    /// The errand that lends it is asked for.
    Asked,
    /// Its deadline has passed: its need goes elsewhere, and the errand is called off. What was sent may lend it yet.
    Late,
    /// That errand has ended, and nothing was lent.
    Absent,
    /// It is lent, by a solid block.
    Lent {
        /// The lane counts on it until then.
        until: Timestamp,
        /// It came late, and its need had gone to another source: it costs nothing.
        unneeded: bool,
    },
    /// Its time is over: nothing new counts on it.
    Ending {
        /// What was open when it ended, and may use it yet.
        counted: Vec<TransferId>,
    },
    /// Nothing counts on it.
    Free {
        /// How often taking it back was tried.
        tries: u32,
        /// Not taken back before then.
        not_before: Timestamp,
    },
    /// The errand that takes it back is asked for.
    Returning {
        /// That errand.
        errand: WithdrawalId,
        /// How often it was tried, this time included.
        tries: u32,
    },
    /// It is back, by a solid block.
    Returned,
}

impl LoanState {
    /// The name in columns and on the wire.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Late => "late",
            Self::Absent => "absent",
            Self::Lent { .. } => "lent",
            Self::Ending { .. } => "ending",
            Self::Free { .. } => "free",
            Self::Returning { .. } => "returning",
            Self::Returned => "returned",
        }
    }

    /// Nothing of it is open: neither lent nor about to be.
    pub const fn is_ended(&self) -> bool {
        matches!(self, Self::Absent | Self::Returned)
    }

    /// The wallet may have its energy, and nothing new counts on it.
    pub const fn is_going_back(&self) -> bool {
        matches!(self, Self::Ending { .. } | Self::Free { .. } | Self::Returning { .. })
    }
}

/// A loan of the pool.
pub type Loan = Reached<LoanRecord>;

/// What is known of a loan. It is named by its need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoanRecord {
    /// What it is for, and its name.
    pub need: EnergyNeedId,
    /// Whose payouts they are.
    pub partner: PartnerId,
    /// Their lane.
    pub wallet: WalletId,
    /// The lane's account.
    pub receiver: TronAddress,
    /// Their chain.
    pub chain: ChainId,
    /// The pool's wallet.
    pub lender: WalletId,
    /// What the stake yielded when it was decided.
    pub energy: u64,
    /// The stake that works for the lane, sun.
    pub stake_sun: u64,
    /// What it costs the partner, sun.
    pub price_sun: Cost,
    /// When the partner pays: the commit that decides it is refused where more would be owed afterwards than may be.
    pub billing: Billing,
    /// How long it stays, seconds.
    pub stay_s: u64,
    /// When the need goes to another source, unless it is lent by then.
    pub deadline: Timestamp,
    /// The errand that lends it.
    pub errand: WithdrawalId,
    /// Where it stands.
    pub state: LoanState,
    /// When it was decided.
    pub asked_at: Timestamp,
    /// When it came to stand there.
    pub changed_at: Timestamp,
    /// Changes with every stored change.
    pub version: i64,
}

/// What a loan is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The pool's wallet.
    pub lender: WalletId,
    /// What the stake yields now.
    pub energy: u64,
    /// The stake, sun.
    pub stake_sun: u64,
    /// What it costs the partner, sun.
    pub price_sun: Cost,
    /// When the partner pays.
    pub billing: Billing,
    /// How long it stays, seconds.
    pub stay_s: u64,
    /// When the need goes to another source.
    pub deadline: Timestamp,
    /// The errand that lends it.
    pub errand: WithdrawalId,
}

impl Loan {
    /// Decides on a loan for a need.
    pub fn ask(need: &super::Need, terms: Terms, at: Timestamp) -> Moved<Self> {
        let Terms { lender, energy, stake_sun, price_sun, billing, stay_s, deadline, errand } = terms;
        Moved::born(Self(LoanRecord {
            need: need.id,
            partner: need.partner,
            wallet: need.wallet,
            receiver: need.receiver,
            chain: need.chain,
            lender,
            energy,
            stake_sun,
            price_sun,
            billing,
            stay_s,
            deadline,
            errand,
            state: LoanState::Asked,
            asked_at: at,
            changed_at: at,
            version: 1,
        }))
    }

    /// The external id of the errand that lends it.
    pub fn lends_as(need: EnergyNeedId) -> String {
        format!("energy-loan:{need}")
    }

    /// The external id of the next errand that takes it back.
    pub fn returns_as(&self, tries: u32) -> String {
        format!("energy-back:{}:{tries}", self.need)
    }

    /// The errand that it waits for.
    pub const fn waits_for(&self) -> Option<WithdrawalId> {
        match &self.0.state {
            LoanState::Asked | LoanState::Late => Some(self.0.errand),
            LoanState::Returning { errand, .. } => Some(*errand),
            LoanState::Absent
            | LoanState::Lent { .. }
            | LoanState::Ending { .. }
            | LoanState::Free { .. }
            | LoanState::Returned => None,
        }
    }

    /// The need waits for it no longer; `None` before its deadline.
    ///
    /// # Errors
    /// [`Refusal`] unless asked.
    pub fn expire(self, at: Timestamp) -> Result<Option<Moved<Self>>, Refusal> {
        match &self.state {
            LoanState::Asked if at < self.deadline => Ok(None),
            LoanState::Asked => Ok(Some(self.moved(LoanState::Late, at))),
            LoanState::Late
            | LoanState::Absent
            | LoanState::Lent { .. }
            | LoanState::Ending { .. }
            | LoanState::Free { .. }
            | LoanState::Returning { .. }
            | LoanState::Returned => Err(self.not_from("expire")),
        }
    }

    /// What became of the errand that it waits for; `None` while that is open. `elsewhere`: its need went to another source, once it
    /// was late.
    ///
    /// # Errors
    /// [`Refusal`] for another errand, and where it waits for none.
    pub fn hear(
        self,
        errand: &Withdrawal,
        elsewhere: bool,
        at: Timestamp,
    ) -> Result<Option<Moved<Self>>, Refusal> {
        let Some(waits_for) = self.waits_for() else { return Err(self.not_from("hear the errand of")) };
        if waits_for != errand.id {
            let why = "the errand is of something else";
            return Err(Refusal::Evidence { transition: "hear the errand of a loan of energy", why });
        }
        let done = match &errand.state {
            Errand::Paid(_) => true,
            Errand::Rejected(_) | Errand::Cancelled(_) | Errand::Failed(_) => false,
            Errand::Requested
            | Errand::Held(_)
            | Errand::Approved(_)
            | Errand::Queued(_)
            | Errand::Assigned(_)
            | Errand::NeedsAttention(_) => return Ok(None),
        };
        let next = match (&self.state, done) {
            (LoanState::Returning { .. }, true) => LoanState::Returned,
            (LoanState::Returning { tries, .. }, false) => {
                let pause = AGAIN_MS << tries.saturating_sub(1).min(DOUBLINGS_MAX);
                LoanState::Free { tries: *tries, not_before: at.plus_ms(pause) }
            }
            (state, true) => {
                let unneeded = elsewhere && *state == LoanState::Late;
                LoanState::Lent { until: at.plus_ms(self.stay_ms()), unneeded }
            }
            (_, false) => LoanState::Absent,
        };
        Ok(Some(self.moved(next, at)))
    }

    /// Its time is over: of what is open, these may use it yet.
    ///
    /// # Errors
    /// [`Refusal`] unless lent, and before its time.
    pub fn end(self, counted: Vec<TransferId>, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        match &self.state {
            LoanState::Lent { until, .. } if at >= *until => {
                Ok(self.moved(LoanState::Ending { counted }, at))
            }
            LoanState::Lent { .. } => {
                Err(Refusal::Evidence { transition: "end a loan of energy", why: "its time is not over" })
            }
            LoanState::Asked
            | LoanState::Late
            | LoanState::Absent
            | LoanState::Ending { .. }
            | LoanState::Free { .. }
            | LoanState::Returning { .. }
            | LoanState::Returned => Err(self.not_from("end")),
        }
    }

    /// Nothing counts on it any more; `None` while something that did is among what is `open`.
    ///
    /// # Errors
    /// [`Refusal`] unless ending.
    pub fn free(self, open: &[TransferId], at: Timestamp) -> Result<Option<Moved<Self>>, Refusal> {
        match &self.state {
            LoanState::Ending { counted } if counted.iter().any(|id| open.contains(id)) => Ok(None),
            LoanState::Ending { .. } => {
                Ok(Some(self.moved(LoanState::Free { tries: 0, not_before: at }, at)))
            }
            LoanState::Asked
            | LoanState::Late
            | LoanState::Absent
            | LoanState::Lent { .. }
            | LoanState::Free { .. }
            | LoanState::Returning { .. }
            | LoanState::Returned => Err(self.not_from("free")),
        }
    }

    /// This errand takes it back.
    ///
    /// # Errors
    /// [`Refusal`] unless free, and within the pause after a try in vain.
    pub fn take_back(self, errand: WithdrawalId, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        match &self.state {
            LoanState::Free { tries, not_before } if at >= *not_before => {
                let tries = tries.saturating_add(1);
                Ok(self.moved(LoanState::Returning { errand, tries }, at))
            }
            LoanState::Free { .. } => {
                let why = "it was tried in vain a moment ago";
                Err(Refusal::Evidence { transition: "take back a loan of energy", why })
            }
            LoanState::Asked
            | LoanState::Late
            | LoanState::Absent
            | LoanState::Lent { .. }
            | LoanState::Ending { .. }
            | LoanState::Returning { .. }
            | LoanState::Returned => Err(self.not_from("take back")),
        }
    }

    /// Its price, as it is booked.
    pub(super) fn charge_sun(&self) -> i64 {
        i64::try_from(self.price_sun.0).unwrap_or(i64::MAX)
    }

    fn stay_ms(&self) -> i64 {
        i64::try_from(self.stay_s.saturating_mul(1_000)).unwrap_or(i64::MAX)
    }

    fn moved(self, state: LoanState, at: Timestamp) -> Moved<Self> {
        let mut after = self.clone();
        after.0.state = state;
        after.0.changed_at = at;
        after.0.version = self.version.saturating_add(1);
        Moved::new(self, after)
    }

    fn not_from(&self, transition: &'static str) -> Refusal {
        Refusal::NotFrom { thing: "loan of energy", transition, state: self.state.as_str() }
    }
}
