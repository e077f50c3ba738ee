use sluice_core::alert::Code;
use sluice_core::attempt::Kind;
use sluice_core::chain::BlockRef;
use sluice_core::port::chain::{Chain, ChainError, SlotQuestion};
use sluice_core::proof::{Death, Effect, Final, SlotReading, Stranger};

use super::fake::{
    Stage, THEM, THIEF, TOKEN, US, World, codes, hash_of, moved, paid, question, receipt, run, stage,
};

const CHAIN: &str = "eip155:31337";

/// Nonce 0 is paid by attempt 2 in block 5; the chain goes on to 12, final is 10.
fn paid_world() -> World {
    let mut world = World::new(4, 4);
    world.mine(vec![(0, paid(2))]);
    (6..=12).for_each(|_| world.mine(vec![]));
    world.finalized = Some(10);
    world
}

/// The same nonce is consumed by transaction 99, which is none of the attempts.
fn stranger_world() -> World {
    let mut world = paid_world();
    world.blocks[5].receipts[0].1.txid = stranger().txid;
    world
}

fn stranger() -> Stranger {
    Stranger { txid: [99; 32], block: BlockRef { number: 5, hash: hash_of(5, 0xaa) } }
}

fn asked() -> Vec<SlotQuestion> {
    vec![question(0, &[(1, Kind::Pay), (2, Kind::Pay), (3, Kind::Void)])]
}

fn settled(stage: &Stage) -> Result<Final<SlotReading>, ChainError> {
    run(stage.evm.settle(&asked())).map(|mut readings| readings.remove(0))
}

fn effect(reading: &SlotReading) -> Option<Effect> {
    match reading {
        SlotReading::Ours(inclusion) => Some(inclusion.effect),
        SlotReading::Open | SlotReading::Foreign(_) | SlotReading::Unaccounted | SlotReading::Absent(_) => {
            None
        }
    }
}

#[test]
fn a_payment_is_settled_by_two_operators_under_one_final_block() {
    let stage = stage(&paid_world(), &["a", "b", "c"], 2);
    let reading = settled(&stage).unwrap();
    let SlotReading::Ours(inclusion) = *reading.reading() else { panic!("{reading:?}") };
    assert_eq!(inclusion.effect, Effect::Paid { log_index: 3 });
    assert_eq!((inclusion.txid, inclusion.block.number, inclusion.cost.0), ([2; 32], 5, 90_000));
    assert_eq!((reading.head().number, reading.operators()), (10, &["a".to_owned(), "b".to_owned()][..]));
    assert_eq!(stage.nodes[2].asked("receipts"), 0, "the third is asked only when two do not suffice");
    assert!(stage.evm.troubles().is_empty());
}

#[test]
fn a_slot_that_is_not_consumed_at_finality_is_open() {
    let mut world = World::new(10, 10);
    world.mine(vec![(0, paid(2))]);
    let stage = stage(&world, &["a", "b"], 2);
    assert_eq!(*settled(&stage).unwrap().reading(), SlotReading::Open);
    assert_eq!(stage.nodes[0].asked("receipts"), 0, "no receipt is asked for an open slot");
}

#[test]
fn a_fake_receipt_of_one_node_settles_nothing() {
    let mut honest = paid_world();
    honest.blocks[5].receipts.clear();
    let stage = stage(&honest, &["a", "b", "c"], 2);
    stage.nodes[0].change(|world| *world = World { asked: world.asked.clone(), ..paid_world() });
    assert_eq!(*settled(&stage).unwrap().reading(), SlotReading::Open);
    assert_eq!(codes(&stage.evm.troubles()), [(Code::NodesDisagree, "eip155:31337 a/0")]);
    let asked = stage.nodes[0].asked_in_all();
    settled(&stage).unwrap();
    assert_eq!(stage.nodes[0].asked_in_all(), asked, "the liar is not heard again");
}

#[test]
fn a_receipt_that_one_node_lacks_does_not_make_the_slot_foreign() {
    let stage = stage(&paid_world(), &["a", "b", "c"], 2);
    stage.nodes[0].change(|world| {
        world.missing.insert([2; 32]);
    });
    let reading = settled(&stage).unwrap();
    assert_eq!(effect(reading.reading()), Some(Effect::Paid { log_index: 3 }));
    assert_eq!(reading.operators(), ["b", "c"]);
    assert!(stage.evm.troubles().is_empty(), "a receipt may be late: no lie");
}

