use sluice_codec::evm::log;
use sluice_core::amount::Units;
use sluice_core::asset::AssetId;
use sluice_core::chain::{BlockRef, ChainProfile};
use sluice_core::port::chain::{Chain, ChainError, Shown};

use super::fake::{Log, THEM, THIEF, TOKEN, US, World, codes, hash_of, moved, paid, receipt, run, stage};

const FAKE_TOKEN: sluice_core::address::EvmAddress = sluice_core::address::EvmAddress([0x55; 20]);

fn approval(units: u64) -> Log {
    let topics = vec![log::APPROVAL, log::topic_of(US), log::topic_of(THIEF)];
    Log { address: TOKEN, topics, data: Units::from(units).to_be_bytes::<32>().to_vec(), index: 9 }
}

#[test]
fn a_block_tells_what_our_wallets_sent_and_what_left_them_otherwise() {
    let mut world = World::new(4, 4);
    world.mine(vec![
        (7, paid(1)),
        (0, receipt(2, THIEF, true, vec![moved(TOKEN, US, THIEF, 50, 4)])),
        (1, receipt(3, THIEF, true, vec![approval(60)])),
        (2, receipt(4, THIEF, true, vec![moved(TOKEN, THIEF, US, 5, 6)])),
    ]);
    let facts = run(stage(&world, &["a"], 1).evm.block(5, &[US.into()])).unwrap();
    assert_eq!(facts.block.hash, world.blocks[5].header.block.hash);
    assert_eq!(facts.parent, world.blocks[4].header.block.hash);
    let sent: Vec<_> = facts.shown.sent.iter().map(|sent| (sent.from, sent.txid[0], sent.nonce)).collect();
    assert_eq!(sent, [(US.into(), 1, Some(7))]);
    let drained: Vec<_> = facts.shown.drained.iter().map(|drain| (drain.wallet, drain.txid[0])).collect();
    assert_eq!(
        drained,
        [(US.into(), 2), (US.into(), 3)],
        "what came in is none, nor what the wallet sent itself"
    );
    assert!(facts.shown.drained[0].what.starts_with("50 units of"), "{}", facts.shown.drained[0].what);
}

#[test]
fn nothing_and_zero_are_no_drain() {
    let mut world = World::new(4, 4);
    let poison = vec![moved(TOKEN, US, THIEF, 0, 1), approval(0)];
    world.mine(vec![(0, receipt(2, THIEF, true, poison))]);
    assert!(run(stage(&world, &["a"], 1).evm.block(5, &[US.into()])).unwrap().shown.drained.is_empty());
}

#[test]
fn a_contract_we_do_not_hold_may_claim_what_it_likes() {
    let mut world = World::new(4, 4);
    world.mine(vec![(0, receipt(2, THIEF, true, vec![moved(FAKE_TOKEN, US, THIEF, 9_999, 1)]))]);
    let strict = stage(&world, &["a"], 1);
    assert_eq!(
        run(strict.evm.block(5, &[US.into()])).unwrap().shown.drained.len(),
        1,
        "without a list everything is believed"
    );
    let stage = stage(&world, &["a"], 1);
    let evm = stage.evm.believing([TOKEN.into()]);
    assert!(run(evm.block(5, &[US.into()])).unwrap().shown.drained.is_empty());
}

#[test]
fn what_one_node_shows_is_shown_by_another_operator_or_by_nobody() {
    let mut world = World::new(4, 4);
    let theft = receipt(2, THIEF, true, vec![moved(TOKEN, US, THIEF, 50, 4)]);
    world.mine(vec![(7, paid(1)), (0, theft)]);
    let second = |stage: &super::fake::Stage| {
        let facts = run(stage.evm.block(5, &[US.into()])).unwrap();
        assert_eq!(facts.shown.told_by, "a/0");
        let shown = run(stage.evm.second_look(&facts.shown.told_by, facts.block, &[US.into()]))?;
        Some(shown.iter().flat_map(Shown::txids).collect::<Vec<_>>())
    };
    let three = stage(&world, &["a", "a", "b"], 1);
    assert_eq!(second(&three), Some(vec![[1; 32], [2; 32]]));
    assert_eq!(
        three.nodes[1].asked("transactions"),
        0,
        "another node of the same operator is no second voice"
    );
    three.nodes[2].change(|world| world.blocks[5].receipts.clear());
    assert_eq!(second(&three), Some(vec![]), "nobody else shows it");
    three.nodes[2].change(|world| world.down = true);
    assert_eq!(second(&three), Some(vec![]), "silence confirms nothing");
    assert_eq!(second(&stage(&world, &["a", "a"], 1)), None, "there is no other operator to ask");
    let liar = stage(&world, &["a", "b"], 1);
    liar.evm.disproved("a/0", "what it showed");
    assert_eq!(
        run(liar.evm.block(5, &[US.into()])).unwrap().shown.told_by,
        "b/1",
        "it is not asked for a while"
    );
}

