//! Each lie of one of three nodes: it settles nothing, kills nothing, and is found out.

use sluice_core::alert::Code;
use sluice_core::port::chain::{Chain, ChainError};
use sluice_core::proof::{Effect, Final, SlotReading};

use super::fake::{Stage, World, codes, run, stage};
use super::made::{paid, question, usdt};
use super::slots::{settled, world_with};

const CHAIN: &str = "tron:728126428";

fn is_paid(reading: &Final<SlotReading>) -> bool {
    matches!(reading.reading(), SlotReading::Ours(ours) if ours.effect == Effect::Paid { log_index: 2 })
}

fn is_absent(reading: &Result<Final<SlotReading>, ChainError>) -> bool {
    matches!(reading, Ok(reading) if matches!(reading.reading(), SlotReading::Absent(_)))
}

/// Three operators that tell the payment.
fn honest(latest: u64) -> Stage {
    stage(&world_with(paid(0), latest), &["a", "b", "c"], 2)
}

#[test]
fn a_fake_receipt_in_a_fake_block_settles_nothing_and_is_found_out() {
    for liar in 0..3 {
        let stage = stage(&World::new(9, 7), &["a", "b", "c"], 2);
        stage.nodes[liar].change(|world| *world = world_with(paid(0), 9));
        assert_eq!(*settled(&stage).unwrap().reading(), SlotReading::Open, "{liar}");
        let heard = liar < 2;
        let subject = format!("{CHAIN} {}/{liar}", ["a", "b", "c"][liar]);
        let expected = if heard { vec![(Code::NodesDisagree, subject.as_str())] } else { vec![] };
        assert_eq!(codes(&stage.tron.troubles()), expected, "one that was not asked told no lie");
    }
}

#[test]
fn one_that_shows_what_others_do_not_see_holds_a_death_up() {
    let stage = stage(&World::new(20, 18), &["a", "b", "c"], 2);
    stage.nodes[2].change(|world| *world = world_with(paid(0), 20));
    let reading = settled(&stage);
    assert!(matches!(reading, Err(ChainError::Disagree { .. })), "{reading:?}");
    assert_eq!(codes(&stage.tron.troubles()), [(Code::NodesDisagree, CHAIN)], "nobody can say who lies");
}

#[test]
fn two_that_hide_a_payment_kill_nothing() {
    let stage = honest(20);
    for node in &stage.nodes[..2] {
        node.change(|world| {
            world.hidden.insert(paid(0).0.txid());
        });
    }
    assert!(matches!(settled(&stage), Err(ChainError::Disagree { .. })));
}

#[test]
fn one_that_hides_a_payment_is_found_out() {
    for latest in [9, 20] {
        for liar in 0..2 {
            let stage = honest(latest);
            stage.nodes[liar].change(|world| {
                world.hidden.insert(paid(0).0.txid());
            });
            assert!(is_paid(&settled(&stage).unwrap()), "{liar} at {latest}");
            assert_eq!(codes(&stage.tron.troubles()).len(), 1);
        }
    }
}

#[test]
fn a_receipt_that_one_lacks_is_late_and_is_asked_for_again() {
    let stage = honest(9);
    stage.nodes[0].change(|world| {
        world.missing.insert(paid(0).0.txid());
    });
    let reading = settled(&stage).unwrap();
    assert!(is_paid(&reading));
    assert_eq!(reading.operators(), ["b", "c"]);
    assert!(stage.tron.troubles().is_empty(), "a receipt may be late: no lie");
    stage.clock.advance(15_000);
    run(stage.tron.heads()).unwrap();
    assert_eq!(codes(&stage.tron.troubles()), [(Code::NodesDisagree, "tron:728126428 a/0")]);
}

#[test]
fn receipts_that_nobody_has_leave_it_unaccounted_for() {
    for latest in [9, 20] {
        let stage = honest(latest);
        for node in &stage.nodes {
            node.change(|world| {
                world.missing.insert(paid(0).0.txid());
            });
        }
        let expected = if latest == 20 { SlotReading::Unaccounted } else { SlotReading::Open };
        assert_eq!(*settled(&stage).unwrap().reading(), expected);
    }
}

#[test]
fn what_no_index_finds_is_found_in_its_block() {
    let stage = honest(20);
    stage.nodes.iter().for_each(|node| node.change(|world| world.unindexed = true));
    assert!(is_paid(&settled(&stage).unwrap()));
    // One index is enough to lead everybody there before its time is over.
    let stage = honest(9);
    stage.nodes[..2].iter().for_each(|node| node.change(|world| world.unindexed = true));
    assert!(is_paid(&settled(&stage).unwrap()));
}

#[test]
fn nodes_without_history_prove_nothing() {
    let stage = stage(&World::new(20, 18), &["a", "b", "c"], 2);
    for lite in 0..2 {
        stage.nodes[lite].change(|world| world.lite = true);
    }
    assert!(matches!(settled(&stage), Err(ChainError::Disagree { .. })));
    stage.nodes[1].change(|world| world.lite = false);
    assert!(is_absent(&settled(&stage)));
}

#[test]
fn one_operator_alone_kills_nothing_however_many_nodes_it_has() {
    let stage = stage(&World::new(20, 18), &["a", "a", "b"], 2);
    stage.nodes[2].change(|world| world.lite = true);
    assert!(matches!(settled(&stage), Err(ChainError::Disagree { .. })));
}

