use sluice_core::amount::Units;
use sluice_core::asset::Asset;
use sluice_core::attempt::{Durable, Fees, Kind, Signed, Terms, Unsigned};
use sluice_core::chain::ChainProfile;
use sluice_core::id::{AttemptId, TransferId, Ulid};
use sluice_core::port::chain::{Chain, Heard};
use sluice_core::slot::Slot;
use sluice_core::time::Timestamp;

use super::fake::{US, World, run, stage, usdc};

const GWEI: u128 = 1_000_000_000;

#[expect(
    clippy::disallowed_methods,
    reason = "made-up bytes for made-up nodes: there is no store to hold them"
)]
fn signed() -> Durable<Signed> {
    let name = Ulid::new(Timestamp::default(), 1);
    let unsigned = Unsigned {
        id: AttemptId::new(name),
        transfer: TransferId::new(name),
        serial: 0,
        kind: Kind::Pay,
        slot: Slot::EvmNonce { chain: ChainProfile::devnet().id, sender: US, nonce: 0 },
        terms: Terms::Evm(Fees { gas_limit: 1, max_fee_wei: 1, tip_wei: 1 }),
        bytes: vec![1],
        digest: [1; 32],
        built_at: Timestamp::default(),
    };
    let signed_at = Timestamp::default();
    Durable::stored(Signed { unsigned, raw: vec![2], txid: [3; 32], journal_seq: 1, signed_at })
}

#[test]
fn bytes_go_to_every_node_and_the_best_answer_is_told() {
    let unclear = || Heard::Unclear("-32000: busy".into());
    for (said, best) in [
        ([unclear(), Heard::Known, Heard::Accepted], Heard::Accepted),
        ([Heard::NonceConsumed, Heard::Known, Heard::Gap], Heard::Known),
        ([Heard::Underpriced, Heard::NonceConsumed, unclear()], Heard::NonceConsumed),
        ([Heard::NoFunds, Heard::Underpriced, unclear()], Heard::Underpriced),
        ([unclear(), unclear(), Heard::NoFunds], Heard::NoFunds),
        ([unclear(), unclear(), unclear()], unclear()),
    ] {
        let stage = stage(&World::new(4, 4), &["a", "b", "c"], 2);
        for (node, heard) in stage.nodes.iter().zip(said) {
            node.change(|world| world.heard = heard);
        }
        let batch = [signed(), signed()];
        assert_eq!(run(stage.evm.submit(&batch)), [best.clone(), best]);
        assert!(stage.nodes.iter().all(|node| node.asked("send") == 1));
    }
}

#[test]
fn bytes_are_not_carried_to_another_chain_but_to_liars_they_are() {
    let stage = stage(&World::new(12, 10), &["a", "b", "c", "d"], 2);
    stage.nodes[0].change(|world| world.chain_id = 1);
    stage.nodes[1].change(|world| world.fork(5, 0xbb));
    run(stage.evm.heads()).unwrap();
    assert_eq!(run(stage.evm.submit(&[signed()])), [Heard::Accepted]);
    let sends: Vec<usize> = stage.nodes.iter().map(|node| node.asked("send")).collect();
    assert_eq!(sends, [0, 1, 1, 1]);
}

#[test]
fn carrying_bytes_waits_once_for_a_node_that_is_down_and_finds_it_well_again() {
    let stage = stage(&World::new(12, 10), &["a", "b"], 1);
    run(stage.evm.heads()).unwrap();
    let sent = || stage.nodes.iter().map(|node| node.asked("send")).collect::<Vec<_>>();
    stage.nodes[0].change(|world| world.down = true);
    for _ in 0..5 {
        assert_eq!(run(stage.evm.submit(&[signed()])), [Heard::Accepted]);
    }
    assert_eq!(sent(), [3, 5], "what it did not answer opened its breaker");
    stage.clock.advance(60_000);
    for _ in 0..3 {
        run(stage.evm.submit(&[signed()]));
    }
    assert_eq!(sent(), [4, 8], "one probe");
    stage.nodes[0].change(|world| world.down = false);
    stage.clock.advance(60_000);
    run(stage.evm.submit(&[signed()]));
    run(stage.evm.submit(&[signed()]));
    assert_eq!(sent(), [6, 10], "the probe was noted");
}

#[test]
fn a_liar_is_never_the_only_one_that_is_handed_bytes() {
    let stage = stage(&World::new(12, 10), &["a", "b", "c"], 2);
    stage.nodes[0].change(|world| world.fork(5, 0xbb));
    run(stage.evm.heads()).unwrap();
    stage.nodes[1..].iter().for_each(|node| node.change(|world| world.down = true));
    for _ in 0..4 {
        assert_eq!(run(stage.evm.submit(&[signed()])), [Heard::Accepted], "so it says");
    }
    let sent: Vec<usize> = stage.nodes.iter().map(|node| node.asked("send")).collect();
    assert_eq!(sent, [4, 4, 4]);
}

#[test]
fn nobody_there_is_unclear() {
    let stage = stage(&World::new(4, 4), &["a"], 1);
    stage.nodes[0].change(|world| world.down = true);
    assert!(matches!(run(stage.evm.submit(&[signed()])).as_slice(), [Heard::Unclear(_)]));
}

#[test]
fn the_market_is_the_next_block_by_one_node() {
    let stage = stage(&World::new(12, 10), &["a", "b", "c"], 2);
    let market = run(stage.evm.market()).unwrap();
    assert_eq!((market.base_fee_wei, market.tip_wei, market.head.number), (GWEI + GWEI / 8, 30 * GWEI, 12));
    assert_eq!(stage.nodes[1].asked("tip"), 0);
}

#[test]
fn an_absurd_market_needs_a_second_opinion() {
    let mad = |change: fn(&mut World)| {
        let stage = stage(&World::new(12, 10), &["a", "b", "c"], 2);
        stage.nodes[0].change(change);
        let market = run(stage.evm.market()).unwrap();
        (market.base_fee_wei, market.tip_wei)
    };
    let sane = (GWEI + GWEI / 8, 30 * GWEI);
    assert_eq!(mad(|world| world.tip = 1_900 * GWEI), sane);
    assert_eq!(mad(|world| world.blocks[12].header.base_fee_wei = u128::MAX), sane);
    assert_eq!(mad(|world| world.blocks[12].header.base_fee_wei = 0), sane);
}

#[test]
fn an_absurd_tip_of_the_only_node_is_bounded() {
    let stage = stage(&World::new(12, 10), &["a"], 1);
    stage.nodes[0].change(|world| world.tip = 1_900 * GWEI);
    assert_eq!(run(stage.evm.market()).unwrap().tip_wei, 300 * GWEI);
}

#[test]
fn balances_belong_to_one_block() {
    let stage = stage(&World::new(12, 10), &["a", "b"], 2);
    let assets = [usdc(), Asset::native(&ChainProfile::devnet()), usdc()];
    let (block, units) = run(stage.evm.balances(US.into(), &assets)).unwrap();
    assert_eq!((block.number, units), (12, vec![Units::from(1_000); 3]));
    assert_eq!(stage.nodes[0].asked("calls"), 1, "tokens are asked at once");
}

#[test]
fn code_that_one_node_sees_is_code() {
    let stage = stage(&World::new(12, 10), &["a", "b"], 2);
    assert_eq!(run(stage.evm.has_code(US.into())), Ok(false));
    stage.nodes[1].change(|world| world.code = true);
    assert_eq!(run(stage.evm.has_code(US.into())), Ok(true));
}
