//! The double-entry ledger (M15): what a transfer holds in each state, and the postings between two states.
//!
//! [`holding`] says, exhaustively, where the money of a transfer stands. Postings are differences of holdings, taken
//! from or given back to `available`, so every group sums to zero by construction.

use crate::amount::{Amount, Cost};
use crate::asset::{Asset, AssetId, AssetKind};
use crate::errand::Deed;
use crate::id::{PartnerId, WalletId};
use crate::moved::Moved;
use crate::proof::Effect;
use crate::transfer::{End, Ended, Fuelled, Fuelling, State, Transfer};
use crate::wallet::Wallet;

/// Accounts per partner, wallet and asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Account {
    /// In the wallet and free.
    Available,
    /// In the wallet and promised to a transfer.
    Reserved,
    /// Promised to a transfer whose bytes may have left.
    InFlight,
    /// Paid to recipients.
    PaidOut,
    /// Paid to the network.
    Gas,
    /// Opening balances, top-ups and corrections by people.
    Adjustment,
    /// TRON: staked by the wallet, and not lent. It cannot be paid with.
    Staked,
    /// TRON: staked, and its yield lent to another account.
    Lent,
    /// TRON: no stake any more, and held back by the chain for days.
    Unstaking,
    /// TRON: what a partner owes for energy of the pool; below zero what it has paid ahead. Of the pool's wallet.
    EnergyCredit,
    /// TRON: what a partner was charged for energy of the pool, below zero. Of the pool's wallet.
    EnergyCharged,
    /// TRON: what a partner paid ahead for energy of the pool. Of the pool's wallet, whose coin it is none of: that was booked when it came.
    EnergyPaid,
    /// Seen on chain and not explained. Nothing is posted to it yet: such a lane is frozen until people have explained it.
    Suspense,
}

impl Account {
    /// Every account.
    pub const ALL: &'static [Self] = &[
        Self::Available,
        Self::Reserved,
        Self::InFlight,
        Self::PaidOut,
        Self::Gas,
        Self::Adjustment,
        Self::Staked,
        Self::Lent,
        Self::Unstaking,
        Self::EnergyCredit,
        Self::EnergyCharged,
        Self::EnergyPaid,
        Self::Suspense,
    ];

    /// The name in columns and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Reserved => "reserved",
            Self::InFlight => "in_flight",
            Self::PaidOut => "paid_out",
            Self::Gas => "gas",
            Self::Adjustment => "adjustment",
            Self::Staked => "staked",
            Self::Lent => "lent",
            Self::Unstaking => "unstaking",
            Self::EnergyCredit => "energy_credit",
            Self::EnergyCharged => "energy_charged",
            Self::EnergyPaid => "energy_paid",
            Self::Suspense => "suspense",
        }
    }

    /// Reads the name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|account| account.as_str() == text)
    }
}

/// One line of a posting group. The lines of a group sum to zero per asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posting {
    /// Tenant.
    pub partner: PartnerId,
    /// Wallet.
    pub wallet: WalletId,
    /// Asset.
    pub asset: AssetId,
    /// Account.
    pub account: Account,
    /// Signed change, atoms.
    pub atoms: i64,
}

impl Posting {
    /// What came into a wallet and no transfer of ours brought: an opening balance, or a top-up.
    pub fn brought(wallet: &Wallet, asset: AssetId, atoms: i64) -> [Self; 2] {
        let line =
            |account, atoms| Self { partner: wallet.partner, wallet: wallet.id, asset, account, atoms };
        [line(Account::Available, atoms), line(Account::Adjustment, atoms.saturating_neg())]
    }
}

/// Where the money of a transfer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Holding {
    /// Of the paid asset.
    pub reserved: Amount,
    /// Of the paid asset.
    pub in_flight: Amount,
    /// Of the paid asset.
    pub paid_out: Amount,
    /// Of the native coin.
    pub gas_reserved: Cost,
    /// Of the native coin.
    pub gas_spent: Cost,
    /// What an errand moved between the stakes of the wallet, atoms of the coin.
    pub stakes: Stakes,
}

/// How an errand that was done changed a wallet's stakes, atoms of the coin. What was staked before the wallet was adopted
/// is in no account: the sums begin at nothing then, and may be below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Stakes {
    /// See [`Account::Staked`].
    pub staked: i64,
    /// See [`Account::Lent`].
    pub lent: i64,
    /// See [`Account::Unstaking`].
    pub unstaking: i64,
}

impl Stakes {
    const fn by(deed: Deed, amount: Amount) -> Self {
        let (more, less) = (amount.atoms(), amount.atoms().saturating_neg());
        match deed {
            Deed::Stake => Self { staked: more, lent: 0, unstaking: 0 },
            Deed::Unstake => Self { staked: less, lent: 0, unstaking: more },
            Deed::Delegation => Self { staked: less, lent: more, unstaking: 0 },
            Deed::Reclaim => Self { staked: more, lent: less, unstaking: 0 },
            // What came back is in its receipt.
            Deed::Collect => Self { staked: 0, lent: 0, unstaking: 0 },
        }
    }

    /// The same, when so much of what had been given up came back with it.
    const fn returned(self, amount: Amount) -> Self {
        Self { unstaking: self.unstaking.saturating_sub(amount.atoms()), ..self }
    }
}

