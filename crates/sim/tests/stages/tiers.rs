//! Wallets that are no lanes: no loop works them, two persons register them, and their books are kept like any other's.

use sluice_core::access::Actor;
use sluice_core::address::EvmAddress;
use sluice_core::alert::Code;
use sluice_core::command::Kind;
use sluice_core::event::Cause;
use sluice_core::id::KeyId;
use sluice_core::ledger::{Account, Posting};
use sluice_core::port::store::{Change, Store as _};
use sluice_core::wallet::{LaneState, Tier, Wallet};
use sluice_flow::operator::{AdoptError, LaneCommand, OrderError, Ordered, Register, command, register};
use sluice_flow::{StageError, house, lane};
use sluice_sim::world::director::DUTY;

use crate::bench::{Bench, now};

const WAIT_MS: i64 = 3_600_000;

/// A chain whose nodes have agreed on a final block.
fn settled() -> Bench {
    let mut bench = Bench::new(|inner| inner);
    for _ in 0..40 {
        bench.round();
    }
    bench
}

fn said(bench: &Bench, by: KeyId) -> Cause {
    Cause { actor: Actor::Key(by), reason: "seen it".into(), at: bench.ports.clock.now() }
}

fn wanted(bench: &Bench, tier: Tier, number: u8) -> Register {
    Register {
        partner: bench.partner,
        chain: bench.world.profile.id,
        address: EvmAddress([number; 20]).into(),
        tier,
        label: "vault".into(),
        wait_ms: WAIT_MS,
    }
}

fn order(bench: &Bench, wanted: &Register, by: KeyId) -> Result<Ordered<Wallet>, AdoptError> {
    now(register(&bench.ports, wanted, said(bench, by)))
}

fn registered(bench: &Bench, tier: Tier, number: u8) -> Wallet {
    let wanted = wanted(bench, tier, number);
    let _first = order(bench, &wanted, DUTY[0]).unwrap();
    order(bench, &wanted, DUTY[1]).unwrap().done().unwrap()
}

fn stored(bench: &Bench, wallet: &Wallet) -> Wallet {
    let all = now(bench.world.db().wallets(None)).unwrap();
    all.into_iter().find(|it| it.id == wallet.id).unwrap()
}

#[test]
fn two_persons_register_a_wallet_and_nothing_is_sent_to_it_before_its_wait_is_over() {
    let bench = settled();
    let vault = wanted(&bench, Tier::Cold, 0x71);
    let Ordered::Awaiting(waits) = order(&bench, &vault, DUTY[0]).unwrap() else {
        panic!("one is not enough")
    };
    assert_eq!((waits.order.kind, waits.partner), (Kind::WalletRegister, bench.partner));
    let known = now(bench.world.db().wallets(None)).unwrap();
    assert!(known.iter().all(Wallet::is_lane), "nothing was done");
    let other = Register { tier: Tier::Safe, ..vault.clone() };
    let refused = order(&bench, &other, DUTY[1]);
    assert!(
        matches!(refused, Err(AdoptError::Order(OrderError::Person { .. }))),
        "another order: {refused:?}"
    );
    let done = order(&bench, &vault, DUTY[1]).unwrap().done().unwrap();
    let at = bench.ports.clock.now();
    assert_eq!(stored(&bench, &done), done);
    assert!(!done.is_lane() && !done.is_trusted(at) && done.is_trusted(at.plus_ms(WAIT_MS)));
    let again = order(&bench, &vault, DUTY[0]);
    assert_eq!(again, Err(AdoptError::Managed), "an address is registered once");
}

