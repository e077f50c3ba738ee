//! Energy and bandwidth of TRON: what an account has of them, what the chain asks where they lack, and the arithmetic of
//! both (<https://developers.tron.network/docs/resource-model>).

use crate::amount::Cost;
use crate::asset::AssetKind;
use crate::chain::{BlockRef, TronRules};
use crate::intent::Payment;
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
    /// Fee of making an account, sun (`getCreateNewAccountFeeInSystemContract`): TRX to an account that is none yet makes it.
    pub account_sun: u64,
    /// What a transaction that makes an account burns for its bytes where no stake covers them, sun (`getCreateAccountFee`).
    pub account_bandwidth_sun: u64,
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
    /// Energy of its own stake and lent to it in a day, nothing of it used.
    pub energy_most: u64,
    /// Bandwidth of its own stake and lent to it in a day, bytes, nothing of it used.
    pub bandwidth_most: u64,
    /// What stakes yield.
    pub network: Network,
}

/// Sun in a TRX.
pub const SUN: u128 = 1_000_000;

/// What the chain gives all stakes for energy together, as an account is told it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// Energy in a day (`TotalEnergyLimit`).
    pub energy: u64,
    /// All that is staked for it, TRX (`TotalEnergyWeight`).
    pub stake_trx: u64,
}

impl Network {
    /// Energy in a day of a stake: its share of all that is staked, rounded down (`calculateGlobalEnergyLimit`,
    /// <https://developers.tron.network/docs/resource-model>). `None` where nothing is staked, or past what a number holds.
    pub fn yields(&self, stake: Cost) -> Option<u64> {
        let product = stake.0.checked_mul(u128::from(self.energy))?;
        let energy = product.checked_div(u128::from(self.stake_trx).checked_mul(SUN)?)?;
        u64::try_from(energy).ok()
    }

    /// The smallest stake that yields so much energy in a day: whole sun, and a TRX at least, as the chain takes it. `None`
    /// where stakes yield nothing.
    pub fn stake_for(&self, energy: u64) -> Option<Cost> {
        if energy == 0 {
            return Some(Cost::ZERO);
        }
        let product = u128::from(energy).checked_mul(u128::from(self.stake_trx))?.checked_mul(SUN)?;
        let whole = u128::from(self.energy);
        let sun = product.checked_add(whole.checked_sub(1)?)?.checked_div(whole)?;
        Some(Cost(sun.max(SUN)))
    }
}

/// Energy of a transfer of USDT to an account that holds some, where nothing can be simulated; as of November 2026.
pub const ENERGY_HOLDER: u64 = 64_285;
/// Energy of a transfer of USDT to an account that holds none, where nothing can be simulated; as of November 2026.
pub const ENERGY_NEW: u64 = 130_285;

/// Bandwidth of a signed transfer of a token, bytes: 281 and 64 that the chain counts for its result, and two more with a
/// permission that is not the owner's.
const TOKEN_BANDWIDTH: u64 = 347;
/// Bandwidth of a signed transfer of TRX, bytes, at the longest amount and with such a permission.
const COIN_BANDWIDTH: u64 = 276;
/// Bytes in front of a memo, at most.
const MEMO_HEAD_BYTES: u64 = 3;

/// What one transaction takes, beside the amount that it pays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Energy; a transfer of TRX runs no code and takes none.
    pub energy: u64,
    /// Bandwidth, bytes.
    pub bandwidth: u64,
    /// It carries a memo, for which there is a fee.
    pub memo: bool,
    /// It makes its recipient's account. TRX does, where there is none; a call of a contract never does.
    pub activates: bool,
}

impl Needs {
    /// What a payment takes, with the energy and the activation that its simulation showed. `energy` counts for all payments
    /// of one transaction, and so does what is given back for several.
    pub fn of<'a>(pays: impl IntoIterator<Item = &'a Payment>, energy: u64, activates: bool) -> Self {
        let mut needs = Self { energy, activates, ..Self::default() };
        for payment in pays {
            // The terms of an errand are no text that goes along.
            let memo = payment.memo.as_ref().filter(|_| !matches!(payment.asset.kind, AssetKind::Errand(..)));
            let memo_bytes = memo.map_or(0, |memo| memo.len() as u64);
            needs.memo |= memo_bytes > 0;
            needs.bandwidth = needs.bandwidth.saturating_add(bandwidth(payment.asset.kind, memo_bytes));
        }
        needs
    }
}

/// Bandwidth of a transfer, bytes, at most.
pub const fn bandwidth(kind: AssetKind, memo_bytes: u64) -> u64 {
    let bare = match kind {
        AssetKind::Native(_) => COIN_BANDWIDTH,
        // A loan with a lock is the longest of them, and shorter than a transfer of a token.
        AssetKind::Trc20(_) | AssetKind::Erc20(_) | AssetKind::Errand(..) => TOKEN_BANDWIDTH,
    };
    let memo = if memo_bytes == 0 { 0 } else { MEMO_HEAD_BYTES.saturating_add(memo_bytes) };
    bare.saturating_add(memo)
}

