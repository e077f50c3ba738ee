//! A seeded executor: one thread, virtual time, and a generator that picks which ready task runs next.
//!
//! Tasks belong to processes. Killing a process drops its futures wherever they stand, so every `.await` is a crash
//! point; pausing one leaves its futures as they are and polls none of them, so a lease can end under a process that
//! does not know it. Both take effect between two polls, never inside one.

mod trace;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use crate::rng::Rng;

pub use trace::Trace;

/// A simulated process. 0 is the world itself: the chain, the clients, the plan of faults.
pub type ProcessId = usize;

/// The process that is never killed or paused.
pub const WORLD: ProcessId = 0;

type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A waker that sets a flag.
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct Task {
    serial: u64,
    process: ProcessId,
    name: &'static str,
    job: Job,
    flag: Arc<Flag>,
    waker: Waker,
}

enum Order {
    Spawn(Task),
    Kill(ProcessId),
}

#[derive(Clone, Copy, Default)]
struct Process {
    paused_until_us: i64,
    skew_us: i64,
    /// What its clock shows for as long as it stands still.
    frozen_at_us: Option<i64>,
    incarnation: u64,
}

struct State {
    now_us: i64,
    timer_serial: u64,
    task_serial: u64,
    /// The task that is polled: its number and its name.
    running: (u64, &'static str),
    timers: BTreeMap<(i64, u64), Waker>,
    orders: Vec<Order>,
    processes: Vec<Process>,
    hops: Rng,
    chance: Rng,
    trace: Trace,
}

/// What every part of the simulated world holds: time, processes, tasks to start, the trace.
#[derive(Clone)]
pub struct Sim(Arc<Mutex<State>>);

/// Runs tasks until told otherwise.
pub struct Executor {
    sim: Sim,
    tasks: Vec<Task>,
    ready: Vec<usize>,
    picks: Rng,
    steps: u64,
}

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A task was polled.
    Went,
    /// Time moved to the next timer, and nothing else.
    Waited,
    /// Nothing can ever happen again.
    Idle,
}

impl Sim {
    fn state(&self) -> MutexGuard<'_, State> {
        // A panic in a task ends the history; what is printed about it may still look in here.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Virtual now, microseconds since 1970.
    pub fn now_us(&self) -> i64 {
        self.state().now_us
    }

    /// What the clock of a process shows, microseconds since 1970.
    pub fn clock_us(&self, process: ProcessId) -> i64 {
        let state = self.state();
        let shown = |it: &Process| it.frozen_at_us.unwrap_or(state.now_us + it.skew_us);
        state.processes.get(process).map_or(state.now_us, shown)
    }

    /// Sets how far the clock of a process is off; it goes again.
    pub fn skew(&self, process: ProcessId, us: i64) {
        self.with_process(process, |it| (it.skew_us, it.frozen_at_us) = (us, None));
    }

    /// The clock of a process stands still, showing what it shows.
    pub fn freeze(&self, process: ProcessId) {
        let shown = self.clock_us(process);
        self.with_process(process, |it| it.frozen_at_us = Some(shown));
    }

    /// Time passes, and nobody gets to do anything in it.
    pub fn leap(&self, us: i64) {
        self.state().now_us += us;
    }

    /// Starts a task of a process.
    pub fn spawn(
        &self,
        process: ProcessId,
        name: &'static str,
        job: impl Future<Output = ()> + Send + 'static,
    ) {
        let flag = Arc::new(Flag(AtomicBool::new(true)));
        let waker = Waker::from(Arc::clone(&flag));
        let mut state = self.state();
        state.task_serial += 1;
        let serial = state.task_serial;
        state.orders.push(Order::Spawn(Task { serial, process, name, job: Box::pin(job), flag, waker }));
    }

    /// Drops every future of a process before anything else is polled.
    pub fn kill(&self, process: ProcessId) {
        self.with_process(process, |it| {
            it.incarnation += 1;
            it.paused_until_us = 0;
        });
        self.state().orders.push(Order::Kill(process));
        self.note(process, || "killed".into());
    }

    /// Polls nothing of a process for a while.
    pub fn pause(&self, process: ProcessId, us: i64) {
        let until = self.now_us() + us;
        self.with_process(process, |it| it.paused_until_us = it.paused_until_us.max(until));
        // Somebody has to move time to where it resumes.
        self.timer(until, Waker::noop().clone());
        self.note(process, || format!("paused for {us} us"));
    }

    /// Names the task that is running: what one task knows another of the same process need not.
    pub fn task(&self) -> u64 {
        self.state().running.0
    }

    /// The number of the task that is running, and its name.
    pub fn running(&self) -> (u64, &'static str) {
        self.state().running
    }

    /// How often a process was killed. What belongs to an earlier life is not its own.
    pub fn incarnation(&self, process: ProcessId) -> u64 {
        self.state().processes.get(process).map_or(0, |it| it.incarnation)
    }

