//! Time, for measuring alone: nothing is decided by it.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A moment of this run.
#[derive(Clone, Copy)]
pub struct Moment(Instant);

/// Now.
#[expect(clippy::disallowed_methods, reason = "measures; nothing is decided by it")]
pub fn now() -> Moment {
    Moment(Instant::now())
}

impl Moment {
    /// Time since then.
    #[expect(clippy::disallowed_methods, reason = "measures; nothing is decided by it")]
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }

    /// The same in microseconds.
    pub fn elapsed_us(self) -> u128 {
        self.elapsed().as_micros()
    }

    /// So much later.
    pub fn plus(self, time: Duration) -> Self {
        Self(self.0 + time)
    }
}

/// Of the machine's clock, since 1970.
#[expect(clippy::disallowed_methods, reason = "a request is signed over the caller's clock")]
pub fn milliseconds() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()
}

/// Leaves the processor to the engine.
#[expect(clippy::disallowed_methods, reason = "another process is waited for, and it tells nobody")]
pub fn rest(time: Duration) {
    std::thread::sleep(time);
}
