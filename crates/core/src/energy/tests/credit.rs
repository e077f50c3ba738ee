//! What a loan is charged, and when that is given back.

use super::loan::{absent, asked, each, late};
use crate::asset::Asset;
use crate::chain::ChainProfile;
use crate::energy::credit::postings;
use crate::energy::{Loan, LoanState};
use crate::ledger::Account;
use crate::moved::Moved;

fn coin() -> Asset {
    Asset::native(&ChainProfile::tron_devnet())
}

fn charged(step: &Moved<Loan>) -> i64 {
    let lines = postings(step, &coin());
    assert_eq!(lines.iter().map(|line| line.atoms).sum::<i64>(), 0);
    let credit: Vec<_> = lines.iter().filter(|line| line.account == Account::EnergyCredit).collect();
    assert!(
        credit.iter().all(|line| line.partner == step.after().partner && line.wallet == step.after().lender)
    );
    credit.iter().map(|line| line.atoms).sum()
}

#[test]
fn a_loan_is_charged_where_it_is_decided_and_given_back_where_it_is_late_or_absent() {
    assert_eq!(charged(&Moved::born(asked())), 3_000_000);
    for (before, after, expected) in
        [(asked(), late(), -3_000_000), (asked(), absent(), -3_000_000), (late(), absent(), 0)]
    {
        assert_eq!(charged(&Moved::new(before, after)), expected);
    }
}

#[test]
fn whatever_way_a_loan_goes_it_is_charged_for_what_came_in_time_alone() {
    // Each later state of one that was not late is reached over `lent`.
    let lent = each().into_iter().find(|loan| matches!(loan.state, LoanState::Lent { .. })).unwrap();
    assert_eq!(charged(&Moved::new(asked(), lent.clone())), 0);
    assert_eq!(charged(&Moved::new(late(), lent.clone())), 0, "what comes late is on the house");
    for after in each() {
        assert_eq!(charged(&Moved::new(lent.clone(), after)), 0);
    }
}

#[test]
fn what_costs_nothing_posts_nothing() {
    let mut free = asked();
    free.0.price_sun = crate::amount::Cost::ZERO;
    assert!(postings(&Moved::born(free), &coin()).is_empty());
}
