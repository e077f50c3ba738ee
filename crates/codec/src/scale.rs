//! Between our precision and a chain's decimals (M13). Exact, or not at all.

use sluice_core::amount::{Amount, Units};
use sluice_core::asset::Asset;

/// What a chain's figure is in our books. `units == to_chain(floor) + dust`, always: nothing is lost, only shown apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scaled {
    /// The figure as an amount, when it is exactly one.
    pub exact: Option<Amount>,
    /// The largest amount that is not more than the figure.
    pub floor: Amount,
    /// What `floor` leaves out, in the chain's atoms.
    pub dust: Units,
}

/// An amount in the chain's atoms. `None` when the chain has too few decimals to say it exactly, or the asset's decimals
/// do not fit 256 bits.
pub fn to_chain(amount: Amount, asset: &Asset) -> Option<Units> {
    let atoms = Units::from(amount.atoms().unsigned_abs());
    match step(asset)? {
        Step::Finer(factor) => atoms.checked_mul(factor),
        Step::Same => Some(atoms),
        Step::Coarser(factor) => {
            atoms.checked_rem(factor)?.is_zero().then(|| atoms.checked_div(factor)).flatten()
        }
    }
}

/// What the chain says, in our books. Past the largest amount `floor` stays at the largest that scales back, `exact` is
/// absent and `dust` holds the rest.
pub fn from_chain(units: Units, asset: &Asset) -> Scaled {
    let floor = floor(units, asset).unwrap_or(Amount::ZERO);
    let shown = to_chain(floor, asset).unwrap_or(Units::ZERO);
    let dust = units.saturating_sub(shown);
    Scaled { exact: dust.is_zero().then_some(floor), floor, dust }
}

fn floor(units: Units, asset: &Asset) -> Option<Amount> {
    let most = Units::from(i64::MAX.unsigned_abs());
    let atoms = match step(asset)? {
        Step::Finer(factor) => units.checked_div(factor)?.min(most),
        Step::Same => units.min(most),
        // Only whole atoms of the chain scale back, so the largest amount is cut to one too.
        Step::Coarser(factor) => units.min(most.checked_div(factor)?).checked_mul(factor)?,
    };
    Amount::from_atoms(i64::try_from(atoms).ok()?)
}

/// How one atom of our books relates to one atom of the chain.
enum Step {
    /// The chain's atom is this many times smaller.
    Finer(Units),
    /// The same.
    Same,
    /// The chain's atom is this many times larger.
    Coarser(Units),
}

fn step(asset: &Asset) -> Option<Step> {
    let power = |digits: u8| Units::from(10u64).checked_pow(Units::from(digits));
    match asset.decimals.cmp(&asset.precision) {
        std::cmp::Ordering::Greater => power(asset.decimals - asset.precision).map(Step::Finer),
        std::cmp::Ordering::Equal => Some(Step::Same),
        std::cmp::Ordering::Less => power(asset.precision - asset.decimals).map(Step::Coarser),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sluice_core::address::EvmAddress;
    use sluice_core::asset::AssetId;
    use sluice_core::chain::ChainId;

    fn asset(precision: u8, decimals: u8) -> Asset {
        let id = AssetId::erc20(ChainId::evm(56), EvmAddress([7; 20]));
        Asset { id, symbol: "USDC".into(), precision, decimals, freezable: false }
    }

    fn atoms(count: i64) -> Amount {
        Amount::from_atoms(count).unwrap()
    }

    #[test]
    fn binance_peg_usdc_keeps_its_twelve_more_digits() {
        let peg = asset(6, 18);
        assert_eq!(to_chain(atoms(12_500_000), &peg), Some(Units::from(12_500_000_000_000_000_000u128)));
        let scaled = from_chain(Units::from(12_500_000_000_000_000_001u128), &peg);
        assert_eq!(scaled, Scaled { exact: None, floor: atoms(12_500_000), dust: Units::from(1) });
    }

    #[test]
    fn a_chain_with_fewer_digits_refuses_what_it_cannot_say() {
        let coarse = asset(6, 2);
        assert_eq!(to_chain(atoms(12_340_000), &coarse), Some(Units::from(1_234)));
        assert_eq!(to_chain(atoms(12_340_001), &coarse), None);
        assert_eq!(from_chain(Units::from(1_234), &coarse).exact, Some(atoms(12_340_000)));
    }

    #[test]
    fn a_figure_past_the_books_is_a_floor_and_dust() {
        for asset in [asset(6, 6), asset(6, 18), asset(6, 2), asset(9, 200)] {
            let scaled = from_chain(Units::MAX, &asset);
            assert_eq!(scaled.exact, None);
            let shown = to_chain(scaled.floor, &asset).unwrap_or(Units::ZERO);
            assert_eq!(shown + scaled.dust, Units::MAX);
        }
    }

    proptest! {
        #[test]
        fn what_goes_to_the_chain_comes_back(count in 0..=i64::MAX, precision in 0u8..=9, decimals in 0u8..=30) {
            let asset = asset(precision, decimals);
            if let Some(units) = to_chain(atoms(count), &asset) {
                let back = from_chain(units, &asset);
                prop_assert_eq!(back, Scaled { exact: Some(atoms(count)), floor: atoms(count), dust: Units::ZERO });
            } else {
                prop_assert!(decimals < precision, "only a coarser chain refuses");
            }
        }

        #[test]
        fn nothing_a_chain_says_is_lost(limbs: [u64; 4], precision in 0u8..=9, decimals in 0u8..=30) {
            let (units, asset) = (Units::from_limbs(limbs), asset(precision, decimals));
            let scaled = from_chain(units, &asset);
            prop_assert_eq!(to_chain(scaled.floor, &asset).unwrap() + scaled.dust, units);
            prop_assert_eq!(scaled.exact.is_some(), scaled.dust.is_zero());
        }
    }
}