#[test]
fn no_loop_works_a_wallet_that_is_no_lane() {
    let mut bench = settled();
    let hot = registered(&bench, Tier::Hot, 0x72);
    now(command(&bench.ports, None, bench.lane, &LaneCommand::Pause, said(&bench, DUTY[0]))).unwrap();
    bench.order(1, &bench.world.asset.clone());
    for _ in 0..10 {
        let turn = now(lane::turn(&bench.ports, hot.id, "stray", &mut lane::Memory::default()));
        assert!(matches!(turn, Err(StageError::NotConfigured(_))), "{turn:?}");
        bench.round();
    }
    assert_eq!(bench.count("select id as what from transfer limit 1"), 0, "the order waits for its lane");
    for lane_order in [LaneCommand::Resume, LaneCommand::Drain, LaneCommand::Cap(None)] {
        let refused = now(command(&bench.ports, None, hot.id, &lane_order, said(&bench, DUTY[0])));
        assert!(matches!(refused, Err(OrderError::Refused(_))), "{lane_order:?}: {refused:?}");
    }
    now(command(&bench.ports, None, bench.lane, &LaneCommand::Resume, said(&bench, DUTY[0]))).unwrap();
    for _ in 0..60 {
        bench.round();
    }
    let by_lane = format!("select id as what from transfer where wallet_id = '{}' limit 9", bench.lane);
    let paid = "select id as what from withdrawal where status = 'completed' limit 2";
    assert_eq!((bench.count(&by_lane), bench.count(paid)), (1, 1));
}

#[test]
fn what_is_missing_of_a_registered_wallet_is_told_and_what_came_in_is_booked() {
    let mut bench = settled();
    let mut memory = house::Memory::new(&bench.ports);
    let vault = registered(&bench, Tier::Cold, 0x73);
    let asset = bench.world.asset.id;
    let tilt = |bench: &Bench, atoms: i64| {
        let line =
            |account, atoms| Posting { partner: vault.partner, wallet: vault.id, asset, account, atoms };
        let postings = vec![line(Account::Available, atoms), line(Account::Adjustment, -atoms)];
        let change = Change { postings, cause: Some(bench.cause()), ..Change::default() };
        now(bench.world.db().apply(None, vec![change])).unwrap();
    };
    let alert = format!(
        "select id as what from alert where code = '{}' and subject = '{}' and resolved_at is null limit 1",
        Code::ReconciliationDifference.as_str(),
        vault.id
    );
    let look = |bench: &mut Bench, memory: &mut house::Memory| {
        for _ in 0..140 {
            bench.round();
            now(house::turn(&bench.ports, "bench", memory)).unwrap();
        }
    };
    look(&mut bench, &mut memory);
    assert_eq!(bench.count(&alert), 0);
    // The chain holds less than the books say, as after a transaction that its owner sent.
    tilt(&bench, 50);
    look(&mut bench, &mut memory);
    assert_eq!(bench.count(&alert), 1);
    assert_eq!(stored(&bench, &vault).state, LaneState::Open, "nothing of it is ours to freeze");
    // Back, and more than the books say, as after a deposit.
    tilt(&bench, -57);
    look(&mut bench, &mut memory);
    assert_eq!(bench.count(&alert), 0);
    let booked = format!(
        "select group_id as what from ledger where wallet_id = '{}' and account = 'available' and atoms = 7 limit 2",
        vault.id
    );
    assert_eq!(bench.count(&booked), 1, "booked once");
    // Kept: that it was equal once, that something was missing, that something came in, and that it is equal again.
    let kept = sluice_sim::oracle::store::ask(
        &bench.db,
        &format!(
            "select outcome as what from reconciliation where wallet_id = '{}' order by id limit 9",
            vault.id
        ),
    );
    assert_eq!(kept.unwrap(), ["equal", "missing", "came_in", "equal"]);
}

#[test]
fn a_registered_wallet_leaves_by_two_persons_and_the_signer_is_not_asked() {
    let bench = settled();
    let vault = registered(&bench, Tier::Safe, 0x74);
    let retire = |by| now(command(&bench.ports, None, vault.id, &LaneCommand::Retire, said(&bench, by)));
    assert!(matches!(retire(DUTY[0]), Ok(Ordered::Awaiting(_))));
    let gone = retire(DUTY[1]).unwrap().done().unwrap();
    assert_eq!(gone.state, LaneState::Retired);
    assert!(now(bench.world.db().retired()).unwrap().is_empty(), "no key to bar");
    assert!(now(bench.world.db().wallets(None)).unwrap().iter().all(|it| it.id != vault.id));
}
