//! What the pool costs, how much stake a need takes, and how much of it a partner may be lent.

use std::collections::BTreeMap;

use super::samples::{at, need, receiver, wallet};
use crate::amount::Cost;
use crate::chain::ChainId;
use crate::energy::credit::Billing;
use crate::energy::{Lendable, Loan, Need, Pool, Terms, View, Wanted};
use crate::id::{PartnerId, WithdrawalId};
use crate::intent::DeploymentId;
use crate::samples::{ulid, withdrawal};
use crate::withdrawal::State;

const TRX: u64 = 1_000_000;

fn pool() -> Pool {
    Pool {
        wallet: receiver(),
        deployment: DeploymentId("it".into()),
        share_percent: 100,
        base_micro_sun: 30_500_000,
        fee_micro_sun: 2_000_000,
        stay_s: 3_600,
        delivers_ms: 10_000,
        billing: Billing::Prepaid,
        on_account: BTreeMap::new(),
        low_credit_sun: 0,
        weights: BTreeMap::new(),
    }
}

fn lendable(trx: u64) -> Lendable {
    Lendable { stake_sun: trx * TRX, network_energy: 180_000_000_000, network_stake_trx: 19_000_000_000 }
}

fn partner(number: u128) -> PartnerId {
    PartnerId::new(ulid(number))
}

fn wants(number: u128, of: PartnerId) -> Need {
    let wanted = Wanted {
        id: need(number),
        partner: of,
        wallet: wallet(number),
        chain: ChainId::tron(31_337),
        receiver: receiver(),
        energy: 65_000,
        burning_sun: Cost(6_500_000),
        deadline: at(180_000),
    };
    Need::open(wanted, at(0)).into_after()
}

fn loan(number: u128, of: PartnerId, trx: u64, lent: bool) -> Loan {
    let terms = Terms {
        lender: wallet(99),
        energy: 65_000,
        stake_sun: trx * TRX,
        price_sun: Cost::ZERO,
        billing: Billing::Prepaid,
        stay_s: 60,
        deadline: at(30_000),
        errand: WithdrawalId::new(ulid(number)),
    };
    let asked = Loan::ask(&wants(number, of), terms, at(0)).into_after();
    if !lent {
        return asked;
    }
    let mut errand = withdrawal();
    errand.0.id = asked.errand;
    errand.0.state = State::Paid(crate::withdrawal::Paid {
        decision: None,
        by: None,
        proof: crate::samples::proof_id(1),
        txid: [1; 32],
        block: crate::samples::block(9),
        at: at(1),
    });
    asked.hear(&errand, false, at(1)).unwrap().unwrap().into_after()
}

#[test]
fn energy_costs_base_and_fee_and_its_owner_nothing() {
    let (owner, other) = (partner(1), partner(2));
    assert_eq!(pool().price(65_000, other, owner), Cost(2_112_500));
    assert_eq!(pool().price(1, other, owner), Cost(33), "rounded up");
    assert_eq!(pool().price(65_000, owner, owner), Cost::ZERO);
}

#[test]
fn a_need_takes_the_stake_that_yields_it_and_a_hundredth_more() {
    // 9.4736.. energy a day for each TRX.
    let stake = lendable(0).stake_for(65_000).unwrap();
    assert_eq!(stake, 6_929_722_223);
    assert!(u128::from(stake) * 180_000_000_000 / (19_000_000_000 * 1_000_000) >= 65_650);
    assert_eq!(lendable(0).stake_for(1), Some(TRX), "the chain lends 1 TRX at least");
    assert_eq!(lendable(0).stake_for(u64::MAX), None);
    let empty = Lendable { network_energy: 0, ..lendable(9) };
    assert_eq!(empty.stake_for(1), None);
    assert_eq!(Lendable { network_stake_trx: 0, ..lendable(9) }.stake_for(1), None);
}

