//! Receipts: the sums, to the sun.

use super::*;
use crate::attempt::Kind;
use crate::proof::Inclusion;
use crate::samples::{PAID, at, block, inclusion, planned, signed, slot, transfer_id, ulid, unsigned};

fn need() -> EnergyNeedId {
    EnergyNeedId::new(ulid(1))
}

/// A transfer of USDT to a holder at 100 sun: its energy is lent, its bandwidth burns.
fn estimate() -> Estimate {
    Estimate {
        energy: 64_285,
        lent: 64_285,
        burns_sun: Cost(347_000),
        burning_sun: Cost(6_775_500),
        need: Some(need()),
    }
}

/// Two such transfers' energy for 3.6 TRX.
fn prices(paid: Option<u128>) -> BTreeMap<EnergyNeedId, Price> {
    let price = Price { energy: 128_570, most_sun: Cost(4_000_000), paid_sun: paid.map(Cost) };
    BTreeMap::from([(need(), price)])
}

fn fuelled(estimate: Estimate) -> Transfer {
    let funded = planned().fund(block(1), at(2)).unwrap().into_after();
    funded.fuel(65_000, Cost(347_000), Some(estimate), at(2)).unwrap().into_after()
}

fn included(estimate: Estimate, cost: u128) -> Transfer {
    let attempt = unsigned(1, transfer_id(1), Kind::Pay, slot(7));
    let built = fuelled(estimate).build(attempt.clone(), at(2)).unwrap().transfer.into_after();
    let sent = built.signed(&signed(attempt), 5, at(3)).unwrap().into_after();
    sent.see(Inclusion { cost: Cost(cost), ..inclusion(PAID) }, at(4)).unwrap().into_after()
}

#[test]
fn energy_that_was_bought_costs_its_share_and_saves_the_rest() {
    let receipt = Receipt::of([&included(estimate(), 345_000)], &prices(Some(3_600_000))).unwrap();
    let expected = Receipt {
        energy: 64_285,
        estimated_sun: Cost(347_000 + 1_800_000),
        network_sun: Some(Cost(345_000)),
        bought_sun: Some(Cost(1_800_000)),
        burning_sun: Cost(6_775_500),
    };
    assert_eq!(receipt, expected);
    assert_eq!(receipt.total_sun(), Some(Cost(2_145_000)));
    assert_eq!(receipt.saved_sun(), Some(4_630_500));
}

#[test]
fn what_was_bought_and_what_was_lent_for_one_need_have_one_price() {
    let bought = Price { energy: 60_000, most_sun: Cost(3_000_000), paid_sun: Some(Cost(2_400_000)) };
    let lent = Price { energy: 20_000, most_sun: Cost(500_000), paid_sun: Some(Cost(400_000)) };
    let both = Price { energy: 80_000, most_sun: Cost(3_500_000), paid_sun: Some(Cost(2_800_000)) };
    assert_eq!(bought.and(lent), both);
    assert_eq!(both.share(Cost(2_800_000), 40_000), Cost(1_400_000));
    assert_eq!(bought.and(Price { paid_sun: None, ..lent }).paid_sun, None, "one of them is not known yet");
}

#[test]
fn what_is_not_known_yet_is_not_said() {
    assert_eq!(Receipt::of([&planned()], &prices(None)), None);
    let before = Receipt::of([&fuelled(estimate())], &prices(None)).unwrap();
    assert_eq!((before.network_sun, before.estimated_sun), (None, Cost(347_000 + 2_000_000)));
    assert_eq!((before.total_sun(), before.saved_sun()), (None, None));
    let unpriced = Receipt::of([&included(estimate(), 345_000)], &prices(None)).unwrap();
    assert_eq!((unpriced.network_sun, unpriced.bought_sun), (Some(Cost(345_000)), None));
    assert_eq!(unpriced.total_sun(), None);
}

#[test]
fn the_wallets_own_energy_has_no_price_and_a_share_is_rounded_up() {
    let own = Receipt::of([&included(Estimate { need: None, ..estimate() }, 0)], &prices(Some(1))).unwrap();
    assert_eq!((own.total_sun(), own.saved_sun()), (Some(Cost::ZERO), Some(6_775_500)));
    let thirds = Estimate { lent: 1, ..estimate() };
    let third = Receipt::of([&included(thirds, 0)], &prices(Some(1))).unwrap();
    assert_eq!(third.bought_sun, Some(Cost(1)));
    let more = Estimate { lent: u64::MAX, ..estimate() };
    let all = Receipt::of([&included(more, 0)], &prices(Some(3_600_000))).unwrap();
    assert_eq!(all.bought_sun, Some(Cost(3_600_000)), "no share is more than the whole");
}

#[test]
fn what_came_to_nothing_counts_where_it_cost_and_energy_that_vanished_saves_nothing() {
    let burned = included(estimate(), 14_000_000);
    let never = fuelled(estimate());
    let again = included(estimate(), 345_000);
    let receipt = Receipt::of([&never, &burned, &again], &prices(Some(3_600_000))).unwrap();
    assert_eq!(receipt.network_sun, Some(Cost(14_345_000)));
    assert_eq!(
        receipt.bought_sun,
        Some(Cost(3_600_000)),
        "of both that used it, and not of the one that never left"
    );
    assert_eq!(receipt.saved_sun(), Some(6_775_500 - 17_945_000));
}
