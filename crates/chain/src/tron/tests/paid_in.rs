//! TRX that came to an account: shown by a quorum, or not believed.

use sluice_codec::tron::Call;
use sluice_core::address::TronAddress;
use sluice_core::port::chain::{Chain, ChainError, PaidIn};
use sluice_core::proof::Final;

use super::fake::{Stage, THEM, THIEF, US, World, hash_of, run, stage};
use super::made::{ended, info, paid, theirs};
use crate::tron::node::{Executed, Info, Tx};

fn sent(from: TronAddress, to: TronAddress, sun: i64) -> (Tx, Info) {
    let tx = theirs(from, Call::TrxTransfer { to, sun });
    let info = info(&tx, None, vec![]);
    (tx, info)
}

fn failed(from: TronAddress, to: TronAddress, sun: i64) -> (Tx, Info) {
    let tx = ended(from, Call::TrxTransfer { to, sun }, Executed::Failed);
    let info = info(&tx, Some(Executed::Failed), vec![]);
    (tx, info)
}

/// Blocks 0 to 3 are empty, block 4 holds these, and 7 is solid.
fn with(included: Vec<(Tx, Info)>) -> World {
    let mut world = World::new(3, 1);
    world.mine(included);
    world.grow(9, 2);
    world
}

fn read(stage: &Stage, from: u64, count: u64) -> Result<Option<Final<PaidIn>>, ChainError> {
    run(stage.tron.paid_in(US.into(), from, count))
}

fn suns(read: &Result<Option<Final<PaidIn>>, ChainError>) -> Vec<u64> {
    let run = read.as_ref().expect("they agree").as_ref().expect("it is final");
    run.reading().coins.iter().map(|coin| coin.sun).collect()
}

#[test]
fn plain_transfers_of_others_that_went_through_are_what_came() {
    let all = vec![
        sent(THEM, US, 5),
        sent(US, THEM, 6),
        sent(US, US, 7),
        failed(THIEF, US, 8),
        paid(0),
        sent(THIEF, US, 9),
    ];
    let txid = all[0].0.txid();
    let stage = stage(&with(all), &["a", "b", "c"], 2);
    let found = read(&stage, 3, 10);
    assert_eq!(suns(&found), [5, 9]);
    let run = found.unwrap().unwrap();
    assert_eq!(
        (run.reading().through.number, run.reading().through.hash),
        (7, hash_of(7, 0xaa)),
        "what is solid"
    );
    let coin = run.reading().coins[0];
    assert_eq!((coin.txid, coin.from, coin.block.number), (txid, THEM, 4));
    assert_eq!(suns(&read(&stage, 5, 2)), [0u64; 0]);
    assert_eq!(read(&stage, 8, 10), Ok(None), "nothing there is solid yet");
}

#[test]
fn one_that_makes_some_up_is_not_believed() {
    for liar in 0..3 {
        let stage = stage(&with(vec![]), &["a", "b", "c"], 2);
        stage.nodes[liar].change(|world| *world = with(vec![sent(THIEF, US, 5)]));
        let found = read(&stage, 3, 10);
        assert!(matches!(found, Err(ChainError::Disagree { .. })), "{liar}: {found:?}");
    }
}

#[test]
fn one_that_leaves_some_out_hides_nothing() {
    let honest = with(vec![sent(THEM, US, 5)]);
    let txid = sent(THEM, US, 5).0.txid();
    for liar in 0..3 {
        let stage = stage(&honest, &["a", "b", "c"], 2);
        stage.nodes[liar].change(|world| {
            world.hidden.insert(txid);
        });
        assert_eq!(suns(&read(&stage, 3, 10)), [5], "{liar}");
    }
    let stage = stage(&honest, &["a", "b", "c"], 2);
    for node in &stage.nodes[..2] {
        node.change(|world| {
            world.hidden.insert(txid);
        });
    }
    let found = read(&stage, 3, 10);
    assert!(matches!(found, Err(ChainError::Disagree { .. })), "two that hide it outvote nobody: {found:?}");
}
