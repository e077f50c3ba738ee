//! What to offer for inclusion, and how to raise it: pure arithmetic over what the market says.

use crate::attempt::Fees;
use crate::chain::{BlockRef, EvmRules};
use crate::port::signer::FeeCap;
use crate::time::Timestamp;

/// What a chain asks at a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Market {
    /// Base fee of the next block, wei per gas.
    pub base_fee_wei: u128,
    /// Tip that recent blocks took at the low percentile, wei per gas.
    pub tip_wei: u128,
    /// Block it was read at.
    pub head: BlockRef,
    /// When it was read.
    pub at: Timestamp,
}

/// What came of asking for fees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// Offer this.
    At(Fees),
    /// The market, or the replacement rule, asks for more than the cap allows. Wait, keep resending, raise an alert.
    AboveCap {
        /// What would be needed, wei per gas.
        needed_wei: u128,
        /// What is allowed, wei per gas.
        cap_wei: u128,
    },
}

/// The market's suggestion under a chain's floors: `max_fee = 2 * base + tip`
/// (twice the base fee survives six full blocks of growth, EIP-1559).
fn suggestion(rules: &EvmRules, market: &Market) -> (u128, u128) {
    let tip = market.tip_wei.max(rules.tip_floor_wei);
    let max_fee = market.base_fee_wei.saturating_mul(2).saturating_add(tip).max(rules.max_fee_floor_wei);
    (max_fee, tip.min(max_fee))
}

/// How far above the chain's own cap an operator may raise one for a time; the signer's usual cap stands there too.
pub const RAISED_TIMES_MAX: u128 = 4;

/// The cap in force: what an operator allowed for a time, or the chain's own; never above what the signer takes, in fee
/// per gas and, for this gas limit, in all.
pub fn cap(rules: &EvmRules, raised_to_wei: Option<u128>, signer: Option<FeeCap>, gas_limit: u64) -> u128 {
    let ours = raised_to_wei.unwrap_or(rules.max_fee_cap_wei);
    signer.map_or(ours, |signer| {
        ours.min(signer.max_fee_wei).min(signer.cost_max.0 / u128::from(gas_limit.max(1)))
    })
}

/// The first offer for a slot. A base fee that already exceeds the cap is never met with less: it would only block the
/// lane.
pub fn offer(rules: &EvmRules, market: &Market, gas_limit: u64, cap_wei: u128) -> Offer {
    let (max_fee, tip) = suggestion(rules, market);
    let floor = market.base_fee_wei.saturating_add(tip);
    if floor > cap_wei {
        return Offer::AboveCap { needed_wei: floor, cap_wei };
    }
    fits(rules, Fees { gas_limit, max_fee_wei: max_fee.min(cap_wei), tip_wei: tip }, cap_wei)
}

/// A replacement: `max(ceil(old * 1.10), market)` on both fields (geth's rule), refused above the absolute cap and above
/// `relative_cap` times the market's suggestion.
pub fn bump(rules: &EvmRules, old: &Fees, gas_limit: u64, market: &Market, cap_wei: u128) -> Offer {
    let (suggested, _) = suggestion(rules, market);
    // The market alone never exceeds the cap's reason to exist; the rule of replacement may.
    let relative = suggested.saturating_mul(u128::from(rules.relative_cap));
    let least = raised(rules, old.max_fee_wei);
    if least > relative {
        return Offer::AboveCap { needed_wei: least, cap_wei: cap_wei.min(relative) };
    }
    outbid(rules, old, gas_limit, market, cap_wei)
}

/// The replacement of a payment by the void of its slot: as [`bump`], but the absolute cap alone bounds it. The payment may
/// have been offered in a spike that is over, and nothing else of its slot is sent until there is a void.
pub fn outbid(rules: &EvmRules, old: &Fees, gas_limit: u64, market: &Market, cap_wei: u128) -> Offer {
    let (suggested, tip) = suggestion(rules, market);
    let least = raised(rules, old.max_fee_wei);
    if least > cap_wei {
        return Offer::AboveCap { needed_wei: least, cap_wei };
    }
    let max_fee = suggested.min(cap_wei).max(least);
    let tip = tip.max(raised(rules, old.tip_wei)).min(max_fee);
    fits(rules, Fees { gas_limit, max_fee_wei: max_fee, tip_wei: tip }, cap_wei)
}

fn raised(rules: &EvmRules, value: u128) -> u128 {
    value.saturating_mul(100 + u128::from(rules.replacement_percent)).div_ceil(100)
}

