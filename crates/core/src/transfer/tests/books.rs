//! The ledger over every step the transfer machine can make (M15): groups sum to zero, and a wallet's own accounts
//! change by nothing but what was paid out and what the network took.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::*;
use super::reachable;
use super::table::{MOVES, Went};
use crate::asset::AssetId;
use crate::chain::ChainProfile;
use crate::errand::{Deed, Resource};
use crate::ledger::{Account, Posting, effects, holding};
use crate::proof::{Inclusion, SlotReading};
use crate::samples::*;

fn native() -> Asset {
    Asset::native(&ChainProfile::devnet())
}

/// What the house does with a stake.
fn errand(deed: Deed) -> Transfer {
    let asset = Asset::errand(&ChainProfile::devnet(), deed, Resource::Energy);
    Reached(Record { asset, ..planned().0 })
}

type Sums = BTreeMap<(AssetId, Account), i64>;

fn add(sums: &mut Sums, postings: &[Posting]) {
    for posting in postings {
        *sums.entry((posting.asset, posting.account)).or_default() += posting.atoms;
    }
}

fn of(sums: &Sums, asset: AssetId, account: Account) -> i64 {
    sums.get(&(asset, account)).copied().unwrap_or(0)
}

fn check_group(postings: &[Posting]) -> Result<(), TestCaseError> {
    let (mut total, mut inside, mut outside) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for posting in postings {
        *total.entry(posting.asset).or_insert(0) += posting.atoms;
        let in_wallet = matches!(posting.account, Account::Available | Account::Reserved | Account::InFlight);
        let side = if in_wallet { &mut inside } else { &mut outside };
        *side.entry(posting.asset).or_insert(0) += posting.atoms;
        let left = matches!(posting.account, Account::PaidOut | Account::Gas);
        let staked = matches!(posting.account, Account::Staked | Account::Lent | Account::Unstaking);
        prop_assert!(in_wallet || left || staked, "a transfer touches no {}", posting.account.as_str());
        prop_assert_eq!((posting.partner, posting.wallet), (partner(), wallet()));
    }
    for (asset, sum) in total {
        prop_assert_eq!(sum, 0, "{:?}", asset);
        let (inside, outside) = (inside.get(&asset).copied(), outside.get(&asset).copied());
        prop_assert_eq!(inside.unwrap_or(0), -outside.unwrap_or(0), "{:?}", asset);
    }
    Ok(())
}

/// Walks where `choices` lead, as far as transitions let it.
fn walk(start: Transfer, choices: &[usize]) -> Result<(Transfer, Sums), TestCaseError> {
    let (mut transfer, mut sums) = (start, Sums::new());
    for choice in choices {
        let (_, attempt) = &MOVES[choice % MOVES.len()];
        let Ok(Went::On(step)) = attempt(transfer.clone()) else { continue };
        let postings = effects(&step, &native());
        check_group(&postings)?;
        add(&mut sums, &postings);
        transfer = step.into_after();
    }
    Ok((transfer, sums))
}

/// After any walk the accounts say exactly what the state holds.
fn check_books(transfer: &Transfer, sums: &Sums) -> Result<(), TestCaseError> {
    let (held, gas) = (holding(transfer), native().id);
    // What an errand moves is of the coin.
    let asset = if transfer.asset.is_held() { transfer.asset.id } else { gas };
    let book = |cost: Cost| cost.book(native().decimals, native().precision).unwrap().atoms();
    let shared = asset == gas;
    let reserved = held.reserved.atoms() + if shared { book(held.gas_reserved) } else { 0 };
    prop_assert_eq!(of(sums, asset, Account::Reserved), reserved);
    prop_assert_eq!(of(sums, asset, Account::InFlight), held.in_flight.atoms());
    prop_assert_eq!(of(sums, asset, Account::PaidOut), held.paid_out.atoms());
    prop_assert_eq!(of(sums, gas, Account::Gas), book(held.gas_spent));
    prop_assert_eq!(of(sums, gas, Account::Staked), held.stakes.staked);
    prop_assert_eq!(of(sums, gas, Account::Lent), held.stakes.lent);
    prop_assert_eq!(of(sums, gas, Account::Unstaking), held.stakes.unstaking);
    if !shared {
        prop_assert_eq!(of(sums, gas, Account::Reserved), book(held.gas_reserved));
    }
    Ok(())
}

proptest! {
    #[test]
    fn every_walk_keeps_the_books_balanced(choices in prop::collection::vec(0usize..1_000, 0..120)) {
        let coin = Reached(Record { asset: native(), ..planned().0 });
        let errands = Deed::ALL.map(errand);
        for start in [planned(), fill(), coin].into_iter().chain(errands) {
            let (transfer, sums) = walk(start, &choices)?;
            check_books(&transfer, &sums)?;
        }
    }
}

#[test]
fn every_single_step_keeps_the_books_balanced() {
    for transfer in reachable().into_values() {
        for (transition, attempt) in MOVES {
            if let Ok(Went::On(step)) = attempt(transfer.clone()) {
                check_group(&effects(&step, &native())).unwrap_or_else(|why| panic!("{transition}: {why}"));
            }
        }
    }
}