#[test]
fn a_wrong_nonce_of_one_node_is_outvoted() {
    let mut honest = paid_world();
    honest.blocks[5].receipts.clear();
    let stage = stage(&honest, &["a", "b", "c"], 2);
    stage.nodes[1].change(|world| {
        world.claims.insert(US, 9);
    });
    assert_eq!(*settled(&stage).unwrap().reading(), SlotReading::Open);
    assert_eq!(codes(&stage.evm.troubles()), [(Code::NodesDisagree, "eip155:31337 b/1")]);
}

#[test]
fn a_nonce_consumed_by_no_attempt_of_ours_is_foreign_by_quorum_alone() {
    let stage = stage(&stranger_world(), &["a", "b", "c"], 2);
    let reading = settled(&stage).unwrap();
    assert_eq!(*reading.reading(), SlotReading::Foreign(stranger()));
    assert!(reading.operators().len() >= 2 && stage.evm.troubles().is_empty());
}

#[test]
fn absence_alone_never_names_a_stranger() {
    // The nonce is consumed for everybody, and nobody has a transaction at it.
    let mut world = stranger_world();
    world.blocks[5].receipts.clear();
    world.claims.insert(US, 1);
    let stage = stage(&world, &["a", "b", "c"], 2);
    let reading = settled(&stage).unwrap();
    assert_eq!(*reading.reading(), SlotReading::Unaccounted);
    assert!(Death::of_foreign(&reading, stranger(), 0).is_err());
}

#[test]
fn one_operator_that_names_a_stranger_is_no_quorum() {
    let stage = stage(&stranger_world(), &["a", "b", "c"], 2);
    for node in &stage.nodes[1..] {
        node.change(|world| {
            world.missing.insert(stranger().txid);
            world.pruned_below = 10;
        });
    }
    // Two lack the receipt: they do not deny it, and one voice is not two.
    assert!(matches!(settled(&stage), Err(ChainError::Disagree { .. })));
}

#[test]
fn a_node_without_old_states_confirms_the_stranger_that_another_one_found() {
    let stage = stage(&stranger_world(), &["a", "b", "c"], 3);
    for node in &stage.nodes[1..] {
        node.change(|world| world.pruned_below = 10);
    }
    let reading = settled(&stage).unwrap();
    assert_eq!(*reading.reading(), SlotReading::Foreign(stranger()));
    assert_eq!(reading.operators(), ["a", "b", "c"]);
}

#[test]
fn a_stranger_that_is_known_is_asked_for_by_its_hash() {
    let mut asked = asked();
    asked[0].strangers = vec![[98; 32], stranger().txid];
    let stage = stage(&stranger_world(), &["a", "b", "c"], 2);
    stage.nodes.iter().for_each(|node| node.change(|world| world.pruned_below = 10));
    let reading = run(stage.evm.settle(&asked)).unwrap().remove(0);
    assert_eq!(*reading.reading(), SlotReading::Foreign(stranger()), "although no node has the old states");
}

#[test]
fn a_transaction_at_another_nonce_is_not_the_stranger_in_this_one() {
    let mut world = stranger_world();
    world.blocks[5].receipts[0].0 = 1;
    world.claims.insert(US, 1);
    let mut asked = asked();
    asked[0].strangers = vec![stranger().txid];
    let stage = stage(&world, &["a", "b"], 2);
    assert_eq!(*run(stage.evm.settle(&asked)).unwrap()[0].reading(), SlotReading::Unaccounted);
}

#[test]
fn our_own_attempt_whose_receipts_are_late_everywhere_is_no_stranger() {
    let stage = stage(&paid_world(), &["a", "b", "c"], 2);
    stage.nodes.iter().for_each(|node| {
        node.change(|world| {
            world.missing.insert([2; 32]);
        });
    });
    let said = settled(&stage).unwrap_err().to_string();
    assert!(said.contains("no receipt of it yet"), "{said}");
}

#[test]
fn what_was_not_heard_for_broken_connections_is_no_unaccounted_slot() {
    let stage = stage(&paid_world(), &["a", "b", "c"], 2);
    stage.nodes.iter().for_each(|node| {
        node.change(|world| {
            world.missing.insert([2; 32]);
            world.cut_below = 10;
        });
    });
    let said = settled(&stage).unwrap_err().to_string();
    assert!(said.contains("0 of the 2 operators needed could be asked"), "{said}");
    // One is heard again, and has it.
    stage.nodes[2].change(|world| world.cut_below = 0);
    let said = settled(&stage).unwrap_err().to_string();
    assert!(said.contains("no receipt of it yet"), "{said}");
}

