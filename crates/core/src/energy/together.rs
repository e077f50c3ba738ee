//! Payouts that wait to be sent together while a wallet is critical: one purchase for many of them costs less than many, and what
//! has priority is not held up by them. For a bounded time: nobody waits for ever.

use crate::time::Timestamp;

/// So many go together at once.
pub const TOGETHER: usize = 10;
/// Longest that one waits for others, milliseconds.
pub const WAIT_MS: i64 = 300_000;

/// One that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiter {
    /// Since when.
    pub since: Timestamp,
    /// Half of the time in which its type promises it done has gone by.
    pub pressing: bool,
}

/// Whether all of them go now: they are many, one has waited for long, or one is pressed for time.
pub fn go(waiters: &[Waiter], now: Timestamp) -> bool {
    let due = |waiter: &Waiter| waiter.pressing || now.since_ms(waiter.since) >= WAIT_MS;
    waiters.len() >= TOGETHER || waiters.iter().any(due)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_go_when_they_are_many_or_one_has_waited_or_is_pressed() {
        let now = Timestamp::from_micros(0).plus_ms(1_000_000);
        let waiter = |waited_ms: i64, pressing| Waiter { since: now.plus_ms(-waited_ms), pressing };
        assert!(!go(&[], now));
        assert!(!go(&[waiter(0, false); TOGETHER - 1], now));
        assert!(go(&[waiter(0, false); TOGETHER], now));
        assert!(!go(&[waiter(WAIT_MS - 1, false)], now));
        assert!(go(&[waiter(0, false), waiter(WAIT_MS, false)], now));
        assert!(go(&[waiter(0, false), waiter(0, true)], now));
    }
}