#[test]
fn a_forked_node_is_not_heard() {
    let stage = honest(20);
    stage.nodes[0].change(|world| {
        *world = World { asked: world.asked.clone(), ..World::new(20, 18) };
        world.fork(3, 0xbb);
    });
    assert!(is_paid(&settled(&stage).unwrap()));
    assert_eq!(codes(&stage.tron.troubles()), [(Code::NodesDisagree, "tron:728126428 a/0")]);
}

#[test]
fn a_node_that_leaves_its_chain_while_it_is_asked_cannot_tell() {
    let stage = honest(9);
    stage.nodes[0].change(|world| {
        world.then = Some(("infos", |world| {
            *world = World { asked: world.asked.clone(), ..World::new(9, 7) };
            world.fork(3, 0xbb);
        }));
    });
    let reading = settled(&stage).unwrap();
    assert!(is_paid(&reading));
    assert_eq!(reading.operators(), ["b", "c"]);
    assert!(stage.tron.troubles().is_empty(), "no lie: it says nothing under the agreed block");
}

#[test]
fn receipts_that_left_with_their_block_leave_nothing_unaccounted_for() {
    let stage = honest(9);
    stage.nodes[2].change(|world| world.down = true);
    for node in &stage.nodes[..2] {
        node.change(|world| {
            // The block was shown; a lower chain without it stands there when its receipts are asked for.
            world.then = Some(("block", |world| {
                *world = World { asked: world.asked.clone(), ..World::new(9, 7) };
                world.fork(3, 0xbb);
            }));
        });
    }
    assert!(
        matches!(settled(&stage), Err(ChainError::Disagree { .. })),
        "two that cannot tell are no quorum"
    );
}

#[test]
fn a_node_that_shows_it_in_a_run_and_not_in_its_block_cannot_tell() {
    let stage = honest(20);
    stage.nodes.iter().for_each(|node| node.change(|world| world.unindexed = true));
    stage.nodes[0].change(|world| {
        world.then = Some(("blocks", |world| {
            world.hidden.insert(paid(0).0.txid());
        }));
    });
    let reading = settled(&stage).unwrap();
    assert!(is_paid(&reading));
    assert_eq!(reading.operators(), ["b", "c"]);
    assert!(stage.tron.troubles().is_empty());
}

#[test]
fn a_node_whose_solid_block_stands_still_holds_nothing_back() {
    let stage = honest(20);
    stage.nodes[0].change(|world| {
        world.solid = 3;
    });
    let reading = settled(&stage).unwrap();
    assert!(is_paid(&reading));
    assert_eq!((reading.head().number, reading.operators().len()), (18, 2));
}

#[test]
fn a_node_that_tells_another_time_neither_kills_nor_is_believed() {
    // Before its time is over, one says that it is.
    let early = stage(&World::new(9, 7), &["a", "b", "c"], 2);
    early.nodes[0].change(|world| world.shift_ms = 3_600_000);
    assert_eq!(*settled(&early).unwrap().reading(), SlotReading::Open);
    assert_eq!(codes(&early.tron.troubles()), [(Code::NodesDisagree, "tron:728126428 a/0")]);
    // After it, one says that it is not.
    let late = stage(&World::new(20, 18), &["a", "b", "c"], 2);
    late.nodes[0].change(|world| world.shift_ms = -3_600_000);
    assert!(is_absent(&settled(&late)));
    assert_eq!(codes(&late.tron.troubles()), [(Code::NodesDisagree, "tron:728126428 a/0")]);
}

#[test]
fn a_run_that_does_not_link_proves_nothing() {
    let stage = stage(&World::new(20, 18), &["a", "b"], 2);
    stage.nodes[0].change(|world| world.blocks[7].0.header.parent = [9; 32]);
    assert!(matches!(settled(&stage), Err(ChainError::Disagree { .. })));
    stage.nodes[0].change(|world| world.blocks[7].0.header.parent = world.blocks[6].0.header.block.hash);
    assert!(is_absent(&settled(&stage)));
}

#[test]
fn a_node_of_another_network_is_not_asked() {
    let stage = honest(9);
    stage.nodes[0].change(|world| world.chain_id = 3_448_148_188);
    let reading = settled(&stage).unwrap();
    assert!(is_paid(&reading));
    assert_eq!(reading.operators(), ["b", "c"]);
    let troubles = stage.tron.troubles();
    assert_eq!(codes(&troubles), [(Code::NodesDown, "tron:728126428 a/0")]);
    assert!(troubles[0].detail.contains("tron:3448148188"), "{}", troubles[0].detail);
}

#[test]
fn a_receipt_at_a_height_that_cannot_be_sends_nobody_there() {
    let stage = stage(&World::new(9, 7), &["a", "b", "c"], 2);
    stage.nodes[0].change(|world| {
        let (_, mut info) = paid(0);
        info.number = 2;
        world.blocks[2].1.push(info);
    });
    assert_eq!(*settled(&stage).unwrap().reading(), SlotReading::Open);
    assert_eq!(stage.nodes[1].asked("block"), 0);
}

#[test]
fn one_operator_settles_as_single_source_where_one_is_enough() {
    let stage = stage(&world_with(paid(0), 9), &["a"], 1);
    assert!(settled(&stage).unwrap().single_source());
    let asked = [question(&usdt(), 0)];
    stage.nodes[0].change(|world| world.down = true);
    assert!(run(stage.tron.settle(&asked)).is_err() && run(stage.tron.progress(&asked)).is_err());
}
