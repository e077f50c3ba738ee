//! One node operator of several lies about blocks: what it shows is followed for a while, and never for long (M6, M16).

use sluice_core::alert::Code;
use sluice_core::asset::Asset;
use sluice_flow::{house, watch};
use sluice_sim::model::view::Lie;
use sluice_sim::oracle::store::ask;

use crate::bench::{Bench, now};
use crate::books::tilt_of;
use crate::strangers::steal;

const FROZEN: &str = "select id as what from wallet where state = 'frozen' limit 10";
const PAID: &str = "select id as what from withdrawal where status = 'completed' limit 10";
const TOP: &str = "select max(number) || '' as what from block limit 1";
const ROUNDS_MAX: u32 = 200;

fn rounds_until(bench: &mut Bench, what: &str, done: impl Fn(&Bench) -> bool) {
    for _ in 0..ROUNDS_MAX {
        if done(bench) {
            return;
        }
        bench.round();
    }
    panic!("never: {what}");
}

fn told(code: Code) -> String {
    format!("select detail as what from alert where code = '{}' limit 10", code.as_str())
}

fn top(bench: &Bench) -> u64 {
    ask(&bench.db, TOP).unwrap().remove(0).parse().unwrap()
}

/// Heights whose stored block is not that of the chain.
fn untrue(bench: &Bench) -> Vec<u64> {
    let chain = bench.world.chain();
    let rows = ask(&bench.db, "select number || ' ' || hash as what from block limit 500").unwrap();
    let of_chain = |row: &&String| {
        let (number, hash) = row.split_once(' ').unwrap();
        chain.at(number.parse().unwrap()).is_some_and(|block| hex::encode(block.id.hash) == hash)
    };
    let untrue = rows.iter().filter(|row| !of_chain(row));
    untrue.map(|row| row.split_once(' ').unwrap().0.parse().unwrap()).collect()
}

#[test]
fn what_leaves_a_wallet_outside_of_one_nodes_own_fork_freezes_its_lane() {
    let mut bench = Bench::new(|inner| inner);
    (0..10).for_each(|_| bench.round());
    bench.world.chain().nodes[0].lie = Some(Lie::OwnFork);
    steal(&bench, 0);
    bench.round();
    bench.round();
    assert!(!untrue(&bench).is_empty(), "its fork is followed at first");
    rounds_until(&mut bench, "the others' blocks are read", |bench| bench.count(FROZEN) == 1);
    assert_eq!(untrue(&bench), Vec::<u64>::new());
    assert_eq!(bench.count(&told(Code::NodesDisagree)), 1);
    let nodes = bench.ports.chains[&bench.world.profile.id].nodes();
    assert_eq!(nodes[0].trouble, Some("contradicts"), "it is not asked for a while");
    assert!(nodes[1..].iter().all(|node| node.healthy), "and nobody else is blamed: {nodes:?}");
}

#[test]
fn a_fork_at_the_first_sight_of_a_chain_is_left_and_no_block_is_left_out() {
    let mut bench = Bench::new(|inner| inner);
    bench.world.chain().nodes[0].lie = Some(Lie::OwnFork);
    (0..3).for_each(|_| bench.round());
    steal(&bench, 0);
    rounds_until(&mut bench, "the others' blocks are read", |bench| bench.count(FROZEN) == 1);
    assert_eq!(untrue(&bench), Vec::<u64>::new());
}

#[test]
fn an_inflated_head_is_not_followed_above_what_another_operator_has() {
    let mut bench = Bench::new(|inner| inner);
    (0..10).for_each(|_| bench.round());
    bench.world.chain().nodes[0].lie = Some(Lie::InflatedHead);
    steal(&bench, 0);
    for _ in 0..10 {
        bench.round();
        assert!(top(&bench) <= bench.world.chain().head().id.number);
    }
    assert_eq!(bench.count(FROZEN), 1);
}