/// Most that a transaction may use of energy, in sun: all of the energy has to be covered, also what is lent, and a margin
/// for a price or a factor that rises until inclusion. `None` past the cap.
pub fn fee_limit_sun(rules: &TronRules, conditions: &Conditions, energy: u64) -> Option<u64> {
    let percent = 100 + u128::from(rules.fee_limit_margin_percent);
    let sun = (u128::from(energy) * u128::from(conditions.energy_sun) * percent).div_ceil(100);
    u64::try_from(sun).ok().filter(|sun| *sun <= rules.transfer_cost_cap_sun)
}

/// What a transaction burns where this much energy and bandwidth of stakes is left. Bandwidth is used for a whole
/// transaction or not at all; for one that makes an account there is another price, and none of what is free.
pub fn burned(conditions: &Conditions, needs: &Needs, energy: u64, bandwidth: u64) -> Cost {
    let price = |sun: u64| u128::from(sun);
    let mut sun = u128::from(needs.energy.saturating_sub(energy)) * price(conditions.energy_sun);
    if needs.bandwidth > bandwidth {
        sun += match needs.activates {
            true => price(conditions.account_bandwidth_sun),
            false => u128::from(needs.bandwidth) * price(conditions.bandwidth_sun),
        };
    }
    if needs.activates {
        sun += price(conditions.account_sun);
    }
    if needs.memo {
        sun += price(conditions.memo_sun);
    }
    Cost(sun)
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
            account_sun: 1_000_000,
            account_bandwidth_sun: 100_000,
            at: Timestamp::default(),
        }
    }

    // The worked example of a transfer of USDT to a holder, and to an account that holds none, at 100 sun.
    #[test]
    fn a_transfer_burns_what_the_worked_example_says() {
        let needs = |energy| Needs { energy, bandwidth: TOKEN_BANDWIDTH, ..Needs::default() };
        let told = |needs: &Needs, energy, bandwidth| burned(&conditions(), needs, energy, bandwidth);
        assert_eq!(told(&needs(64_285), 0, 347), Cost(6_428_500));
        assert_eq!(told(&needs(130_285), 0, 347), Cost(13_028_500));
        assert_eq!(told(&needs(130_285), 130_285, 346), Cost(347_000));
        assert_eq!(told(&Needs { memo: true, ..needs(130_285) }, 200_000, 347), Cost(1_000_000));
        assert_eq!(told(&needs(130_285), 65_000, 347), Cost(6_528_500));
    }

    // TRX to an account that is none yet: 1 TRX, and 0.1 where no stake covers the bytes.
    #[test]
    fn trx_to_a_new_account_burns_its_activation() {
        let known = Needs { bandwidth: COIN_BANDWIDTH, ..Needs::default() };
        let fresh = Needs { activates: true, ..known };
        assert_eq!(burned(&conditions(), &known, 0, 0), Cost(276_000));
        assert_eq!(burned(&conditions(), &known, 0, 276), Cost(0));
        assert_eq!(burned(&conditions(), &fresh, 0, 0), Cost(1_100_000));
        assert_eq!(burned(&conditions(), &fresh, 0, 276), Cost(1_000_000));
        let told = Needs { memo: true, ..fresh };
        assert_eq!(burned(&conditions(), &told, 0, 0), Cost(2_100_000));
        assert!(burned(&conditions(), &told, 0, 0).0 <= u128::from(crate::attempt::BURN_BESIDE_MAX_SUN));
    }

    // "Early-2026 mainnet: 9.5 to 10.9 energy per TRX; 5,982 TRX yield 65,000"; one transfer a day to a holder takes 6,000 to
    // 7,000 TRX, and not the 43 that "1 TRX = 1,500 energy" would make of it (X02).
    #[test]
    fn a_stake_yields_its_share_of_the_network() {
        let dense = Network { energy: 180_000_000_000, stake_trx: 16_565_538_461 };
        assert_eq!(dense.yields(Cost(5_982 * SUN)), Some(65_000));
        assert_eq!(dense.stake_for(65_000), Some(Cost(5_982_000_000)));
        let today = Network { energy: 180_000_000_000, stake_trx: 19_000_000_000 };
        assert_eq!(today.yields(Cost(SUN)), Some(9));
        assert_eq!(today.yields(Cost(10_000 * SUN)), Some(94_736));
        // ceil(64,285 x 19,000,000,000 / 180,000,000,000 x 1,000,000): 6,785.64 TRX; a new holder about double.
        assert_eq!(today.stake_for(64_285), Some(Cost(6_785_638_889)));
        assert_eq!(today.stake_for(130_285), Some(Cost(13_752_305_556)));
        for energy in [1, 64_285, 130_285, 1_000_003] {
            let stake = today.stake_for(energy).unwrap();
            assert!(today.yields(stake).unwrap() >= energy, "{energy}");
            assert!(
                stake.0 == SUN || today.yields(Cost(stake.0 - 1)).unwrap() < energy,
                "{energy}: no less will do"
            );
        }
        assert_eq!(today.stake_for(1), Some(Cost(SUN)), "a TRX at least");
        assert_eq!(today.stake_for(0), Some(Cost::ZERO));
        assert_eq!((Network::default().yields(Cost(1)), Network::default().stake_for(1)), (None, None));
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
