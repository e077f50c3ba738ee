//! A store that went back in time pays nothing that the partner was told is over (M17).

use sluice_core::access::Actor;
use sluice_core::alert::Code;
use sluice_core::event::Cause;
use sluice_core::id::KeyId;
use sluice_core::partner::PLATFORM;
use sluice_core::port::reader::Reader as _;
use sluice_core::port::store::{Change, Store as _};
use sluice_core::stop::Scope;
use sluice_core::wallet::LaneState;
use sluice_core::withdrawal::{AttentionCode, State, Withdrawal};
use sluice_flow::house;
use sluice_flow::operator::{self, LaneCommand, OrderError};
use sluice_sim::world::director::DUTY;

use crate::bench::{Bench, now};

pub fn withdrawals(bench: &Bench) -> Vec<Withdrawal> {
    now(bench.db.unended(None, 100)).unwrap()
}

pub fn asked(withdrawal: &Withdrawal) -> Option<AttentionCode> {
    match &withdrawal.state {
        State::NeedsAttention(attention) => Some(attention.code),
        _ => None,
    }
}

pub fn frozen(bench: &Bench) -> bool {
    let wallets = now(bench.db.wallets(None)).unwrap();
    wallets.iter().all(|wallet| matches!(wallet.state, LaneState::Frozen { .. }))
}

/// So many persons say that the lane may open.
pub fn unfreeze(bench: &Bench, persons: &[KeyId]) {
    for key in persons {
        let cause = Cause { actor: Actor::Key(*key), ..bench.cause() };
        now(operator::command(&bench.ports, None, bench.lane, &LaneCommand::Unfreeze, cause)).unwrap();
    }
}

/// Two persons of the platform lift the stop that a restore puts on everything.
pub fn lift(bench: &Bench) {
    assert_eq!(bench.count("select kind as what from stop where kind = 'all' limit 5"), 1);
    for key in DUTY {
        let cause = Cause { actor: Actor::Key(key), ..bench.cause() };
        let lifted = operator::lift(&bench.ports, &*bench.db, Scope::All, PLATFORM, cause);
        assert!(now(lifted).unwrap().is_some());
    }
    assert_eq!(bench.count("select kind as what from stop limit 5"), 0);
}

/// Transactions of the lane's wallet on the chain.
pub fn paid(bench: &Bench) -> Vec<[u8; 32]> {
    let from = bench.world.purses[0].address;
    let chain = bench.world.chain();
    let done = chain.blocks.iter().flat_map(|block| &block.txs).filter(|done| done.tx.from == from);
    done.map(|done| done.tx.hash).collect()
}

pub fn is_final(bench: &Bench) -> bool {
    let (from, chain) = (bench.world.purses[0].address, bench.world.chain());
    let last = chain.blocks.iter().rfind(|block| block.txs.iter().any(|done| done.tx.from == from));
    last.is_some_and(|block| block.id.number <= chain.finalized())
}

pub fn rounds(bench: &mut Bench, count: usize) {
    for _ in 0..count {
        bench.round();
    }
}

/// The only withdrawal there is, handed to a person.
fn handed_to_a_person(bench: &Bench) -> Withdrawal {
    let waiting = withdrawals(bench).pop().unwrap();
    let step = waiting.needs_attention(AttentionCode::SignerRefused, true, bench.ports.clock.now()).unwrap();
    let after = step.after().clone();
    let change = Change { withdrawals: vec![step], cause: Some(bench.cause()), ..Change::default() };
    now(bench.db.apply(None, vec![change])).unwrap();
    after
}

