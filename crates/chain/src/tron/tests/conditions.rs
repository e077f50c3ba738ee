use sluice_core::chain::BlockRef;
use sluice_core::port::chain::{Chain, ChainError};

use super::fake::{Stage, USUAL, World, hash_of, run, stage, time_of};
use crate::tron::node::Prices;

fn three() -> Stage {
    stage(&World::new(9, 7), &["a", "b", "c"], 2)
}

fn told(stage: &Stage) -> Prices {
    let told = run(stage.tron.conditions()).unwrap();
    Prices {
        energy_sun: told.energy_sun,
        bandwidth_sun: told.bandwidth_sun,
        memo_sun: told.memo_sun,
        account_sun: told.account_sun,
        account_bandwidth_sun: told.account_bandwidth_sun,
    }
}

#[test]
fn what_is_built_leans_on_a_solid_block_that_enough_operators_have() {
    let stage = three();
    stage.nodes[0].change(|world| world.solid = 9);
    stage.nodes[1].change(|world| world.solid = 5);
    let told = run(stage.tron.conditions()).unwrap();
    // Block 7 is solid for two, and a proof of death lies two below.
    assert_eq!(told.reference, BlockRef { number: 5, hash: hash_of(5, 0xaa) });
    assert_eq!(told.head_time_ms, time_of(9));
    stage.nodes[0].change(|world| world.fork(3, 0xbb));
    stage.nodes[1].change(|world| world.down = true);
    assert!(run(stage.tron.conditions()).is_err(), "one made it up, or the other did");
}

const fn all(sun: u64) -> Prices {
    Prices {
        energy_sun: sun,
        bandwidth_sun: sun,
        memo_sun: sun,
        account_sun: sun,
        account_bandwidth_sun: sun,
    }
}

#[test]
fn an_absurd_price_or_time_of_one_node_is_outvoted() {
    for liar in 0..3 {
        for (prices, shift_ms) in [
            (all(u64::MAX), 86_400_000),
            (Prices { energy_sun: 1, ..all(0) }, -86_400_000),
            (Prices { energy_sun: 0, ..USUAL }, 0),
        ] {
            let stage = three();
            stage.nodes[liar].change(|world| {
                world.prices = prices;
                world.shift_ms = shift_ms;
            });
            assert_eq!(told(&stage), USUAL, "{liar} {prices:?}");
            assert_eq!(run(stage.tron.conditions()).unwrap().head_time_ms, time_of(9));
        }
    }
}

#[test]
fn two_urls_of_one_operator_have_one_price() {
    let stage = stage(&World::new(9, 7), &["a", "a", "b"], 2);
    for node in &stage.nodes[..2] {
        node.change(|world| world.prices.energy_sun = 9_999);
    }
    assert_eq!(told(&stage), USUAL, "the lower of two");
}

#[test]
fn prices_are_read_again_after_a_minute_and_never_believed_longer() {
    let stage = three();
    assert_eq!(told(&stage), USUAL);
    for node in &stage.nodes {
        node.change(|world| world.prices.energy_sun = 210);
    }
    stage.clock.advance(59_999);
    assert_eq!((told(&stage).energy_sun, stage.nodes[0].asked("prices")), (100, 1));
    stage.clock.advance(1);
    assert_eq!(told(&stage).energy_sun, 210);
    stage.clock.advance(60_000);
    stage.nodes.iter().for_each(|node| node.change(|world| world.prices.energy_sun = 0));
    assert!(matches!(run(stage.tron.conditions()), Err(ChainError::Down { .. })));
}
