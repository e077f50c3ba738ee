//! What leaves a wallet and is not ours: believed when more than one operator shows it, recorded one by one, and opened
//! again when all of it is explained (M6).

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sluice_core::access::Actor;
use sluice_core::adoption::Kind;
use sluice_core::chain::ChainId;
use sluice_core::event::Cause;
use sluice_core::id::KeyId;
use sluice_core::id::WithdrawalId;
use sluice_core::port::Ports;
use sluice_core::port::around::signer::{Answer, Around, Wrapped};
use sluice_core::sighting::CLAIM_MS;
use sluice_core::wallet::LaneState;
use sluice_core::withdrawal::State;
use sluice_flow::operator::{ExplainError, LaneCommand, OrderError, Ordered, command, explain, give_up};
use sluice_flow::{house, watch};
use sluice_sim::model::block::{Tx, hash};
use sluice_sim::model::chain::TRANSFER_GAS;
use sluice_sim::model::pool::Pool;
use sluice_sim::model::token;
use sluice_sim::model::view::Lie;
use sluice_sim::oracle::store::ask;
use sluice_sim::world::director::DUTY;
use sluice_store::Db;

use crate::bench::{Bench, now};

const CLAIMS: &str = "select txid as what from sighting where word = 'claimed' limit 100";
const DENIED: &str = "select txid as what from sighting where word = 'denied' limit 100";
const CONFIRMED: &str = "select txid as what from sighting where word = 'confirmed' limit 100";
const FROZEN: &str = "select id as what from wallet where state = 'frozen' limit 10";
const ALERT: &str =
    "select id as what from alert where code = 'claim_unconfirmed' and resolved_at is null limit 10";
const SLOTS: &str = "select id as what from transfer where nonce is not null limit 10";
const PAID: &str = "select id as what from withdrawal where status = 'completed' limit 10";
const ROUNDS_MAX: u32 = 200;

fn said(bench: &Bench, by: KeyId) -> Cause {
    Cause { actor: Actor::Key(by), reason: "seen it".into(), at: bench.ports.clock.now() }
}

/// Somebody with the key of the lane takes a nonce and something of the wallet.
pub fn steal(bench: &Bench, nonce: u64) -> [u8; 32] {
    let from = bench.world.purses.iter().find(|purse| purse.id == bench.lane).unwrap().address;
    let mut chain = bench.world.chain();
    let fee_wei = 20_000_000_000_000;
    let tx = Arc::new(Tx {
        hash: hash([0x57, nonce, 1, 2]),
        from,
        nonce,
        to: chain.terms.token,
        value_wei: 0,
        data: token::transfer(sluice_core::address::EvmAddress([0xee; 20]), 1_000),
        gas_limit: TRANSFER_GAS,
        max_fee_wei: fee_wei,
        tip_wei: fee_wei,
        validity: None,
    });
    for node in 0..chain.nodes.len() {
        let _heard = chain.offer(node, &tx);
    }
    tx.hash
}

fn rounds_until(bench: &mut Bench, what: &str, mut done: impl FnMut(&Bench) -> bool) {
    for _ in 0..ROUNDS_MAX {
        if done(bench) {
            return;
        }
        bench.round();
    }
    panic!("never: {what}");
}

#[test]
fn one_nodes_false_stranger_freezes_nothing_and_the_node_is_found_out() {
    let mut bench = Bench::new(|inner| inner);
    bench.round();
    bench.world.chain().nodes[0].lie = Some(Lie::FalseStranger);
    rounds_until(&mut bench, "the claim is recorded", |bench| bench.count(CLAIMS) > 0);
    assert_eq!(bench.count(ALERT), 1, "an alert says which node claims what");
    let told = sluice_sim::oracle::store::ask(
        &bench.world.db(),
        "select detail as what from alert where code = 'claim_unconfirmed' limit 1",
    );
    let told = told.unwrap().remove(0);
    let name = bench.world.chain().nodes[0].name.clone();
    assert!(told.contains(&name), "{told}");
    let asset = bench.world.asset.clone();
    bench.order(1, &asset);
    bench.round();
    assert_eq!(bench.count(SLOTS), 0, "no new slot while it is unconfirmed");
    rounds_until(&mut bench, "a quorum denies it", |bench| {
        bench.count(DENIED) > 0 && bench.count(CLAIMS) == 0
    });
    rounds_until(&mut bench, "it is paid", |bench| bench.count(PAID) == 1);
    now(house::turn(&bench.ports, "bench", &mut house::Memory::new(&bench.ports))).unwrap();
    assert_eq!((bench.count(FROZEN), bench.count(ALERT)), (0, 0));
    let nodes = bench.ports.chains[&bench.world.profile.id].nodes();
    let liar = nodes.iter().find(|node| node.name == name).unwrap();
    assert_eq!((liar.healthy, liar.trouble), (false, Some("contradicts")), "it is not asked for a while");
}