/// Cancelled before it had a slot, and told so; then another payment is signed, and the store goes back to before both,
/// with the engine or under it.
#[test]
fn what_was_cancelled_in_the_lost_time_waits_for_two_persons() {
    for restarted in [true, false] {
        let mut bench = Bench::new(|inner| inner);
        let asset = bench.world.asset.clone();
        bench.order(1, &asset);
        let copy = bench.copy();
        let cancelled = withdrawals(&bench).pop().unwrap();
        now(operator::cancel(&bench.ports, bench.partner, cancelled.id, bench.cause())).unwrap();
        assert_eq!(withdrawals(&bench), []);
        bench.order(2, &asset);
        rounds(&mut bench, 6);
        assert_eq!(paid(&bench).len(), 1);
        let feed = now(bench.db.feed()).unwrap();
        bench.put_back(&copy);
        if restarted {
            bench.restart();
        }
        rounds(&mut bench, 4);
        assert!(frozen(&bench));
        let changed = now(bench.db.feed()).unwrap();
        assert_ne!(changed, feed, "its numbers are given out again");
        let waiting = withdrawals(&bench);
        assert_eq!(waiting.iter().map(asked).collect::<Vec<_>>(), [Some(AttentionCode::StoreWentBack)]);
        assert!(now(operator::doubtful(&bench.ports, &waiting[0])).unwrap(), "a redrive takes two persons");
        let alerts = now(bench.db.open_alerts(&[Code::StoreWentBack], None, 10)).unwrap();
        assert!(!alerts.is_empty());
        unfreeze(&bench, &DUTY);
        lift(&bench);
        rounds(&mut bench, 6);
        assert_eq!(now(bench.db.feed()).unwrap(), changed, "once");
        assert_eq!(paid(&bench).len(), 1, "what the partner was told is cancelled is not paid");
    }
}

/// A person had it when the copy was made; afterwards it was redriven and paid.
#[test]
fn what_a_person_had_and_was_paid_in_the_lost_time_is_recognised() {
    let mut bench = Bench::new(|inner| inner);
    bench.order(1, &bench.world.asset.clone());
    let waiting = withdrawals(&bench).pop().unwrap();
    let asked_of =
        waiting.needs_attention(AttentionCode::SignerRefused, true, bench.ports.clock.now()).unwrap();
    let waiting = asked_of.after().clone();
    let change = Change { withdrawals: vec![asked_of], cause: Some(bench.cause()), ..Change::default() };
    now(bench.db.apply(None, vec![change])).unwrap();
    let copy = bench.copy();
    let cause = Cause { actor: Actor::Key(DUTY[0]), ..bench.cause() };
    now(operator::redrive(&bench.ports, None, waiting.id, cause.clone())).unwrap();
    rounds(&mut bench, 6);
    assert_eq!(paid(&bench).len(), 1);
    bench.put_back(&copy);
    bench.restart();
    rounds(&mut bench, 4);
    let found = withdrawals(&bench);
    assert_eq!(found.iter().map(asked).collect::<Vec<_>>(), [Some(AttentionCode::PaidBeforeRestore)]);
    assert!(now(operator::redrive(&bench.ports, None, waiting.id, cause)).is_err());
    // Nor does it hold up what comes after it.
    unfreeze(&bench, &DUTY);
    bench.order(2, &bench.world.asset.clone());
    rounds(&mut bench, 6);
    assert_eq!(paid(&bench).len(), 1, "stops of the lost time may be missing");
    lift(&bench);
    rounds(&mut bench, 6);
    assert_eq!(paid(&bench).len(), 2);
}

/// Store and journal from one snapshot agree with each other and have both forgotten. The chain has not: until it says
/// so by finality, nothing is begun, and then the lane is frozen.
#[test]
fn store_and_journal_that_go_back_together_pay_nothing_while_the_chain_is_ahead() {
    let mut bench = Bench::new(|inner| inner);
    rounds(&mut bench, 20); // until something is final
    bench.order(1, &bench.world.asset.clone());
    let copy = bench.copy();
    while paid(&bench).is_empty() {
        bench.round();
    }
    assert!(!is_final(&bench), "the chain counts it, and it is not final");
    bench.put_back(&copy);
    bench.ports.signer = bench.forgetful_signer();
    bench.restart();
    for _ in 0..3 {
        bench.turn().unwrap();
        bench.pass();
        assert_eq!(bench.count("select id as what from transfer limit 5"), 0, "nothing is planned");
    }
    while !is_final(&bench) {
        bench.round();
    }
    rounds(&mut bench, 3);
    let lane = now(bench.db.lane(bench.lane)).unwrap().unwrap();
    assert!(matches!(lane.wallet.state, LaneState::Frozen { .. }), "{:?}", lane.wallet.state);
    assert_eq!(paid(&bench).len(), 1);
}

