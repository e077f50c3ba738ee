//! Every transition from every state, and the way out of each.

use super::super::*;
use super::samples::*;
use crate::port::market::{Found, Placed};

type Went = Result<Option<Moved<Order>>, Refusal>;
type Attempt = fn(Order) -> Went;
/// From where, to what; `same` for a step that says nothing new. From everywhere else it is refused.
type Row = (&'static str, Attempt, &'static [(&'static str, &'static str)]);

fn step(moved: Result<Moved<Order>, Refusal>) -> Went {
    moved.map(Some)
}

fn settled(order: Order, missing_sun: u128) -> Went {
    match Settlement::judge(&order, &account(missing_sun), &quiet()) {
        Ok(settlement) => order.reconcile(&settlement),
        Err(NotShown::NotOpen) => Err(order.not_from("reconcile")),
        Err(other) => panic!("{other}"),
    }
}

const TABLE: &[Row] = &[
    ("drop", |it| step(it.drop_unasked()), &[("planned", "dropped")]),
    ("ask", |it| step(it.ask(at(1_000))), &[("planned", "asked")]),
    (
        "repeat",
        |it| match Uncharged::judge(&it, &account(0)) {
            Ok(uncharged) => step(it.repeat(&uncharged, at(1_000))),
            Err(_) => Err(it.not_from("repeat")),
        },
        &[("unknown", "asked")],
    ),
    ("hear it taken", |it| step(it.hear(accepted(None))), &[("asked", "accepted")]),
    ("hear it refused", |it| step(it.hear(Placed::Rejected(Rejection::Price))), &[("asked", "refused")]),
    ("hear nothing", |it| step(it.hear(Placed::Unknown("reset".into()))), &[("asked", "unknown")]),
    ("doubt", |it| step(it.doubt()), &[("asked", "unknown")]),
    (
        "see it pending",
        |it| it.look(&Found::Pending(shown(Some(PRICE)))),
        &[
            ("accepted", "same"),
            ("accepted, unpriced", "accepted"),
            ("delivered", "same"),
            ("delivered, unpriced", "delivered"),
            ("delivered, said", "same"),
            ("short", "same"),
            ("short, unpriced", "short"),
            ("short, said", "same"),
            ("failed", "same"),
            ("failed, unpriced", "failed"),
            ("unresolved, owed", "same"),
        ],
    ),
    (
        "be told that it was delivered",
        |it| it.look(&Found::Delivered(shown(None))),
        &[
            ("accepted", "same"),
            ("accepted, unpriced", "same"),
            ("delivered", "same"),
            ("delivered, unpriced", "same"),
            ("delivered, said", "delivered"),
            ("short", "same"),
            ("short, unpriced", "same"),
            ("short, said", "short"),
            ("failed", "same"),
            ("failed, unpriced", "same"),
            ("unresolved, owed", "same"),
        ],
    ),
    (
        "be told that it failed",
        |it| it.look(&Found::Failed(shown(None))),
        &[
            ("accepted", "failed"),
            ("accepted, unpriced", "failed"),
            ("delivered", "same"),
            ("delivered, unpriced", "same"),
            ("delivered, said", "same"),
            ("short", "same"),
            ("short, unpriced", "same"),
            ("short, said", "same"),
            ("failed", "same"),
            ("failed, unpriced", "same"),
            ("unresolved, owed", "failed"),
        ],
    ),
    (
        "be told of a refund",
        |it| it.look(&Found::Refunded),
        &[
            ("accepted", "failed"),
            ("accepted, unpriced", "failed"),
            ("delivered", "same"),
            ("delivered, unpriced", "same"),
            ("delivered, said", "same"),
            ("short", "same"),
            ("short, unpriced", "same"),
            ("short, said", "same"),
            ("failed", "same"),
            ("failed, unpriced", "same"),
            ("unresolved, owed", "failed"),
        ],
    ),
    (
        "be told that it never was",
        |it| it.look(&Found::NotFound),
        &[
            ("accepted", "same"),
            ("accepted, unpriced", "same"),
            ("delivered", "same"),
            ("delivered, unpriced", "same"),
            ("delivered, said", "same"),
            ("short", "same"),
            ("short, unpriced", "same"),
            ("short, said", "same"),
            ("failed", "same"),
            ("failed, unpriced", "same"),
            ("unresolved, owed", "same"),
        ],
    ),
    (
        "prove all of it",
        |it| it.prove(arrival(ENERGY), false),
        &[
            ("asked", "delivered"),
            ("unknown", "delivered"),
            ("accepted", "delivered"),
            ("accepted, unpriced", "delivered"),
            ("short", "delivered"),
            ("short, unpriced", "delivered"),
            ("short, said", "delivered"),
            ("failed", "delivered"),
            ("failed, unpriced", "delivered"),
            ("unresolved", "delivered"),
            ("unresolved, owed", "delivered"),
        ],
    ),
    (
        "expire",
        |it| step(it.expire(None, false, at(DEADLINE_MS))),
        &[
            ("asked", "unresolved"),
            ("unknown", "unresolved"),
            ("accepted", "unresolved"),
            ("accepted, unpriced", "unresolved"),
        ],
    ),
    (
        "expire with some of it",
        |it| step(it.expire(Some(arrival(1)), false, at(DEADLINE_MS))),
        &[("asked", "short"), ("unknown", "short"), ("accepted", "short"), ("accepted, unpriced", "short")],
    ),
    (
        "reconcile: nothing is missing",
        |it| settled(it, 0),
        &[
            ("delivered", "delivered"),
            ("delivered, unpriced", "delivered"),
            ("delivered, said", "delivered"),
            ("short", "short"),
            ("short, unpriced", "short"),
            ("short, said", "short"),
            ("failed", "refunded"),
            ("failed, unpriced", "refunded"),
            ("unresolved", "absent"),
            ("unresolved, owed", "refunded"),
            ("lost", "refunded"),
        ],
    ),
    (
        "reconcile: the price is missing",
        |it| settled(it, PRICE.0),
        &[
            ("delivered", "same"),
            ("delivered, unpriced", "delivered"),
            ("delivered, said", "delivered"),
            ("short", "same"),
            ("short, unpriced", "short"),
            ("short, said", "short"),
            ("failed", "lost"),
            ("failed, unpriced", "lost"),
            ("unresolved", "lost"),
            ("unresolved, owed", "lost"),
            ("lost", "same"),
        ],
    ),
    (
        "resolve: a person says that it cost",
        |it| it.resolve(PRICE, at(SETTLES_MS)),
        &[
            ("refused", "lost"),
            ("absent", "lost"),
            ("delivered", "same"),
            ("delivered, unpriced", "delivered"),
            ("delivered, said", "delivered"),
            ("short", "same"),
            ("short, unpriced", "short"),
            ("short, said", "short"),
            ("failed", "lost"),
            ("failed, unpriced", "lost"),
            ("refunded", "lost"),
            ("unresolved", "lost"),
            ("unresolved, owed", "lost"),
            ("lost", "same"),
        ],
    ),
    (
        "resolve: a person says that it cost nothing",
        |it| it.resolve(Cost::ZERO, at(SETTLES_MS)),
        &[
            ("refused", "same"),
            ("absent", "same"),
            ("delivered", "delivered"),
            ("delivered, unpriced", "delivered"),
            ("delivered, said", "delivered"),
            ("short", "short"),
            ("short, unpriced", "short"),
            ("short, said", "short"),
            ("failed", "refunded"),
            ("failed, unpriced", "refunded"),
            ("refunded", "same"),
            ("unresolved", "absent"),
            ("unresolved, owed", "refunded"),
            ("lost", "absent"),
        ],
    ),
];