#[test]
fn a_stranger_in_a_block_that_is_not_on_the_chain_is_no_evidence() {
    let stage = stage(&stranger_world(), &["a", "b"], 2);
    let mut asked = asked();
    asked[0].strangers = vec![stranger().txid];
    for node in &stage.nodes {
        node.change(|world| {
            let side = world.blocks[5].clone();
            world.mine(vec![]);
            world.blocks.insert(13, side);
            world.blocks[13].header.block.hash = [0xee; 32];
            world.blocks[13].receipts[0].1.block.hash = [0xee; 32];
            world.blocks[5].receipts.clear();
            world.claims.insert(US, 1);
        });
    }
    assert!(matches!(run(stage.evm.settle(&asked)), Err(ChainError::Disagree { .. })));
}

#[test]
fn one_operator_that_shows_our_receipt_vetoes_foreign() {
    let stage = stage(&paid_world(), &["a", "b", "c"], 2);
    // Two would be enough and both lack the receipt: the third is asked all the same.
    for node in &stage.nodes[..2] {
        node.change(|world| {
            world.missing.insert([2; 32]);
        });
    }
    assert!(matches!(settled(&stage), Err(ChainError::Disagree { .. })));
    assert_eq!(codes(&stage.evm.troubles()), [(Code::NodesDisagree, CHAIN)]);
}

#[test]
fn two_of_three_that_lie_differently_leave_no_quorum() {
    let stage = stage(&paid_world(), &["a", "b", "c"], 2);
    stage.nodes[0].change(|world| world.blocks[5].receipts[0].1.success = false);
    stage.nodes[1].change(|world| world.blocks[5].receipts[0].1.gas_used = 1);
    assert!(matches!(settled(&stage), Err(ChainError::Disagree { .. })));
    assert_eq!(codes(&stage.evm.troubles()), [(Code::NodesDisagree, CHAIN)]);
}

#[test]
fn a_receipt_in_a_block_that_is_not_on_the_chain_is_no_evidence() {
    let stage = stage(&paid_world(), &["a", "b"], 2);
    for node in &stage.nodes {
        node.change(|world| world.blocks[5].receipts[0].1.block.hash = [0xee; 32]);
    }
    assert!(matches!(settled(&stage), Err(ChainError::Disagree { .. })));
}

#[test]
fn a_receipt_above_the_final_block_is_no_end() {
    let stage = stage(&paid_world(), &["a", "b"], 2);
    for node in &stage.nodes {
        node.change(|world| {
            let block = world.blocks[12].header.block;
            world.blocks[5].receipts[0].1.block = block;
        });
    }
    assert!(matches!(settled(&stage), Err(ChainError::Disagree { .. })));
}

#[test]
fn a_receipt_of_another_sender_is_nonsense() {
    let stage = stage(&paid_world(), &["a", "b", "c"], 2);
    stage.nodes[0].change(|world| {
        world.blocks[5].receipts[0].1.from = THIEF;
        world.claims.insert(US, 1);
    });
    let reading = settled(&stage).unwrap();
    assert_eq!(reading.operators(), ["b", "c"]);
}

#[test]
fn two_receipts_for_one_nonce_are_nonsense() {
    let stage = stage(&paid_world(), &["a", "b", "c"], 2);
    stage.nodes[0].change(|world| world.blocks[5].receipts.push((0, paid(1))));
    stage.nodes[0].change(|world| world.blocks[5].receipts[1].1.block = world.blocks[5].header.block);
    assert_eq!(settled(&stage).unwrap().operators(), ["b", "c"]);
}

#[test]
fn our_void_and_our_reverted_attempt_prove_a_death() {
    for (txid, kind, effect_is) in [(3, Kind::Void, Effect::Voided), (1, Kind::Pay, Effect::Reverted)] {
        let mut world = paid_world();
        world.blocks[5].receipts[0].1 = super::fake::Receipt {
            block: world.blocks[5].header.block,
            ..receipt(txid, US, kind == Kind::Void, vec![])
        };
        let stage = stage(&world, &["a", "b"], 2);
        let reading = settled(&stage).unwrap();
        assert_eq!(effect(reading.reading()), Some(effect_is));
        assert!(Death::of_nonce(&reading, 5).is_ok());
        assert!(Death::of_nonce(&reading, 6).is_err(), "block 5 lies 5 below final block 10");
    }
}

#[test]
fn success_without_the_exact_transfer_is_a_mismatch() {
    let mut world = paid_world();
    world.blocks[5].receipts[0].1.logs = vec![moved(TOKEN, US, THEM, 101, 3)];
    assert_eq!(effect(settled(&stage(&world, &["a", "b"], 2)).unwrap().reading()), Some(Effect::Mismatch));
}

