//! What a wallet has left to pay for inclusion, as a slice of transfers takes it: gas, or energy, bandwidth and TRX.

use sluice_core::amount::{Cost, Units};
use sluice_core::chain::{EvmRules, Rules, TronRules};
use sluice_core::fee::{self, Market, Offer};
use sluice_core::port::signer::FeeCap;
use sluice_core::resource::{Conditions, TRANSFER_BANDWIDTH, burned, fee_limit_sun};
use sluice_core::transfer::Failure;

use crate::StageError;
use crate::lane::Lane;

/// Margin over a node's estimate of gas, percent: the recipient's balance may become zero or non-zero meanwhile.
const GAS_MARGIN_PERCENT: u64 = 30;

/// What is left of the native coin, and beside it.
pub(super) struct Tank {
    coin: Units,
    kind: Kind,
}

enum Kind {
    Gas { rules: EvmRules, market: Market, raised_cap_wei: Option<u128>, signer: Option<FeeCap> },
    Energy { rules: TronRules, conditions: Conditions, energy: u64, bandwidth: u64 },
}

/// What one transfer takes.
pub(super) struct Taken {
    /// Gas limit, or energy.
    pub(super) limit: u64,
    /// Of the native coin.
    pub(super) budget: Cost,
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
                Kind::Energy {
                    rules,
                    conditions,
                    energy: has.energy.saturating_sub(energy),
                    // The daily free part is used for a whole transaction or not at all, and recovers by itself: what is
                    // counted on is staked or lent.
                    bandwidth: has.bandwidth.saturating_sub(bandwidth),
                }
            }
        };
        let (block, balances) = lane.chain.balances(wallet, std::slice::from_ref(&native)).await?;
        let coin = lane.free(&native, balances.first().copied().unwrap_or_default(), block);
        Ok(Self { coin, kind })
    }

    /// Takes what a transfer needs, by simulation, or says why it cannot go now.
    pub(super) fn take(&mut self, needs: u64, memo: bool) -> Result<Taken, Failure> {
        let taken = match &self.kind {
            Kind::Gas { rules, market, raised_cap_wei, signer } => {
                let with_margin = needs.saturating_mul(100 + GAS_MARGIN_PERCENT).div_ceil(100);
                let limit = with_margin.min(rules.transfer_gas_max).max(needs);
                let cap = fee::cap(rules, *raised_cap_wei, *signer, limit);
                let Offer::At(fees) = fee::offer(rules, market, limit, cap) else {
                    return Err(Failure::FeeCapReached);
                };
                Taken { limit, budget: fees.worst().unwrap_or(Cost(u128::MAX)) }
            }
            Kind::Energy { rules, conditions, energy, bandwidth } => {
                if fee_limit_sun(rules, conditions, needs).is_none() {
                    return Err(Failure::FeeCapReached);
                }
                let short = *bandwidth < TRANSFER_BANDWIDTH;
                Taken { limit: needs, budget: burned(conditions, needs, *energy, short, memo) }
            }
        };
        self.coin = self.coin.checked_sub(Units::from(taken.budget.0)).ok_or(Failure::GasEmpty)?;
        if let Kind::Energy { energy, bandwidth, .. } = &mut self.kind {
            *energy = energy.saturating_sub(needs);
            *bandwidth = bandwidth.saturating_sub(TRANSFER_BANDWIDTH);
        }
        Ok(taken)
    }
}
