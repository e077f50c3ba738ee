use sluice_core::amount::Cost;
use sluice_core::chain::{BlockRef, ChainId};
use sluice_core::port::chain::{Chain, ChainError, SlotQuestion};
use sluice_core::proof::{Death, Effect, Final, Inclusion, SlotReading};
use sluice_core::slot::Slot;

use super::fake::{Stage, THEM, THIEF, TOKEN, US, World, hash_of, run, stage, time_of};
use super::made::{info, moved, ours, paid, question, terms, theirs, trx, usdt};
use crate::tron::node::{Executed, Info, Tx};

/// Block 4 holds the payment behind a stranger's; the chain goes on to `latest`, solid 2 behind.
pub fn world_with(included: (Tx, Info), latest: u64) -> World {
    let mut world = World::new(3, 1);
    let stranger = theirs(
        THIEF,
        sluice_codec::tron::Call::trc20_transfer(TOKEN, THEM, sluice_core::amount::Units::from(1)),
    );
    let of_stranger = info(
        &stranger,
        Some(Executed::Success),
        vec![moved(TOKEN, THIEF, THEM, 1), moved(TOKEN, THIEF, THEM, 1)],
    );
    world.mine(vec![(stranger, of_stranger), included]);
    world.grow(latest, 2);
    world
}

pub fn settled(stage: &Stage) -> Result<Final<SlotReading>, ChainError> {
    run(stage.tron.settle(&[question(&usdt(), 0)])).map(|mut readings| readings.remove(0))
}

fn read(included: (Tx, Info)) -> SlotReading {
    *settled(&stage(&world_with(included, 9), &["a", "b"], 2)).unwrap().reading()
}

fn effect(reading: SlotReading) -> Option<Effect> {
    match reading {
        SlotReading::Ours(inclusion) => Some(inclusion.effect),
        SlotReading::Open | SlotReading::Foreign(_) | SlotReading::Unaccounted | SlotReading::Absent(_) => {
            None
        }
    }
}

#[test]
fn a_payment_is_settled_by_two_operators_under_one_solid_block() {
    let stage = stage(&world_with(paid(0), 9), &["a", "b", "c"], 2);
    let reading = settled(&stage).unwrap();
    let SlotReading::Ours(Inclusion { txid, block, effect, cost, .. }) = *reading.reading() else {
        panic!("{reading:?}")
    };
    assert_eq!(effect, Effect::Paid { log_index: 2 }, "behind two logs of the transaction before");
    assert_eq!((txid, block), (paid(0).0.txid(), BlockRef { number: 4, hash: hash_of(4, 0xaa) }));
    assert_eq!(cost, Cost(6_428_500));
    assert_eq!((reading.head().number, reading.operators()), (7, &["a".to_owned(), "b".to_owned()][..]));
    assert_eq!(stage.nodes[2].asked("block"), 0, "the third is asked only when two do not suffice");
    assert!(stage.tron.troubles().is_empty());
}

#[test]
fn a_slot_that_no_solid_block_holds_is_open_until_its_time_is_over() {
    let stage = stage(&world_with(paid(0), 5), &["a", "b"], 2);
    assert_eq!(*settled(&stage).unwrap().reading(), SlotReading::Open, "block 4 is not solid");
    let mut world = World::new(13, 11);
    let early = super::fake::stage(&world, &["a", "b"], 2);
    assert_eq!(*settled(&early).unwrap().reading(), SlotReading::Open, "past it, and not solid");
    assert_eq!(early.nodes[0].asked("blocks"), 0, "nothing is scanned before");
    world.grow(14, 2);
    let stage = super::fake::stage(&world, &["a", "b", "c"], 2);
    let reading = settled(&stage).unwrap();
    let SlotReading::Absent(scan) = *reading.reading() else { panic!("{reading:?}") };
    let there = |number| BlockRef { number, hash: hash_of(number, 0xaa) };
    assert_eq!((scan.from(), scan.to(), scan.until_ms()), (there(2), there(12), time_of(12)));
    assert!(Death::of_tron_expiry(&reading, terms(0).reference, terms(0).expires_at_ms, 0).is_ok());
    assert_eq!(reading.operators(), ["a", "b", "c"], "that it is nowhere, everybody is asked");
}