#[test]
fn blocks_that_one_node_made_up_while_no_other_answered_are_walked_back() {
    let mut bench = Bench::new(|inner| inner);
    (0..10).for_each(|_| bench.round());
    bench.world.chain().nodes[0].lie = Some(Lie::InflatedHead);
    bench.world.chain().nodes[1..].iter_mut().for_each(|node| node.down = true);
    (0..4).for_each(|_| bench.round());
    let head = bench.world.chain().head().id.number;
    assert!(top(&bench) > head + bench.world.profile.lag_blocks(), "#{} of #{head}", top(&bench));
    bench.world.chain().nodes[1..].iter_mut().for_each(|node| node.down = false);
    // The breakers of those that were down let a probe through after a while.
    rounds_until(&mut bench, "they are left", |bench| untrue(bench).is_empty());
    let told = ask(&bench.db, &told(Code::NodesDisagree)).unwrap();
    assert!(told.iter().any(|detail| detail.contains("too few operators have any above")), "{told:?}");
    bench.order(1, &bench.world.asset.clone());
    rounds_until(&mut bench, "it is paid", |bench| bench.count(PAID) == 1);
    assert_eq!(bench.count(FROZEN), 0);
}

#[test]
fn honest_nodes_that_fall_far_behind_take_back_nothing_that_was_final() {
    let mut bench = Bench::new(|inner| inner);
    bench.order(1, &bench.world.asset.clone());
    rounds_until(&mut bench, "it is paid", |bench| bench.count(PAID) == 1);
    let lag = 2 * bench.world.profile.lag_blocks();
    (0..lag).for_each(|_| bench.round());
    bench.world.chain().nodes[1..].iter_mut().for_each(|node| node.lag = lag);
    (0..10).for_each(|_| bench.round());
    bench.world.chain().nodes[1..].iter_mut().for_each(|node| node.lag = 0);
    bench.order(2, &bench.world.asset.clone());
    rounds_until(&mut bench, "the next is paid", |bench| bench.count(PAID) == 2);
    assert_eq!(bench.count(&told(Code::FinalityReversed)), 0);
    assert_eq!(untrue(&bench), Vec::<u64>::new());
}

#[test]
fn books_that_cannot_be_compared_because_of_a_fork_are_told_of() {
    let mut bench = Bench::new(|inner| inner);
    (0..20).for_each(|_| bench.round());
    let mut memory = house::Memory::new(&bench.ports);
    let differs = told(Code::ReconciliationDifference);
    // Nobody follows the chain any more, and what was followed is not on it.
    let depth = bench.world.chain().terms.finality_lag + 8;
    let finalized = bench.world.chain().finalized();
    bench.world.chain().reorg(depth, 1_800_000_000, &[]);
    bench.final_again(finalized);
    let since = bench.elapsed_ms();
    while bench.count(&differs) == 0 {
        assert!(bench.elapsed_ms() - since < 300_000, "it is told");
        now(house::turn(&bench.ports, "bench", &mut memory)).unwrap();
        bench.pass();
    }
    assert!(bench.elapsed_ms() - since > 170_000, "a fork of a moment is nothing");
    let open = "select id as what from alert where code = 'reconciliation_difference' and resolved_at is null limit 9";
    let (chain, mut watching) = (bench.world.profile.id, watch::Memory::default());
    for _ in 0..400 {
        now(watch::turn(&bench.ports, chain, "bench", &mut watching)).unwrap();
        now(house::turn(&bench.ports, "bench", &mut memory)).unwrap();
        bench.pass();
    }
    assert_eq!(bench.count(open), 0, "and it is over once the watcher follows the chain");
}

#[test]
fn a_payment_that_one_node_hides_is_completed_by_the_others() {
    let mut bench = Bench::new(|inner| inner);
    (0..10).for_each(|_| bench.round());
    bench.world.chain().nodes[0].lie = Some(Lie::HiddenTransactions);
    for number in 1..=3 {
        bench.order(number, &bench.world.asset.clone());
    }
    rounds_until(&mut bench, "they are paid", |bench| bench.count(PAID) == 3);
    assert_eq!(bench.count(FROZEN), 0);
}

/// Rounds with the house in them, until something is so.
fn kept_until(bench: &mut Bench, what: &str, done: impl Fn(&Bench) -> bool) {
    let mut memory = house::Memory::new(&bench.ports);
    for _ in 0..ROUNDS_MAX {
        if done(bench) {
            return;
        }
        bench.round();
        now(house::turn(&bench.ports, "bench", &mut memory)).unwrap();
    }
    let told = ask(&bench.db, "select code || ' ' || detail as what from alert limit 20").unwrap();
    panic!("never: {what}; {told:?}");
}

