//! What a wallet has left to pay for inclusion, as a slice of transfers takes it: gas, or energy, bandwidth and TRX.

use sluice_core::amount::{Cost, Units};
use sluice_core::attempt::BURN_BESIDE_MAX_SUN;
use sluice_core::chain::{EvmRules, Rules, TronRules};
use sluice_core::fee::{self, Market, Offer};
use sluice_core::port::signer::FeeCap;
use sluice_core::receipt::Estimate;
use sluice_core::resource::{Conditions, Needs, Resources, burned, fee_limit_sun};
use sluice_core::transfer::{Failure, State, Transfer};

use crate::StageError;
use crate::lane::Lane;
use crate::lane::loans::going_back;

/// Margin over a node's estimate of gas, percent: the recipient's balance may become zero or non-zero meanwhile.
const GAS_MARGIN_PERCENT: u64 = 30;

/// A transaction expires so many slots before the energy that it counts on.
const ENDS_SLOTS: i64 = 2;
/// What was burned counts for so long, milliseconds.
const HOUR_MS: i64 = 3_600_000;

/// What is left of the native coin, and beside it.
pub(super) struct Tank {
    coin: Units,
    kind: Kind,
}

enum Kind {
    Gas { rules: EvmRules, market: Market, raised_cap_wei: Option<u128>, signer: Option<FeeCap> },
    Energy(Energy),
}

struct Energy {
    rules: TronRules,
    conditions: Conditions,
    energy: u64,
    bandwidth: u64,
    /// What may still be burned within the hour, sun.
    may_burn: Cost,
}

/// Why a transfer takes nothing now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Short {
    /// So much energy is not there, and nothing may be burned for it yet.
    Energy,
    /// As much is burned within the hour, or may be, as the cap allows.
    BurnCap,
    /// As the failure table has it.
    Failure(Failure),
}

/// What is done where energy is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lacking {
    /// TRX is burned.
    Burns,
    /// It waits for energy.
    Waits,
}

/// What one transfer takes.
pub(super) struct Taken {
    /// Gas limit, or energy.
    pub(super) limit: u64,
    /// Of the native coin.
    pub(super) budget: Cost,
    /// On TRON: what it is expected to cost; which need brought the energy is not known here.
    pub(super) estimate: Option<Estimate>,
}

impl Tank {
    /// Reads what is free (M8): what the chain says at a block, less what transfers it does not show yet may take.
    pub(super) async fn read(lane: &Lane<'_>) -> Result<Self, StageError> {
        let (wallet, native) = (lane.wallet().address, lane.native());
        let kind = match lane.profile().rules {
            Rules::Evm(rules) => Kind::Gas {
                rules,
                market: lane.chain.market().await?,
                raised_cap_wei: lane.wallet().cap_in_force(lane.now()),
                signer: lane.fee_cap,
            },
            Rules::Tron(rules) => {
                let conditions = lane.chain.conditions().await?;
                let (block, has) = lane.chain.resources(wallet).await?;
                let (energy, bandwidth) = lane.promised_resources(block);
                let ending = ending(lane, &rules).await?;
                // An hour may go by until a person sends: what a desk has of its own now is not counted on.
                let has = if lane.wallet().is_desk() { Resources::default() } else { has };
                Kind::Energy(Energy {
                    rules,
                    conditions,
                    energy: has
                        .energy
                        .saturating_sub(energy)
                        .saturating_sub(ending)
                        .saturating_sub(going_back(lane)),
                    // The daily free part is used for a whole transaction or not at all, and recovers by itself: what is
                    // counted on is staked or lent.
                    bandwidth: has.bandwidth.saturating_sub(bandwidth),
                    may_burn: left_to_burn(lane, &rules, &conditions).await?,
                })
            }
        };
        let (block, balances) = lane.chain.balances(wallet, std::slice::from_ref(&native)).await?;
        let coin = lane.free(&native, balances.first().copied().unwrap_or_default(), block);
        Ok(Self { coin, kind })
    }

    /// Takes what a transfer needs, by simulation, or says why it cannot go now. Its energy is its gas on an EVM chain.
    pub(super) fn take(&mut self, needs: &Needs, lacking: Lacking) -> Result<Taken, Short> {
        let taken = match &self.kind {
            Kind::Gas { rules, market, raised_cap_wei, signer } => {
                let with_margin = needs.energy.saturating_mul(100 + GAS_MARGIN_PERCENT).div_ceil(100);
                let limit = with_margin.min(rules.transfer_gas_max).max(needs.energy);
                let cap = fee::cap(rules, *raised_cap_wei, *signer, limit);
                let Offer::At(fees) = fee::offer(rules, market, limit, cap) else {
                    return Err(Short::Failure(Failure::FeeCapReached));
                };
                Taken { limit, budget: fees.worst().unwrap_or(Cost(u128::MAX)), estimate: None }
            }
            Kind::Energy(tank) => tank.look(needs, lacking)?,
        };
        let coin = self.coin.checked_sub(Units::from(taken.budget.0));
        self.coin = coin.ok_or(Short::Failure(Failure::GasEmpty))?;
        if let Kind::Energy(tank) = &mut self.kind {
            tank.took(needs);
        }
        Ok(taken)
    }