fn fits(rules: &EvmRules, fees: Fees, cap_wei: u128) -> Offer {
    match fees.worst() {
        Some(worst) if worst.0 <= rules.transfer_cost_cap_wei => Offer::At(fees),
        Some(_) | None => Offer::AboveCap {
            needed_wei: fees.max_fee_wei,
            cap_wei: cap_wei.min(rules.transfer_cost_cap_wei / u128::from(fees.gas_limit.max(1))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amount::Cost;
    use crate::chain::ChainId;
    use proptest::prelude::*;

    const GWEI: u128 = 1_000_000_000;

    fn market(base: u128, tip: u128) -> Market {
        let head = BlockRef { number: 1, hash: [0; 32] };
        Market { base_fee_wei: base, tip_wei: tip, head, at: Timestamp::default() }
    }

    #[test]
    fn a_void_outbids_what_was_offered_in_a_spike_that_is_over() {
        let polygon = EvmRules::polygon();
        let spike = Fees { gas_limit: 65_000, max_fee_wei: 900 * GWEI, tip_wei: 30 * GWEI };
        let (quiet, cap) = (market(30 * GWEI, 30 * GWEI), 1_000 * GWEI);
        assert!(matches!(bump(&polygon, &spike, 65_000, &quiet, cap), Offer::AboveCap { .. }));
        let Offer::At(fees) = outbid(&polygon, &spike, 21_000, &quiet, cap) else { panic!("no offer") };
        assert_eq!((fees.max_fee_wei, fees.tip_wei), (990 * GWEI, 33 * GWEI));
        assert!(matches!(outbid(&polygon, &spike, 21_000, &quiet, 980 * GWEI), Offer::AboveCap { .. }));
    }

    #[test]
    fn floors_hold_on_a_quiet_chain() {
        let polygon = EvmRules::polygon();
        let Offer::At(fees) = offer(&polygon, &market(1, 1), 65_000, polygon.max_fee_cap_wei) else {
            panic!("no offer")
        };
        assert_eq!((fees.max_fee_wei, fees.tip_wei), (30 * GWEI + 2, 30 * GWEI));
    }

    #[test]
    fn a_spike_above_the_cap_waits() {
        let polygon = EvmRules::polygon();
        let asked = offer(&polygon, &market(3_000 * GWEI, 30 * GWEI), 65_000, polygon.max_fee_cap_wei);
        assert_eq!(asked, Offer::AboveCap { needed_wei: 3_030 * GWEI, cap_wei: 2_000 * GWEI });
    }

    #[test]
    fn an_operator_may_raise_the_cap() {
        let polygon = EvmRules::polygon();
        assert!(matches!(
            offer(
                &polygon,
                &market(2_100 * GWEI, 30 * GWEI),
                65_000,
                cap(&polygon, Some(5_000 * GWEI), None, 65_000)
            ),
            Offer::At(_)
        ));
    }

    #[test]
    fn nothing_is_offered_above_what_the_signer_takes() {
        let polygon = EvmRules::polygon();
        let signer = |max_fee_wei, cost_max_wei| {
            Some(FeeCap { chain: ChainId::evm(137), max_fee_wei, cost_max: Cost(cost_max_wei) })
        };
        let raised = Some(5_000 * GWEI);
        assert_eq!(cap(&polygon, raised, None, 65_000), 5_000 * GWEI);
        assert_eq!(cap(&polygon, raised, signer(4_000 * GWEI, u128::MAX), 65_000), 4_000 * GWEI);
        assert_eq!(cap(&polygon, raised, signer(9_000 * GWEI, 65_000 * 30 * GWEI), 65_000), 30 * GWEI);
        assert_eq!(cap(&polygon, None, signer(9_000 * GWEI, u128::MAX), 65_000), polygon.max_fee_cap_wei);
    }

    proptest! {
        #[test]
        fn every_replacement_passes_geths_rule_and_our_caps(
            base in 1u128..500 * GWEI, tip in 0u128..100 * GWEI, old_max in 30 * GWEI..3_000 * GWEI, old_tip in 1u128..30 * GWEI
        ) {
            let polygon = EvmRules::polygon();
            let old = Fees { gas_limit: 65_000, max_fee_wei: old_max, tip_wei: old_tip };
            if let Offer::At(new) = bump(&polygon, &old, 65_000, &market(base, tip), polygon.max_fee_cap_wei) {
                prop_assert!(new.max_fee_wei * 100 >= old.max_fee_wei * 110);
                prop_assert!(new.tip_wei * 100 >= old.tip_wei * 110);
                prop_assert!(new.tip_wei <= new.max_fee_wei);
                prop_assert!(new.max_fee_wei <= polygon.max_fee_cap_wei);
                prop_assert!(new.worst().unwrap().0 <= polygon.transfer_cost_cap_wei);
            }
        }
    }
}
