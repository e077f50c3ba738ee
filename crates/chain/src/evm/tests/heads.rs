use sluice_core::alert::Code;
use sluice_core::port::chain::{Chain, ChainError};

use super::fake::{World, codes, run, stage};

const CHAIN: &str = "eip155:31337";

#[test]
fn the_final_block_is_the_highest_that_enough_operators_hold() {
    let stage = stage(&World::new(12, 10), &["a", "b", "c"], 2);
    stage.nodes[1].change(|world| world.finalized = Some(8));
    stage.nodes[2].change(|world| world.finalized = Some(9));
    let finalized = run(stage.evm.heads()).unwrap().finalized.unwrap();
    assert_eq!(finalized.reading().number, 9);
    assert_eq!(finalized.operators(), ["a", "c"]);
    assert!(stage.evm.troubles().is_empty());
}

#[test]
fn two_urls_of_one_operator_are_one_voice() {
    let stage = stage(&World::new(12, 10), &["a", "a", "b"], 2);
    stage.nodes[2].change(|world| world.finalized = Some(7));
    let finalized = run(stage.evm.heads()).unwrap().finalized.unwrap();
    assert_eq!((finalized.reading().number, finalized.operators().len()), (7, 2));
    stage.nodes[2].change(|world| world.down = true);
    assert_eq!(
        run(stage.evm.heads()).unwrap().finalized,
        None,
        "one operator is no quorum, with however many URLs"
    );
    assert!(codes(&stage.evm.troubles()).contains(&(Code::NodesDown, CHAIN)));
}

#[test]
fn a_node_with_another_final_hash_is_outvoted_and_not_heard_until_it_agrees() {
    let stage = stage(&World::new(12, 10), &["a", "b", "c"], 2);
    stage.nodes[0].change(|world| world.fork(5, 0xbb));
    let finalized = run(stage.evm.heads()).unwrap().finalized.unwrap();
    assert_eq!(finalized.operators(), ["b", "c"]);
    assert_eq!(codes(&stage.evm.troubles()), [(Code::NodesDisagree, "eip155:31337 a/0")]);

    let asked = stage.nodes[0].asked_in_all();
    run(stage.evm.heads()).unwrap();
    run(stage.evm.market()).unwrap();
    assert_eq!(stage.nodes[0].asked_in_all(), asked, "a quarantined node is not asked");

    stage.clock.advance(300_000);
    run(stage.evm.heads()).unwrap();
    assert_eq!(stage.nodes[0].asked_in_all(), asked + 1, "asked once, still contradicting");
    stage.nodes[0].change(|world| world.fork(5, 0xaa));
    stage.clock.advance(300_000);
    let contradicts = || codes(&stage.evm.troubles()).contains(&(Code::NodesDisagree, "eip155:31337 a/0"));
    assert!(contradicts(), "it stands, however long ago it was noticed");
    run(stage.evm.heads()).unwrap();
    let finalized = run(stage.evm.heads()).unwrap().finalized.unwrap();
    assert_eq!(finalized.operators(), ["a", "b", "c"], "it agrees again");
    assert!(!contradicts(), "and nothing is wrong with it any more");
}

/// Two of three nodes, quarantined one after the other; the third alone is no quorum that could release either.
fn two_quarantined() -> super::fake::Stage {
    let stage = stage(&World::new(12, 10), &["a", "b", "c"], 2);
    stage.nodes[0].change(|world| world.fork(5, 0xbb));
    run(stage.evm.heads()).unwrap();
    stage.evm.disproved("b/1", "final block #7");
    assert_eq!(run(stage.evm.heads()).unwrap().finalized, None, "one operator is left");
    stage
}

#[test]
fn nodes_that_are_honest_again_are_heard_although_too_few_others_are_left() {
    let stage = two_quarantined();
    stage.nodes[0].change(|world| world.fork(5, 0xaa));
    stage.clock.advance(299_000);
    run(stage.evm.heads()).unwrap();
    assert_eq!(run(stage.evm.heads()).unwrap().finalized, None, "not before their time");
    stage.clock.advance(1_000);
    run(stage.evm.heads()).unwrap();
    let finalized = run(stage.evm.heads()).unwrap().finalized.unwrap();
    assert_eq!(finalized.operators(), ["a", "b", "c"]);
}

