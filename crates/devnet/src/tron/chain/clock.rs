//! The simulator's own time: the machine's, or none that moves by itself; blocks and orders push it forward.

/// What moves time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockKind {
    /// The machine's clock.
    Real,
    /// Only blocks and orders: the same orders give the same chain.
    Frozen,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    kind: ClockKind,
    start_ms: i64,
    ahead_ms: i64,
}

impl Clock {
    pub(super) fn new(kind: ClockKind, start_ms: i64) -> Self {
        Self { kind, start_ms, ahead_ms: 0 }
    }

    pub(super) fn now_ms(&self, wall_ms: i64) -> i64 {
        let base = match self.kind {
            ClockKind::Real => wall_ms.max(self.start_ms),
            ClockKind::Frozen => self.start_ms,
        };
        base.saturating_add(self.ahead_ms)
    }

    /// How far it is ahead of the machine's, or of its start where it stands still.
    pub(super) fn ahead_ms(&self) -> i64 {
        self.ahead_ms
    }

    pub(super) fn set_ahead_ms(&mut self, ahead_ms: i64) {
        self.ahead_ms = ahead_ms;
    }

    pub(super) fn advance(&mut self, ms: i64) {
        // Past this no sum of a time and a day overflows.
        const AHEAD_MAX_MS: i64 = 100 * 365 * 86_400_000;
        self.ahead_ms = self.ahead_ms.saturating_add(ms.max(0)).min(AHEAD_MAX_MS);
    }

    /// A block was made at this time: it is not earlier than that.
    pub(super) fn reached(&mut self, time_ms: i64, wall_ms: i64) {
        self.advance(time_ms.saturating_sub(self.now_ms(wall_ms)));
    }
}
