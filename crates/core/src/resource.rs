//! Energy and bandwidth of TRON: what an account has of them, what the chain asks where they lack, and the arithmetic of
//! both (<https://developers.tron.network/docs/resource-model>).

use crate::amount::Cost;
use crate::chain::{BlockRef, TronRules};
use crate::time::Timestamp;

/// What TRON asks, and the block that what is built now leans on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conditions {
    /// A solid block: no fork takes it back.
    pub reference: BlockRef,
    /// Time of the latest block, milliseconds since 1970: how long a transaction lives is counted from there.
    pub head_time_ms: i64,
    /// Price of a unit of energy that is burned, sun (`getEnergyFee`).
    pub energy_sun: u64,
    /// Price of a byte of bandwidth that is burned, sun (`getTransactionFee`).
    pub bandwidth_sun: u64,
    /// Fee of a transaction with a memo, sun (`getMemoFee`).
    pub memo_sun: u64,
    /// When it was read.
    pub at: Timestamp,
}

/// What an account may still use, at a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resources {
    /// Energy of its own stake and lent to it, less what it has used and not recovered.
    pub energy: u64,
    /// Bandwidth of its own stake and lent to it, bytes, less what it has used.
    pub bandwidth: u64,
    /// What is left of the daily free bandwidth, bytes. Used for a whole transaction or not at all.
    pub free_bandwidth: u64,
}

/// Bandwidth of a signed transfer of a token, bytes: 281 and 64 that the chain counts for its result. Two more with a
/// permission that is not the owner's.
pub const TRANSFER_BANDWIDTH: u64 = 347;

/// Most that a transaction may use of energy, in sun: all of the energy has to be covered, also what is lent, and a margin
/// for a price or a factor that rises until inclusion. `None` past the cap.
pub fn fee_limit_sun(rules: &TronRules, conditions: &Conditions, energy: u64) -> Option<u64> {
    let percent = 100 + u128::from(rules.fee_limit_margin_percent);
    let sun = (u128::from(energy) * u128::from(conditions.energy_sun) * percent).div_ceil(100);
    u64::try_from(sun).ok().filter(|sun| *sun <= rules.transfer_cost_cap_sun)
}

/// What a transfer burns where `lent` of the `energy` it needs is there, and its bandwidth where that is `short`.
pub fn burned(conditions: &Conditions, energy: u64, lent: u64, short: bool, memo: bool) -> Cost {
    let energy = u128::from(energy.saturating_sub(lent)) * u128::from(conditions.energy_sun);
    let bandwidth = match short {
        true => u128::from(TRANSFER_BANDWIDTH) * u128::from(conditions.bandwidth_sun),
        false => 0,
    };
    let memo = if memo { u128::from(conditions.memo_sun) } else { 0 };
    Cost(energy + bandwidth + memo)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conditions() -> Conditions {
        Conditions {
            reference: BlockRef { number: 1, hash: [1; 32] },
            head_time_ms: 0,
            energy_sun: 100,
            bandwidth_sun: 1_000,
            memo_sun: 1_000_000,
            at: Timestamp::default(),
        }
    }

    // The worked example of a transfer of USDT to a holder, and to an account that holds none, at 100 sun.
    #[test]
    fn a_transfer_burns_what_the_worked_example_says() {
        assert_eq!(burned(&conditions(), 64_285, 0, false, false), Cost(6_428_500));
        assert_eq!(burned(&conditions(), 130_285, 0, false, false), Cost(13_028_500));
        assert_eq!(burned(&conditions(), 130_285, 130_285, true, false), Cost(347_000));
        assert_eq!(burned(&conditions(), 130_285, 200_000, false, true), Cost(1_000_000));
        assert_eq!(burned(&conditions(), 130_285, 65_000, false, false), Cost(6_528_500));
    }

    #[test]
    fn a_fee_limit_covers_all_of_the_energy_with_its_margin_and_stays_under_the_cap() {
        let rules = TronRules::usual();
        assert_eq!(fee_limit_sun(&rules, &conditions(), 130_285), Some(15_634_200));
        assert_eq!(fee_limit_sun(&rules, &conditions(), 1), Some(120));
        let dear = Conditions { energy_sun: 420, ..conditions() };
        assert_eq!(fee_limit_sun(&rules, &dear, 130_285), None, "65.7 TRX is more than a transfer may cost");
    }
}