#[test]
fn every_transition_starts_from_the_table_and_from_nowhere_else() {
    for recovery in [Recovery::Repeat, Recovery::None] {
        for (name, attempt, edges) in TABLE {
            for (from, order) in every(recovery) {
                let may = edges.iter().find(|(start, _)| *start == from).map(|(_, end)| *end);
                let may = if *name == "repeat" && recovery == Recovery::None { None } else { may };
                let before = order.clone();
                match (attempt(order), may) {
                    (Ok(Some(moved)), Some(end)) => {
                        assert_eq!(moved.after().state.as_str(), end, "{name} from {from}");
                        assert_eq!(moved.before(), Some(&before));
                        assert_eq!(moved.after().version, before.version + 1);
                    }
                    (Ok(None), Some("same")) | (Err(_), None) => {}
                    (went, may) => panic!("{name} from {from}: {went:?}, and the table says {may:?}"),
                }
            }
        }
    }
}

#[test]
fn nobody_gives_up_what_may_still_be_delivered() {
    for recovery in [Recovery::Repeat, Recovery::None] {
        for (name, order) in every(recovery) {
            for kept in [Cost::ZERO, PRICE] {
                let early = order.clone().resolve(kept, at(SETTLES_MS - 1));
                let open = order.holds_up().is_some();
                let arrived = order.state.arrival().is_some();
                let went = early.as_ref().ok().and_then(Option::as_ref).map(Moved::after);
                let opens = open && went.is_some_and(Order::is_ended);
                assert!(!opens || arrived, "{name} of {kept:?} is opened early: {early:?}");
                if open && !arrived {
                    assert!(early.is_err(), "{name}: {early:?}");
                }
            }
        }
    }
}

