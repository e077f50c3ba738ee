//! What a foreign transaction did, and how an account stands: by quorum, or not at all.

use sluice_codec::evm::log;
use sluice_core::alert::Code;
use sluice_core::amount::{Cost, Units};
use sluice_core::asset::Asset;
use sluice_core::chain::ChainProfile;
use sluice_core::port::chain::{Chain, ChainError, Foreign, Standing};
use sluice_core::proof::Final;

use super::fake::{Log, Stage, THEM, THIEF, TOKEN, US, World, codes, moved, paid, receipt, run, stage};

const CHAIN: &str = "eip155:31337";
const TX: [u8; 32] = [9; 32];

fn approval(units: u64) -> Log {
    let topics = vec![log::APPROVAL, log::topic_of(US), log::topic_of(THIEF)];
    Log { address: TOKEN, topics, data: Units::from(units).to_be_bytes::<32>().to_vec(), index: 9 }
}

/// Our wallet pays, gives a permission and sends coin by transaction 9 at nonce 0 in block 5; the chain goes on to 12,
/// final is 10.
fn strange_world() -> World {
    let mut world = World::new(4, 4);
    let logs = vec![moved(TOKEN, US, THIEF, 50, 3), moved(TOKEN, US, US, 7, 4), approval(60)];
    world.mine(vec![(0, receipt(9, US, true, logs))]);
    world.carried.insert(TX, (THIEF, 77));
    (6..=12).for_each(|_| world.mine(vec![]));
    world.finalized = Some(10);
    world
}

fn foreign(stage: &Stage) -> Result<Option<Final<Foreign>>, ChainError> {
    let read = run(stage.evm.foreign(US.into(), TX))?;
    let found = read.reading().clone();
    Ok(found.map(|found| read.map(|_| found)))
}

#[test]
fn what_a_foreign_transaction_did_is_told_by_two_operators_under_one_final_block() {
    let stage = stage(&strange_world(), &["a", "b", "c"], 2);
    let found = foreign(&stage).unwrap().unwrap();
    assert_eq!((found.head().number, found.operators()), (10, &["a".to_owned(), "b".to_owned()][..]));
    let it = found.reading();
    assert_eq!((it.block.number, it.nonce, it.cost), (5, Some(0), Cost(90_000)));
    assert_eq!(it.coin_left, Units::from(77));
    assert_eq!(it.tokens_left, [(TOKEN.into(), Units::from(50))], "what it sent to itself has not left");
    assert!(it.permits && it.concerns() && it.value_left());
    assert!(stage.evm.troubles().is_empty());
}

#[test]
fn a_transaction_somebody_else_sent_takes_tokens_and_costs_us_nothing() {
    let mut world = World::new(4, 4);
    world.mine(vec![(3, receipt(9, THIEF, true, vec![moved(TOKEN, US, THIEF, 50, 3)]))]);
    world.carried.insert(TX, (TOKEN, 77));
    (6..=12).for_each(|_| world.mine(vec![]));
    world.finalized = Some(10);
    let found = foreign(&stage(&world, &["a", "b"], 2)).unwrap().unwrap();
    let it = found.reading();
    assert_eq!((it.nonce, it.cost, it.coin_left), (None, Cost(0), Units::ZERO));
    assert_eq!(it.tokens_left, [(TOKEN.into(), Units::from(50))]);
}

#[test]
fn one_that_failed_took_its_fee_and_nothing_else() {
    let mut world = strange_world();
    world.blocks[5].receipts[0].1.success = false;
    let found = foreign(&stage(&world, &["a", "b"], 2)).unwrap().unwrap();
    assert!(!found.reading().value_left() && !found.reading().permits);
    assert_eq!((found.reading().nonce, found.reading().cost), (Some(0), Cost(90_000)));
}

#[test]
fn what_no_final_block_holds_is_none() {
    let mut world = strange_world();
    world.finalized = Some(4);
    assert_eq!(foreign(&stage(&world, &["a", "b"], 2)), Ok(None));
    let mut gone = strange_world();
    gone.blocks[5].receipts.clear();
    let stage = stage(&gone, &["a", "b", "c"], 2);
    assert_eq!(foreign(&stage), Ok(None));
    assert_eq!(stage.nodes[2].asked("receipts"), 1, "that it is not there is asked of everybody");
}