/// Where the money of a transfer stands, for every state there is.
pub fn holding(transfer: &Transfer) -> Holding {
    let deed = match transfer.asset.id.kind {
        AssetKind::Errand(deed, _) => Some(deed),
        AssetKind::Native(_) | AssetKind::Trc20(_) | AssetKind::Erc20(_) => None,
    };
    // A stake is taken out of the coin; what other errands move is none of it.
    let amount = match deed {
        None | Some(Deed::Stake) => transfer.amount(),
        Some(Deed::Unstake | Deed::Delegation | Deed::Reclaim | Deed::Collect) => Amount::ZERO,
    };
    let gas = |fuelled: &Fuelled| fuelled.gas_budget;
    match &transfer.state {
        State::Planned | State::Dropped { .. } => Holding::default(),
        State::Funded(_) | State::Fuelling(Fuelling { .. }) => {
            Holding { reserved: amount, ..Holding::default() }
        }
        State::Fuelled(fuelled) => {
            Holding { reserved: amount, gas_reserved: gas(fuelled), ..Holding::default() }
        }
        State::Built(built) => {
            Holding { reserved: amount, gas_reserved: gas(&built.fuelled), ..Holding::default() }
        }
        State::Signed(signed) => {
            Holding { in_flight: amount, gas_reserved: gas(&signed.fuelled), ..Holding::default() }
        }
        State::Seen(seen) => {
            Holding { in_flight: amount, gas_reserved: gas(&seen.signed.fuelled), ..Holding::default() }
        }
        State::Final(Ended { end: End::Included(inclusion), .. }) => {
            let (paid_out, stakes) = match (inclusion.effect, deed) {
                (Effect::Paid { .. }, None) => (amount, Stakes::default()),
                (Effect::Paid { .. }, Some(deed)) => {
                    (Amount::ZERO, Stakes::by(deed, transfer.amount()).returned(inclusion.returned))
                }
                (Effect::Reverted | Effect::OutOfEnergy | Effect::Voided | Effect::Mismatch, _) => {
                    (Amount::ZERO, Stakes::default())
                }
            };
            Holding { paid_out, stakes, gas_spent: inclusion.cost, ..Holding::default() }
        }
        // What a stranger took is no posting of ours: reconciliation finds it and a person explains it.
        State::Final(Ended { end: End::Taken(_) | End::Expired(_) | End::NeverSigned(_), .. }) => {
            Holding::default()
        }
    }
}

/// The postings of a step. `native` is the coin that pays for gas on the transfer's chain.
pub fn effects(step: &Moved<Transfer>, native: &Asset) -> Vec<Posting> {
    let after = step.after();
    let was = step.before().map(holding).unwrap_or_default();
    let is = holding(after);
    let mut postings = Vec::new();
    let mut group = |asset: AssetId, lines: &[(Account, i64)]| {
        let moved: i64 = lines.iter().fold(0i64, |sum, (_, atoms)| sum.saturating_add(*atoms));
        let rest = (Account::Available, moved.saturating_neg());
        for (account, atoms) in lines.iter().copied().chain([rest]) {
            if atoms != 0 {
                postings.push(Posting {
                    partner: after.partner,
                    wallet: after.wallet,
                    asset,
                    account,
                    atoms,
                });
            }
        }
    };
    let change = |was: Amount, is: Amount| is.atoms().saturating_sub(was.atoms());
    let stake = |of: fn(&Stakes) -> i64| of(&is.stakes).saturating_sub(of(&was.stakes));
    group(
        if after.asset.is_held() { after.asset.id } else { native.id },
        &[
            (Account::Reserved, change(was.reserved, is.reserved)),
            (Account::InFlight, change(was.in_flight, is.in_flight)),
            (Account::PaidOut, change(was.paid_out, is.paid_out)),
            (Account::Staked, stake(|stakes| stakes.staked)),
            (Account::Lent, stake(|stakes| stakes.lent)),
            (Account::Unstaking, stake(|stakes| stakes.unstaking)),
        ],
    );
    let book = |cost: Cost| cost.book(native.decimals, native.precision).unwrap_or(Amount::ZERO);
    group(
        native.id,
        &[
            (Account::Reserved, change(book(was.gas_reserved), book(is.gas_reserved))),
            (Account::Gas, change(book(was.gas_spent), book(is.gas_spent))),
        ],
    );
    postings
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIVE: Amount = match Amount::from_atoms(5) {
        Some(five) => five,
        None => Amount::ZERO,
    };

    #[test]
    fn what_an_errand_moves_between_stakes_comes_from_one_of_them() {
        let moved = |deed| {
            let stakes = Stakes::by(deed, FIVE);
            (stakes.staked, stakes.lent, stakes.unstaking)
        };
        assert_eq!(moved(Deed::Stake), (5, 0, 0), "out of the coin");
        assert_eq!(moved(Deed::Delegation), (-5, 5, 0));
        assert_eq!(moved(Deed::Reclaim), (5, -5, 0));
        assert_eq!(moved(Deed::Unstake), (-5, 0, 5));
        assert_eq!(moved(Deed::Collect), (0, 0, 0));
        let back = Stakes::by(Deed::Unstake, FIVE).returned(Amount::from_atoms(3).unwrap());
        assert_eq!((back.staked, back.unstaking), (-5, 2), "what was due came with it");
    }

    #[test]
    fn every_account_has_one_name() {
        for account in Account::ALL {
            assert_eq!(Account::parse(account.as_str()), Some(*account));
        }
        assert_eq!(Account::ALL.len(), 13);
    }
}
