//! What a loop finds wrong, held against what is open in the store: raised when it begins, told again while it lasts,
//! closed when the loop looked and did not find it. A new holder of the lease reads what its predecessor left open, so a
//! crash between the end of a trouble and its closing costs time and nothing else.

use std::collections::BTreeMap;

use sluice_core::alert::{Code, Raise};
use sluice_core::port::Ports;
use sluice_core::time::Timestamp;

use crate::StageError;

/// A trouble that lasts is written again after this, milliseconds: it refreshes when it was last seen, and its figures.
const AGAIN_MS: i64 = 60_000;
/// Open alerts read at once.
const PAGE: usize = 256;

/// What is open about the subjects of one loop.
#[derive(Default)]
pub(crate) struct Told {
    /// Under which lease it was read; `None` when it must be read again.
    epoch: Option<i64>,
    open: BTreeMap<(Code, String), Known>,
}

struct Known {
    told_at: Option<Timestamp>,
    found_at: Timestamp,
}

/// What to write.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct News {
    pub raise: Vec<Raise>,
    pub close: Vec<(Code, String)>,
}

impl News {
    pub fn is_empty(&self) -> bool {
        self.raise.is_empty() && self.close.is_empty()
    }
}

impl Told {
    /// Reads what is open, once for each holder of the lease.
    pub async fn read(
        &mut self,
        ports: &Ports,
        epoch: i64,
        codes: &[Code],
        mine: impl Fn(&str) -> bool,
    ) -> Result<(), StageError> {
        if self.epoch == Some(epoch) {
            return Ok(());
        }
        let (mut open, mut after, now) = (BTreeMap::new(), None, ports.clock.now());
        loop {
            let page = ports.store.open_alerts(codes, after, PAGE).await?;
            after = page.last().map(|alert| alert.id);
            let last = page.len() < PAGE;
            for alert in page.into_iter().filter(|alert| mine(&alert.raise.subject)) {
                // As if it were found now: its end is what this loop sees itself.
                let known = Known { told_at: None, found_at: now };
                open.insert((alert.raise.code, alert.raise.subject), known);
            }
            if last {
                break;
            }
        }
        (self.epoch, self.open) = (Some(epoch), open);
        Ok(())
    }

    /// What there is to write. `looked` says that the loop looked everywhere: only then is anything closed, and only what
    /// was not found for `quiet_ms`.
    pub fn hold(&mut self, found: Vec<Raise>, looked: bool, quiet_ms: i64, now: Timestamp) -> News {
        let mut news = News::default();
        for raise in found {
            let known = self
                .open
                .entry((raise.code, raise.subject.clone()))
                .or_insert(Known { told_at: None, found_at: now });
            known.found_at = now;
            if known.told_at.is_none_or(|at| now.since_ms(at) >= AGAIN_MS) {
                known.told_at = Some(now);
                news.raise.push(raise);
            }
        }
        if looked {
            let over = |known: &Known| known.found_at != now && now.since_ms(known.found_at) >= quiet_ms;
            news.close =
                self.open.iter().filter(|(_, known)| over(known)).map(|(what, _)| what.clone()).collect();
            self.open.retain(|_, known| !over(known));
        }
        news
    }

    /// Whether a trouble of this kind is open, as far as this loop knows.
    pub fn is_open(&self, code: Code) -> bool {
        self.open.keys().any(|(open, _)| *open == code)
    }

    /// Whether a trouble of this kind is open about this thing, as far as this loop knows.
    pub fn knows(&self, code: Code, subject: &str) -> bool {
        self.open.contains_key(&(code, subject.to_owned()))
    }

    /// What was to be written may not have been: it is read again.
    pub fn forget(&mut self) {
        self.epoch = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_micros(1_800_000_000_000_000).plus_ms(ms)
    }

    fn short(detail: &str) -> Vec<Raise> {
        let (subject, detail) = ("wa_1".to_owned(), detail.to_owned());
        vec![Raise { code: Code::FundsShort, subject, partner: None, detail }]
    }

    fn closed() -> Vec<(Code, String)> {
        vec![(Code::FundsShort, "wa_1".to_owned())]
    }

    #[test]
    fn a_trouble_is_raised_once_told_again_while_it_lasts_and_closed_when_it_is_gone_for_a_while() {
        let mut told = Told::default();
        assert_eq!(told.hold(short("a"), true, 15_000, at(0)).raise, short("a"));
        assert!(told.hold(short("b"), true, 15_000, at(500)).is_empty(), "it is known");
        assert_eq!(told.hold(short("c"), true, 15_000, at(60_000)).raise, short("c"), "once a minute");
        assert!(told.hold(vec![], true, 15_000, at(74_999)).is_empty(), "not looked for long enough");
        assert_eq!(told.hold(vec![], true, 15_000, at(75_000)).close, closed());
        assert!(told.hold(vec![], true, 15_000, at(90_000)).is_empty(), "closed once");
        assert_eq!(told.hold(short("d"), true, 15_000, at(91_000)).raise, short("d"), "and raised anew");
    }

    #[test]
    fn what_was_not_looked_at_is_not_over() {
        let mut told = Told::default();
        told.hold(short("a"), true, 0, at(0));
        assert!(told.hold(vec![], false, 0, at(3_600_000)).is_empty());
        assert!(told.is_open(Code::FundsShort));
        assert_eq!(told.hold(vec![], true, 0, at(3_600_001)).close, closed());
    }
}
