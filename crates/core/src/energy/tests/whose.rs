//! Whose energy came.

use std::collections::BTreeMap;

use super::super::*;
use super::samples::*;
use crate::chain::BlockRef;
use crate::id::Ulid;
use crate::port::chain::Lent;
use crate::port::market::Found;

/// An order of so much energy that was asked for after so many milliseconds and taken, and whose deadline is a minute later.
fn taken(number: u128, energy: u64, asked_ms: i64) -> Order {
    let facts = facts("it", Recovery::None);
    let plan = Plan {
        id: EnergyOrderId::new(Ulid::new(at(0), number)),
        need: need(number),
        wallet: wallet(1),
        receiver: receiver(),
        deadline: at(asked_ms + 60_000),
    };
    let mut quote = quote(&facts);
    (quote.energy, quote.valid_until) = (energy, at(asked_ms));
    let asked =
        Order::plan(plan, &facts, &quote, at(asked_ms)).unwrap().into_after().ask(at(asked_ms)).unwrap();
    asked.into_after().hear(accepted(Some(PRICE))).unwrap().into_after()
}

fn late(order: Order) -> Order {
    let at = order.deadline;
    order.expire(None, false, at).unwrap().into_after()
}

fn came(number: u8, energy: u64, ms: i64) -> Lent {
    let block = BlockRef { number: number.into(), hash: [number; 32] };
    Lent { txid: [number; 32], from: None, receiver: receiver(), energy, block, at: at(ms) }
}

#[expect(clippy::disallowed_methods, reason = "a test says what the chain shows")]
fn arrival_at(energy: u64, ms: i64) -> Arrival {
    Arrival::on_chain(receiver(), energy, vec![[1; 32]], BlockRef { number: 1, hash: [1; 32] }, at(ms))
}

