use std::sync::atomic::AtomicU64;

use super::*;

fn run(seed: u64, steps: u64) -> (Vec<u64>, u64) {
    let mut executor = Executor::new(seed, 0, false);
    let sim = executor.sim().clone();
    let order = Arc::new(Mutex::new(vec![]));
    for task in 0..4u64 {
        let (sim, order) = (sim.clone(), Arc::clone(&order));
        executor.sim().spawn(1, "counter", async move {
            for _ in 0..5 {
                sim.hop().await;
                order.lock().unwrap().push(task);
            }
        });
    }
    for _ in 0..steps {
        if executor.step() == Step::Idle {
            break;
        }
    }
    let order = order.lock().unwrap().clone();
    (order, sim.trace().hash())
}

#[test]
fn the_same_seed_is_the_same_run_and_another_is_another() {
    assert_eq!(run(1, 1_000), run(1, 1_000));
    assert_ne!(run(1, 1_000), run(2, 1_000));
    assert_eq!(run(1, 1_000).0.len(), 20);
}

#[test]
fn a_killed_process_does_nothing_more() {
    let mut executor = Executor::new(1, 0, false);
    let sim = executor.sim().clone();
    let count = Arc::new(AtomicU64::new(0));
    let (inner, counter) = (sim.clone(), Arc::clone(&count));
    sim.spawn(1, "worker", async move {
        loop {
            inner.sleep(10).await;
            counter.fetch_add(1, Ordering::Relaxed);
        }
    });
    while sim.now_us() < 100 {
        executor.step();
    }
    let before = count.load(Ordering::Relaxed);
    assert!(before >= 8, "{before}");
    sim.kill(1);
    while executor.step() != Step::Idle {}
    assert_eq!(count.load(Ordering::Relaxed), before);
    assert_eq!(sim.incarnation(1), 1);
}

#[test]
fn a_paused_process_sleeps_through_its_timers() {
    let mut executor = Executor::new(1, 0, false);
    let sim = executor.sim().clone();
    let woke = Arc::new(AtomicU64::new(0));
    let (inner, at) = (sim.clone(), Arc::clone(&woke));
    sim.spawn(1, "sleeper", async move {
        inner.sleep(10).await;
        at.store(inner.now_us() as u64, Ordering::Relaxed);
    });
    executor.step();
    sim.pause(1, 5_000);
    while executor.step() != Step::Idle {}
    assert_eq!(woke.load(Ordering::Relaxed), 5_000);
}
