//! What a loan is charged, and when that is given back.

use super::loan::{absent, asked, each, late, late_and_lent};
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

/// Its energy may have been on the chain all the time, and used, while its proof was held up.
#[test]
fn a_loan_whose_proof_alone_was_late_is_charged_after_all_unless_its_need_went_elsewhere() {
    assert_eq!(charged(&Moved::new(late(), late_and_lent(false))), 3_000_000);
    assert_eq!(
        charged(&Moved::new(late(), late_and_lent(true))),
        0,
        "what nobody needs any more is on the house"
    );
}

#[test]
fn whatever_way_a_loan_goes_it_is_charged_for_what_was_lent_and_needed_alone() {
    let paths = [
        (vec![asked(), absent()], 0),
        (vec![asked(), late(), absent()], 0),
        (vec![asked(), late(), late_and_lent(false)], 3_000_000),
        (vec![asked(), late(), late_and_lent(true)], 0),
        (vec![asked(), each().remove(3)], 3_000_000),
    ];
    for (path, expected) in paths {
        let names: Vec<_> = path.iter().map(|loan| loan.state.as_str()).collect();
        let steps = path.windows(2).map(|pair| Moved::new(pair[0].clone(), pair[1].clone()));
        let sum: i64 = steps.map(|step| charged(&step)).sum();
        assert_eq!(charged(&Moved::born(asked())) + sum, expected, "{names:?}");
    }
    // What it comes to afterwards decides nothing about the price.
    for lent in [each().remove(3), late_and_lent(false), late_and_lent(true)] {
        assert!(matches!(lent.state, LoanState::Lent { .. }));
        for after in each() {
            assert_eq!(charged(&Moved::new(lent.clone(), after)), 0);
        }
    }
}

#[test]
fn what_costs_nothing_posts_nothing() {
    let mut free = asked();
    free.0.price_sun = crate::amount::Cost::ZERO;
    assert!(postings(&Moved::born(free), &coin()).is_empty());
}
