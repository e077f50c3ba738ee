//! Which vendor gets an order.

use super::super::choice::*;
use super::super::closed::Closed;
use super::super::*;
use super::samples::*;
use crate::port::market::{Quote, VendorFacts};
use proptest::prelude::*;

const NEED: fn() -> Demand = || Demand { energy: ENERGY, duration_s: 3_600, deadline: at(DEADLINE_MS) };

fn caps() -> Caps {
    Caps {
        order_max_sun: Cost(10_000_000),
        energy_max_micro_sun: 100_000_000,
        left_sun: Cost(10_000_000),
        burning_sun: Some(Cost(6_500_000)),
    }
}

fn one(change: impl FnOnce(&mut VendorFacts, &mut Quote, &mut Caps, &mut Demand)) -> Choice {
    offered(None, true, change)
}

fn own(change: impl FnOnce(&mut Quote, &mut Caps)) -> Option<&'static str> {
    let facts = facts("hq", Recovery::Repeat);
    let (mut quote, mut caps) = (quote(&facts), caps());
    change(&mut quote, &mut caps);
    let offer = Offer { facts: &facts, quote: &quote, closed: None, passes: true, own: true };
    choose(&NEED(), &[offer], &caps, at(0)).passed.first().map(|(_, why)| why.as_str())
}

#[test]
fn our_own_stake_is_bound_by_its_price_and_not_by_what_may_be_spent() {
    assert_eq!(own(|_, caps| (caps.order_max_sun, caps.left_sun) = (Cost::ZERO, Cost::ZERO)), None);
    assert_eq!(own(|_, caps| caps.energy_max_micro_sun = 46_153_846), Some("price_cap"));
    assert_eq!(own(|_, caps| caps.burning_sun = Some(PRICE)), Some("burning"));
    assert_eq!(own(|quote, _| quote.total_sun = Cost::ZERO), None);
}

fn offered(
    closed: Option<Closed>,
    passes: bool,
    change: impl FnOnce(&mut VendorFacts, &mut Quote, &mut Caps, &mut Demand),
) -> Choice {
    let mut facts = facts("it", Recovery::Repeat);
    let (mut quote, mut caps, mut need) = (quote(&facts), caps(), NEED());
    change(&mut facts, &mut quote, &mut caps, &mut need);
    choose(&need, &[Offer { facts: &facts, quote: &quote, closed, passes, own: false }], &caps, at(0))
}

#[test]
fn each_bound_passes_at_the_bound_and_passes_over_just_past_it() {
    let passed = |choice: Choice| choice.passed.first().map(|(_, why)| why.as_str());
    assert_eq!(passed(one(|_, _, _, _| {})), None);
    assert_eq!(passed(one(|_, _, caps, _| caps.order_max_sun = PRICE)), None);
    assert_eq!(passed(one(|_, _, caps, _| caps.order_max_sun = Cost(PRICE.0 - 1))), Some("order_cap"));
    assert_eq!(passed(one(|_, _, caps, _| caps.left_sun = PRICE)), None);
    assert_eq!(passed(one(|_, _, caps, _| caps.left_sun = Cost(PRICE.0 - 1))), Some("spend_cap"));
    // 3,000,000 sun for 65,000 energy are 46.153846.. sun each.
    assert_eq!(passed(one(|_, _, caps, _| caps.energy_max_micro_sun = 46_153_847)), None);
    assert_eq!(passed(one(|_, _, caps, _| caps.energy_max_micro_sun = 46_153_846)), Some("price_cap"));
    let even = |cap| {
        one(|_, quote, caps, _| {
            quote.total_sun = Cost(3_250_000);
            caps.energy_max_micro_sun = cap;
        })
    };
    assert_eq!(passed(even(50_000_000)), None, "50 sun each, at the cap");
    assert_eq!(passed(even(49_999_999)), Some("price_cap"));
    assert_eq!(passed(one(|_, quote, _, _| quote.total_sun = Cost(u128::MAX))), Some("order_cap"));
    assert_eq!(passed(one(|_, _, caps, _| caps.burning_sun = Some(Cost(PRICE.0 + 1)))), None);
    assert_eq!(passed(one(|_, _, caps, _| caps.burning_sun = Some(PRICE))), Some("burning"));
    assert_eq!(passed(one(|_, _, caps, _| caps.burning_sun = None)), None);
    assert_eq!(passed(one(|facts, _, _, _| facts.delivers_ms = 120_000)), None);
    assert_eq!(passed(one(|facts, _, _, _| facts.delivers_ms = 120_001)), Some("late"));
    assert_eq!(passed(one(|_, quote, _, _| quote.valid_until = at(0))), None);
    assert_eq!(passed(one(|_, quote, _, _| quote.valid_until = at(-1))), Some("stale"));
    assert_eq!(passed(one(|_, _, _, need| need.energy = ENERGY + 1)), Some("too_little"));
    assert_eq!(passed(one(|_, _, _, need| need.duration_s = 3_601)), Some("too_little"));
    assert_eq!(passed(offered(None, false, |_, _, _, _| {})), Some("breaker"));
    let id = planned(1, Recovery::None).id;
    assert_eq!(passed(offered(Some(Closed::Unknown(id)), true, |_, _, _, _| {})), Some("unknown"));
}

proptest! {
    #[test]
    fn the_cheapest_that_fits_wins_and_everybody_else_hears_why(
        prices in prop::collection::vec((1u128..9_000_000, any::<bool>()), 0..6)
    ) {
        let facts = facts("it", Recovery::Repeat);
        let quotes: Vec<Quote> = prices
            .iter()
            .map(|(price, _)| Quote { total_sun: Cost(*price), ..quote(&facts) })
            .collect();
        let offers: Vec<Offer<'_>> = quotes
            .iter()
            .zip(&prices)
            .map(|(quote, (_, passes))| Offer { facts: &facts, quote, closed: None, passes: *passes, own: false })
            .collect();
        let choice = choose(&NEED(), &offers, &caps(), at(0));
        let fit = |(price, passes): &(u128, bool)| *passes && *price < 6_500_000;
        let cheapest = prices.iter().filter(|it| fit(it)).map(|(price, _)| *price).min();
        prop_assert_eq!(choice.chosen.map(|place| prices[place].0), cheapest);
        prop_assert_eq!(choice.passed.len() + usize::from(choice.chosen.is_some()), prices.len());
    }
}