#[test]
fn nodes_are_heard_again_by_one_who_never_asks_for_heads() {
    let stage = two_quarantined();
    stage.nodes[0].change(|world| world.fork(5, 0xaa));
    let block = World::new(12, 10).blocks[3].header.block;
    assert!(run(stage.evm.still_final(&[block])).is_err(), "one operator is left");
    stage.clock.advance(300_000);
    let again = [run(stage.evm.still_final(&[block])), run(stage.evm.still_final(&[block]))];
    let [_, Ok(agreed)] = again else { panic!("nobody is heard again: {again:?}") };
    assert_eq!(agreed[0].operators().len(), 2);
}

#[test]
fn a_quarantined_node_that_still_contradicts_is_left_out() {
    let stage = two_quarantined();
    stage.clock.advance(300_000);
    run(stage.evm.heads()).unwrap();
    let finalized = run(stage.evm.heads()).unwrap().finalized.unwrap();
    assert_eq!(finalized.operators(), ["b", "c"]);
}

#[test]
fn quarantined_nodes_do_not_release_each_other_against_one_that_is_heard() {
    let stage = two_quarantined();
    stage.nodes[1].change(|world| world.fork(5, 0xbb));
    stage.clock.advance(300_000);
    for _ in 0..3 {
        assert_eq!(run(stage.evm.heads()).unwrap().finalized, None, "two liars are one word against one");
    }
    stage.nodes[2].change(|world| world.down = true);
    for _ in 0..3 {
        let heads = run(stage.evm.heads());
        assert!(heads.is_err(), "nor when it is silent: {heads:?}");
    }
}

#[test]
fn three_different_final_blocks_are_none() {
    let stage = stage(&World::new(12, 10), &["a", "b", "c"], 2);
    stage.nodes[0].change(|world| world.fork(5, 0xbb));
    stage.nodes[1].change(|world| world.fork(5, 0xcc));
    assert_eq!(run(stage.evm.heads()).unwrap().finalized, None);
    assert_eq!(codes(&stage.evm.troubles()), [(Code::NodesDisagree, CHAIN)]);
    let block = World::new(12, 10).blocks[3].header.block;
    let refused = run(stage.evm.still_final(&[block]));
    assert!(matches!(refused, Err(ChainError::Disagree { .. })), "{refused:?}");
}

#[test]
fn an_even_split_is_no_quorum() {
    let stage = stage(&World::new(12, 10), &["a", "b", "c", "d"], 2);
    stage.nodes[0].change(|world| world.fork(5, 0xbb));
    stage.nodes[1].change(|world| world.fork(5, 0xbb));
    assert_eq!(run(stage.evm.heads()).unwrap().finalized, None, "two against two decide nothing");
}

#[test]
fn an_operator_that_contradicts_itself_has_no_voice() {
    let stage = stage(&World::new(12, 10), &["a", "a", "b"], 2);
    stage.nodes[0].change(|world| world.fork(5, 0xbb));
    assert_eq!(run(stage.evm.heads()).unwrap().finalized, None);
}

#[test]
fn a_lower_block_is_final_where_the_newest_is_disputed() {
    let stage = stage(&World::new(12, 10), &["a", "b", "c"], 2);
    stage.nodes[0].change(|world| world.fork(9, 0xbb));
    stage.nodes[1].change(|world| world.finalized = Some(8));
    let finalized = run(stage.evm.heads()).unwrap().finalized.unwrap();
    assert_eq!((finalized.reading().number, finalized.operators().len()), (8, 3));
    assert_eq!(codes(&stage.evm.troubles()), [(Code::NodesDisagree, CHAIN)]);
}

#[test]
fn one_operator_is_single_source_and_says_so() {
    let stage = stage(&World::new(12, 10), &["a"], 1);
    assert!(run(stage.evm.heads()).unwrap().finalized.unwrap().single_source());
    assert_eq!(codes(&stage.evm.troubles()), [(Code::SingleSource, CHAIN)]);
}

