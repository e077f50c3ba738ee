//! What happened, as a hash for replay and as text for people.

use std::collections::VecDeque;

use crate::executor::ProcessId;
use crate::rng::mix;

/// Lines kept; a failure prints the last of them.
const LINES_MAX: usize = 400_000;

/// What happened so far.
#[derive(Clone, Debug)]
pub struct Trace {
    hash: u64,
    lines: Option<VecDeque<String>>,
}

impl Trace {
    pub(super) fn new(keep_text: bool) -> Self {
        Self { hash: 0, lines: keep_text.then(VecDeque::new) }
    }

    pub(super) const fn mark(&mut self, word: u64) {
        self.hash = mix(self.hash ^ word);
    }

    pub(super) fn note(&mut self, now_us: i64, process: ProcessId, text: impl FnOnce() -> String) {
        self.mark((now_us as u64).rotate_left(32) ^ process as u64);
        if let Some(lines) = &mut self.lines {
            if lines.len() == LINES_MAX {
                lines.pop_front();
            }
            let ms = now_us.div_euclid(1_000).rem_euclid(100_000_000);
            lines.push_back(format!("{ms:>9}.{:03} p{process} {}", now_us.rem_euclid(1_000), text()));
        }
    }

    /// Equal for two runs that did the same things in the same order.
    pub const fn hash(&self) -> u64 {
        self.hash
    }

    /// The last lines, oldest first; empty when text was not kept.
    pub fn tail(&self, count: usize) -> Vec<String> {
        let lines = self.lines.iter().flatten();
        let skip = self.lines.as_ref().map_or(0, VecDeque::len).saturating_sub(count);
        lines.skip(skip).cloned().collect()
    }
}