#[test]
fn one_operator_that_shows_it_is_not_outvoted_and_one_that_lacks_it_is_late() {
    let stage = stage(&strange_world(), &["a", "b", "c"], 2);
    let hide = |node: usize| {
        stage.nodes[node].change(|world| {
            world.missing.insert(TX);
        });
    };
    hide(0);
    assert_eq!(foreign(&stage).unwrap().unwrap().operators(), ["b", "c"]);
    assert!(stage.evm.troubles().is_empty(), "a receipt may be late: no lie");
    hide(1);
    assert!(matches!(foreign(&stage), Err(ChainError::Disagree { .. })));
    assert_eq!(codes(&stage.evm.troubles()), [(Code::NodesDisagree, CHAIN)]);
}

#[test]
fn a_node_that_tells_another_story_of_it_is_outvoted_and_named() {
    let stage = stage(&strange_world(), &["a", "b", "c"], 2);
    stage.nodes[0].change(|world| world.blocks[5].receipts[0].1.logs.clear());
    let found = foreign(&stage).unwrap().unwrap();
    assert_eq!(found.operators(), ["b", "c"]);
    assert_eq!(found.reading().tokens_left.len(), 1);
    assert_eq!(codes(&stage.evm.troubles()), [(Code::NodesDisagree, "eip155:31337 a/0")]);
}

#[test]
fn a_story_two_urls_of_one_operator_tell_is_one_voice() {
    let stage = stage(&strange_world(), &["a", "a", "b"], 2);
    stage.nodes[2].change(|world| world.down = true);
    assert!(matches!(foreign(&stage), Err(ChainError::Disagree { .. })));
}

#[test]
fn a_receipt_in_a_block_that_is_not_on_the_chain_tells_nothing() {
    let stage = stage(&strange_world(), &["a", "b"], 2);
    for node in &stage.nodes {
        node.change(|world| world.blocks[5].receipts[0].1.block.hash = [0xee; 32]);
    }
    assert!(matches!(foreign(&stage), Err(ChainError::Disagree { .. })));
}

fn standing(stage: &Stage) -> Result<Final<Standing>, ChainError> {
    run(stage.evm.standing(US.into(), &[usdc(), Asset::native(&ChainProfile::devnet())]))
}

fn usdc() -> Asset {
    super::fake::usdc()
}

/// One payment of ours is final, one is not.
fn standing_world() -> World {
    let mut world = World::new(4, 4);
    world.mine(vec![(0, paid(1))]);
    (6..=10).for_each(|_| world.mine(vec![]));
    world.mine(vec![(1, paid(2))]);
    world.mine(vec![(0, receipt(3, THEM, true, vec![]))]);
    world.finalized = Some(10);
    world
}

#[test]
fn an_account_stands_as_two_operators_read_it_at_one_final_block() {
    let stage = stage(&standing_world(), &["a", "b", "c"], 2);
    let read = standing(&stage).unwrap();
    assert_eq!(*read.reading(), Standing { nonce: 1, units: vec![Units::from(1_000); 2] });
    assert_eq!((read.head().number, read.operators()), (10, &["a".to_owned(), "b".to_owned()][..]));
    assert_eq!(stage.nodes[2].asked("balance"), 0, "the third is asked only when two do not suffice");
}

#[test]
fn a_balance_or_nonce_of_one_node_is_outvoted_and_the_node_is_named() {
    let lies: [fn(&mut World); 2] = [
        |world| world.balance = 9_999_999,
        |world| {
            world.claims.insert(US, 7);
        },
    ];
    for lie in lies {
        let stage = stage(&standing_world(), &["a", "b", "c"], 2);
        stage.nodes[0].change(lie);
        let read = standing(&stage).unwrap();
        assert_eq!((read.reading().nonce, read.operators()), (1, &["b".to_owned(), "c".to_owned()][..]));
        assert_eq!(read.reading().units, [Units::from(1_000); 2]);
        assert_eq!(codes(&stage.evm.troubles()), [(Code::NodesDisagree, "eip155:31337 a/0")]);
    }
}

#[test]
fn two_operators_that_differ_leave_the_account_unknown() {
    let stage = stage(&standing_world(), &["a", "b"], 2);
    stage.nodes[1].change(|world| world.balance = 1);
    assert!(matches!(standing(&stage), Err(ChainError::Disagree { .. })));
    let single = super::fake::stage(&standing_world(), &["a"], 2);
    assert!(matches!(standing(&single), Err(ChainError::Disagree { .. })), "one is not two");
}

#[test]
fn a_node_without_the_final_state_does_not_count() {
    let stage = stage(&standing_world(), &["a", "b", "c"], 2);
    stage.nodes[0].change(|world| world.pruned_below = 12);
    assert_eq!(standing(&stage).unwrap().operators(), ["b", "c"]);
}
