use sluice_core::alert::Code;
use sluice_core::amount::Units;
use sluice_core::chain::BlockRef;
use sluice_core::port::chain::{Chain, ChainError};
use sluice_core::resource::{Network, Resources};

use super::fake::{Stage, US, World, codes, hash_of, run, stage};
use super::made::{trx, usdt};
use crate::tron::node::Left;

fn three() -> Stage {
    stage(&World::new(19, 7), &["a", "b", "c"], 2)
}

fn there(number: u64) -> BlockRef {
    BlockRef { number, hash: hash_of(number, 0xaa) }
}

#[test]
fn balances_are_of_a_block_that_stood_still_around_them() {
    let assets = [usdt(), trx()];
    let stage = three();
    let (block, units) = run(stage.tron.balances(US.into(), &assets)).unwrap();
    assert_eq!((block, units), (there(7), vec![Units::from(1_000); 2]));
    assert_eq!(stage.nodes[0].asked("calls"), 1);
    // A block came in between: it is asked again.
    stage.nodes[0].change(|world| world.comes = 2);
    let (block, _) = run(stage.tron.balances(US.into(), &assets)).unwrap();
    assert_eq!((block, stage.nodes[0].asked("calls")), (there(9), 3));
    // Blocks come all the time: named after the one before, which counts nothing twice in our favour.
    stage.nodes[0].change(|world| world.comes = 99);
    let (block, _) = run(stage.tron.balances(US.into(), &assets)).unwrap();
    assert_eq!((block, stage.nodes[0].asked("calls")), (there(12), 6));
    let solid = stage.nodes[0].world.lock().unwrap().solid;
    assert_eq!(solid, 13, "asked once more after that");
}

#[test]
fn resources_are_of_the_latest_block() {
    let left = Left {
        energy: 5,
        bandwidth: 6,
        free_bandwidth: 7,
        energy_most: 8,
        bandwidth_most: 9,
        network_energy: 180,
        network_stake_trx: 19,
    };
    let stage = stage(&World { left, ..World::new(19, 7) }, &["a"], 1);
    let told = run(stage.tron.resources(US.into())).unwrap();
    let network = Network { energy: 180, stake_trx: 19 };
    let expected =
        Resources { energy: 5, bandwidth: 6, free_bandwidth: 7, energy_most: 8, bandwidth_most: 9, network };
    assert_eq!(told, (there(19), expected));
}

#[test]
fn a_standing_is_what_enough_operators_tell_at_one_solid_block() {
    let stage = three();
    let standing = run(stage.tron.standing(US.into(), &[usdt(), trx()])).unwrap();
    assert_eq!((standing.head(), standing.operators().len()), (there(7), 3));
    assert_eq!((standing.reading().nonce, &standing.reading().units), (0, &vec![Units::from(1_000); 2]));
    // One is a block behind, and another further: two of the same height are enough, and are waited for.
    stage.nodes[0].change(|world| world.solid = 6);
    let standing = run(stage.tron.standing(US.into(), &[trx()])).unwrap();
    assert_eq!((standing.head(), standing.operators()), (there(7), &["b".to_owned(), "c".to_owned()][..]));
    stage.nodes[1].change(|world| world.solid = 8);
    let apart = run(stage.tron.standing(US.into(), &[trx()]));
    assert!(matches!(apart, Err(ChainError::Disagree { .. })), "{apart:?}");
    assert!(stage.tron.troubles().is_empty(), "a block later they may agree");
    stage.nodes[0].change(|world| world.comes = 2);
    let standing = run(stage.tron.standing(US.into(), &[trx()])).unwrap();
    assert!(standing.operators().len() >= 2, "{standing:?}");
}

#[test]
fn what_is_told_while_blocks_come_stands_at_none_of_them() {
    let stage = stage(&World::new(19, 7), &["a", "b"], 2);
    // Three blocks come around its three answers; the last one is named after block 10, and is not of it.
    stage.nodes[0].change(|world| world.comes = 4);
    stage.nodes[1].change(|world| world.solid = 10);
    let standing = run(stage.tron.standing(US.into(), &[trx()]));
    assert!(matches!(standing, Err(ChainError::Disagree { .. })), "{standing:?}");
}

#[test]
fn a_balance_that_one_makes_up_is_outvoted_and_found_out() {
    for liar in 0..3 {
        let stage = three();
        stage.nodes[liar].change(|world| world.balance = 1_000_000);
        let standing = run(stage.tron.standing(US.into(), &[usdt()])).unwrap();
        assert_eq!(standing.reading().units, [Units::from(1_000)]);
        let subject = format!("tron:728126428 {}/{liar}", ["a", "b", "c"][liar]);
        assert_eq!(codes(&stage.tron.troubles()), [(Code::NodesDisagree, subject.as_str())]);
    }
    let stage = three();
    stage.nodes[0].change(|world| world.balance = 1);
    stage.nodes[1].change(|world| world.balance = 2);
    assert!(matches!(run(stage.tron.standing(US.into(), &[usdt()])), Err(ChainError::Disagree { .. })));
}

#[test]
fn a_contract_that_any_node_sees_is_one() {
    let stage = three();
    assert!(!run(stage.tron.has_code(US.into())).unwrap());
    stage.nodes[2].change(|world| world.contract = true);
    assert!(run(stage.tron.has_code(US.into())).unwrap());
    stage.nodes.iter().for_each(|node| node.change(|world| world.down = true));
    assert!(matches!(run(stage.tron.has_code(US.into())), Err(ChainError::Down { .. })));
}