#[test]
fn a_claim_that_nobody_can_judge_holds_the_lane_for_a_bounded_time() {
    let mut bench = Bench::new(|inner| inner);
    bench.round();
    bench.world.chain().nodes[0].lie = Some(Lie::FalseStranger);
    bench.world.chain().finality_stalled = true;
    rounds_until(&mut bench, "the claim is recorded", |bench| bench.count(CLAIMS) > 0);
    let since = bench.elapsed_ms();
    bench.order(1, &bench.world.asset.clone());
    rounds_until(&mut bench, "the lane goes on", |bench| bench.count(SLOTS) > 0);
    let waited = bench.elapsed_ms() - since;
    assert!((CLAIM_MS - 2_000..CLAIM_MS + 5_000).contains(&waited), "{waited} ms");
    assert_eq!((bench.count(FROZEN), bench.count(ALERT)), (0, 1), "the alert stays");
}

#[test]
fn every_stranger_is_recorded_and_the_lane_opens_when_the_last_one_is_explained() {
    let mut bench = Bench::new(|inner| inner);
    bench.round();
    let first = steal(&bench, 0);
    rounds_until(&mut bench, "it is frozen", |bench| bench.count(FROZEN) == 1);
    let second = steal(&bench, 1);
    rounds_until(&mut bench, "the second is recorded too", |bench| bench.count(CONFIRMED) == 2);
    rounds_until(&mut bench, "a block is final", |bench| bench.world.chain().finalized() > 0);
    let (id, wallet) = (bench.lane, bench.ports.clone());
    let open = |bench: &Bench, by| now(command(&wallet, None, id, &LaneCommand::Unfreeze, said(bench, by)));
    let refused = open(&bench, DUTY[0]);
    let both = vec![first, second];
    assert!(matches!(&refused, Err(OrderError::Unexplained { txids, .. }) if *txids == both), "{refused:?}");
    let explained = |bench: &mut Bench, txid| {
        rounds_until(bench, "it is explained", |bench| {
            let done =
                DUTY.map(|by| now(explain(&bench.ports, None, id, txid, Kind::Theft, said(bench, by))));
            match &done[1] {
                Ok(Ordered::Done(..)) => true,
                Ok(Ordered::Awaiting(_)) | Err(ExplainError::NotFinal | ExplainError::Order(_)) => false,
                other => panic!("{other:?}"),
            }
        });
    };
    explained(&mut bench, first);
    let refused = open(&bench, DUTY[0]);
    assert!(
        matches!(&refused, Err(OrderError::Unexplained { txids, .. }) if *txids == [second]),
        "one is not all: {refused:?}"
    );
    explained(&mut bench, second);
    assert!(matches!(open(&bench, DUTY[0]), Ok(Ordered::Awaiting(_))));
    let opened = open(&bench, DUTY[1]).unwrap().done().unwrap();
    assert_eq!((&opened.state, opened.next_nonce), (&LaneState::Open, 2));
}

/// The watcher sees what left the wallet meanwhile, while somebody who opens its lane is asking the signer.
struct Meanwhile {
    others: Ports,
    chain: ChainId,
    db: Arc<Db>,
    seen: AtomicBool,
}

impl Around for Meanwhile {
    fn around<'a, T: Debug + Send + 'a>(
        &'a self,
        call: &'static str,
        make: impl Fn() -> Answer<'a, T> + Send + 'a,
    ) -> Answer<'a, T> {
        if call == "signer.hello" && !self.seen.swap(true, Ordering::Relaxed) {
            let mut memory = watch::Memory::default();
            for _ in 0..ROUNDS_MAX {
                now(watch::turn(&self.others, self.chain, "bench", &mut memory)).unwrap();
                if ask(&self.db, CONFIRMED).unwrap().len() == 2 {
                    break;
                }
            }
        }
        make()
    }
}

