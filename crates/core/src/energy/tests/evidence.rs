//! What is evidence, and what is not.

use super::super::*;
use super::samples::*;
use crate::chain::BlockRef;
use crate::port::market::Placed;

fn state(name: &str) -> Order {
    every(Recovery::Repeat).into_iter().find(|(it, _)| *it == name).unwrap().1
}

#[test]
fn an_account_that_was_read_early_or_has_other_holes_shows_nothing() {
    let (unknown, open) = (state("unknown"), state("unresolved"));
    let read = |read_at| Accounts { read_at, ..account(0) };
    let holes = Accounts { unexplained: 1, ..account(0) };
    let more = Accounts { told_sun: Cost(50_000_001), ..account(0) };
    assert_eq!(Uncharged::judge(&unknown, &read(at(-1))), Err(NotShown::TooEarly));
    assert_eq!(Uncharged::judge(&unknown, &holes), Err(NotShown::Unexplained));
    assert_eq!(Uncharged::judge(&unknown, &account(1)), Err(NotShown::Charged));
    assert_eq!(Uncharged::judge(&unknown, &more), Err(NotShown::DoesNotAddUp));
    assert!(Uncharged::judge(&unknown, &read(at(0))).is_ok());
    let judge = |accounts: Accounts, watched| {
        Settlement::judge(&open, &accounts, &watched).map(|settlement| settlement.kept_sun())
    };
    assert_eq!(judge(read(at(SETTLES_MS - 1)), quiet()), Err(NotShown::TooEarly));
    assert_eq!(
        judge(account(0), Watched { through: at(SETTLES_MS - 1), ..quiet() }),
        Err(NotShown::TooEarly),
        "the chain was not read far enough"
    );
    assert_eq!(judge(holes, quiet()), Err(NotShown::Unexplained));
    assert_eq!(judge(more, quiet()), Err(NotShown::DoesNotAddUp));
    assert_eq!(judge(account(PRICE.0 + 1), quiet()), Err(NotShown::DoesNotAddUp), "dearer than it may be");
    assert_eq!(judge(account(PRICE.0 - 1), quiet()), Err(NotShown::DoesNotAddUp), "cheaper than it was");
    let came = |unclaimed| Watched { unclaimed, ..quiet() };
    assert_eq!(judge(account(0), came(ENERGY / 10)), Err(NotShown::Free));
    assert_eq!(
        judge(account(0), came(ENERGY / 10 - 1)),
        Ok(Cost::ZERO),
        "a stranger's dust explains nothing away"
    );
    assert_eq!(judge(account(PRICE.0), quiet()), Ok(PRICE));
    assert_eq!(judge(account(0), quiet()), Ok(Cost::ZERO));
}

#[test]
fn an_account_that_is_short_of_all_that_was_said_explains_each_and_of_less_none() {
    let came = state("delivered, said");
    let books = Account::opening(Cost(50_000_000)).with(&came).and_then(|it| it.with(&state("short, said")));
    assert_eq!(books.map(|it| (it.unexplained, it.said_sun)), Some((2, Some(Cost(2 * PRICE.0)))));
    let unsaid = books.and_then(|it| it.with(&state("delivered, unpriced"))).unwrap();
    assert_eq!((unsaid.unexplained, unsaid.said_sun), (3, None));
    let judge = |order: &Order, said_sun, missing| {
        let accounts = Accounts { unexplained: 2, said_sun, ..account(missing) };
        Settlement::judge(order, &accounts, &quiet()).map(|settlement| settlement.kept_sun())
    };
    let two = Some(Cost(2 * PRICE.0));
    assert_eq!(judge(&came, two, 3 * PRICE.0), Ok(PRICE));
    assert_eq!(judge(&state("unresolved, owed"), two, 3 * PRICE.0), Ok(PRICE));
    for missing in [0, PRICE.0, 2 * PRICE.0, 3 * PRICE.0 - 1, 3 * PRICE.0 + 1] {
        let told = judge(&came, two, missing);
        assert_eq!(told, Err(NotShown::Unexplained), "which of them was paid back: {missing}");
    }
    assert_eq!(judge(&came, None, 3 * PRICE.0), Err(NotShown::Unexplained), "nothing was said of one");
    let unsaid = judge(&state("unresolved"), two, 3 * PRICE.0);
    assert_eq!(unsaid, Err(NotShown::Unexplained), "nothing was said of this one");
    let others = Accounts { unexplained: 1, said_sun: Some(PRICE), ..account(PRICE.0) };
    assert_eq!(Uncharged::judge(&state("unknown"), &others), Err(NotShown::Unexplained));
}

