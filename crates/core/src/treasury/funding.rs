//! What a set of withdrawals needs: the asset itself, and what its chain takes for carrying them.

use crate::amount::{Amount, Cost};

/// What withdrawals that wait need of an asset, beside what lanes have of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Need {
    /// What they pay together.
    pub needed: Amount,
    /// What the lanes hold, as last read.
    pub current: Amount,
    /// What of that is promised to others.
    pub reserved: Amount,
}

/// A need, and whether it is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// The figures it rests on.
    pub need: Need,
    /// What lanes have free.
    pub available: Amount,
    /// What is lacking; zero when nothing is.
    pub shortage: Amount,
}

impl Need {
    /// Whether it is met, by all lanes together. One withdrawal larger than each lane holds still waits for a refill.
    pub fn judged(self) -> Requirement {
        let available = self.current.checked_sub(self.reserved).unwrap_or_default();
        let shortage = self.needed.checked_sub(available).unwrap_or_default();
        Requirement { need: self, available, shortage }
    }
}

/// What a chain takes for carrying so many payments, and what the lanes have for it. Exact, as the chain counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fuel {
    /// Payments.
    pub payments: u64,
    /// Gas for each, or energy, at most.
    pub each: u64,
    /// What the lanes have of energy that is staked or lent; zero where there is none.
    pub at_hand: u64,
    /// What a unit of gas costs now, or of energy that is burned, wei or sun.
    pub price: u128,
    /// What each payment costs beside that, such as its bytes: wei or sun.
    pub beside: u128,
    /// Native coin that the lanes hold, wei or sun.
    pub coin: u128,
}

impl Fuel {
    /// Gas or energy for all of them.
    pub fn units(&self) -> u64 {
        self.payments.saturating_mul(self.each)
    }

    /// What of it nothing at hand covers: it is paid in coin.
    pub fn units_short(&self) -> u64 {
        self.units().saturating_sub(self.at_hand)
    }

    /// Native coin for all of them; saturating, so that it never says less than is needed.
    pub fn cost(&self) -> Cost {
        let units = u128::from(self.units_short()).saturating_mul(self.price);
        Cost(units.saturating_add(u128::from(self.payments).saturating_mul(self.beside)))
    }

    /// Native coin that is lacking.
    pub fn shortage(&self) -> Cost {
        Cost(self.cost().0.saturating_sub(self.coin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(atoms: i64) -> Amount {
        Amount::from_atoms(atoms).unwrap()
    }

    /// Needed, current, reserved; available and short.
    #[test]
    fn worked_examples_of_a_need() {
        for ([needed, current, reserved], expected) in [
            ([100, 500, 100], [400, 0]),
            ([400, 500, 100], [400, 0]),
            ([401, 500, 100], [400, 1]),
            ([1_000, 0, 0], [0, 1_000]),
            // More is promised than is there.
            ([50, 100, 300], [0, 50]),
            ([0, 0, 0], [0, 0]),
            ([i64::MAX, 0, i64::MAX], [0, i64::MAX]),
        ] {
            let need = Need { needed: amount(needed), current: amount(current), reserved: amount(reserved) };
            let judged = need.judged();
            assert_eq!([judged.available.atoms(), judged.shortage.atoms()], expected, "{need:?}");
        }
    }

    /// Ten payments of USDT to accounts that hold none at 100 sun, as docs/chains.md has them: 1,302,850 energy, 13.0285 TRX each
    /// when all of it is burned, and 0.347 TRX for bytes.
    #[test]
    fn worked_examples_of_fuel_on_tron() {
        let ten = Fuel { payments: 10, each: 130_285, at_hand: 0, price: 100, beside: 347_000, coin: 0 };
        assert_eq!((ten.units(), ten.units_short()), (1_302_850, 1_302_850));
        assert_eq!((ten.cost(), ten.shortage()), (Cost(133_755_000), Cost(133_755_000)));
        let rented = Fuel { at_hand: 1_302_850, coin: 3_000_000, ..ten };
        assert_eq!(
            (rented.units_short(), rented.cost(), rented.shortage()),
            (0, Cost(3_470_000), Cost(470_000))
        );
        let rich = Fuel { at_hand: 2_000_000, coin: 3_470_000, ..ten };
        assert_eq!(rich.shortage(), Cost::ZERO);
    }

    #[test]
    fn worked_examples_of_fuel_on_an_evm_chain() {
        let gwei = 1_000_000_000;
        let three =
            Fuel { payments: 3, each: 65_000, price: 30 * gwei, coin: 5_000_000 * gwei, ..Fuel::default() };
        assert_eq!(three.cost(), Cost(5_850_000 * gwei));
        assert_eq!(three.shortage(), Cost(850_000 * gwei));
        assert_eq!(Fuel::default().cost(), Cost::ZERO);
        let beyond = Fuel { payments: u64::MAX, each: u64::MAX, price: u128::MAX, ..Fuel::default() };
        assert_eq!(beyond.cost(), Cost(u128::MAX), "never less than is needed");
    }
}