#[test]
fn what_is_promised_is_not_lent_twice() {
    let one = partner(1);
    let room =
        |loans: Vec<Loan>, trx| pool().room(&lendable(trx), &View { loans, ..View::default() }, one) / TRX;
    assert_eq!(room(vec![], 100), 100);
    assert_eq!(room(vec![loan(1, one, 30, false)], 100), 70, "asked, and not on the chain for all we know");
    assert_eq!(room(vec![loan(1, one, 30, true)], 70), 70, "lent: the chain has taken it off");
    assert_eq!(room(vec![loan(1, one, 30, false), loan(2, one, 90, false)], 100), 0);
}

#[test]
fn only_a_share_of_the_stake_works_for_others() {
    let one = partner(1);
    let pool = Pool { share_percent: 40, ..pool() };
    let room =
        |loans: Vec<Loan>, trx| pool.room(&lendable(trx), &View { loans, ..View::default() }, one) / TRX;
    assert_eq!(room(vec![], 100), 40);
    assert_eq!(room(vec![loan(1, one, 30, true)], 70), 10);
    assert_eq!(room(vec![loan(1, one, 50, true)], 50), 0);
}

#[test]
fn who_wants_energy_too_keeps_a_part_by_weight() {
    let (one, two) = (partner(1), partner(2));
    let view = View { needs: vec![wants(7, one), wants(8, two)], ..View::default() };
    let weighed = Pool { weights: BTreeMap::from([(one, 3)]), ..pool() };
    assert_eq!(pool().room(&lendable(100), &view, one) / TRX, 50);
    assert_eq!(weighed.room(&lendable(100), &view, one) / TRX, 75);
    assert_eq!(weighed.room(&lendable(100), &view, two) / TRX, 25);
    let has = View { loans: vec![loan(1, one, 60, true)], ..view };
    assert_eq!(weighed.room(&lendable(40), &has, one) / TRX, 15);
    assert_eq!(weighed.room(&lendable(40), &has, two) / TRX, 25);
    let none = Pool { weights: BTreeMap::from([(one, 0)]), ..pool() };
    assert_eq!(none.room(&lendable(100), &View::default(), one), 0);
}

#[test]
fn who_pays_ahead_is_lent_what_is_covered_and_who_pays_afterwards_everything() {
    for (balance, price, covered) in
        [(9, 9, true), (8, 9, false), (0, 0, true), (-5, 0, true), (-5, 1, false), (i64::MAX, 1, true)]
    {
        assert_eq!(Billing::Prepaid.covers(balance, Cost(price)), covered, "{price} of {balance}");
    }
    assert!(Billing::Postpaid.covers(-5, Cost(1_000)));
}

#[test]
fn who_pays_on_account_is_lent_up_to_its_bound() {
    let on_account = Billing::OnAccount { owed_max_sun: 10 };
    for (balance, price, covered) in
        [(0, 10, true), (0, 11, false), (-4, 6, true), (-4, 7, false), (3, 13, true), (3, 14, false)]
    {
        assert_eq!(on_account.covers(balance, Cost(price)), covered, "{price} at {balance}");
    }
    assert!(!on_account.covers(-11, Cost(1)), "the bound was lowered since");
    assert!(on_account.covers(-11, Cost::ZERO));
    let widest = Billing::OnAccount { owed_max_sun: u64::MAX };
    assert!(widest.covers(i64::MAX, Cost(u128::from(u64::MAX))), "nothing overflows");
    assert!(!widest.covers(i64::MIN, Cost(u128::from(u64::MAX))));
}

#[test]
fn a_partner_pays_as_it_is_named_and_otherwise_as_the_pool_says() {
    let (named, other) = (partner(1), partner(2));
    let pool = Pool { on_account: BTreeMap::from([(named, 7)]), ..pool() };
    assert_eq!(pool.billing_of(named), Billing::OnAccount { owed_max_sun: 7 });
    assert_eq!(pool.billing_of(other), Billing::Prepaid);
    let postpaid = Pool { billing: Billing::Postpaid, ..pool };
    assert_eq!(postpaid.billing_of(named), Billing::OnAccount { owed_max_sun: 7 }, "a bound beside none");
    assert_eq!(postpaid.billing_of(other), Billing::Postpaid);
}