    /// Whether a process is asleep.
    pub fn paused(&self, process: ProcessId) -> bool {
        let state = self.state();
        state.processes.get(process).is_some_and(|it| it.paused_until_us > state.now_us)
    }

    fn with_process(&self, process: ProcessId, change: impl FnOnce(&mut Process)) {
        let mut state = self.state();
        if state.processes.len() <= process {
            state.processes.resize(process + 1, Process::default());
        }
        if let Some(it) = state.processes.get_mut(process) {
            change(it);
        }
    }

    /// Ends after so many microseconds.
    pub fn sleep(&self, us: i64) -> Sleep {
        Sleep { sim: self.clone(), until_us: self.now_us() + us.max(0), registered: None }
    }

    /// Time that passes around every call to the outside: a little, and different each time, so that the seed decides
    /// the order in which processes meet.
    pub fn hop(&self) -> Sleep {
        let us = self.state().hops.within(20, 1_500) as i64;
        self.sleep(us)
    }

    /// Wakes at a time.
    pub fn timer(&self, at_us: i64, waker: Waker) {
        let mut state = self.state();
        state.timer_serial += 1;
        let serial = state.timer_serial;
        state.timers.insert((at_us, serial), waker);
    }

    /// 128 bits for names.
    pub fn entropy(&self) -> u128 {
        let chance = &mut self.state().chance;
        (u128::from(chance.bits()) << 64) | u128::from(chance.bits())
    }

    /// Adds to the trace: its hash always, its text only when somebody will read it.
    pub fn note(&self, process: ProcessId, text: impl FnOnce() -> String) {
        let mut state = self.state();
        let now = state.now_us;
        state.trace.note(now, process, text);
    }

    /// The trace so far.
    pub fn trace(&self) -> Trace {
        self.state().trace.clone()
    }
}

impl Executor {
    /// An executor for a seed, at a virtual time, keeping the text of the trace or only its hash.
    pub fn new(seed: u64, start_us: i64, keep_text: bool) -> Self {
        let state = State {
            now_us: start_us,
            timer_serial: 0,
            task_serial: 0,
            running: (0, ""),
            timers: BTreeMap::new(),
            orders: vec![],
            processes: vec![],
            hops: Rng::of(seed, 1),
            chance: Rng::of(seed, 2),
            trace: Trace::new(keep_text),
        };
        Self {
            sim: Sim(Arc::new(Mutex::new(state))),
            tasks: vec![],
            ready: vec![],
            picks: Rng::of(seed, 3),
            steps: 0,
        }
    }

    /// The handle that tasks use.
    pub const fn sim(&self) -> &Sim {
        &self.sim
    }

    /// Steps so far.
    pub const fn steps(&self) -> u64 {
        self.steps
    }

    /// Polls one ready task of the generator's choice, or moves time to the next timer.
    pub fn step(&mut self) -> Step {
        self.obey();
        let now = self.choose_ready();
        if self.ready.is_empty() {
            return self.advance();
        }
        let chosen = self.ready[self.picks.index(self.ready.len())];
        self.steps += 1;
        let task = &mut self.tasks[chosen];
        task.flag.0.store(false, Ordering::Relaxed);
        {
            let mut state = self.sim.state();
            state.running = (task.serial, task.name);
            state.trace.mark((now as u64) ^ (task.serial << 56));
        }
        let waker = task.waker.clone();
        if task.job.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
            let (process, name) = (task.process, task.name);
            drop(self.tasks.swap_remove(chosen));
            self.sim.note(process, || format!("{name} ended"));
        }
        Step::Went
    }

    fn obey(&mut self) {
        let orders = {
            let mut state = self.sim.state();
            if state.orders.is_empty() {
                return;
            }
            std::mem::take(&mut state.orders)
        };
        for order in orders {
            match order {
                Order::Spawn(task) => self.tasks.push(task),
                // The lock is not held: a dropped future may itself hold a handle.
                Order::Kill(process) => self.tasks.retain(|task| task.process != process),
            }
        }
    }

    fn choose_ready(&mut self) -> i64 {
        let state = self.sim.state();
        self.ready.clear();
        for (index, task) in self.tasks.iter().enumerate() {
            if task.flag.0.load(Ordering::Relaxed)
                && state.processes.get(task.process).is_none_or(|it| it.paused_until_us <= state.now_us)
            {
                self.ready.push(index);
            }
        }
        state.now_us
    }

    fn advance(&self) -> Step {
        let mut state = self.sim.state();
        let Some(((at, _), waker)) = state.timers.pop_first() else { return Step::Idle };
        state.now_us = state.now_us.max(at);
        drop(state);
        waker.wake();
        Step::Waited
    }
}

/// See [`Sim::sleep`].
pub struct Sleep {
    sim: Sim,
    until_us: i64,
    registered: Option<Waker>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.sim.now_us() >= self.until_us {
            return Poll::Ready(());
        }
        if !self.registered.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
            self.sim.timer(self.until_us, context.waker().clone());
            self.registered = Some(context.waker().clone());
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests;
