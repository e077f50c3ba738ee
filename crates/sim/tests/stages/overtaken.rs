//! A lane that slept past its lease, while somebody else held it and worked.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use sluice_core::id::WalletId;
use sluice_core::lane::LEASE_MS;
use sluice_core::port::Ports;
use sluice_core::port::around::store::{Answer, Around, Wrapped};
use sluice_core::port::world::Clock;
use sluice_core::time::Timestamp;
use sluice_flow::{StageError, lane};

use crate::bench::{Bench, now};
use crate::fill::rounds_until;

/// More than a window.
const ORDERS: usize = 20;
const WINDOW: usize = 16;

/// A clock that goes on by itself, and by leaps.
struct Leaping {
    inner: Arc<dyn Clock>,
    ahead_ms: AtomicI64,
}

impl Clock for Leaping {
    fn now(&self) -> Timestamp {
        self.inner.now().plus_ms(self.ahead_ms.load(Ordering::Relaxed))
    }
}

/// Sleeps past the lease as it looks for work; another process has a whole turn meanwhile, and is gone.
struct Sleeps {
    clock: Arc<Leaping>,
    others: Ports,
    lane: WalletId,
    done: AtomicBool,
}

impl Around for Sleeps {
    fn around<'a, T: Debug + Send + 'a>(
        &'a self,
        call: &'static str,
        make: impl Fn() -> Answer<'a, T> + Send + 'a,
    ) -> Answer<'a, T> {
        if call == "store.claimable" && !self.done.swap(true, Ordering::Relaxed) {
            let past = || self.clock.ahead_ms.fetch_add(LEASE_MS + 1, Ordering::Relaxed);
            past();
            let mut memory = lane::Memory::default();
            now(lane::turn(&self.others, self.lane, "another", &mut memory)).unwrap();
            past();
        }
        make()
    }
}

/// Every write names the versions it read, but what is planned anew names none of the lane: its room and its free funds are
/// what was read (M8, M14).
#[test]
fn what_was_read_before_another_held_the_lane_plans_nothing() {
    let mut bench = Bench::new(|inner| inner);
    let clock = Arc::new(Leaping { inner: Arc::clone(&bench.ports.clock), ahead_ms: AtomicI64::new(0) });
    bench.ports.clock = Arc::clone(&clock) as Arc<_>;
    // The store judges leases by that clock too.
    let copy = bench.copy();
    bench.put_back(&copy);
    let asset = bench.world.asset.clone();
    (1..=ORDERS).for_each(|number| bench.order(u8::try_from(number).unwrap(), &asset));
    let others = bench.ports.clone();
    let by = Sleeps { clock, others, lane: bench.lane, done: AtomicBool::new(false) };
    bench.ports.store = Arc::new(Wrapped { inner: Arc::clone(&bench.ports.store), by });

    let slept = bench.turn();
    assert!(matches!(slept, Err(StageError::LeaseLost)), "{slept:?}");
    let taken = "select id as what from transfer limit 99";
    assert_eq!(bench.count(taken), WINDOW, "what the other one planned");
    let completed = "select id as what from withdrawal where status = 'completed' limit 99";
    rounds_until(&mut bench, "each is completed", |bench| bench.count(completed) == ORDERS);
    assert_eq!(bench.count(taken), ORDERS, "each once");
}
