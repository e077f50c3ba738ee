//! The only place that orders money movement.
//!
//! ```text
//!  caller ─ intake ─▶ withdrawal: approved
//!                        │ plan      a lane takes the earliest due           ┐
//!                        ▼ fund      its amount is reserved                  │ lane loop, one per hot wallet,
//!                     transfer       fuel: simulated, gas reserved           │ leased: `lane:<wallet>`
//!                        │ build     slot and unsigned bytes are durable     │
//!                        │ sign      asked, then signature durable           │
//!                        ▼ broadcast bytes leave; resend, bump, void         ┘
//!                     watch          blocks read, walked back on a reorg     ┐ chain loop, one per chain,
//!                        ▼ settle    quorum, finality: proof, books          ┘ leased: `chain:<caip2>`
//!                     completed
//! ```
//! Each stage takes a slice, decides with pure functions of `core` and `codec`, calls one port, and commits once
//! ([`sluice_core::port::store::Store::apply`]). What a crash leaves behind is written at the top of each stage.
//!
//! | loop | lease | runs |
//! |---|---|---|
//! | [`lane`] | `lane:<wallet>`: guards slots and signatures | fill, plan, fund, fuel, build, sign, broadcast, bump, void |
//! | [`watch`] | `chain:<caip2>`: guards evidence | watch, settle, reopen |
//! | [`decide`] | `decide`: saves work, versions guard | expiry of holds, deadlines |
//! | [`notify`] | `deliver:0` | alerts to their sinks |
//! | [`house`] | `house` | seal the feed; keep alerts true; tell the signer; reconcile books and chain: none waits for another |
//!
//! Intake is no loop: it runs in the caller, and the store coalesces concurrent callers into one commit.
//!
//! # Invariants
//! - No transaction is ever open here: the store's ports take values and give values (M9).
//! - Nothing names a runtime, spawns, or has a `Drop` with effects: dropping a future at any `.await` is a crash, and
//!   every crash is recovered by running the same loop again.
//! - A stage never assumes that it was not run before. It reads, and what has moved on is left alone.
//! - No decision is made from what a node *said* to bytes (M5).

pub mod decide;
pub mod errand;
pub mod error;
pub mod house;
pub mod intake;
pub mod journal;
pub mod lane;
pub mod notify;
pub mod operator;
pub mod outlook;
mod revived;
pub mod statement;
pub mod stops;
mod told;
pub mod treasury;
pub mod watch;

pub use error::StageError;

use sluice_core::chain::ChainId;
use sluice_core::port::world::Topic;
use sluice_core::port::{Fut, Ports};

/// What a turn of a loop left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// There is more to do at once.
    More,
    /// Nothing to do for so many milliseconds, unless a signal comes.
    Idle(u64),
}

impl Done {
    /// More, if `more`; otherwise idle.
    pub const fn more_if(more: bool, idle_ms: u64) -> Self {
        if more { Self::More } else { Self::Idle(idle_ms) }
    }
}

/// Turns of a loop in a row before it waits at least once: a loop that always finds work still lets others run.
const TURNS_MAX: u32 = 64;
/// Rest of a loop after each turn that leaves it idle, milliseconds, whatever is signalled: signals come with each commit,
/// and one look finds what many of them meant.
const REST_MS: u64 = 20;
/// First wait after an error, milliseconds; doubles up to [`BACKOFF_MAX_MS`].
const BACKOFF_MS: u64 = 100;
/// Longest wait after an error, milliseconds.
const BACKOFF_MAX_MS: u64 = 5_000;

/// One loop of the engine: what it does in one turn.
pub trait Turn: Send {
    /// One turn.
    ///
    /// # Errors
    /// [`StageError`]: what it could not do. Everything committed stays, everything else is done by the next turn.
    fn turn(&mut self) -> Fut<'_, Result<Done, StageError>>;
}

/// Takes turns for ever: at once while there is more, after a signal or a sweep's interval otherwise, with exponential
/// backoff and jitter after errors. Every loop of the engine is this one.
pub async fn keep(ports: &Ports, topic: Topic, name: &'static str, work: &mut dyn Turn) {
    let (mut backoff_ms, mut turns) = (BACKOFF_MS, 0);
    loop {
        // Taken before looking: a signal sent while the turn looks around must end the wait after it.
        let mark = ports.wake.mark(&topic);
        match measured(ports, name, work.turn()).await {
            Ok(Done::More) if turns < TURNS_MAX => {
                (backoff_ms, turns) = (BACKOFF_MS, turns + 1);
            }
            Ok(done) => {
                (backoff_ms, turns) = (BACKOFF_MS, 0);
                let ms = match done {
                    Done::More => 1,
                    Done::Idle(ms) => ms,
                };
                ports.wake.wait(Topic::Time(name.to_owned()), REST_MS).await;
                ports.wake.wait_since(topic.clone(), mark, ms).await;
            }
            Err(StageError::LeaseLost) => {
                turns = 0;
                // Signals are for whoever holds it: each of them would have all the others ask in vain.
                ports.wake.wait(Topic::Time(name.to_owned()), LEASE_LOST_WAIT_MS).await;
            }
            Err(error) => {
                turns = 0;
                tracing::warn!(stage = name, error = %error, "Stage failed; it will be tried again");
                let jitter = (ports.entropy.bits() % u128::from(backoff_ms)) as u64;
                // Not a wait on the topic: a signal must not turn a failing loop into a busy one.
                ports.wake.wait(Topic::Time(name.to_owned()), backoff_ms + jitter).await;
                backoff_ms = (backoff_ms * 2).min(BACKOFF_MAX_MS);
            }
        }
    }
}

/// Does a piece of work and says how long it took and how it ended.
pub(crate) async fn measured<T>(
    ports: &Ports,
    stage: &'static str,
    work: impl Future<Output = Result<T, StageError>>,
) -> Result<T, StageError> {
    let began = ports.clock.now();
    ports.meter.enters(stage);
    let done = work.await;
    let took_us = ports.clock.now().micros().saturating_sub(began.micros());
    ports.meter.stage(stage, took_us, done.as_ref().err().map_or("ok", StageError::kind));
    done
}

/// Whether a slot may be replaced by another: not while finality is in doubt (M16).
pub(crate) async fn may_replace(ports: &Ports, chain: ChainId) -> Result<bool, StageError> {
    Ok(ports.store.cursor(chain, 1).await?.settle_after.is_none())
}

/// Wait before a lease somebody else holds is asked for again, milliseconds.
const LEASE_LOST_WAIT_MS: u64 = 500;