#[test]
fn a_slice_is_answered_in_order_and_blocks_are_read_once() {
    let mut world = world_with(paid(0), 4);
    world.mine(vec![paid(1)]);
    world.grow(20, 2);
    let stage = stage(&world, &["a", "b"], 2);
    let asked: Vec<SlotQuestion> = [2, 1, 3, 0, 4].map(|made| question(&usdt(), made)).into();
    let readings = run(stage.tron.settle(&asked)).unwrap();
    let places: Vec<Option<u64>> = readings
        .iter()
        .map(|reading| match *reading.reading() {
            SlotReading::Ours(inclusion) => Some(inclusion.block.number),
            SlotReading::Absent(_) => None,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(places, [None, Some(5), None, Some(4), None]);
    let node = &stage.nodes[0];
    assert_eq!((node.asked("infos"), node.asked("block"), node.asked("blocks")), (1, 2, 2));
}

#[test]
fn only_the_exact_transfer_is_the_payment() {
    let with = |logs| {
        let tx = ours(&usdt(), 0, Some(Executed::Success));
        let info = info(&tx, Some(Executed::Success), logs);
        effect(read((tx, info)))
    };
    let right = moved(TOKEN, US, THEM, 100);
    let hostile = moved(THIEF, US, THEM, 100);
    assert_eq!(with(vec![right.clone()]), Some(Effect::Paid { log_index: 2 }));
    assert_eq!(with(vec![moved(TOKEN, THEM, US, 1), right.clone()]), Some(Effect::Paid { log_index: 3 }));
    assert_eq!(with(vec![hostile.clone(), right.clone()]), Some(Effect::Paid { log_index: 3 }));
    for (what, logs) in [
        ("nothing moved", vec![]),
        ("one atom less", vec![moved(TOKEN, US, THEM, 99)]),
        ("another recipient", vec![moved(TOKEN, US, THIEF, 100)]),
        ("another payer", vec![moved(TOKEN, THIEF, THEM, 100)]),
        ("a contract nobody knows", vec![hostile]),
        ("twice", vec![right.clone(), right.clone()]),
        ("and a fee besides", vec![right, moved(TOKEN, US, THIEF, 1)]),
    ] {
        assert_eq!(with(logs), Some(Effect::Mismatch), "{what}");
    }
}

#[test]
fn a_result_decides_and_its_absence_decides_nothing() {
    let with = |in_block, in_receipt, logs| {
        let tx = ours(&usdt(), 0, in_block);
        let info = info(&tx, in_receipt, logs);
        settled(&stage(&world_with((tx, info), 9), &["a", "b"], 2)).map(|reading| *reading.reading())
    };
    let (failed, dry) = (Some(Executed::Failed), Some(Executed::OutOfEnergy));
    assert_eq!(effect(with(failed, failed, vec![]).unwrap()), Some(Effect::Reverted));
    assert_eq!(effect(with(dry, dry, vec![]).unwrap()), Some(Effect::OutOfEnergy));
    assert_eq!(effect(with(None, dry, vec![]).unwrap()), Some(Effect::OutOfEnergy));
    let left = vec![moved(TOKEN, US, THEM, 100)];
    assert_eq!(effect(with(failed, failed, left.clone()).unwrap()), Some(Effect::Mismatch));
    assert_eq!(with(None, None, left.clone()), Ok(SlotReading::Unaccounted));
    assert_eq!(with(Some(Executed::Success), None, left.clone()), Ok(SlotReading::Unaccounted));
    assert!(with(Some(Executed::Success), failed, left).is_err(), "block and receipt contradict each other");
    let (tx, info) = paid(0);
    let contrary = world_with((tx, Info { failed: true, ..info }), 9);
    assert!(settled(&stage(&contrary, &["a", "b"], 2)).is_err(), "failed and successful");
}

#[test]
fn trx_is_paid_by_the_block_that_holds_its_bytes() {
    let with = |in_block| {
        let tx = ours(&trx(), 0, in_block);
        let info = Info { failed: in_block == Some(Executed::Failed), ..info(&tx, None, vec![]) };
        let stage = stage(&world_with((tx, info), 9), &["a", "b"], 2);
        *run(stage.tron.settle(&[question(&trx(), 0)])).unwrap()[0].reading()
    };
    assert_eq!(effect(with(Some(Executed::Success))), Some(Effect::Paid { log_index: 0 }));
    assert_eq!(effect(with(Some(Executed::Failed))), Some(Effect::Reverted));
    assert_eq!(with(None), SlotReading::Unaccounted);
}

#[test]
fn a_transaction_that_does_something_else_than_was_approved_is_no_payment() {
    let mut other = question(&usdt(), 0);
    other.pays[0].to = THIEF.into();
    let stage = stage(&world_with(paid(0), 9), &["a", "b"], 2);
    let reading = run(stage.tron.settle(&[other.clone()])).unwrap().remove(0);
    assert_eq!(effect(*reading.reading()), Some(Effect::Mismatch));
    // Neither does a log help that says what was approved, where the bytes say something else.
    let tx = ours(&usdt(), 0, Some(Executed::Success));
    let logs = vec![moved(TOKEN, US, THIEF, 100)];
    let claimed = (tx.clone(), info(&tx, Some(Executed::Success), logs));
    let stage = super::fake::stage(&world_with(claimed, 9), &["a", "b"], 2);
    let reading = run(stage.tron.settle(&[other])).unwrap().remove(0);
    assert_eq!(effect(*reading.reading()), Some(Effect::Mismatch));
}

#[test]
fn a_life_longer_than_is_read_at_once_proves_nothing() {
    let mut world = World::new(1_600, 1_598);
    let mut long = question(&usdt(), 0);
    let mut terms = terms(0);
    terms.expires_at_ms = time_of(1_400);
    long.attempts[0].tron = Some(terms);
    let of = |world: &World| run(stage(world, &["a"], 1).tron.settle(&[long.clone()]));
    assert!(matches!(of(&world), Err(ChainError::Disagree { .. })));
    terms.expires_at_ms = time_of(1_300);
    world.grow(1_601, 2);
    let mut short = long.clone();
    short.attempts[0].tron = Some(terms);
    let read = run(stage(&world, &["a"], 1).tron.settle(&[short])).unwrap();
    assert!(matches!(read[0].reading(), SlotReading::Absent(_)));
}

#[test]
fn what_cannot_be_read_by_its_transaction_is_refused_by_name() {
    let stage = stage(&world_with(paid(0), 9), &["a", "b"], 2);
    let good = question(&usdt(), 0);
    let mut others = vec![good.clone(); 6];
    others[0].pays.push(good.pays[0].clone());
    others[1].attempts.clear();
    others[2].attempts[0].tron = None;
    others[3].attempts[0].txid = [9; 32];
    others[4].slot = Slot::TronTransaction { chain: ChainId::tron(1), txid: good.attempts[0].txid };
    others[5].asset = trx();
    for other in others {
        let refused = run(stage.tron.settle(&[other])).unwrap_err().to_string();
        assert!(refused.contains("/tx/"), "{refused}");
    }
}

#[test]
fn progress_is_seen_by_one_node_and_ends_nothing() {
    let asked = [question(&usdt(), 0)];
    let stage = stage(&world_with(paid(0), 4), &["a", "b"], 2);
    let seen = run(stage.tron.progress(&asked)).unwrap();
    assert_eq!(effect(seen[0]), Some(Effect::Paid { log_index: 2 }));
    assert_eq!(stage.nodes[1].asked("block"), 0);
    let missing = paid(0).0.txid();
    stage.nodes[0].change(|world| {
        world.missing.insert(missing);
    });
    assert_eq!(run(stage.tron.progress(&asked)).unwrap(), [SlotReading::Open]);
    stage.nodes[0].change(|world| world.grow(20, 2));
    assert_eq!(run(stage.tron.progress(&asked)).unwrap(), [SlotReading::Open], "not the end either");
    stage.nodes[0].change(|world| world.down = true);
    let seen = run(stage.tron.progress(&asked)).unwrap();
    assert_eq!(effect(seen[0]), Some(Effect::Paid { log_index: 2 }));
}