/// The signer's journal is exchanged for an older one while the engine runs.
#[test]
fn a_journal_that_goes_back_under_a_running_engine_signs_nothing() {
    let mut bench = Bench::new(|inner| inner);
    bench.order(1, &bench.world.asset.clone());
    rounds(&mut bench, 6);
    assert_eq!(paid(&bench).len(), 1);
    bench.ports.signer = bench.forgetful_signer();
    bench.order(2, &bench.world.asset.clone());
    rounds(&mut bench, 6);
    assert!(frozen(&bench));
    assert_eq!(paid(&bench).len(), 1);
    assert_eq!(bench.count("select id as what from attempt where raw is not null limit 5"), 1);
}

/// Two withdrawals look alike. One was paid in the lost time; its transaction does not complete the other.
#[test]
fn a_lost_transaction_resolves_nothing_but_its_own_withdrawal() {
    let mut bench = Bench::new(|inner| inner);
    let asset = bench.world.asset.clone();
    bench.order_as("twin", 1, &asset);
    let twin = handed_to_a_person(&bench);
    let copy = bench.copy();
    bench.order_as("first", 1, &asset);
    rounds(&mut bench, 6);
    let txid = paid(&bench)[0];
    bench.put_back(&copy);
    bench.restart();
    rounds(&mut bench, 4);
    let cause = Cause { actor: Actor::Key(DUTY[0]), ..bench.cause() };
    let refused = now(operator::resolve_paid_by(&bench.ports, None, twin.id, txid, cause));
    assert!(
        matches!(&refused, Err(OrderError::Evidence(why)) if why.contains("another withdrawal")),
        "{refused:?}"
    );
}

/// The copy holds a first person's word that opens a frozen lane. It was said of what froze it then, not of the restore.
#[test]
fn a_word_from_before_the_restore_opens_no_lane() {
    let mut bench = Bench::new(|inner| inner);
    rounds(&mut bench, 20); // until something is final
    let wallet = now(bench.db.lane(bench.lane)).unwrap().unwrap().wallet;
    let step = wallet.freeze("a stranger's transaction".into()).unwrap();
    let change = Change { wallets: vec![step], cause: Some(bench.cause()), ..Change::default() };
    now(bench.db.apply(None, vec![change])).unwrap();
    unfreeze(&bench, &DUTY[..1]);
    let copy = bench.copy();
    unfreeze(&bench, &DUTY[1..]);
    assert!(!frozen(&bench));
    bench.order(1, &bench.world.asset.clone());
    rounds(&mut bench, 6);
    assert_eq!(paid(&bench).len(), 1);
    bench.put_back(&copy);
    bench.restart();
    rounds(&mut bench, 4);
    unfreeze(&bench, &DUTY[1..]);
    assert!(frozen(&bench), "the second word alone");
    unfreeze(&bench, &DUTY[..1]);
    assert!(!frozen(&bench));
}

/// Nothing was signed since the copy was made; the mark that followed the cancellation is what tells.
#[test]
fn a_cancellation_alone_makes_a_copy_old() {
    for restarted in [true, false] {
        let mut bench = Bench::new(|inner| inner);
        bench.order(1, &bench.world.asset.clone());
        let mut house = house::Memory::new(&bench.ports);
        now(house::turn(&bench.ports, "bench", &mut house)).unwrap();
        let copy = bench.copy();
        let cancelled = withdrawals(&bench).pop().unwrap();
        now(operator::cancel(&bench.ports, bench.partner, cancelled.id, bench.cause())).unwrap();
        for _ in 0..12 {
            now(house::turn(&bench.ports, "bench", &mut house)).unwrap();
            bench.pass();
        }
        bench.put_back(&copy);
        if restarted {
            bench.restart();
            bench.turn().unwrap();
        } else {
            for _ in 0..12 {
                now(house::turn(&bench.ports, "bench", &mut house)).unwrap();
                bench.pass();
            }
        }
        assert!(frozen(&bench), "restarted: {restarted}");
        let waiting = withdrawals(&bench);
        assert_eq!(waiting.iter().map(asked).collect::<Vec<_>>(), [Some(AttentionCode::StoreWentBack)]);
        rounds(&mut bench, 20); // until something is final
        assert_eq!(paid(&bench).len(), 0);
        // Said once: the store has come as far as the journal, and goes on.
        unfreeze(&bench, &DUTY);
        lift(&bench);
        now(house::turn(&bench.ports, "bench", &mut house)).unwrap();
        bench.restart();
        bench.turn().unwrap();
        assert!(!frozen(&bench));
    }
}
