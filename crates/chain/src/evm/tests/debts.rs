//! A node that keeps receipts back, and one that counts what is not there: late is no lie, until it has had its time.

use sluice_core::alert::Code;
use sluice_core::attempt::Kind;
use sluice_core::port::chain::{Chain, Nonces};
use sluice_core::proof::SlotReading;

use super::fake::{Stage, US, World, codes, paid, question, run, stage};

/// Nonce 0 is paid by transaction 2 in block 5; the chain goes on to 12, final is 10.
fn paid_world() -> World {
    let mut world = World::new(4, 4);
    world.mine(vec![(0, paid(2))]);
    (6..=12).for_each(|_| world.mine(vec![]));
    world.finalized = Some(10);
    world
}

fn settles(stage: &Stage) {
    let readings = run(stage.evm.settle(&[question(0, &[(2, Kind::Pay)])])).unwrap();
    assert!(matches!(readings[0].reading(), SlotReading::Ours(_)), "{readings:?}");
}

/// The first of three does not show the receipt, and settlement has noticed.
fn without_receipt() -> Stage {
    let stage = stage(&paid_world(), &["a", "b", "c"], 2);
    stage.nodes[0].change(|world| _ = world.missing.insert([2; 32]));
    settles(&stage);
    stage
}

fn is_quarantined(stage: &Stage) -> bool {
    stage.evm.nodes()[0].trouble == Some("contradicts")
}

#[test]
fn a_receipt_that_comes_late_is_no_lie() {
    let stage = without_receipt();
    stage.clock.advance(14_999);
    run(stage.evm.heads()).unwrap();
    assert!(!is_quarantined(&stage), "it has time");
    stage.nodes[0].change(|world| _ = world.missing.remove(&[2; 32]));
    stage.clock.advance(1);
    let asked = stage.nodes[0].asked("receipts");
    run(stage.evm.heads()).unwrap();
    assert_eq!(stage.nodes[0].asked("receipts"), asked + 1, "it is asked once more");
    stage.clock.advance(20_000);
    run(stage.evm.heads()).unwrap();
    assert_eq!(stage.nodes[0].asked("receipts"), asked + 1, "and never again");
    assert!(!is_quarantined(&stage) && stage.evm.troubles().is_empty());
}

#[test]
fn a_receipt_that_never_comes_is_kept_back_and_the_node_is_named() {
    let stage = without_receipt();
    stage.clock.advance(15_000);
    run(stage.evm.heads()).unwrap();
    assert!(is_quarantined(&stage));
    assert_eq!(codes(&stage.evm.troubles()), [(Code::NodesDisagree, "eip155:31337 a/0")]);
    let asked = stage.nodes[0].asked_in_all();
    settles(&stage);
    assert_eq!(stage.nodes[0].asked_in_all(), asked, "it is not heard");
}

#[test]
fn a_node_that_is_away_when_it_is_reminded_is_reminded_later() {
    let stage = without_receipt();
    stage.clock.advance(15_000);
    stage.nodes[0].change(|world| world.finalized = Some(9));
    run(stage.evm.heads()).unwrap();
    assert!(!is_quarantined(&stage), "it does not hold the agreed block");
    stage.nodes[0].change(|world| world.finalized = Some(10));
    run(stage.evm.heads()).unwrap();
    assert!(is_quarantined(&stage));
}

#[test]
fn where_nobody_shows_it_any_more_nobody_kept_it_back() {
    let stage = without_receipt();
    // Finality was reversed: the transaction is on nobody's chain.
    for node in &stage.nodes {
        node.change(|world| world.blocks[5].receipts.clear());
    }
    stage.clock.advance(15_000);
    run(stage.evm.heads()).unwrap();
    assert!(!is_quarantined(&stage));
}

#[test]
fn one_that_counts_nonces_that_no_final_block_has_holds_no_lane_up() {
    let stage = stage(&paid_world(), &["a", "b", "c"], 2);
    // The last one: two others always suffice, so that it is never asked under a final block otherwise.
    stage.nodes[2].change(|world| _ = world.claims.insert(US, 40));
    assert_eq!(run(stage.evm.counted(US.into())), Ok(Nonces { pending: 1, latest: 1 }));
    assert_eq!(stage.evm.nodes()[2].trouble, Some("contradicts"));
    assert_eq!(codes(&stage.evm.troubles()), [(Code::NodesDisagree, "eip155:31337 c/2")]);
}

#[test]
fn one_that_is_ahead_of_finality_is_heard() {
    let stage = stage(&paid_world(), &["a", "b", "c"], 2);
    stage.nodes[2].change(|world| world.mine(vec![(1, paid(3))]));
    assert_eq!(run(stage.evm.counted(US.into())), Ok(Nonces { pending: 2, latest: 2 }));
    assert!(stage.evm.troubles().is_empty(), "the others may be late");
}
