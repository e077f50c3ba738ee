//! What shows that energy came, and what an order cost: the chain, and the account at the vendor.

use super::{Asked, Bought, Order, State};
use crate::address::TronAddress;
use crate::amount::Cost;
use crate::chain::BlockRef;
use crate::id::EnergyOrderId;
use crate::port::chain::Lent;
use crate::port::market::TXIDS_MAX;
use crate::time::Timestamp;

/// How long after it was asked an order may still be taken, show up in an account, or be delegated, in milliseconds. A
/// request may wait on its way, and what a vendor shows may be a copy that lags.
pub const SETTLES_MS: i64 = 600_000;
/// Less than this part of what was ordered is nothing that a vendor delivers: anybody may lend it, and would keep an order, and its
/// vendor for that wallet, from ever being explained.
const DUST_PART: u64 = 10;
/// How far a block's time may lie before the time at which our own clock asked, in milliseconds.
pub(super) const CLOCKS_MS: i64 = 60_000;

/// Energy that the chain shows: delegations to one account that no other order explains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    receiver: TronAddress,
    energy: u64,
    txids: Vec<[u8; 32]>,
    block: BlockRef,
    block_at: Timestamp,
}

impl Arrival {
    /// Made by the chain adapter alone, from delegations that are in a block, and read back by the store's row code;
    /// `block` is the last of theirs.
    pub const fn on_chain(
        receiver: TronAddress,
        energy: u64,
        txids: Vec<[u8; 32]>,
        block: BlockRef,
        block_at: Timestamp,
    ) -> Self {
        Self { receiver, energy, txids, block, block_at }
    }

    /// Of what solid blocks show, in the order of the chain; all of it to one account. `None` of nothing, or of several
    /// accounts.
    pub fn of(lent: &[Lent]) -> Option<Self> {
        let (first, last) = (lent.first()?, lent.last()?);
        let energy = lent.iter().try_fold(0u64, |sum, lent| {
            (lent.receiver == first.receiver).then(|| sum.saturating_add(lent.energy))
        })?;
        let txids = lent.iter().map(|lent| lent.txid).collect();
        Some(Self { receiver: first.receiver, energy, txids, block: last.block, block_at: last.at })
    }

    /// The account that got it.
    pub const fn receiver(&self) -> TronAddress {
        self.receiver
    }

    /// How much energy came.
    pub const fn energy(&self) -> u64 {
        self.energy
    }

    /// By which transactions.
    pub fn txids(&self) -> &[[u8; 32]] {
        &self.txids
    }

    /// The block that shows the last of them.
    pub const fn block(&self) -> BlockRef {
        self.block
    }

    /// That block's time.
    pub const fn block_at(&self) -> Timestamp {
        self.block_at
    }

    /// Whether this is all that was ordered.
    pub fn is_whole(&self, order: &Order) -> bool {
        is_all(self.energy, order.energy)
    }

    /// Why this is no evidence for an order; `None` when it is.
    pub(super) fn unfit(&self, order: &Order, asked: Asked) -> Option<&'static str> {
        if self.receiver != order.receiver {
            return Some("the energy came to another account");
        }
        if self.energy == 0 || self.txids.is_empty() || self.txids.len() > TXIDS_MAX {
            return Some("no energy, or no transactions, or too many of them");
        }
        (self.block_at < asked.at.plus_ms(-CLOCKS_MS)).then_some("the energy came before it was asked for")
    }
}

/// Whether so much energy is all of another. What is lent is a stake, and what a stake yields moves with all stakes of the
/// network between the vendor's reckoning and ours: half a per cent less is all of it.
pub(super) fn is_all(came: u64, ordered: u64) -> bool {
    u128::from(came) * 1_000 >= u128::from(ordered) * 995
}

/// An account at a vendor, and what it should hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accounts {
    /// By our books, had the order never been ([`super::Account`]).
    pub expected_sun: Cost,
    /// By the vendor's word.
    pub told_sun: Cost,
    /// When the vendor was asked.
    pub read_at: Timestamp,
    /// Other orders there whose cost is not known. Any makes the account say nothing about this one, unless it is short of
    /// exactly what was said of all of them.
    pub unexplained: u32,
    /// What those take together by the vendor's word, in sun; `None` where nothing was said of one.
    pub said_sun: Option<Cost>,
}

