//! The receipt of a payment on TRON: what it was expected to cost, what the network took, its share of the energy that was
//! bought for its wallet, and what burning TRX for all of its energy would have cost.
//!
//! ```text
//! share   = energy lent to it * price of what its need brought / energy of that, rounded up
//! total   = what the network took + share
//! burning = price of a unit of energy * energy, and what the rest burns: as it was when the payment was fuelled
//! saved   = burning - total
//! ```
//! A need brings what vendors sold for it and what the pool lent. Energy of the wallet's own stake has no price here: it was paid for
//! when it was staked. Energy that was bought and that no payment used is in no receipt; the orders show it.

use std::collections::BTreeMap;

use crate::amount::Cost;
use crate::id::EnergyNeedId;
use crate::transfer::Transfer;

/// What a payment was expected to cost when its inclusion was paid for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// Energy that its transaction needs.
    pub energy: u64,
    /// As much of it as the wallet had.
    pub lent: u64,
    /// What it was expected to burn beside that, in sun.
    pub burns_sun: Cost,
    /// What it would have burned had the wallet had no energy, in sun.
    pub burning_sun: Cost,
    /// What brought the wallet energy last, as far as that is not over.
    pub need: Option<EnergyNeedId>,
}

/// What the orders and the loan of a need cost that brought energy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// Energy that they brought.
    pub energy: u64,
    /// The most they may cost, in sun.
    pub most_sun: Cost,
    /// What they cost, in sun; `None` until accounts show it, and while a loan may come or not.
    pub paid_sun: Option<Cost>,
}

impl Price {
    /// Of both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            energy: self.energy.saturating_add(other.energy),
            most_sun: sum(self.most_sun, other.most_sun),
            paid_sun: self.paid_sun.zip(other.paid_sun).map(|(one, other)| sum(one, other)),
        }
    }

    /// The part of a sum that so much of the energy bears.
    fn share(&self, sun: Cost, energy: u64) -> Cost {
        let part = sun.0.saturating_mul(u128::from(energy.min(self.energy)));
        Cost(part.div_ceil(u128::from(self.energy.max(1))))
    }
}

/// What a payment cost. All in sun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Energy that its transaction needs.
    pub energy: u64,
    /// What it was expected to cost, energy that was bought included.
    pub estimated_sun: Cost,
    /// What the network took for all of its transactions; `None` until one is in a block.
    pub network_sun: Option<Cost>,
    /// Its share of what was bought; `None` while that has no price yet.
    pub bought_sun: Option<Cost>,
    /// What burning TRX for all of its energy would have cost.
    pub burning_sun: Cost,
}

impl Receipt {
    /// Of everything that was made to pay one withdrawal, oldest first. `None` where nothing has been reckoned: on other
    /// chains, and before the first transfer is fuelled.
    pub fn of<'t>(
        transfers: impl IntoIterator<Item = &'t Transfer>,
        prices: &BTreeMap<EnergyNeedId, Price>,
    ) -> Option<Self> {
        let mut receipt: Option<Self> = None;
        for transfer in transfers {
            let Some(estimate) = transfer.fuelled().and_then(|fuelled| fuelled.estimate.as_deref()) else {
                continue;
            };
            // What came before it cost, if it came into a block: what never did used no energy.
            let (network, bought) = match &receipt {
                Some(Self { network_sun: Some(network), bought_sun, .. }) => (Some(*network), *bought_sun),
                Some(_) | None => (None, Some(Cost::ZERO)),
            };
            let price = estimate.need.and_then(|need| prices.get(&need));
            let share = |of: fn(&Price) -> Option<Cost>| match price {
                Some(price) => of(price).map(|sun| price.share(sun, estimate.lent)),
                None => Some(Cost::ZERO),
            };
            let expected = share(|price| Some(price.paid_sun.unwrap_or(price.most_sun))).unwrap_or_default();
            let included = transfer.included().map(|inclusion| inclusion.cost);
            receipt = Some(Self {
                energy: estimate.energy,
                estimated_sun: sum(estimate.burns_sun, expected),
                network_sun: match (network, included) {
                    (Some(before), Some(cost)) => Some(sum(before, cost)),
                    (before, cost) => before.or(cost),
                },
                bought_sun: match included {
                    Some(_) => {
                        bought.zip(share(|price| price.paid_sun)).map(|(before, now)| sum(before, now))
                    }
                    None => bought,
                },
                burning_sun: estimate.burning_sun,
            });
        }
        receipt
    }

    /// What it cost altogether; `None` until that is known.
    pub fn total_sun(&self) -> Option<Cost> {
        self.network_sun.zip(self.bought_sun).map(|(network, bought)| sum(network, bought))
    }

    /// What was saved against burning, in sun; less than nothing where it was dearer. `None` until that is known.
    pub fn saved_sun(&self) -> Option<i128> {
        let of = |cost: Cost| i128::try_from(cost.0).unwrap_or(i128::MAX);
        self.total_sun().map(|total| of(self.burning_sun).saturating_sub(of(total)))
    }
}

const fn sum(one: Cost, other: Cost) -> Cost {
    Cost(one.0.saturating_add(other.0))
}

#[cfg(test)]
mod tests;
