//! Every step of a loan from every state.

use super::samples::{at, need, receiver, wallet};
use crate::amount::Cost;
use crate::chain::{BlockRef, ChainId};
use crate::energy::{Loan, LoanState, Need, Terms, Wanted};
use crate::id::WithdrawalId;
use crate::samples::{partner, proof_id, transfer_id, ulid, withdrawal};
use crate::withdrawal::{Ended, Paid, State, Withdrawal};

fn wanted() -> Need {
    let wanted = Wanted {
        id: need(1),
        partner: partner(),
        wallet: wallet(1),
        chain: ChainId::tron(31_337),
        receiver: receiver(),
        energy: 65_000,
        burning_sun: Cost(6_500_000),
        deadline: at(180_000),
    };
    Need::open(wanted, at(0)).into_after()
}

fn errand(number: u128, state: State) -> Withdrawal {
    let mut errand = withdrawal();
    errand.0.id = WithdrawalId::new(ulid(number));
    errand.0.state = state;
    errand
}

fn paid(number: u128) -> Withdrawal {
    let block = BlockRef { number: 9, hash: [9; 32] };
    let paid = Paid { decision: None, by: None, proof: proof_id(1), txid: [1; 32], block, at: at(1) };
    errand(number, State::Paid(paid))
}

fn dead(number: u128) -> [Withdrawal; 3] {
    let ended = || Ended { code: "it".into(), proof: None, at: at(1) };
    let states = [State::Rejected(ended()), State::Cancelled(ended()), State::Failed(ended())];
    states.map(|state| errand(number, state))
}

pub fn asked() -> Loan {
    let terms = Terms {
        lender: wallet(2),
        energy: 65_000,
        stake_sun: 7_000_000_000,
        price_sun: Cost(3_000_000),
        billing: crate::energy::credit::Billing::Prepaid,
        stay_s: 60,
        deadline: at(30_000),
        errand: WithdrawalId::new(ulid(1)),
    };
    Loan::ask(&wanted(), terms, at(0)).into_after()
}

pub fn late() -> Loan {
    asked().expire(at(30_000)).unwrap().unwrap().into_after()
}

/// Late, and lent after all.
pub fn late_and_lent(elsewhere: bool) -> Loan {
    late().hear(&paid(1), elsewhere, at(40_000)).unwrap().unwrap().into_after()
}

pub fn absent() -> Loan {
    asked().hear(&dead(1)[1], false, at(1)).unwrap().unwrap().into_after()
}

fn lent() -> Loan {
    asked().hear(&paid(1), false, at(1_000)).unwrap().unwrap().into_after()
}

fn ending() -> Loan {
    lent().end(vec![transfer_id(1), transfer_id(2)], at(61_000)).unwrap().into_after()
}

fn free() -> Loan {
    ending().free(&[], at(62_000)).unwrap().unwrap().into_after()
}

fn returning() -> Loan {
    free().take_back(WithdrawalId::new(ulid(2)), at(62_000)).unwrap().into_after()
}

pub fn each() -> Vec<Loan> {
    let returned = returning().hear(&paid(2), false, at(1)).unwrap().unwrap().into_after();
    vec![asked(), late(), absent(), lent(), ending(), free(), returning(), returned]
}

#[test]
fn a_loan_goes_its_way_and_no_other() {
    let names: Vec<_> = each().iter().map(|loan| loan.state.as_str()).collect();
    assert_eq!(names, ["asked", "late", "absent", "lent", "ending", "free", "returning", "returned"]);
    let late = at(9_000_000);
    for loan in each() {
        let name = loan.state.as_str();
        let hears = loan.waits_for().is_some();
        assert_eq!(hears, ["asked", "late", "returning"].contains(&name), "{name}");
        for errand in [paid(1), paid(2)] {
            let ours = loan.waits_for() == Some(errand.id);
            assert_eq!(loan.clone().hear(&errand, false, late).is_ok(), ours, "{name}");
        }
        assert_eq!(loan.clone().end(vec![], late).is_ok(), name == "lent", "{name}");
        assert_eq!(loan.clone().free(&[], late).is_ok(), name == "ending", "{name}");
        let errand = WithdrawalId::new(ulid(3));
        assert_eq!(loan.clone().take_back(errand, late).is_ok(), name == "free", "{name}");
        assert_eq!(loan.state.is_ended(), ["absent", "returned"].contains(&name), "{name}");
        assert_eq!(loan.state.is_going_back(), ["ending", "free", "returning"].contains(&name), "{name}");
        assert_eq!(loan.clone().expire(late).is_ok(), name == "asked", "{name}");
    }
}

#[test]
fn an_errand_that_is_open_decides_nothing() {
    for state in [State::Requested, withdrawal().state.clone()] {
        assert_eq!(asked().hear(&errand(1, state), false, at(1)), Ok(None));
    }
    for errand in dead(1) {
        for loan in [asked(), late()] {
            assert_eq!(loan.hear(&errand, false, at(1)).unwrap().unwrap().after().state, LoanState::Absent);
        }
    }
    let comes = late().hear(&paid(1), false, at(40_000)).unwrap().unwrap();
    let lent = LoanState::Lent { until: at(100_000), unneeded: false };
    assert_eq!(comes.after().state, lent, "what was sent may come late");
    assert_eq!(late_and_lent(true).state, LoanState::Lent { until: at(100_000), unneeded: true });
    let in_time = asked().hear(&paid(1), true, at(1_000)).unwrap().unwrap();
    let lent = LoanState::Lent { until: at(61_000), unneeded: false };
    assert_eq!(in_time.after().state, lent, "in time it was what its need had");
}

#[test]
fn it_stays_for_its_time_from_its_proof_on() {
    assert_eq!(lent().state, LoanState::Lent { until: at(61_000), unneeded: false });
    assert!(lent().end(vec![], at(60_999)).is_err());
    assert_eq!(asked().expire(at(29_999)), Ok(None));
}

#[test]
fn it_is_free_once_nothing_that_counted_on_it_is_open() {
    for open in [vec![transfer_id(1)], vec![transfer_id(3), transfer_id(2)]] {
        assert_eq!(ending().free(&open, at(62_000)), Ok(None));
    }
    assert!(
        ending().free(&[transfer_id(3)], at(62_000)).unwrap().is_some(),
        "what began later counts on others"
    );
}

#[test]
fn what_could_not_be_taken_back_is_tried_again_ever_later_and_under_another_name() {
    let (mut loan, mut now, mut names) = (free(), at(62_000), vec![]);
    for (tries, pause_ms) in [60_000i64, 120_000, 240_000].into_iter().enumerate() {
        let tries = u32::try_from(tries).unwrap() + 1;
        names.push(loan.returns_as(tries));
        let number = 10 + u128::from(tries);
        let back = loan.take_back(WithdrawalId::new(ulid(number)), now).unwrap().into_after();
        loan = back.hear(&dead(number)[2], false, now).unwrap().unwrap().into_after();
        let not_before = now.plus_ms(pause_ms);
        assert_eq!(loan.state, LoanState::Free { tries, not_before });
        assert!(loan.clone().take_back(WithdrawalId::new(ulid(9)), not_before.plus_ms(-1)).is_err());
        now = not_before;
    }
    names.push(Loan::lends_as(need(1)));
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 4);
}