/// It was frozen already, and nothing of it changes by another one: who opens it has read too little all the same.
#[test]
fn what_is_seen_while_its_lane_is_being_opened_keeps_it_shut() {
    let (mut bench, first) = frozen_by_a_theft();
    let id = bench.lane;
    rounds_until(&mut bench, "it is explained", |bench| {
        let done = DUTY.map(|by| now(explain(&bench.ports, None, id, first, Kind::Theft, said(bench, by))));
        matches!(&done[1], Ok(Ordered::Done(..)))
    });
    let second = steal(&bench, 1);
    let finalized = bench.world.chain().finalized();
    bench.final_again(finalized + 12);
    let open =
        |bench: &Bench, by| now(command(&bench.ports, None, id, &LaneCommand::Unfreeze, said(bench, by)));
    assert!(matches!(open(&bench, DUTY[0]), Ok(Ordered::Awaiting(_))));
    let by = Meanwhile {
        others: bench.ports.clone(),
        chain: bench.world.profile.id,
        db: Arc::clone(&bench.db),
        seen: AtomicBool::new(false),
    };
    bench.ports.signer = Arc::new(Wrapped { inner: Arc::clone(&bench.ports.signer), by });
    let refused = open(&bench, DUTY[1]);
    assert_eq!(bench.count(CONFIRMED), 2, "it was seen in between");
    assert!(
        matches!(&refused, Err(OrderError::Unexplained { txids, .. }) if *txids == [second]),
        "{refused:?}"
    );
    assert_eq!(bench.count(FROZEN), 1);
}

/// A lane that a theft has frozen, and the theft.
fn frozen_by_a_theft() -> (Bench, [u8; 32]) {
    let mut bench = Bench::new(|inner| inner);
    for _ in 0..4 {
        bench.round();
    }
    let txid = steal(&bench, 0);
    rounds_until(&mut bench, "it is frozen", |bench| bench.count(FROZEN) == 1);
    (bench, txid)
}

/// The last two blocks give way to others. What was in them comes back, or nobody has it any more.
fn reorganise(bench: &Bench, comes_back: bool) {
    let time_s = bench.world.sim.now_us().div_euclid(1_000_000);
    let mut chain = bench.world.chain();
    chain.terms.returned_permille = if comes_back { 1_000 } else { 0 };
    if !comes_back {
        chain.nodes.iter_mut().for_each(|node| node.pool = Pool::default());
    }
    chain.reorg(2, time_s, &[]);
}

/// Height of the block that it is in.
fn stands_at(bench: &Bench, txid: [u8; 32]) -> Option<u64> {
    let chain = bench.world.chain();
    let block = chain.blocks.iter().find(|block| block.txs.iter().any(|done| done.tx.hash == txid));
    block.map(|block| block.id.number)
}

#[test]
fn a_stranger_that_a_reorganisation_took_back_needs_no_explanation() {
    let (mut bench, txid) = frozen_by_a_theft();
    reorganise(&bench, false);
    assert_eq!(stands_at(&bench, txid), None);
    let id = bench.lane;
    rounds_until(&mut bench, "it opens", |bench| {
        let given =
            DUTY.map(|by| now(command(&bench.ports, None, id, &LaneCommand::Unfreeze, said(bench, by))));
        matches!(given[1], Ok(Ordered::Done(..)))
    });
    assert_eq!((bench.count(DENIED), bench.count(FROZEN)), (1, 0));
}

/// It is judged by the height of the block that it is in: by a lower one a quorum would deny what is not solid yet.
#[test]
fn a_stranger_that_comes_back_in_another_block_is_recorded_there() {
    let (mut bench, txid) = frozen_by_a_theft();
    reorganise(&bench, true);
    let recorded = "select cast(block_number as text) as what from sighting limit 10";
    rounds_until(&mut bench, "it is recorded where it stands", |bench| {
        let there = stands_at(bench, txid).map(|height| height.to_string());
        there.is_some() && ask(&bench.db, recorded).unwrap().first() == there.as_ref()
    });
    assert_eq!((bench.count(CONFIRMED), bench.count(FROZEN)), (1, 1));
}

/// The stranger may have paid the very recipient, and whoever is told that it failed pays again.
#[test]
fn giving_up_where_a_stranger_took_the_slot_takes_two_persons() {
    let mut bench = Bench::new(|inner| inner);
    bench.order(1, &bench.world.asset.clone());
    bench.turn().unwrap();
    assert_eq!(bench.count(SLOTS), 1);
    steal(&bench, 0);
    let waits = "select id as what from withdrawal where state = 'needs_attention' limit 10";
    rounds_until(&mut bench, "a person is asked", |bench| bench.count(waits) == 1);
    let id = WithdrawalId::parse(&ask(&bench.db, waits).unwrap()[0]).unwrap();
    let by = |person| now(give_up(&bench.ports, None, id, said(&bench, person)));
    assert!(matches!(by(DUTY[0]), Ok(Ordered::Awaiting(_))));
    assert!(matches!(by(DUTY[0]), Ok(Ordered::Awaiting(_))), "the first person again is not another one");
    assert_eq!(bench.count(waits), 1);
    let failed = by(DUTY[1]).unwrap().done().expect("two persons");
    assert!(matches!(&failed.state, State::Failed(ended) if ended.code == "gave_up"), "{failed:?}");
}
