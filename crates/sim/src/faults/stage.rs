//! In which stage of the flow a call is made: by the flow's own account of where its stages begin and end.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sluice_core::port::meter::Meter;

use crate::executor::Sim;

/// Where calls are made: stages of the lane loop and of the chain loop, what these loops do between them (`lane`, `chain`),
/// the other loops, callers and operators.
pub const STAGES: &[&str] = &[
    "intake",
    "orders",
    "decide",
    "lane",
    "startup",
    "cancel",
    "fill",
    "plan",
    "fund",
    "fuel",
    "build",
    "sign",
    "broadcast",
    "chain",
    "blocks",
    "inclusion",
    "hidden",
    "sightings",
    "settle",
    "deliver",
    "house",
];

/// Knows the stage that each task is in.
pub struct Stages {
    sim: Sim,
    /// By the number of a task; the innermost stage is last. A killed task leaves its own behind.
    inside: Mutex<BTreeMap<u64, Vec<&'static str>>>,
}

impl Stages {
    /// Nothing has begun yet.
    pub const fn new(sim: Sim) -> Self {
        Self { sim, inside: Mutex::new(BTreeMap::new()) }
    }

    fn inside(&self) -> MutexGuard<'_, BTreeMap<u64, Vec<&'static str>>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The stage that the running task is in.
    pub fn current(&self) -> &'static str {
        let (task, name) = self.sim.running();
        match name {
            "lane" | "chain" => {
                self.inside().get(&task).and_then(|stages| stages.last()).copied().unwrap_or(name)
            }
            // The hands of the house take turns within one task: none of them can be told from the others.
            other => other,
        }
    }
}

impl Meter for Stages {
    fn enters(&self, stage: &'static str) {
        let (task, _) = self.sim.running();
        self.inside().entry(task).or_default().push(stage);
    }

    fn stage(&self, _: &'static str, _: i64, _: &'static str) {
        let (task, _) = self.sim.running();
        if let Some(stages) = self.inside().get_mut(&task) {
            stages.pop();
        }
    }
}
