//! The place of a call: one process, asking the plan.

use std::future::pending;
use std::sync::Arc;

use sluice_core::lane::LEASE_MS;
use sluice_core::port::Fut;

use super::stage::Stages;
use super::{Fault, Plan};
use crate::executor::{ProcessId, Sim};
use crate::oracle::Witness;

/// What brings a killed process back. Called in the world, once per kill.
pub type Restart = Arc<dyn Fn(ProcessId) + Send + Sync>;

/// The place from which a process calls its ports.
#[derive(Clone)]
pub struct Site {
    /// Time and processes.
    pub sim: Sim,
    /// What strikes.
    pub plan: Plan,
    /// Which stage calls.
    pub stages: Arc<Stages>,
    /// Who calls.
    pub process: ProcessId,
    /// Brings it back after a kill.
    pub restart: Restart,
    /// Sees that no call goes out from within another to the store.
    pub witness: Witness,
}

/// Longest a delayed call takes, milliseconds: longer than a lease, shorter than any client's patience.
const DELAY_MS_MAX: i64 = 3_000;
/// Longest a paused process sleeps beyond its lease, milliseconds.
const PAUSE_MS_MAX: i64 = 6_000;

impl Site {
    /// Makes a call that can say that it failed. `down` and `unknown` word "never arrived" and "answer lost".
    pub async fn ask<'a, T, E>(
        &'a self,
        method: &'static str,
        make: impl Fn() -> Fut<'a, Result<T, E>> + Send + 'a,
        down: fn(String) -> E,
        unknown: fn(String) -> E,
    ) -> Result<T, E>
    where
        T: Send,
        E: Send,
    {
        self.sim.hop().await;
        let make = move || self.through(method, make());
        let answer = match self.plan.strike(&self.sim, method, self.stages.current()) {
            None => make().await,
            Some((fault, luck)) => {
                self.sim.note(self.process, || format!("{} strikes {method}", fault.as_str()));
                match fault {
                    Fault::FailBefore => Err(down("a fault was injected".into())),
                    Fault::FailAfter => {
                        drop(make().await);
                        Err(unknown("a fault was injected".into()))
                    }
                    Fault::Duplicate => {
                        let first = make().await;
                        self.sim.hop().await;
                        let second = make().await;
                        // Either answer may be the one that reaches the caller.
                        if luck & 1 == 0 { first } else { second }
                    }
                    Fault::Delay | Fault::KillBefore | Fault::PauseBefore => {
                        self.suffer(fault, luck).await;
                        make().await
                    }
                    Fault::KillAfter | Fault::PauseAfter => {
                        let answer = make().await;
                        self.suffer(fault, luck).await;
                        answer
                    }
                }
            }
        };
        self.sim.note(self.process, || format!("{method} {}", if answer.is_ok() { "ok" } else { "failed" }));
        self.sim.hop().await;
        answer
    }

    /// Makes a call that cannot fail: its answers say per item what was heard.
    pub async fn tell<'a, T: Send>(
        &'a self,
        method: &'static str,
        make: impl Fn() -> Fut<'a, T> + Send + 'a,
        unclear: impl Fn() -> T + Send + 'a,
    ) -> T {
        self.sim.hop().await;
        let make = move || self.through(method, make());
        let answer = match self.plan.strike(&self.sim, method, self.stages.current()) {
            None => make().await,
            Some((fault, luck)) => {
                self.sim.note(self.process, || format!("{} strikes {method}", fault.as_str()));
                match fault {
                    Fault::FailBefore => unclear(),
                    Fault::FailAfter => {
                        drop(make().await);
                        unclear()
                    }
                    Fault::Duplicate => {
                        drop(make().await);
                        self.sim.hop().await;
                        make().await
                    }
                    Fault::Delay | Fault::KillBefore | Fault::PauseBefore => {
                        self.suffer(fault, luck).await;
                        make().await
                    }
                    Fault::KillAfter | Fault::PauseAfter => {
                        let answer = make().await;
                        self.suffer(fault, luck).await;
                        answer
                    }
                }
            }
        };
        self.sim.note(self.process, || format!("{method} done"));
        self.sim.hop().await;
        answer
    }

    /// A call to the store is a transaction, or several; nothing else is asked before it has ended (M9).
    async fn through<T>(&self, method: &'static str, answer: Fut<'_, T>) -> T {
        if !method.starts_with("store.") {
            self.witness.calls_out(self.process, method);
            return answer.await;
        }
        self.witness.enters_the_store(method);
        let answer = answer.await;
        self.witness.leaves_the_store();
        answer
    }

    async fn suffer(&self, fault: Fault, luck: u64) {
        let up_to = |max_ms: i64| (luck % (max_ms as u64 * 1_000)) as i64;
        match fault {
            Fault::KillBefore | Fault::KillAfter => {
                self.sim.kill(self.process);
                (self.restart)(self.process);
                // The executor drops this future before it polls anything else.
                pending::<()>().await;
            }
            Fault::PauseBefore | Fault::PauseAfter => {
                self.sim.pause(self.process, LEASE_MS * 1_000 + 1 + up_to(PAUSE_MS_MAX));
                // Gives the executor a chance to not poll us.
                self.sim.sleep(1).await;
            }
            Fault::Delay => self.sim.sleep(up_to(DELAY_MS_MAX)).await,
            Fault::FailBefore | Fault::FailAfter | Fault::Duplicate => {}
        }
    }
}