#[test]
fn a_block_that_is_not_there_is_no_block() {
    let stage = stage(&World::new(4, 4), &["a", "b"], 1);
    assert_eq!(run(stage.evm.block(5, &[US.into()])), Err(ChainError::NoBlock));
    stage.nodes[1].change(|world| world.mine(vec![]));
    assert_eq!(run(stage.evm.block(5, &[US.into()])).unwrap().block.number, 5, "one node has it already");
    run(stage.evm.block(5, &[])).unwrap();
    assert_eq!(stage.nodes[1].asked("transactions"), 1, "only the header, when no wallet is asked about");
}

#[test]
fn a_replaced_block_is_no_longer_final() {
    let world = World::new(12, 10);
    let stage = stage(&world, &["a", "b"], 2);
    let there = world.blocks[6].header.block;
    let gone = BlockRef { number: 6, hash: hash_of(6, 0xdd) };
    let answers = run(stage.evm.still_final(&[there, gone])).unwrap();
    let answers: Vec<bool> = answers.iter().map(|answer| *answer.reading()).collect();
    assert_eq!(answers, [true, false]);
    // Whether it had been final before is known to the caller alone, who raises the alarm.
    assert!(codes(&stage.evm.troubles()).is_empty());
}

#[test]
fn above_the_final_block_nothing_is_said() {
    let world = World::new(12, 10);
    let stage = stage(&world, &["a", "b"], 2);
    let above = world.blocks[11].header.block;
    assert!(matches!(run(stage.evm.still_final(&[above])), Err(ChainError::Disagree { .. })));
}

#[test]
fn transfers_of_a_final_transaction_are_found_by_quorum() {
    let mut world = World::new(4, 4);
    let mixed = vec![moved(TOKEN, US, THEM, 100, 3), moved(FAKE_TOKEN, US, THEM, 100, 4)];
    world.mine(vec![(0, receipt(1, US, true, mixed)), (1, receipt(2, US, false, vec![]))]);
    (6..=12).for_each(|_| world.mine(vec![]));
    world.finalized = Some(10);
    let token = AssetId::erc20(ChainProfile::devnet().id, TOKEN);
    let stage = stage(&world, &["a", "b", "c"], 2);
    let found = run(stage.evm.transfers_of(token, [1; 32])).unwrap().unwrap();
    let (block, logs) = found.reading();
    assert_eq!((block.number, logs.len()), (5, 1));
    assert_eq!((logs[0].log_index, logs[0].to, logs[0].units), (3, THEM.into(), Units::from(100)));

    let reverted = run(stage.evm.transfers_of(token, [2; 32])).unwrap().unwrap();
    assert!(reverted.reading().1.is_empty());
    assert_eq!(run(stage.evm.transfers_of(token, [9; 32])), Ok(None));

    // One that lacks the receipt is late; one that alone shows it is not outvoted.
    stage.nodes[0].change(|world| {
        world.missing.insert([1; 32]);
    });
    assert!(run(stage.evm.transfers_of(token, [1; 32])).unwrap().is_some());
    stage.nodes[1].change(|world| {
        world.missing.insert([1; 32]);
    });
    stage.nodes[2].change(|world| {
        world.missing.remove(&[1; 32]);
    });
    let refused = run(stage.evm.transfers_of(token, [1; 32]));
    assert!(matches!(refused, Err(ChainError::Disagree { .. })), "the third is asked too: {refused:?}");
}
