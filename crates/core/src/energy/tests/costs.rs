//! What orders cost: by the vendor's word, and by what account and chain show.

use super::super::*;
use super::samples::*;
use crate::port::market::Found;

#[test]
fn every_state_costs_what_it_costs() {
    for (name, order) in every(Recovery::Repeat) {
        let money = order.money();
        let expected = match name {
            "planned" | "dropped" | "refused" | "refunded" | "absent" => (0, 0, 0, true),
            "asked"
            | "unknown"
            | "accepted, unpriced"
            | "delivered, unpriced"
            | "short, unpriced"
            | "delivered, said"
            | "short, said" => (0, 0, PRICE.0, false),
            "accepted" | "delivered" | "short" => (PRICE.0, 0, 0, true),
            "failed" | "unresolved, owed" | "lost" => (0, PRICE.0, 0, true),
            "failed, unpriced" | "unresolved" => (0, PRICE.0, 0, false),
            other => panic!("{other} is in no row"),
        };
        let told = (money.spent_sun.0, money.unresolved_sun.0, money.at_risk_sun.0, money.known);
        assert_eq!(told, expected, "{name}");
    }
}

#[test]
fn what_an_order_cost_is_what_the_vendor_said_first() {
    let (_, order) = every(Recovery::Repeat).into_iter().find(|(name, _)| *name == "accepted").unwrap();
    let other = shown(Some(Cost(PRICE.0 * 2)));
    assert_eq!(order.clone().look(&Found::Pending(other.clone())), Ok(None), "another figure is no news");
    let failed = order.look(&Found::Failed(other)).unwrap().unwrap().into_after();
    assert_eq!(failed.money().unresolved_sun, PRICE);
}

/// Energy that nobody claims may come for it from anywhere, and its money may come back all the same.
#[test]
fn what_was_given_up_and_came_after_all_costs_what_the_account_shows() {
    for (name, order) in every(Recovery::None).into_iter().filter(|(name, _)| name.starts_with("failed")) {
        let came = order.prove(arrival(ENERGY), false).unwrap().unwrap().into_after();
        assert!(!came.money().known && !came.is_ended(), "{name}");
        let told = came.clone().look(&Found::Failed(shown(Some(PRICE))));
        assert_eq!(told, Ok(None), "{name}: who gives up and names a price may still pay it back");
        for (missing, cost) in [(0, Cost::ZERO), (PRICE.0, PRICE)] {
            let settlement = Settlement::judge(&came, &account(missing), &quiet()).unwrap();
            let settled = came.clone().reconcile(&settlement).unwrap().unwrap().into_after();
            assert_eq!((settled.money().spent_sun, settled.is_ended()), (cost, true), "{name}");
        }
    }
}

/// A late vendor's energy may be taken for its own, and it may give up and pay back.
#[test]
fn what_came_costs_what_was_said_once_its_own_vendor_says_that_it_delivered() {
    let named = |name: &str| every(Recovery::None).into_iter().find(|(it, _)| *it == name).unwrap().1;
    for (name, vouches) in [
        ("delivered, said", Found::Delivered(shown(None))),
        ("short, said", Found::Delivered(shown(None))),
        ("short, said", Found::Partial(shown(None))),
    ] {
        let came = named(name);
        assert_eq!((came.state.price(), came.is_ended()), (Some(PRICE), false), "{name}");
        for silent in [
            Found::Pending(shown(Some(PRICE))),
            Found::Failed(shown(Some(PRICE))),
            Found::Refunded,
            Found::NotFound,
            Found::Unknown("garbled".into()),
        ] {
            assert_eq!(came.clone().look(&silent), Ok(None), "{name}: {silent:?}");
        }
        let known = came.look(&vouches).unwrap().unwrap().into_after();
        assert_eq!((known.money().spent_sun, known.is_ended()), (PRICE, true), "{name}");
    }
    let part = named("delivered, said").look(&Found::Partial(shown(Some(PRICE))));
    assert_eq!(part, Ok(None), "some of it is not what came");
    let known = named("accepted").prove(arrival(ENERGY), true).unwrap().unwrap().into_after();
    assert!(known.is_ended(), "it said so before the chain did");
}

/// What it says of a refund is not taken for the money: the account is.
#[test]
fn what_came_and_was_paid_back_costs_nothing_once_the_account_shows_it() {
    for (name, order) in every(Recovery::None).into_iter().filter(|(name, _)| name.ends_with(", said")) {
        for (missing, cost) in [(0, Cost::ZERO), (PRICE.0, PRICE)] {
            let settlement = Settlement::judge(&order, &account(missing), &quiet()).unwrap();
            let settled = order.clone().reconcile(&settlement).unwrap().unwrap().into_after();
            assert_eq!((settled.money().spent_sun, settled.is_ended()), (cost, true), "{name}");
            assert_eq!(settled.state.arrival(), order.state.arrival(), "{name}: its energy was there");
        }
    }
}

/// Whoever gives up may say that the money is back, and keep it: the vendor would be open again, and the hour's bound be understated.
#[test]
fn what_a_vendor_says_of_a_refund_frees_neither_money_nor_vendor() {
    for name in ["accepted", "accepted, unpriced", "unresolved, owed"] {
        let order = every(Recovery::None).into_iter().find(|(it, _)| *it == name).unwrap().1;
        let told = order.look(&Found::Refunded).unwrap().unwrap().into_after();
        assert_eq!((told.money().unresolved_sun, told.is_ended()), (PRICE, false), "{name}");
        for (missing, ended) in [(0, "refunded"), (PRICE.0, "lost")] {
            let settlement = Settlement::judge(&told, &account(missing), &quiet()).unwrap();
            let settled = told.clone().reconcile(&settlement).unwrap().unwrap().into_after();
            assert_eq!((settled.state.as_str(), settled.is_ended()), (ended, true), "{name}");
        }
    }
}