#[test]
fn evidence_for_one_order_ends_no_other_one() {
    let settlement = Settlement::judge(&state("unresolved"), &account(0), &quiet()).unwrap();
    let uncharged = Uncharged::judge(&state("unknown"), &account(0)).unwrap();
    let unknown = |number| {
        let order = planned(number, Recovery::Repeat).ask(at(0)).unwrap().into_after();
        order.hear(Placed::Unknown("reset".into())).unwrap().into_after()
    };
    let other = unknown(2).expire(None, false, at(DEADLINE_MS)).unwrap().into_after();
    assert!(matches!(other.reconcile(&settlement), Err(Refusal::Evidence { .. })));
    assert!(matches!(unknown(2).repeat(&uncharged, at(1_000)), Err(Refusal::Evidence { .. })));
    assert!(unknown(1).repeat(&uncharged, at(1_000)).is_ok());
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test says what the chain shows")]
fn energy_counts_for_the_right_account_after_it_was_asked_for_and_by_transactions() {
    let block = BlockRef { number: 5, hash: [5; 32] };
    let on_chain = |receiver, energy, txids, ms| Arrival::on_chain(receiver, energy, txids, block, at(ms));
    let one = vec![[1; 32]];
    for (what, wrong) in [
        ("another account", on_chain(TronAddress([8; 20]), ENERGY, one.clone(), 0)),
        ("no energy", on_chain(receiver(), 0, one.clone(), 0)),
        ("no transaction", on_chain(receiver(), ENERGY, vec![], 0)),
        ("too many", on_chain(receiver(), ENERGY, vec![[1; 32]; 65], 0)),
        ("before it was asked for", on_chain(receiver(), ENERGY, one.clone(), -60_001)),
    ] {
        assert!(
            matches!(state("accepted").prove(wrong.clone(), false), Err(Refusal::Evidence { .. })),
            "{what}"
        );
        let expired = state("accepted").expire(Some(wrong), false, at(DEADLINE_MS));
        assert!(matches!(expired, Err(Refusal::Evidence { .. })), "{what}");
    }
    assert!(state("accepted").prove(on_chain(receiver(), ENERGY, one, -60_000), false).unwrap().is_some());
    let half_a_per_cent = ENERGY / 200;
    let most = state("accepted").prove(arrival(ENERGY - half_a_per_cent), false).unwrap();
    assert!(most.is_some(), "what a stake yields moves");
    let less = arrival(ENERGY - half_a_per_cent - 1);
    assert_eq!(state("accepted").prove(less, false), Ok(None), "less is not all of it");
}

#[test]
fn nothing_expires_early_nor_with_all_of_its_energy() {
    let early = state("accepted").expire(None, false, at(DEADLINE_MS - 1));
    assert!(matches!(early, Err(Refusal::Evidence { .. })));
    let whole = state("accepted").expire(Some(arrival(ENERGY)), false, at(DEADLINE_MS));
    assert!(matches!(whole, Err(Refusal::Evidence { .. })));
}

#[test]
fn the_books_expect_what_known_orders_left_and_count_the_others() {
    let orders = every(Recovery::Repeat);
    let account =
        orders.iter().try_fold(Account::opening(Cost(50_000_000)), |account, (_, order)| account.with(order));
    let account = account.unwrap();
    let known = 6; // accepted, delivered, short, failed, unresolved and owed, lost
    assert_eq!(account.expected_sun, Cost(50_000_000 - known * PRICE.0));
    assert_eq!(
        account.unexplained, 9,
        "asked, unknown, unresolved, four unpriced, and two of which only a price was said"
    );
    assert_eq!(Account::opening(Cost(1)).with(&state("accepted")), None, "an order that was never afforded");
}

#[test]
fn an_overcharge_is_told_once() {
    let dear = Some(Cost(PRICE.0 + 1));
    let asked = planned(1, Recovery::Repeat).ask(at(0)).unwrap().into_after();
    let step = asked.hear(accepted(dear)).unwrap();
    assert_eq!(step.after().overcharged(), dear);
    assert_eq!(sign_of(&step), Some(Sign::Harmed));
    let step = step.into_after().prove(arrival(ENERGY), false).unwrap().unwrap();
    assert_eq!(sign_of(&step), Some(Sign::Served), "and it delivered");
    let step = step.into_after().look(&crate::port::market::Found::Delivered(shown(None))).unwrap().unwrap();
    assert_eq!((step.after().overcharged(), sign_of(&step)), (dear, None));
}
