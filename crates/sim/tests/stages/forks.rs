//! A quorum calls a branch final that the watcher has not followed yet: the chain changed its mind in the middle of a turn.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sluice_core::port::around::store::{Answer, Around, Wrapped};
use sluice_flow::watch;
use sluice_sim::oracle::store::ask;
use sluice_sim::world::World;

use crate::bench::{Bench, now};
use crate::fill::{COMPLETED, rounds_until};

const SEEN: &str = "select id as what from transfer where state = 'seen' limit 10";
const FINAL: &str = "select id as what from transfer where state = 'final' limit 10";
const SETTLED_IN: &str = "select block_hash as what from transfer where state = 'final' limit 10";

/// Height and hash of the only block that pays, once there is one.
fn paying(world: &World) -> Option<(u64, [u8; 32])> {
    let chain = world.chain();
    let mut holds = chain.blocks.iter().filter(|block| !block.txs.is_empty());
    let block = holds.next()?;
    assert!(holds.next().is_none(), "it pays once");
    Some((block.id.number, block.id.hash))
}

fn paid_in(world: &World) -> (u64, [u8; 32]) {
    paying(world).expect("it is in a block")
}

/// Another branch from that block on, as final as the one before was, in which it pays too.
fn another_branch(world: &World) {
    let time_s = world.sim.now_us().div_euclid(1_000_000);
    let (number, before) = paid_in(world);
    let depth = world.chain().head().id.number + 1 - number;
    world.chain().reorg(depth, time_s, &[]);
    while paying(world).is_none_or(|(number, _)| world.chain().finalized() < number) {
        world.chain().produce(time_s);
    }
    assert_ne!(paid_in(world).1, before);
}

/// The chain leaves the block of a payment once it is final, between the turn's look at blocks and its settlement.
struct ChangesItsMind {
    world: Arc<World>,
    /// Height of that block; 0 once it has left.
    at: AtomicU64,
}

impl Around for ChangesItsMind {
    fn around<'a, T: Debug + Send + 'a>(
        &'a self,
        call: &'static str,
        make: impl Fn() -> Answer<'a, T> + Send + 'a,
    ) -> Answer<'a, T> {
        let at = self.at.load(Ordering::Relaxed);
        let is_final = at > 0 && self.world.chain().finalized() >= at;
        if call == "store.settleable" && is_final {
            self.at.store(0, Ordering::Relaxed);
            another_branch(&self.world);
        }
        make()
    }
}

/// Had it been settled, and that branch left again unseen, no block that is walked back would name it: what it cost in a
/// branch that nobody remembers would stay in the books, and its proof would stand (M6, M16).
#[test]
fn nothing_is_settled_by_a_final_branch_that_is_not_followed_yet() {
    let mut bench = Bench::new(|inner| inner);
    bench.world.chain().terms.returned_permille = 1_000;
    bench.order(1, &bench.world.asset.clone());
    rounds_until(&mut bench, "it is in a block", |bench| bench.count(SEEN) == 1);
    // Many blocks are final at once: in the other branch it may pay a little later than in this one.
    bench.world.chain().finality_stalled = true;
    (0..20).for_each(|_| bench.round());
    bench.world.chain().finality_stalled = false;
    let by = ChangesItsMind { world: Arc::clone(&bench.world), at: AtomicU64::new(paid_in(&bench.world).0) };
    let inner = Arc::clone(&bench.ports.store);
    bench.ports.store = Arc::new(Wrapped { inner, by });
    let (_, first) = paid_in(&bench.world);
    let mut memory = watch::Memory::default();
    while paid_in(&bench.world).1 == first {
        let time_s = bench.world.sim.now_us().div_euclid(1_000_000);
        bench.world.chain().produce(time_s);
        now(watch::turn(&bench.ports, bench.world.profile.id, "bench", &mut memory)).unwrap();
        bench.pass();
    }
    assert_eq!(bench.count(FINAL), 0, "a quorum calls it final, and none of that branch was read");

    // That branch leaves too, before anybody has read it.
    another_branch(&bench.world);
    rounds_until(&mut bench, "it is settled", |bench| bench.count(COMPLETED) == 1);
    assert_eq!(ask(&bench.db, SETTLED_IN).unwrap(), [hex::encode(paid_in(&bench.world).1)]);
}