    /// What is missing for transfers that need so much together, and what burning it would cost; `None` where there is no
    /// energy.
    pub(super) fn missing(&self, needs: u64) -> Option<(u64, Cost)> {
        let Kind::Energy(tank) = &self.kind else { return None };
        let energy = needs.saturating_sub(tank.energy);
        Some((energy, burned(&tank.conditions, &Needs { energy, ..Needs::default() }, 0, 0)))
    }
}

impl Energy {
    fn look(&self, needs: &Needs, lacking: Lacking) -> Result<Taken, Short> {
        let Some(worst) = worst(&self.rules, &self.conditions, needs) else {
            return Err(Short::Failure(Failure::FeeCapReached));
        };
        if needs.energy > self.energy && lacking == Lacking::Waits {
            return Err(Short::Energy);
        }
        if worst > self.may_burn {
            return Err(Short::BurnCap);
        }
        let burns = |energy| burned(&self.conditions, needs, energy, self.bandwidth);
        let budget = burns(self.energy);
        let estimate = Estimate {
            energy: needs.energy,
            lent: needs.energy.min(self.energy),
            burns_sun: budget,
            burning_sun: burns(0),
            need: None,
        };
        Ok(Taken { limit: needs.energy, budget, estimate: Some(estimate) })
    }

    fn took(&mut self, needs: &Needs) {
        let worst = worst(&self.rules, &self.conditions, needs).unwrap_or_default();
        self.may_burn = Cost(self.may_burn.0.saturating_sub(worst.0));
        self.energy = self.energy.saturating_sub(needs.energy);
        // What does not cover all of a transaction is left for another.
        self.bandwidth = self.bandwidth.checked_sub(needs.bandwidth).unwrap_or(self.bandwidth);
    }
}

/// The most that a transfer burns, whatever is lent to it now: its fee limit, its bandwidth, its memo and the account that it
/// makes. `None` past the cap of a transfer, and where votes have taken the fees above what the signer counts on.
fn worst(rules: &TronRules, conditions: &Conditions, needs: &Needs) -> Option<Cost> {
    let limit = fee_limit_sun(rules, conditions, needs.energy)?;
    let beside = beside(conditions, needs);
    (beside.0 <= u128::from(BURN_BESIDE_MAX_SUN)).then(|| Cost(u128::from(limit).saturating_add(beside.0)))
}

/// What it burns beside its energy where no stake covers its bytes.
fn beside(conditions: &Conditions, needs: &Needs) -> Cost {
    burned(conditions, &Needs { energy: 0, ..*needs }, 0, 0)
}

/// What a transfer needs that is under way. Whether it makes an account is not remembered: TRX may.
fn under_way(transfer: &Transfer) -> Needs {
    let pays = transfer.live().map(|item| &item.approved.payment);
    Needs::of(pays, 0, transfer.asset.is_coin())
}

/// Energy that may end before what is built now has expired, and two slots more: nothing counts on it.
async fn ending(lane: &Lane<'_>, rules: &TronRules) -> Result<u64, StageError> {
    let slots_ms = ENDS_SLOTS * i64::try_from(lane.profile().block_time_ms).unwrap_or(i64::MAX / ENDS_SLOTS);
    let until = lane.now().plus_ms(i64::from(rules.expires_after_ms)).plus_ms(slots_ms);
    // Our clock and that of the chain, by which it ends, may differ; what is gone is not in the chain's figure any more.
    let from = lane.now().plus_ms(-slots_ms);
    Ok(lane.ports.store.ending(lane.wallet().id, from, until).await?)
}

/// What the wallet may still burn within this hour: its cap, less what it has burned and what is on its way may burn.
async fn left_to_burn(
    lane: &Lane<'_>,
    rules: &TronRules,
    conditions: &Conditions,
) -> Result<Cost, StageError> {
    let since = lane.now().plus_ms(-HOUR_MS);
    let mut left = Cost(u128::from(rules.burn_hour_cap_sun));
    let mut less = |cost: Cost| left = Cost(left.0.saturating_sub(cost.0));
    less(lane.ports.store.burned(lane.wallet().id, since).await?);
    for (transfer, attempts) in lane.view.transfers() {
        let beside = beside(conditions, &under_way(transfer));
        let limits = attempts.iter().filter_map(|it| Some(it.get().unsigned().terms.tron()?.fee_limit_sun));
        let limit = match (&transfer.state, limits.max()) {
            (_, Some(limit)) => u128::from(limit),
            (State::Fuelled(fuelled), None) => u128::from(
                fee_limit_sun(rules, conditions, fuelled.gas_limit).unwrap_or(rules.transfer_cost_cap_sun),
            ),
            (_, None) => continue,
        };
        less(Cost(limit.saturating_add(beside.0)));
    }
    Ok(left)
}