#[test]
fn nobody_answers_is_an_error_and_an_alarm() {
    let stage = stage(&World::new(12, 10), &["a", "b"], 2);
    stage.nodes.iter().for_each(|node| node.change(|world| world.down = true));
    assert!(matches!(run(stage.evm.heads()), Err(ChainError::Down { .. })));
    assert_eq!(codes(&stage.evm.troubles()), [(Code::NodesDown, CHAIN)]);
    stage.nodes.iter().for_each(|node| node.change(|world| world.down = false));
    run(stage.evm.heads()).unwrap();
    stage.clock.advance(15_000);
    run(stage.evm.heads()).unwrap();
    assert!(stage.evm.troubles().is_empty(), "nobody met it for a while");
}

#[test]
fn finality_that_stands_still_is_raised() {
    let stage = stage(&World::new(12, 2), &["a", "b"], 2);
    for height in 3..8 {
        run(stage.evm.heads()).unwrap();
        stage.clock.advance(50_000);
        assert!(stage.evm.troubles().is_empty(), "it moves");
        stage.nodes.iter().for_each(|node| node.change(|world| world.finalized = Some(height)));
    }
    run(stage.evm.heads()).unwrap();
    stage.clock.advance(61_000);
    run(stage.evm.heads()).unwrap();
    assert_eq!(codes(&stage.evm.troubles()), [(Code::FinalityStalled, CHAIN)]);
    stage.nodes.iter().for_each(|node| node.change(|world| world.finalized = Some(9)));
    run(stage.evm.heads()).unwrap();
    assert!(stage.evm.troubles().is_empty(), "it moves again");
}

#[test]
fn a_new_block_far_from_our_clock_is_raised() {
    let stage = stage(&World::new(12, 10), &["a", "b"], 2);
    stage.clock.advance(600_000);
    run(stage.evm.heads()).unwrap();
    assert!(stage.evm.troubles().is_empty(), "an old block may be the last of a quiet chain");
    stage.nodes.iter().for_each(|node| node.change(|world| world.mine(vec![])));
    run(stage.evm.heads()).unwrap();
    assert_eq!(codes(&stage.evm.troubles()), [(Code::ClockSkew, CHAIN)]);
    stage.clock.advance(-600_000);
    stage.nodes.iter().for_each(|node| node.change(|world| world.mine(vec![])));
    run(stage.evm.heads()).unwrap();
    assert!(stage.evm.troubles().is_empty(), "the clock is right again");
}

#[test]
fn the_latest_block_is_one_that_enough_operators_have_reached() {
    let stage = stage(&World::new(40, 30), &["a", "b", "c"], 2);
    stage.nodes[0].change(|world| world.mine(vec![]));
    let heads = run(stage.evm.heads()).unwrap();
    assert_eq!((heads.latest.number, heads.reached), (40, Some(40)), "one block ahead, by a word of one");
    stage.nodes[2].change(|world| world.mine(vec![]));
    let heads = run(stage.evm.heads()).unwrap();
    assert_eq!((heads.latest.number, heads.reached), (41, Some(41)), "two have it");
}

#[test]
fn of_two_operators_one_far_ahead_is_asked_last_and_not_believed() {
    let stage = stage(&World::new(40, 30), &["a", "b"], 2);
    stage.nodes[0].change(|world| (0..2_000).for_each(|_| world.mine(vec![])));
    for _ in 0..2 {
        let heads = run(stage.evm.heads()).unwrap();
        assert_eq!((heads.latest.number, heads.reached), (40, Some(40)));
    }
    let facts = stage.evm.nodes();
    assert_eq!([facts[0].trouble, facts[1].trouble], [Some("out_of_step"), None]);
}

#[test]
fn what_is_reached_is_unknown_while_fewer_operators_answer_than_a_quorum_takes() {
    let stage = stage(&World::new(40, 30), &["a", "a", "b"], 2);
    stage.nodes[2].change(|world| world.down = true);
    let heads = run(stage.evm.heads()).unwrap();
    assert_eq!((heads.latest.number, heads.reached), (40, None), "two URLs of one operator are one voice");
}

#[test]
fn where_one_operator_is_enough_the_one_ahead_of_two_is_believed() {
    let stage = stage(&World::new(40, 30), &["a", "b"], 1);
    stage.nodes[1].change(|world| world.blocks.truncate(11));
    stage.nodes[1].change(|world| world.finalized = Some(5));
    let heads = run(stage.evm.heads()).unwrap();
    assert_eq!((heads.latest.number, heads.reached), (40, Some(40)), "one that lags holds nobody up");
}
