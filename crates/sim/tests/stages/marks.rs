//! What was committed is marked in the signer's journal within the time that is promised, whoever sealed it and whatever
//! became of the answer (M17).

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sluice_core::journal::Fact;
use sluice_core::port::around::store::{Answer, Around, Wrapped};
use sluice_core::port::store::{Store as _, StoreError};
use sluice_flow::house;

use crate::bench::{Bench, now};

/// A mark every five seconds, and a turn to make it in.
const MARKED_WITHIN: usize = 2 * 6;

/// The store commits what it is asked to seal, and the answer is lost, once.
struct LosesOneAnswer(Arc<AtomicBool>);

impl Around for LosesOneAnswer {
    fn around<'a, T: Debug + Send + 'a>(
        &'a self,
        call: &'static str,
        make: impl Fn() -> Answer<'a, T> + Send + 'a,
    ) -> Answer<'a, T> {
        Box::pin(async move {
            let answer = make().await;
            if call == "store.seal" && self.0.swap(false, Ordering::SeqCst) {
                return Err(StoreError::Unknown("the answer is lost".into()));
            }
            answer
        })
    }
}

fn marks(bench: &Bench) -> usize {
    let head = now(bench.ports.signer.hello(None)).unwrap().journal_seq;
    let mut marks = 0;
    for seq in 1..=head {
        let entry = now(bench.ports.signer.export(seq, 1)).unwrap().remove(0);
        marks += usize::from(matches!(entry.fact, Fact::Marked { .. }));
    }
    marks
}

/// Turns of the house for so many half seconds; what a turn could not do is for the next one.
fn house_turns(bench: &mut Bench, memory: &mut house::Memory, turns: usize) {
    for _ in 0..turns {
        let _unsaid = now(house::turn(&bench.ports, "bench", memory));
        bench.pass();
    }
}

fn settled() -> (Bench, house::Memory, usize) {
    let mut bench = Bench::new(|inner| inner);
    let mut memory = house::Memory::new(&bench.ports);
    house_turns(&mut bench, &mut memory, 3 * MARKED_WITHIN);
    let before = marks(&bench);
    assert!(before > 0);
    house_turns(&mut bench, &mut memory, 2 * MARKED_WITHIN);
    assert_eq!(marks(&bench), before, "where nothing happens nothing is marked");
    (bench, memory, before)
}

#[test]
fn what_was_sealed_is_marked_though_the_answer_was_lost() {
    let (mut bench, mut memory, before) = settled();
    let loses = Arc::new(AtomicBool::new(true));
    let by = LosesOneAnswer(Arc::clone(&loses));
    bench.ports.store = Arc::new(Wrapped { inner: Arc::clone(&bench.ports.store), by });
    bench.order(1, &bench.world.asset.clone());
    house_turns(&mut bench, &mut memory, MARKED_WITHIN);
    assert!(!loses.load(Ordering::SeqCst));
    assert_eq!(marks(&bench), before + 1);
}

#[test]
fn what_another_process_sealed_and_did_not_mark_is_marked_by_the_next() {
    let (mut bench, mut memory, before) = settled();
    for _ in 0..6 {
        bench.pass();
    }
    bench.order(1, &bench.world.asset.clone());
    let lease = now(bench.db.lease("house", "another")).unwrap().expect("the house is free");
    assert!(now(bench.db.seal(lease.fence(), 1_000)).unwrap() > 0);
    for _ in 0..6 {
        bench.pass();
    }
    house_turns(&mut bench, &mut memory, MARKED_WITHIN);
    assert_eq!(marks(&bench), before + 1);
}
