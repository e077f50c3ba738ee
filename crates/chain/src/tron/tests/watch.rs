use sluice_codec::evm::log;
use sluice_codec::tron::{Call, ContractType, Key, Operations, Permission};
use sluice_core::address::{EvmAddress, TronAddress};
use sluice_core::amount::{Cost, Units};
use sluice_core::chain::BlockRef;
use sluice_core::port::chain::{Chain, ChainError};

use super::fake::{Stage, THEM, THIEF, TOKEN, US, World, hash_of, run, stage};
use super::made::{info, moved, theirs, trx, usdt};
use crate::tron::node::{Executed, Info, Log, Tx};

fn with(included: Vec<(Tx, Info)>) -> Stage {
    let mut world = World::new(3, 1);
    world.mine(included);
    world.grow(9, 2);
    stage(&world, &["a", "b", "c"], 2)
}

/// A call of the token by somebody, with logs.
fn called(by: TronAddress, logs: Vec<Log>) -> (Tx, Info) {
    let tx = theirs(by, Call::Trigger { contract: TOKEN, data: vec![1], value_sun: 0 });
    let info = info(&tx, Some(Executed::Success), logs);
    (tx, info)
}

fn approved(owner: TronAddress, units: u64) -> Log {
    let topic = |address: TronAddress| log::topic_of(EvmAddress(address.0));
    let topics = vec![log::APPROVAL, topic(owner), topic(THIEF)];
    Log { address: TOKEN, topics, data: Units::from(units).to_be_bytes::<32>().to_vec() }
}

fn permission(operations: Option<Operations>) -> Permission {
    let keys = vec![Key { address: THIEF, weight: 1 }];
    Permission { id: 0, name: "x".into(), threshold: 1, operations, keys }
}

fn permission_update() -> (Tx, Info) {
    let owner = permission(None);
    let actives = vec![permission(Some(Operations::of(&[ContractType::Transfer])))];
    let tx = theirs(US, Call::PermissionUpdate { owner, witness: None, actives });
    let info = Info { fee_sun: 100_000_000, ..info(&tx, None, vec![]) };
    (tx, info)
}

#[test]
fn whatever_a_wallet_sent_is_shown_whatever_its_type() {
    let out = vec![moved(TOKEN, US, THEM, 5)];
    let all = [permission_update(), called(US, out), called(THIEF, vec![moved(TOKEN, THIEF, US, 5)])];
    let txids: Vec<[u8; 32]> = all[..2].iter().map(|(tx, _)| tx.txid()).collect();
    let stage = with(all.into());
    let facts = run(stage.tron.block(4, &[US.into(), THEM.into()])).unwrap();
    assert_eq!(facts.block, BlockRef { number: 4, hash: hash_of(4, 0xaa) });
    assert_eq!(facts.parent, hash_of(3, 0xaa));
    let sent: Vec<[u8; 32]> = facts.shown.sent.iter().map(|sent| sent.txid).collect();
    assert_eq!((sent, facts.shown.told_by.as_str()), (txids, "a/0"));
    assert!(facts.shown.sent.iter().all(|sent| sent.nonce.is_none() && sent.from == US.into()));
    assert!(facts.shown.drained.is_empty(), "what comes in is no harm");
    assert_eq!(run(stage.tron.block(10, &[US.into()])), Err(ChainError::NoBlock));
}

#[test]
fn receipts_are_asked_for_only_where_code_ran_that_others_called() {
    let stage = with(vec![called(US, vec![moved(TOKEN, US, THEM, 5)]), permission_update()]);
    let facts = run(stage.tron.block(4, &[US.into()])).unwrap();
    assert_eq!((facts.shown.sent.len(), facts.shown.drained.len()), (2, 0));
    assert_eq!(stage.nodes[0].asked("infos_of"), 0);
    run(stage.tron.block(4, &[])).unwrap();
    assert_eq!(stage.nodes[0].asked("block"), 1, "nobody to look for: the header is enough");
}

#[test]
fn value_or_permission_that_left_in_anothers_transaction_is_a_drain() {
    let poison = Log { address: THIEF, ..moved(TOKEN, US, THIEF, 5) };
    let mut odd = moved(TOKEN, US, THIEF, 5);
    odd.topics.push([0; 32]);
    for (logs, count) in [
        (vec![moved(TOKEN, US, THIEF, 5)], 1),
        (vec![approved(US, 5)], 1),
        (vec![moved(TOKEN, US, THIEF, 5), approved(US, 5), odd], 3),
        (vec![moved(TOKEN, US, THIEF, 0), approved(US, 0), poison], 0),
        (vec![moved(TOKEN, THEM, THIEF, 5)], 0),
    ] {
        let stage = with(vec![called(THIEF, logs.clone())]);
        let facts = run(stage.tron.block(4, &[US.into()])).unwrap();
        assert_eq!(facts.shown.drained.len(), count, "{logs:?}");
        assert!(facts.shown.drained.iter().all(|drain| drain.wallet == US.into()));
        let looked = run(stage.tron.second_look("a/0", facts.block, &[US.into()])).unwrap();
        assert_eq!(looked.iter().map(|shown| shown.drained.len()).collect::<Vec<_>>(), [count; 2]);
        let elsewhere = BlockRef { hash: [9; 32], ..facts.block };
        let looked = run(stage.tron.second_look("a/0", elsewhere, &[US.into()]));
        assert_eq!(looked, Some(vec![]), "who has another block shows nothing of this one");
    }
    let both = with(vec![called(THEM, vec![moved(TOKEN, US, THEM, 5)])]);
    let facts = run(both.tron.block(4, &[US.into(), THEM.into()])).unwrap();
    assert_eq!(facts.shown.drained.len(), 1, "by another wallet of ours");
}

