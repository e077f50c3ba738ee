//! A call from one process into another: the answer may never come.

use std::future::{Future, poll_fn};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};

use sluice_core::port::Ports;

use super::World;
use crate::executor::ProcessId;

struct Slot<T> {
    answer: Option<T>,
    waker: Option<Waker>,
}

/// Longest a caller waits for an answer, microseconds.
const PATIENCE_US: i64 = 5_000_000;

/// Runs a job inside a process, as a task of this name, and waits for its answer. `None` when the process is down, dies, or takes too long: the
/// job may have been done all the same.
pub async fn remote<T, F>(
    world: &Arc<World>,
    process: ProcessId,
    stage: &'static str,
    job: impl FnOnce(Ports) -> F,
) -> Option<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let ports = super::locked(&world.alive).get(&process).cloned().flatten()?;
    let slot = Arc::new(Mutex::new(Slot { answer: None, waker: None }));
    let (work, answers) = (job(ports), Arc::clone(&slot));
    world.sim.spawn(process, stage, async move {
        let answer = work.await;
        let mut slot = answers.lock().unwrap_or_else(PoisonError::into_inner);
        slot.answer = Some(answer);
        if let Some(waker) = slot.waker.take() {
            waker.wake();
        }
    });
    let (sim, until) = (world.sim.clone(), world.sim.now_us() + PATIENCE_US);
    let mut timed = false;
    poll_fn(move |context| {
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = slot.answer.take() {
            return Poll::Ready(Some(answer));
        }
        if sim.now_us() >= until {
            return Poll::Ready(None);
        }
        if !timed {
            timed = true;
            sim.timer(until, context.waker().clone());
        }
        slot.waker = Some(context.waker().clone());
        Poll::Pending
    })
    .await
}