#[test]
fn what_one_node_hides_of_an_idle_wallet_is_found_by_its_books_and_freezes_its_lane() {
    // A node that hides it for ever, and one that was heard for the block alone.
    for heals in [false, true] {
        let mut bench = Bench::new(|inner| inner);
        (0..10).for_each(|_| bench.round());
        bench.world.chain().nodes[0].lie = Some(Lie::HiddenTransactions);
        let stolen = hex::encode(steal(&bench, 0));
        (0..4).for_each(|_| bench.round());
        assert_eq!(bench.count(FROZEN), 0, "the block is read as it was told");
        if heals {
            bench.world.chain().nodes[0].lie = None;
        }
        kept_until(&mut bench, "it is found", |bench| bench.count(FROZEN) == 1);
        let sighted = ask(&bench.db, "select txid || ' ' || word as what from sighting limit 9").unwrap();
        assert_eq!(sighted, [format!("{stolen} confirmed")]);
        bench.order(1, &bench.world.asset.clone());
        (0..20).for_each(|_| bench.round());
        assert_eq!(bench.count(PAID), 0, "nothing is paid from it before two persons have looked");
    }
}

/// Blocks are read again a few at a time and the newest first, and the chain goes on meanwhile: what was the oldest block that
/// is remembered when the alarm rose is still read.
#[test]
fn what_was_hidden_in_the_oldest_remembered_block_is_found_though_the_chain_goes_on() {
    let mut bench = Bench::new(|inner| inner);
    (0..10).for_each(|_| bench.round());
    bench.world.chain().nodes[0].lie = Some(Lie::HiddenTransactions);
    let stolen = hex::encode(steal(&bench, 0));
    let remembered = bench.world.profile.settled_watch_blocks;
    (0..remembered - 10).for_each(|_| bench.round());
    assert_eq!(bench.count(FROZEN), 0, "nobody has compared yet");
    let since = bench.world.chain().finalized();
    kept_until(&mut bench, "it is found", |bench| bench.count(FROZEN) == 1);
    let sighted = ask(&bench.db, "select txid || ' ' || word as what from sighting limit 9").unwrap();
    assert_eq!(sighted, [format!("{stolen} confirmed")]);
    let went_on = bench.world.chain().finalized() - since;
    assert!(went_on > 10, "{went_on} blocks: it was never about to be forgotten");
}

/// Without a quorum nothing is compared: what one node hid meanwhile is older than all that is remembered when the alarm rises.
#[test]
fn what_was_hidden_while_nothing_was_compared_for_long_is_found() {
    let mut bench = Bench::new(|inner| inner);
    (0..10).for_each(|_| bench.round());
    bench.world.chain().nodes[0].lie = Some(Lie::HiddenTransactions);
    let stolen = hex::encode(steal(&bench, 0));
    (0..2 * bench.world.profile.settled_watch_blocks).for_each(|_| bench.round());
    assert_eq!(bench.count(FROZEN), 0, "nobody has compared yet");
    kept_until(&mut bench, "it is found", |bench| bench.count(FROZEN) == 1);
    let sighted = ask(&bench.db, "select txid || ' ' || word as what from sighting limit 9").unwrap();
    assert_eq!(sighted, [format!("{stolen} confirmed")]);
}

#[test]
fn a_nonce_that_a_stranger_used_for_nothing_is_found_by_the_books_too() {
    let mut bench = Bench::new(|inner| inner);
    (0..10).for_each(|_| bench.round());
    bench.world.chain().nodes[0].lie = Some(Lie::HiddenTransactions);
    steal(&bench, 0);
    // More came than was taken, before anybody compares: nothing is missing but the nonce.
    let coin = Asset::with_coin(vec![], &bench.world.profile).remove(0);
    for asset in [bench.world.asset.id, coin.id] {
        tilt_of(&bench, asset, -10_000_000_000);
    }
    kept_until(&mut bench, "it is found", |bench| bench.count(FROZEN) == 1);
    let told = ask(&bench.db, &told(Code::ReconciliationDifference)).unwrap();
    assert!(told[0].contains("nonce: chain 1, given out 0"), "{told:?}");
}

#[test]
fn a_receipt_in_a_block_that_nobody_follows_is_not_seen_and_the_payment_completes() {
    let mut bench = Bench::new(|inner| inner);
    (0..10).for_each(|_| bench.round());
    bench.world.chain().nodes[0].lie = Some(Lie::ForgedBlock);
    bench.order(1, &bench.world.asset.clone());
    let nowhere = "select t.id as what from transfer t where t.state = 'seen' and not exists (
                       select 1 from block b where b.number = t.block_number and b.hash = t.block_hash) limit 10";
    rounds_until(&mut bench, "it is paid", |bench| {
        assert_eq!(bench.count(nowhere), 0);
        bench.count(PAID) == 1
    });
}