#[test]
fn a_node_whose_receipts_are_late_is_passed_over() {
    let drain = called(THIEF, vec![moved(TOKEN, US, THIEF, 5)]);
    let txid = drain.0.txid();
    let stage = with(vec![drain]);
    stage.nodes[0].change(|world| {
        world.missing.insert(txid);
    });
    let facts = run(stage.tron.block(4, &[US.into()])).unwrap();
    assert_eq!((facts.shown.told_by.as_str(), facts.shown.drained.len()), ("b/1", 1));
}

#[test]
fn what_a_stranger_did_with_a_wallet_is_told_by_quorum() {
    let sends = |call, success: bool| {
        let tx = theirs(US, call);
        let info = Info { failed: !success, ..info(&tx, None, vec![]) };
        (tx, info)
    };
    let told = |included: (Tx, Info)| {
        let txid = included.0.txid();
        run(with(vec![included]).tron.foreign(US.into(), txid)).unwrap().reading().clone().unwrap()
    };
    let coins = told(sends(Call::TrxTransfer { to: THIEF, sun: 7 }, true));
    assert_eq!((coins.coin_left, coins.nonce, coins.cost), (Units::from(7), Some(0), Cost(6_428_500)));
    let to_itself = told(sends(Call::TrxTransfer { to: US, sun: 7 }, true));
    assert!(to_itself.coin_left.is_zero() && to_itself.concerns());
    let permits = told(permission_update());
    assert!(permits.permits && !permits.value_left());
    assert_eq!(permits.cost, Cost(100_000_000));
    let tokens = told(called(THIEF, vec![moved(TOKEN, US, THIEF, 5), moved(TOKEN, US, US, 9)]));
    assert_eq!(tokens.tokens_left, [(TOKEN.into(), Units::from(5))]);
    assert_eq!((tokens.nonce, tokens.cost), (None, Cost(0)));
    assert!(told(called(US, vec![approved(US, 1)])).permits);
    assert!(!told(called(THIEF, vec![])).concerns());
}

#[test]
fn a_transaction_that_one_makes_up_did_nothing() {
    let fake = called(THIEF, vec![moved(TOKEN, US, THIEF, 5)]);
    let txid = fake.0.txid();
    let stage = with(vec![]);
    stage.nodes[2].change(|world| {
        world.blocks[4].0.transactions.push(fake.0);
        world.blocks[4].1.push(Info { number: 4, ..fake.1 });
    });
    // Nobody can say that it is not there while one shows it.
    assert!(matches!(run(stage.tron.foreign(US.into(), txid)), Err(ChainError::Disagree { .. })));
    stage.nodes[2].change(|world| world.down = true);
    assert_eq!(*run(stage.tron.foreign(US.into(), txid)).unwrap().reading(), None);
}

#[test]
fn a_node_that_leaves_its_chain_while_it_is_asked_tells_nothing() {
    let drain = called(THIEF, vec![moved(TOKEN, US, THIEF, 5)]);
    let txid = drain.0.txid();
    let stage = with(vec![drain]);
    stage.nodes[0].change(|world| world.then = Some(("infos", |world| world.fork(4, 0xbb))));
    let told = run(stage.tron.foreign(US.into(), txid)).unwrap();
    assert_eq!(told.reading().as_ref().unwrap().block.hash, hash_of(4, 0xaa));
    assert_eq!(told.operators(), ["b", "c"]);
    assert!(stage.tron.troubles().is_empty(), "no lie: it says nothing under the agreed block");
}

#[test]
fn transfers_are_named_by_their_place_in_the_block() {
    let first = called(THEM, vec![moved(TOKEN, THEM, US, 1), moved(TOKEN, THEM, THIEF, 2)]);
    let second = called(THIEF, vec![moved(THIEF, US, THEM, 3), moved(TOKEN, THIEF, THEM, 4)]);
    let coins = theirs(US, Call::TrxTransfer { to: THIEF, sun: 7 });
    let of_coins = info(&coins, None, vec![]);
    let (txid, coins_id) = (second.0.txid(), coins.txid());
    let stage = with(vec![first, second, (coins, of_coins)]);
    let found = run(stage.tron.transfers_of(usdt().id, txid)).unwrap().unwrap();
    let (block, logs) = found.reading();
    assert_eq!((block.number, logs.len()), (4, 1));
    assert_eq!((logs[0].log_index, logs[0].from, logs[0].units), (3, THIEF.into(), Units::from(4)));
    let found = run(stage.tron.transfers_of(trx().id, coins_id)).unwrap().unwrap();
    assert_eq!((found.reading().1[0].log_index, found.reading().1[0].units), (0, Units::from(7)));
    assert!(run(stage.tron.transfers_of(trx().id, txid)).unwrap().unwrap().reading().1.is_empty());
    assert!(run(stage.tron.transfers_of(usdt().id, [9; 32])).unwrap().is_none());
}

#[test]
fn blocks_that_are_still_there_are_told_from_those_that_are_gone() {
    let stage = with(vec![]);
    let at = |number, salt| BlockRef { number, hash: hash_of(number, salt) };
    let told = run(stage.tron.still_final(&[at(4, 0xaa), at(5, 0xbb)])).unwrap();
    assert_eq!(told.iter().map(|told| *told.reading()).collect::<Vec<_>>(), [true, false]);
    assert!(run(stage.tron.still_final(&[at(8, 0xaa)])).is_err(), "above the solid block");
}
