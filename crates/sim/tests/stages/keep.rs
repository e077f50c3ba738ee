//! A large withdrawal is passed over by smaller ones for a bounded time, and then by none: what the wallet has and gets is
//! kept for it.

use std::sync::Arc;

use crate::bench::Bench;
use crate::restore::rounds;

const COMPLETED: &str = "select id as what from withdrawal where state = 'paid' limit 50";
const LARGE: &str =
    "select id as what from withdrawal where state = 'paid' and external_id = 'large' limit 5";
const KEPT: &str =
    "select id as what from alert where code = 'funds_short' and detail like '%is kept for it' limit 5";
/// Half of what an immediate withdrawal is promised in, seconds.
const HALF_S: i64 = 15 * 60;

/// The token balance of the lane's wallet becomes what `change` makes of it.
fn balance(bench: &Bench, change: impl FnOnce(u128) -> u128) {
    let account = bench.world.purses.iter().find(|purse| purse.id == bench.lane).unwrap().address;
    let mut chain = bench.world.chain();
    let block = Arc::make_mut(chain.blocks.last_mut().unwrap());
    let accounts = Arc::make_mut(&mut block.after);
    let has = accounts.token.balance(account);
    accounts.token.balances.insert(account, change(has));
}

/// A withdrawal of more than the lane's wallet has, half of whose time is over, and five small ones behind it. One small
/// one was paid meanwhile.
fn waited(bench: &mut Bench, unit: u128) {
    let asset = bench.world.asset.clone();
    rounds(bench, 2);
    balance(bench, |_| 50 * unit);
    bench.order_of("large", 1, &asset, "150");
    rounds(bench, 2);
    bench.order(2, &asset);
    rounds(bench, 20);
    assert_eq!((bench.count(COMPLETED), bench.count(KEPT)), (1, 0), "smaller ones go on at first");
    for _ in 0..2 * HALF_S {
        bench.pass();
    }
    for number in 3..8 {
        bench.order(number, &asset);
    }
    rounds(bench, 20);
}

#[test]
fn a_large_withdrawal_is_passed_over_for_half_of_its_time_and_no_longer() {
    let mut bench = Bench::new(|inner| inner);
    let unit = 10u128.pow(u32::from(bench.world.asset.decimals));
    waited(&mut bench, unit);
    assert_eq!((bench.count(COMPLETED), bench.count(KEPT)), (1, 1), "what is there is kept for it");
    // It comes in little by little, and none of it goes to the smaller ones.
    for _ in 0..4 {
        balance(&bench, |has| has + 20 * unit);
        rounds(&mut bench, 4);
    }
    assert_eq!(bench.count(COMPLETED), 1);
    balance(&bench, |has| has + 30 * unit);
    rounds(&mut bench, 30);
    assert_eq!((bench.count(LARGE), bench.count(COMPLETED)), (1, 7), "it is paid, and then they are");
}

#[test]
fn one_wallet_of_a_partner_keeps_and_the_others_go_on() {
    let mut bench = Bench::new(|inner| inner);
    let unit = 10u128.pow(u32::from(bench.world.asset.decimals));
    bench.lane = bench.world.purses[1].id;
    assert_eq!(bench.world.purses[1].partner, bench.partner);
    waited(&mut bench, unit);
    assert_eq!((bench.count(COMPLETED), bench.count(KEPT)), (6, 0));
}