#[test]
fn two_urls_of_one_operator_settle_nothing() {
    let stage = stage(&paid_world(), &["a", "a", "b"], 2);
    stage.nodes[2].change(|world| world.down = true);
    assert!(matches!(settled(&stage), Err(ChainError::Disagree { .. })));
    stage.nodes[2].change(|world| world.down = false);
    assert_eq!(settled(&stage).unwrap().operators(), ["a", "b"]);
}

#[test]
fn one_operator_settles_as_single_source_where_one_is_enough() {
    let reading = settled(&stage(&paid_world(), &["a"], 1)).unwrap();
    assert!(reading.single_source());
}

#[test]
fn a_stale_node_does_not_hold_finality_back() {
    let stage = stage(&paid_world(), &["a", "b", "c"], 2);
    stage.nodes[0].change(|world| {
        world.blocks.truncate(4);
        world.finalized = Some(2);
    });
    assert_eq!(settled(&stage).unwrap().operators(), ["b", "c"]);
}

#[test]
fn a_slice_is_answered_in_order_with_few_calls() {
    let mut world = World::new(4, 4);
    world.mine(vec![(0, paid(10)), (1, paid(11)), (2, paid(12))]);
    (6..=12).for_each(|_| world.mine(vec![]));
    world.finalized = Some(10);
    let stage = stage(&world, &["a", "b"], 2);
    let asked: Vec<_> =
        (0..5u8).map(|nonce| question(u64::from(nonce), &[(10 + nonce, Kind::Pay)])).collect();
    let readings = run(stage.evm.settle(&asked)).unwrap();
    let txids: Vec<Option<u8>> = readings
        .iter()
        .map(|reading| match reading.reading() {
            SlotReading::Ours(inclusion) => Some(inclusion.txid[0]),
            SlotReading::Open
            | SlotReading::Foreign(_)
            | SlotReading::Unaccounted
            | SlotReading::Absent(_) => None,
        })
        .collect();
    assert_eq!(txids, [Some(10), Some(11), Some(12), None, None]);
    let node = &stage.nodes[0];
    assert_eq!((node.asked("nonces"), node.asked("receipts"), node.asked("header")), (1, 1, 3));
}

#[test]
fn what_cannot_be_read_by_nonce_is_refused_by_name() {
    let mut two = question(0, &[(1, Kind::Pay)]);
    two.pays.push(two.pays[0].clone());
    let stage = stage(&paid_world(), &["a", "b"], 2);
    let refused = run(stage.evm.settle(&[two])).unwrap_err().to_string();
    assert!(refused.contains("eip155:31337/nonce/"), "{refused}");
    let mut none = question(0, &[(3, Kind::Void)]);
    none.pays.clear();
    assert!(run(stage.evm.settle(&[none])).is_ok(), "a slot that is only voided pays nothing");
}

#[test]
fn progress_is_seen_by_one_node() {
    let mut world = World::new(10, 4);
    world.mine(vec![(0, paid(2))]);
    let stage = stage(&world, &["a", "b"], 2);
    let readings = run(stage.evm.progress(&asked())).unwrap();
    assert_eq!(effect(&readings[0]), Some(Effect::Paid { log_index: 3 }));
    assert_eq!(stage.nodes[1].asked("receipts"), 0);
}

#[test]
fn progress_calls_a_slot_consumed_only_when_two_operators_do() {
    let mut world = World::new(10, 4);
    world.mine(vec![(0, paid(99))]);
    let foreign = |operators: &[&str]| run(stage(&world, operators, 1).evm.progress(&asked())).unwrap()[0];
    assert_eq!(foreign(&["a", "b"]), SlotReading::Unaccounted, "by what, a quorum says");
    assert_eq!(foreign(&["a"]), SlotReading::Open);
    assert_eq!(foreign(&["a", "a"]), SlotReading::Open);
}

#[test]
fn a_late_receipt_is_found_at_another_operator() {
    let mut world = World::new(10, 4);
    world.mine(vec![(0, paid(2))]);
    let stage = stage(&world, &["a", "b"], 2);
    stage.nodes[0].change(|world| {
        world.missing.insert([2; 32]);
    });
    let readings = run(stage.evm.progress(&asked())).unwrap();
    assert_eq!(effect(&readings[0]), Some(Effect::Paid { log_index: 3 }));
    stage.nodes[1].change(|world| world.down = true);
    assert_eq!(run(stage.evm.progress(&asked())).unwrap(), [SlotReading::Open], "unsure is open");
}
