//! What a wallet did over a time, in the books: where it stood before and after, and what lies between.
//!
//! Both ends come from what is inside the wallet, what lies between comes from the accounts on the other side. So that
//! they fit together says something: each posting group sums to zero, and none was forgotten.

use crate::asset::AssetId;
use crate::id::WalletId;
use crate::ledger::Account;

/// Sums of one account of a wallet and asset, atoms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Account.
    pub account: Account,
    /// What it holds now.
    pub now: i64,
    /// Of that, what was posted after the time.
    pub later: i64,
    /// Within the time, postings above zero.
    pub plus: i64,
    /// Within the time, postings below zero.
    pub minus: i64,
}

/// One wallet and asset over a time, atoms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Wallet.
    pub wallet: WalletId,
    /// Asset.
    pub asset: AssetId,
    /// Inside the wallet before.
    pub opening: i64,
    /// Came in: an opening balance, top-ups.
    pub came_in: i64,
    /// Paid to recipients.
    pub paid: i64,
    /// Taken out of the wallet by the platform for its service. Nothing is: energy of its pool is charged against a credit beside the
    /// wallet, and a withdrawal's fee stays in it.
    pub fees: i64,
    /// Paid to the network.
    pub gas: i64,
    /// What people explained, and corrections: below zero where it left the wallet.
    pub adjusted: i64,
    /// Inside the wallet afterwards.
    pub closing: i64,
}

/// A line whose ends and middle do not fit together: the books are damaged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{asset} of {wallet}: opening, movements and closing do not add up")]
pub struct Uneven {
    wallet: WalletId,
    asset: AssetId,
}

impl Line {
    /// Puts a line together from the sums of its accounts, and checks it.
    ///
    /// # Errors
    /// [`Uneven`]: `opening + came_in - paid - fees - gas + adjusted` is not `closing`, or a sum does not fit.
    pub fn of(wallet: WalletId, asset: AssetId, accounts: &[Moved]) -> Result<Self, Uneven> {
        Self::added(wallet, asset, accounts).filter(Self::adds_up).ok_or(Uneven { wallet, asset })
    }

    fn added(wallet: WalletId, asset: AssetId, accounts: &[Moved]) -> Option<Self> {
        let mut line =
            Self { wallet, asset, opening: 0, came_in: 0, paid: 0, fees: 0, gas: 0, adjusted: 0, closing: 0 };
        for sums in accounts {
            let within = sums.plus.checked_add(sums.minus)?;
            match sums.account {
                Account::Available | Account::Reserved | Account::InFlight => {
                    let closing = sums.now.checked_sub(sums.later)?;
                    line.closing = line.closing.checked_add(closing)?;
                    line.opening = line.opening.checked_add(closing.checked_sub(within)?)?;
                }
                Account::PaidOut => line.paid = line.paid.checked_add(within)?,
                Account::Gas => line.gas = line.gas.checked_add(within)?,
                // What comes in is posted against it, and so below zero.
                Account::Adjustment => {
                    line.came_in = line.came_in.checked_sub(sums.minus)?;
                    line.adjusted = line.adjusted.checked_sub(sums.plus)?;
                }
                // Still the wallet's, and not inside what it can pay with.
                Account::Staked
                | Account::Lent
                | Account::Unstaking
                | Account::EnergyCredit
                | Account::EnergyCharged
                | Account::EnergyPaid
                | Account::Suspense => {
                    line.adjusted = line.adjusted.checked_sub(within)?;
                }
            }
        }
        Some(line)
    }

    /// Whether both ends and what lies between fit together.
    pub fn adds_up(&self) -> bool {
        let out = [self.paid, self.fees, self.gas];
        let after = self.opening.checked_add(self.came_in).and_then(|sum| sum.checked_add(self.adjusted));
        out.iter().try_fold(after, |sum, out| Some(sum?.checked_sub(*out))).flatten() == Some(self.closing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    fn sums(account: Account, now: i64, later: i64, plus: i64, minus: i64) -> Moved {
        Moved { account, now, later, plus, minus }
    }

    fn day() -> Vec<Moved> {
        vec![
            // 100 before; 50 came in, 30 was reserved and paid, 2 went to the network, 8 left by hand; 5 came in later.
            sums(Account::Available, 115, 5, 50, -40),
            sums(Account::Reserved, 0, 0, 30, -30),
            sums(Account::InFlight, 0, 0, 30, -30),
            sums(Account::PaidOut, 30, 0, 30, 0),
            sums(Account::Gas, 2, 0, 2, 0),
            sums(Account::Adjustment, -47, -5, 8, -50),
        ]
    }

    #[test]
    fn a_day_adds_up() {
        let line = Line::of(samples::wallet(), samples::token().id, &day()).unwrap();
        let figures = (line.opening, line.came_in, line.paid, line.gas, line.adjusted, line.closing);
        assert_eq!(figures, (100, 50, 30, 2, -8, 110));
        assert_eq!(line.fees, 0);
    }

    #[test]
    fn one_atom_too_many_anywhere_is_found() {
        for place in 0..day().len() {
            let mut day = day();
            day[place].plus += 1;
            assert!(Line::of(samples::wallet(), samples::token().id, &day).is_err(), "{place}");
        }
    }

    #[test]
    fn sums_that_do_not_fit_are_no_line() {
        let huge = [sums(Account::Available, i64::MAX, -1, 0, 0)];
        assert!(Line::of(samples::wallet(), samples::token().id, &huge).is_err());
    }
}
