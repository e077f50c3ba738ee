//! Books and chain are compared on lanes that are never idle, by what a quorum reads at a final block; and a wallet leaves
//! service with its key barred, whatever was down meanwhile.

use sluice_core::access::Actor;
use sluice_core::alert::Code;
use sluice_core::asset::AssetId;
use sluice_core::event::Cause;
use sluice_core::ledger::{Account, Posting};
use sluice_core::port::store::{Change, Store as _};
use sluice_flow::house;
use sluice_flow::operator::{LaneCommand, OrderError, command};
use sluice_sim::world::director::DUTY;

use crate::bench::{Bench, now};

const OPEN: &str = "select id as what from transfer where state in ('signed', 'seen') limit 100";
/// Two reconciliations and what settlement takes between them.
const FOUND_MS: i64 = 70_000;

/// Rounds of a lane that is never idle, until something holds.
fn busy_until(
    bench: &mut Bench,
    memory: &mut house::Memory,
    number: &mut u8,
    done: impl Fn(&Bench) -> bool,
) -> i64 {
    let since = bench.elapsed_ms();
    while !done(bench) {
        assert!(bench.elapsed_ms() - since < FOUND_MS, "it is found within {FOUND_MS} ms");
        if bench.count(OPEN) < 2 {
            *number += 1;
            bench.order(*number, &bench.world.asset.clone());
        }
        bench.round();
        now(house::turn(&bench.ports, "bench", memory)).unwrap();
    }
    bench.elapsed_ms() - since
}

/// Moves the books of the token, and nothing on the chain.
fn tilt(bench: &Bench, atoms: i64) {
    tilt_of(bench, bench.world.asset.id, atoms);
}

/// The same of an asset.
pub fn tilt_of(bench: &Bench, asset: AssetId, atoms: i64) {
    let line = |account, atoms| Posting { partner: bench.partner, wallet: bench.lane, asset, account, atoms };
    let postings = vec![line(Account::Available, atoms), line(Account::Adjustment, -atoms)];
    let change = Change { postings, cause: Some(bench.cause()), ..Change::default() };
    now(bench.world.db().apply(None, vec![change])).unwrap();
}

#[test]
fn a_hole_in_the_books_is_found_on_a_lane_that_is_never_idle() {
    let mut bench = Bench::new(|inner| inner);
    let (mut memory, mut number) = (house::Memory::new(&bench.ports), 0);
    let alert = format!(
        "select id as what from alert where code = '{}' and resolved_at is null limit 1",
        Code::ReconciliationDifference.as_str()
    );
    busy_until(&mut bench, &mut memory, &mut number, |bench| {
        bench.count(OPEN) > 0 && bench.elapsed_ms() > 40_000
    });
    assert_eq!(bench.count(&alert), 0, "work under way is no difference");
    tilt(&bench, 5);
    let took = busy_until(&mut bench, &mut memory, &mut number, |bench| bench.count(&alert) == 1);
    assert!(took > 0 && bench.count(OPEN) > 0, "while bytes are out");
    tilt(&bench, -5);
    busy_until(&mut bench, &mut memory, &mut number, |bench| bench.count(&alert) == 0);
}

#[test]
fn a_top_up_is_booked_once_on_a_lane_that_is_never_idle() {
    let mut bench = Bench::new(|inner| inner);
    let (mut memory, mut number) = (house::Memory::new(&bench.ports), 0);
    busy_until(&mut bench, &mut memory, &mut number, |bench| bench.elapsed_ms() > 40_000);
    // The chain holds more than the books say, as after a deposit.
    tilt(&bench, -7);
    let top_up = "select group_id as what from ledger where atoms = 7 and account = 'available'
                  and asset like '%erc20%' limit 2";
    busy_until(&mut bench, &mut memory, &mut number, |bench| bench.count(top_up) == 1);
    let until = bench.elapsed_ms() + 65_000;
    busy_until(&mut bench, &mut memory, &mut number, |bench| bench.elapsed_ms() > until);
    assert_eq!(bench.count(top_up), 1);
}

#[test]
fn a_key_of_a_retired_wallet_is_barred_by_whoever_comes_next() {
    let mut bench = Bench::new(|inner| inner);
    for _ in 0..4 {
        bench.round();
    }
    // A process retired it and died before it asked the signer.
    let wallet = now(bench.world.db().lane(bench.lane)).unwrap().unwrap().wallet;
    let step = wallet.pause("drill").unwrap().then(|it| it.retire("drill")).unwrap();
    let change = Change { wallets: vec![step], cause: Some(bench.cause()), ..Change::default() };
    now(bench.world.db().apply(None, vec![change])).unwrap();
    let barred = |bench: &Bench| {
        let held = now(bench.ports.signer.held()).unwrap();
        held.iter().find(|held| held.wallet == bench.lane).is_some_and(|held| held.barred)
    };
    assert!(!barred(&bench));
    now(house::turn(&bench.ports, "another", &mut house::Memory::new(&bench.ports))).unwrap();
    assert!(barred(&bench));
    let back = Cause { actor: Actor::Key(DUTY[0]), reason: "after all".into(), at: bench.ports.clock.now() };
    let back = now(command(&bench.ports, None, bench.lane, &LaneCommand::Resume, back));
    assert!(matches!(back, Err(OrderError::Refused(_))), "there is no way back: {back:?}");
}

#[test]
fn a_wallet_stays_while_the_blocks_of_its_last_payments_are_watched() {
    let mut bench = Bench::new(|inner| inner);
    bench.order(1, &bench.world.asset.clone());
    let paid = "select id as what from withdrawal where status = 'completed' limit 1";
    for _ in 0..60 {
        bench.round();
    }
    assert_eq!(bench.count(paid), 1);
    let cause = |by| Cause { actor: Actor::Key(by), reason: "drill".into(), at: bench.ports.clock.now() };
    now(command(&bench.ports, None, bench.lane, &LaneCommand::Drain, cause(DUTY[0]))).unwrap();
    let early = now(command(&bench.ports, None, bench.lane, &LaneCommand::Retire, cause(DUTY[0])));
    assert!(matches!(&early, Err(OrderError::NotEmpty(why)) if why.contains("watched")), "{early:?}");
}