#[test]
fn every_state_is_ended_or_has_a_way_out_without_anybodys_goodwill() {
    for recovery in [Recovery::Repeat, Recovery::None] {
        for (name, order) in every(recovery) {
            let out = TABLE.iter().any(|(way, attempt, _)| {
                // What the vendor says is its goodwill.
                let ours = ["drop", "doubt", "expire", "resolve: a person says that it cost"];
                ours.contains(way) && matches!(attempt(order.clone()), Ok(Some(_)))
            });
            assert!(out || order.is_ended(), "{name} is stuck");
            let goes_on = ["drop", "ask", "doubt", "expire"].iter().any(|way| {
                let row = TABLE.iter().find(|(it, ..)| it == way).unwrap();
                matches!(row.1(order.clone()), Ok(Some(_)))
            });
            assert!(!(goes_on && order.is_ended()), "{name} is ended and goes on");
        }
    }
}

#[test]
fn only_the_chain_delivers() {
    for (name, attempt, edges) in TABLE {
        let delivers = edges.iter().any(|(from, to)| *to == "delivered" && !from.starts_with("delivered"));
        assert_eq!(delivers, *name == "prove all of it", "{name}");
        let _ = attempt;
    }
}

#[test]
fn a_rejection_of_a_repetition_says_nothing_about_what_was_taken_before() {
    let order = planned(1, Recovery::Repeat).ask(at(0)).unwrap().into_after();
    let order = order.hear(Placed::Unknown("reset".into())).unwrap().into_after();
    let uncharged = Uncharged::judge(&order, &account(0)).unwrap();
    let order = order.repeat(&uncharged, at(1_000)).unwrap().into_after();
    let order = order.hear(Placed::Rejected(Rejection::NoFunds)).unwrap().into_after();
    assert_eq!(order.state.as_str(), "unknown");
    assert!(order.repeat(&uncharged, at(2_000)).is_err(), "the account was read before it was asked last");
}

#[test]
fn an_order_is_repeated_so_often_and_never_past_its_deadline() {
    let mut order = planned(1, Recovery::Repeat).ask(at(0)).unwrap().into_after();
    for times in 1..=ASKS_MAX {
        order = order.hear(Placed::Unknown("reset".into())).unwrap().into_after();
        let uncharged = Uncharged::judge(&order, &account(0)).unwrap();
        assert!(order.clone().repeat(&uncharged, at(DEADLINE_MS)).is_err(), "too late");
        match order.clone().repeat(&uncharged, at(1_000)) {
            Ok(moved) => order = moved.into_after(),
            Err(_) => assert_eq!(times, ASKS_MAX),
        }
    }
    assert_eq!(order.state.asked().unwrap().times, ASKS_MAX);
}

#[test]
fn nothing_is_asked_for_once_it_would_be_too_late() {
    let late = planned(1, Recovery::None).ask(at(DEADLINE_MS));
    assert!(matches!(late, Err(Refusal::Evidence { .. })), "{late:?}");
    assert!(planned(1, Recovery::None).ask(at(DEADLINE_MS - 1)).is_ok());
}

#[test]
fn what_goes_out_is_there_while_it_is_asked_and_at_no_other_time() {
    for (name, order) in every(Recovery::Repeat) {
        assert_eq!(order.outgoing().is_some(), name == "asked", "{name}");
    }
}

#[test]
fn an_order_is_planned_only_from_a_quote_that_fits() {
    let facts = facts("it", Recovery::None);
    let plan = Plan {
        id: planned(1, Recovery::None).id,
        need: need(1),
        wallet: wallet(1),
        receiver: receiver(),
        deadline: at(DEADLINE_MS),
    };
    let with = |quote: &crate::port::market::Quote, now| {
        Order::plan(plan.clone(), &facts, quote, now).map(|moved| moved.after().max_total_sun)
    };
    let fits = quote(&facts);
    assert_eq!(with(&fits, at(0)), Ok(PRICE));
    assert_eq!(with(&fits, at(30_001)), Err(Unplannable::Stale));
    let other = super::samples::facts("other", Recovery::None);
    assert_eq!(with(&quote(&other), at(0)), Err(Unplannable::OtherVendor));
    let mut little = fits.clone();
    little.energy = 31_999;
    assert_eq!(with(&little, at(0)), Err(Unplannable::Energy));
    let mut long = fits;
    long.valid_until = at(DEADLINE_MS);
    assert_eq!(with(&long, at(DEADLINE_MS)), Err(Unplannable::TooLate));
}