type Txids<'a> = &'a [(u8, &'a Order)];

/// The order that each is for, by its place.
fn judged(orders: &[&Order], lent: &[Lent], explained: Txids<'_>, named: Txids<'_>) -> Vec<Option<usize>> {
    let known = |txids: Txids<'_>| -> BTreeMap<[u8; 32], EnergyOrderId> {
        txids.iter().map(|(number, order)| ([*number; 32], order.id)).collect()
    };
    let (explained, named) = (known(explained), known(named));
    let known = Known { explained: &explained, named: &named };
    let all = whose(receiver(), orders.iter().copied(), lent, known);
    assert_eq!(
        all.iter().map(|(it, _)| it.txid).collect::<Vec<_>>(),
        lent.iter().map(|it| it.txid).collect::<Vec<_>>()
    );
    all.into_iter().map(|(_, owner)| owner.and_then(|id| orders.iter().position(|it| it.id == id))).collect()
}

#[test]
fn what_comes_late_is_for_the_order_that_it_fits_also_where_that_was_given_up() {
    let (first, second) = (late(taken(1, 65_000, 0)), taken(2, 130_000, 61_000));
    let both = [&first, &second];
    assert_eq!(judged(&both, &[came(1, 65_000, 70_000)], &[], &[]), [Some(0)]);
    assert_eq!(judged(&both, &[came(1, 64_700, 70_000)], &[], &[]), [Some(0)], "what a stake yields moves");
    assert_eq!(judged(&both, &[came(1, 130_000, 70_000)], &[], &[]), [Some(1)]);
    let swapped = [came(1, 130_000, 70_000), came(2, 65_000, 71_000)];
    assert_eq!(judged(&both, &swapped, &[], &[]), [Some(1), Some(0)]);
    let odd = [came(1, 40_000, 70_000), came(2, 90_000, 71_000)];
    assert_eq!(judged(&both, &odd, &[], &[]), [Some(1), Some(1)], "it comes in parts for whom waits");
}

#[test]
fn what_came_before_an_order_was_asked_for_is_rather_that_of_an_older_one() {
    let (first, second) = (late(taken(1, 65_000, 0)), taken(2, 65_000, 75_000));
    assert_eq!(judged(&[&first, &second], &[came(1, 65_000, 70_000)], &[], &[]), [Some(0)]);
    assert_eq!(judged(&[&second], &[came(1, 65_000, 70_000)], &[], &[]), [Some(0)], "clocks differ");
    assert_eq!(judged(&[&second], &[came(1, 65_000, 14_999)], &[], &[]), [None]);
}

/// Who took money and delivered nothing is not cleared by the next one that delivers.
#[test]
fn of_two_that_it_fits_it_is_for_the_one_that_waits_and_what_comes_then_for_the_other() {
    let (first, second) = (late(taken(1, 65_000, 0)), taken(2, 65_000, 61_000));
    let two = [came(1, 65_000, 70_000), came(2, 65_000, 71_000)];
    assert_eq!(judged(&[&first, &second], &two[..1], &[], &[]), [Some(1)]);
    assert_eq!(judged(&[&first, &second], &two, &[], &[]), [Some(1), Some(0)]);
    let served = second.clone().prove(arrival_at(65_000, 70_000), false).unwrap().unwrap().into_after();
    assert_eq!(judged(&[&first, &served], &two, &[(1, &served)], &[]), [Some(1), Some(0)]);
    let gave_up = second.look(&Found::Failed(shown(None))).unwrap().unwrap().into_after();
    assert_eq!(judged(&[&first, &gave_up], &two, &[], &[]), [Some(0), Some(1)], "the oldest comes first");
    let third = [came(1, 65_000, 70_000), came(2, 65_000, 71_000), came(3, 65_000, 72_000)];
    assert_eq!(judged(&[&first, &gave_up], &third, &[], &[]), [Some(0), Some(1), None], "nobody wants it");
}

#[test]
fn what_is_proven_or_named_is_nobody_elses() {
    let (first, second) = (taken(1, 65_000, 0), taken(2, 65_000, 30_000));
    let both = [&first, &second];
    let two = [came(1, 65_000, 40_000), came(2, 65_000, 41_000)];
    assert_eq!(judged(&both, &two, &[], &[(1, &second)]), [Some(1), Some(0)]);
    assert_eq!(judged(&both, &two, &[(1, &first)], &[(1, &second), (2, &second)]), [Some(0), Some(1)]);
    assert_eq!(judged(&both, &two[..1], &[], &[(9, &first)]), [Some(1)], "who names another gets that alone");
    let gone = taken(3, 65_000, 0);
    assert_eq!(judged(&both, &two[..1], &[(1, &gone)], &[]), [None], "it has ended since");
    assert_eq!(judged(&both, &two[..1], &[], &[(1, &gone)]), [Some(0)], "that is no order of this account");
    let early = [came(1, 65_000, -31_000)];
    let named = judged(&both, &early, &[], &[(1, &second)]);
    assert_eq!(named, [Some(0)], "none was asked for a minute later");
}

#[test]
fn what_an_order_lacks_is_what_has_not_come() {
    let first = taken(1, 65_000, 0);
    let part = arrival(40_000);
    let short = first.clone().expire(Some(part), true, first.deadline).unwrap().into_after();
    let second = taken(2, 65_000, 61_000);
    let rest = [came(1, 40_000, 2_000), came(2, 25_000, 70_000)];
    let whole = judged(&[&short, &second], &rest, &[(1, &short)], &[]);
    assert_eq!(whole, [Some(0), Some(0)]);
    let ended = taken(1, 65_000, 0).prove(arrival(65_000), true).unwrap().unwrap().into_after();
    assert_eq!(judged(&[&ended], &[came(2, 65_000, 9_000)], &[], &[]), [None]);
    let elsewhere = Lent { receiver: TronAddress([9; 20]), ..came(1, 65_000, 9_000) };
    let known = Known { explained: &BTreeMap::new(), named: &BTreeMap::new() };
    assert_eq!(whose(receiver(), [&first], &[elsewhere], known), []);
}