impl Accounts {
    /// What is missing in the account, or what is there too much.
    fn missing(&self) -> Result<Cost, NotShown> {
        let missing = self.expected_sun.0.checked_sub(self.told_sun.0);
        missing.map(Cost).ok_or(NotShown::DoesNotAddUp)
    }
}

/// What the chain was read for after an order was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watched {
    /// Time of the last block in which delegations to the account were looked for.
    pub through: Timestamp,
    /// Energy that was delegated to it since the order was asked, and that no other order explains.
    pub unclaimed: u64,
}

/// Account and chain do not show what became of the order. It stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotShown {
    /// Nothing of it is open.
    #[error("nothing of the order is open")]
    NotOpen,
    /// It may still be on its way.
    #[error("account or chain were read too early")]
    TooEarly,
    /// Another order's cost is open too.
    #[error("another order at this vendor is not explained either")]
    Unexplained,
    /// Energy came, and the account shows no cost.
    #[error("energy came that the account does not show")]
    Free,
    /// The account holds more than it should, or is short of another sum than the order's price.
    #[error("the account does not add up")]
    DoesNotAddUp,
    /// The account shows that something was taken.
    #[error("the account shows that something was taken")]
    Charged,
}

/// The account shows that an order which may have been taken has cost nothing so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uncharged {
    order: EnergyOrderId,
    asked: Asked,
}

impl Uncharged {
    /// Judges the account.
    ///
    /// # Errors
    /// [`NotShown`] says what is missing.
    pub fn judge(order: &Order, accounts: &Accounts) -> Result<Self, NotShown> {
        let State::Unknown { bought: Bought { asked, .. }, .. } = &order.state else {
            return Err(NotShown::NotOpen);
        };
        if accounts.read_at < asked.at {
            return Err(NotShown::TooEarly);
        }
        if accounts.unexplained > 0 {
            return Err(NotShown::Unexplained);
        }
        match accounts.missing()? {
            Cost::ZERO => Ok(Self { order: order.id, asked: *asked }),
            _ => Err(NotShown::Charged),
        }
    }

    pub(super) const fn order(&self) -> EnergyOrderId {
        self.order
    }

    pub(super) const fn asked(&self) -> Asked {
        self.asked
    }
}

/// What account and chain together show of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settlement {
    order: EnergyOrderId,
    kept_sun: Cost,
}

impl Settlement {
    /// Judges account and chain.
    ///
    /// # Errors
    /// [`NotShown`] says what is missing.
    pub fn judge(order: &Order, accounts: &Accounts, watched: &Watched) -> Result<Self, NotShown> {
        let (bought, arrived) = match &order.state {
            State::Unresolved { bought, .. } | State::Failed(bought) | State::Lost { bought, .. } => {
                (bought, false)
            }
            State::Delivered { bought, .. } | State::Short { bought, .. } => (bought, true),
            State::Planned
            | State::Dropped
            | State::Asked(_)
            | State::Refused { .. }
            | State::Unknown { .. }
            | State::Accepted(_)
            | State::Refunded { .. }
            | State::Absent(_) => return Err(NotShown::NotOpen),
        };
        let settled = bought.asked.at.plus_ms(SETTLES_MS);
        if accounts.read_at < settled || watched.through < settled {
            return Err(NotShown::TooEarly);
        }
        let said = order.state.price();
        if accounts.unexplained > 0 {
            let all = accounts.said_sun.zip(said).and_then(|(others, said)| others.checked_add(said));
            return match (said, accounts.missing()) {
                (Some(kept_sun), Ok(missing)) if Some(missing) == all => {
                    Ok(Self { order: order.id, kept_sun })
                }
                _ => Err(NotShown::Unexplained),
            };
        }
        let kept_sun = accounts.missing()?;
        // To the sun: an account that is wrong by anything else is a vendor's mistake, or another order's.
        let price = said.unwrap_or(order.max_total_sun);
        if kept_sun != Cost::ZERO && kept_sun != price {
            return Err(NotShown::DoesNotAddUp);
        }
        let dust = watched.unclaimed.saturating_mul(DUST_PART) < order.energy;
        if !arrived && kept_sun == Cost::ZERO && !dust {
            return Err(NotShown::Free);
        }
        Ok(Self { order: order.id, kept_sun })
    }

    pub(super) const fn order(&self) -> EnergyOrderId {
        self.order
    }

    /// What the vendor has kept, in sun.
    pub const fn kept_sun(&self) -> Cost {
        self.kept_sun
    }
}
