use sluice_core::alert::Code;
use sluice_core::port::chain::{Chain, ChainError};

use super::fake::{US, World, codes, run, stage};

#[test]
fn a_node_of_another_chain_is_never_asked() {
    let stage = stage(&World::new(12, 10), &["a", "b", "c"], 2);
    stage.nodes[0].change(|world| world.chain_id = 1);
    let finalized = run(stage.evm.heads()).unwrap().finalized.unwrap();
    assert_eq!(finalized.operators(), ["b", "c"]);
    let raised = stage.evm.troubles();
    assert_eq!(codes(&raised), [(Code::NodesDown, "eip155:31337 a/0")]);
    assert!(raised[0].detail.contains("eip155:1,"), "{}", raised[0].detail);
    assert_eq!(stage.nodes[0].asked_in_all(), 1, "only for its chain");

    stage.nodes[0].change(|world| world.chain_id = 31_337);
    stage.clock.advance(3_599_000);
    run(stage.evm.heads()).unwrap();
    assert_eq!(stage.nodes[0].asked_in_all(), 1);
    stage.clock.advance(1_000);
    let finalized = run(stage.evm.heads()).unwrap().finalized.unwrap();
    assert_eq!(finalized.operators(), ["a", "b", "c"], "asked again after an hour");
    assert!(!codes(&stage.evm.troubles()).contains(&(Code::NodesDown, "eip155:31337 a/0")), "one of us");
}

#[test]
fn a_node_behind_the_others_is_asked_last() {
    let stage = stage(&World::new(40, 30), &["a", "b", "c"], 2);
    stage.nodes[0].change(|world| world.blocks.truncate(20));
    run(stage.evm.heads()).unwrap();
    assert_eq!(run(stage.evm.heads()).unwrap().latest.number, 40);
    assert_eq!(run(stage.evm.market()).unwrap().head.number, 40);
}

#[test]
fn a_node_far_ahead_of_two_others_is_not_believed() {
    let stage = stage(&World::new(40, 30), &["a", "b", "c"], 2);
    stage.nodes[0].change(|world| (0..100).for_each(|_| world.mine(vec![])));
    run(stage.evm.heads()).unwrap();
    assert_eq!(run(stage.evm.heads()).unwrap().latest.number, 40);
}

#[test]
fn a_node_that_takes_questions_and_answers_none_costs_one_timeout_and_not_three() {
    let stage = stage(&World::new(12, 10), &["a", "b", "c"], 2);
    run(stage.evm.heads()).unwrap();
    stage.nodes[0].change(|world| world.silent = true);
    let asked = stage.nodes[0].asked_in_all();
    run(stage.evm.has_code(US.into())).unwrap();
    run(stage.evm.has_code(US.into())).unwrap();
    run(stage.evm.heads()).unwrap();
    assert_eq!(stage.nodes[0].asked_in_all(), asked + 1, "its breaker is open");
}

#[test]
fn a_failing_node_is_left_alone_for_a_while_and_then_probed_once() {
    let stage = stage(&World::new(12, 10), &["a", "b"], 1);
    run(stage.evm.heads()).unwrap();
    stage.nodes[0].change(|world| world.down = true);
    for _ in 0..3 {
        run(stage.evm.heads()).unwrap();
    }
    let asked = stage.nodes[0].asked_in_all();
    for _ in 0..5 {
        run(stage.evm.heads()).unwrap();
        run(stage.evm.nonces(US.into())).unwrap();
    }
    assert_eq!(stage.nodes[0].asked_in_all(), asked, "its breaker is open");
    stage.clock.advance(60_000);
    run(stage.evm.has_code(US.into())).unwrap();
    run(stage.evm.has_code(US.into())).unwrap();
    assert_eq!(stage.nodes[0].asked_in_all(), asked + 1, "one probe");
    stage.nodes[0].change(|world| world.down = false);
    stage.clock.advance(60_000);
    run(stage.evm.heads()).unwrap();
    let asked = stage.nodes[0].asked_in_all();
    run(stage.evm.nonces(US.into())).unwrap();
    assert!(stage.nodes[0].asked_in_all() > asked, "it is first again");
}

#[test]
fn when_all_breakers_are_open_everybody_is_asked() {
    let stage = stage(&World::new(12, 10), &["a", "b"], 2);
    run(stage.evm.heads()).unwrap();
    stage.nodes.iter().for_each(|node| node.change(|world| world.down = true));
    for _ in 0..5 {
        assert!(matches!(run(stage.evm.heads()), Err(ChainError::Down { .. })));
    }
    stage.nodes.iter().for_each(|node| node.change(|world| world.down = false));
    assert!(run(stage.evm.heads()).unwrap().finalized.is_some(), "back without waiting");
}

#[test]
fn the_same_trouble_is_one_trouble() {
    let stage = stage(&World::new(12, 10), &["a"], 1);
    run(stage.evm.heads()).unwrap();
    run(stage.evm.heads()).unwrap();
    assert_eq!(stage.evm.troubles().len(), 1);
    assert_eq!(stage.evm.troubles().len(), 1, "it is how things stand, not what is new");
}
