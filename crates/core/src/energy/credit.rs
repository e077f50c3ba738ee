//! What energy of the pool is charged, in the books of the pool's wallet, by the same double entry as everything: a loan is charged in
//! the commit that decides it, and given back in the commit that finds it late or absent. What a partner owes, or has paid
//! ahead, is its `energy_credit`.

use super::{Loan, LoanState};
use crate::asset::Asset;
use crate::ledger::{Account, Posting};
use crate::moved::Moved;

/// What a step of a loan posts: its price where it is decided, and that price again where it comes to nothing in time. `coin` is that
/// of its chain. Nothing where it costs nothing.
pub fn postings(step: &Moved<Loan>, coin: &Asset) -> Vec<Posting> {
    let loan = step.after();
    let price = i64::try_from(loan.price_sun.0).unwrap_or(i64::MAX);
    let charged = match (step.before().map(|loan| &loan.state), &loan.state) {
        (None, _) => price,
        (Some(LoanState::Asked), LoanState::Late | LoanState::Absent) => price.saturating_neg(),
        (Some(_), _) => 0,
    };
    if charged == 0 {
        return vec![];
    }
    let line = |account, atoms| Posting {
        partner: loan.partner,
        wallet: loan.lender,
        asset: coin.id,
        account,
        atoms,
    };
    vec![line(Account::EnergyCredit, charged), line(Account::EnergyCharged, charged.saturating_neg())]
}