/// A stake is promised out of the coin and then stands apart; a loan promises nothing, and moves between stakes once it is made.
#[test]
fn an_errand_moves_stakes_once_it_is_done_and_gives_them_back_when_its_block_leaves() {
    let amount = planned().amount();
    let walk = |deed, names: &[&str]| {
        let choices: Vec<usize> =
            names.iter().map(|name| MOVES.iter().position(|(it, _)| it == name).unwrap()).collect();
        holding(&walk(errand(deed), &choices).unwrap().0)
    };
    let signed = ["fund", "fuel", "build: pay", "sign: awaited"];
    let done = ["fund", "fuel", "build: pay", "sign: awaited", "settle: paid"];
    let undone = ["fund", "fuel", "build: pay", "sign: awaited", "settle: paid", "reopen"];
    let atoms = amount.atoms();
    assert_eq!(walk(Deed::Stake, &signed).in_flight, amount);
    assert_eq!(walk(Deed::Delegation, &signed).in_flight, Amount::ZERO);
    for (deed, staked, lent, unstaking) in [
        (Deed::Stake, atoms, 0, 0),
        (Deed::Unstake, -atoms, 0, atoms),
        (Deed::Delegation, -atoms, atoms, 0),
        (Deed::Reclaim, atoms, -atoms, 0),
    ] {
        let held = walk(deed, &done);
        assert_eq!(held.stakes, crate::ledger::Stakes { staked, lent, unstaking }, "{deed:?}");
        assert_eq!((held.paid_out, held.in_flight), (Amount::ZERO, Amount::ZERO), "nobody was paid");
        assert_eq!(walk(deed, &undone).stakes, crate::ledger::Stakes::default());
    }
}

/// What is collected was promised to nobody and is not known before: the receipt says it.
#[test]
fn what_came_back_of_stakes_is_what_the_receipt_says_and_not_what_was_asked_for() {
    let choices: Vec<usize> = ["fund", "fuel", "build: pay", "sign: awaited"]
        .map(|name| MOVES.iter().position(|(it, _)| *it == name).unwrap())
        .into();
    let (signed, _) = walk(errand(Deed::Collect), &choices).unwrap();
    assert_eq!((holding(&signed).in_flight, holding(&signed).reserved), (Amount::ZERO, Amount::ZERO));
    let back = Amount::from_atoms(7).unwrap();
    let read = SlotReading::Ours(Inclusion { returned: back, ..inclusion(PAID) });
    let settled = signed.settle(&agreed(read, 10), None, proof_id(7), DEEP, at(9)).unwrap();
    let Outcome::Ended { transfer: step, .. } = settled else { panic!("it is final") };
    assert_eq!(holding(step.after()).stakes.unstaking, -7);
    let moved = effects(&step, &native());
    let of = |account| moved.iter().filter(|it| it.account == account).map(|it| it.atoms).sum::<i64>();
    assert_eq!(of(Account::Unstaking), -7);
    assert_eq!(of(Account::Available) + of(Account::Reserved) + of(Account::Gas), 7, "it can be spent");
}

/// Money of a payout along its life: what was promised, what is under way, what has left.
#[test]
fn money_is_reserved_then_in_flight_then_paid_out_or_free_again() {
    let amount = planned().amount();
    let walk = |names: &[&str]| {
        let choices: Vec<usize> =
            names.iter().map(|name| MOVES.iter().position(|(it, _)| it == name).unwrap()).collect();
        holding(&walk(planned(), &choices).unwrap().0)
    };
    let signed = ["fund", "fuel", "build: pay", "sign: awaited"];
    assert_eq!(walk(&[]), crate::ledger::Holding::default());
    assert_eq!(walk(&signed[..1]).reserved, amount);
    assert!(walk(&signed[..3]).gas_reserved > Cost::ZERO);
    assert_eq!((walk(&signed).reserved, walk(&signed).in_flight), (Amount::ZERO, amount));
    let with =
        |last: &[&'static str]| walk(&signed.iter().copied().chain(last.iter().copied()).collect::<Vec<_>>());
    let paid = with(&["settle: paid"]);
    assert_eq!((paid.paid_out, paid.in_flight, paid.gas_reserved), (amount, Amount::ZERO, Cost::ZERO));
    assert_eq!(paid.gas_spent, inclusion(PAID).cost);
    let reverted = with(&["settle: reverted, deep"]);
    assert_eq!((reverted.paid_out, reverted.in_flight), (Amount::ZERO, Amount::ZERO));
    assert_eq!(reverted.gas_spent, inclusion(PAID).cost, "a revert costs gas all the same");
    let reopened = with(&["settle: paid", "reopen"]);
    assert_eq!(
        (reopened.in_flight, reopened.paid_out, reopened.gas_spent),
        (amount, Amount::ZERO, Cost::ZERO)
    );
    assert_eq!(walk(&["fund", "fuel", "drop"]), crate::ledger::Holding::default(), "given back whole");
}
