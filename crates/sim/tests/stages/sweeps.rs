//! Sweeps of a lane, one turn at a time: after all that pays, and to a wallet that may still receive when the slot is given.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sluice_core::access::Actor;
use sluice_core::address::EvmAddress;
use sluice_core::amount::Amount;
use sluice_core::event::Cause;
use sluice_core::id::{KeyId, WalletId};
use sluice_core::partner::PLATFORM;
use sluice_core::port::around::store::{Answer, Around, Wrapped};
use sluice_core::port::store::{Change, Store};
use sluice_core::stop::{Scope, Stop};
use sluice_core::wallet::{Tier, Wallet};
use sluice_flow::operator::{Movement, MovementError, Register, register, sweep};
use sluice_sim::oracle::store::ask;
use sluice_sim::world::director::DUTY;
use sluice_store::Db;

use crate::bench::{Bench, now};
use crate::fill::rounds_until;

const SWEPT: &str =
    "select id as what from withdrawal where pinned_to is not null and status = 'completed' limit 2";
const BUILT: &str = "select id as what from transfer where nonce is not null limit 2";

fn said(bench: &Bench, by: KeyId) -> Cause {
    Cause { actor: Actor::Key(by), reason: "month end".into(), at: bench.ports.clock.now() }
}

/// A lane whose chain has final blocks, and a cold wallet whose key somebody else holds.
fn settled() -> (Bench, Wallet) {
    let mut bench = Bench::new(|inner| inner);
    (0..40).for_each(|_| bench.round());
    let wanted = Register {
        partner: bench.partner,
        chain: bench.world.profile.id,
        address: EvmAddress([0x71; 20]).into(),
        tier: Tier::Cold,
        label: "vault".into(),
        wait_ms: 0,
    };
    let _first = now(register(&bench.ports, &wanted, said(&bench, DUTY[0]))).unwrap();
    let cold = now(register(&bench.ports, &wanted, said(&bench, DUTY[1]))).unwrap().done().unwrap();
    (bench, cold)
}

fn order(bench: &Bench, to: WalletId, atoms: i64) -> Result<(), MovementError> {
    let wanted = Movement {
        partner: bench.partner,
        external_id: "sweep-1".into(),
        from: bench.lane,
        to,
        asset: bench.world.asset.id,
        amount: Amount::from_atoms(atoms).unwrap(),
    };
    now(sweep(&bench.ports, &bench.world.deployment, wanted, said(bench, DUTY[0])))
}

/// What the lane has of the token.
fn held(bench: &Bench) -> i64 {
    let height = bench.world.chain().finalized();
    let books = now(bench.ports.store.booked(bench.lane, height)).unwrap().expect("it was read");
    books.into_iter().find(|(asset, _)| *asset == bench.world.asset.id).expect("it was given some").1
}

#[test]
fn what_pays_is_taken_first_whichever_is_due_earlier() {
    let (mut bench, cold) = settled();
    let all = held(&bench);
    order(&bench, cold.id, all - 500_000).unwrap();
    bench.order(1, &bench.world.asset.clone());
    let paid = "select id as what from withdrawal where pinned_to is null and status = 'completed' limit 2";
    rounds_until(&mut bench, "the payment is completed", |bench| bench.count(paid) == 1);
    assert_eq!(bench.count(SWEPT), 0, "half a unit was left beside the sweep, and the payment takes one");
    assert_eq!(bench.count("select id as what from alert where code = 'funds_short' limit 1"), 0);
    // What is sent in covers it: nobody waits for that.
    let asked = "select id as what from transfer limit 9";
    assert_eq!(bench.count(asked), 1, "the sweep waits in the queue");
}

#[test]
fn what_is_too_much_is_swept_once() {
    let (mut bench, cold) = settled();
    let all = held(&bench);
    order(&bench, cold.id, all / 2).unwrap();
    rounds_until(&mut bench, "it is swept", |bench| bench.count(SWEPT) == 1);
    (0..20).for_each(|_| bench.round());
    assert_eq!(bench.count(BUILT), 1);
}

/// Stops a wallet when the lane is about to give the first slot.
struct StopsInTime {
    db: Arc<Db>,
    wallet: WalletId,
    cause: Cause,
    done: AtomicBool,
}

fn stop(store: &dyn Store, wallet: WalletId, cause: Cause) {
    let (actor, reason, at) = (cause.actor.clone(), cause.reason.clone(), cause.at);
    let stop = Stop { scope: Scope::Wallet(wallet), holder: PLATFORM, actor, reason, at };
    let change = Change { stop: Some(stop), cause: Some(cause), ..Change::default() };
    now(store.apply(None, vec![change])).unwrap();
}

impl Around for StopsInTime {
    fn around<'a, T: Debug + Send + 'a>(
        &'a self,
        call: &'static str,
        make: impl Fn() -> Answer<'a, T> + Send + 'a,
    ) -> Answer<'a, T> {
        let fuelled = "select id as what from transfer where state = 'fuelled' limit 1";
        if call == "store.stops"
            && !self.done.load(Ordering::Relaxed)
            && !ask(&self.db, fuelled).unwrap().is_empty()
        {
            self.done.store(true, Ordering::Relaxed);
            stop(&*self.db, self.wallet, self.cause.clone());
        }
        make()
    }
}

/// Its key may have been stolen while energy was awaited: what was planned for it is not for it any more.
#[test]
fn a_recipient_that_is_stopped_meanwhile_gets_nothing() {
    let (mut bench, cold) = settled();
    order(&bench, cold.id, 5_000_000).unwrap();
    let cause = said(&bench, DUTY[0]);
    let by = StopsInTime { db: Arc::clone(&bench.db), wallet: cold.id, cause, done: AtomicBool::new(false) };
    let inner = Arc::clone(&bench.ports.store);
    bench.ports.store = Arc::new(Wrapped { inner, by });
    (0..40).for_each(|_| bench.round());
    let stops = "select subject as what from stop limit 2";
    assert_eq!((bench.count(stops), bench.count(BUILT), bench.count(SWEPT)), (1, 0, 0));
}

#[test]
fn nothing_is_ordered_to_a_wallet_that_is_stopped_or_that_nothing_leaves_again() {
    let (bench, cold) = settled();
    let managed = {
        let id = WalletId::new(bench.ports.entropy.ulid(bench.ports.clock.now()));
        let (partner, chain, at) = (bench.partner, bench.world.profile.id, bench.ports.clock.now());
        let wanted = sluice_core::wallet::Registration {
            id,
            partner,
            chain,
            address: EvmAddress([0x72; 20]).into(),
            tier: Tier::Cold,
            custody: sluice_core::wallet::Custody::Managed,
            label: "cold".into(),
            nonce: 0,
            trusted_from: at,
        };
        let step = Wallet::register(wanted, "adopted".into(), at).unwrap();
        let change = Change { wallets: vec![step], cause: Some(bench.cause()), ..Change::default() };
        now(bench.ports.store.apply(None, vec![change])).unwrap();
        id
    };
    assert_eq!(order(&bench, managed, 5_000_000), Err(MovementError::NotTrusted(managed)));
    stop(&*bench.db, cold.id, said(&bench, DUTY[0]));
    assert_eq!(order(&bench, cold.id, 5_000_000), Err(MovementError::NotTrusted(cold.id)));
}
