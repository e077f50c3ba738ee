//! What is wrong with the nodes now, as this process sees it.

use std::collections::BTreeMap;
use std::sync::Mutex;

use sluice_core::alert::{Code, Raise};
use sluice_core::time::Timestamp;

/// What was noticed and not noticed again for so long is over, milliseconds. Whatever lasts is met again sooner: heads are
/// read with every block, and a disputed slot is asked for again in each turn.
const NOTICED_MS: i64 = 15_000;

/// Troubles by code and subject, in the newest words. The engine compares the list with what it has told. Codes and
/// subjects are few, so this is bounded.
#[derive(Default)]
pub(super) struct Alarms(Mutex<BTreeMap<(Code, String), Alarm>>);

struct Alarm {
    detail: String,
    /// When it was last met; `None` for what stands until it is said to be over.
    noticed: Option<Timestamp>,
}

impl Alarms {
    /// Met now. It is over when nothing meets it any more.
    pub(super) fn notice(&self, now: Timestamp, code: Code, subject: String, detail: String) {
        let alarm = Alarm { detail, noticed: Some(now) };
        super::locked(&self.0).insert((code, subject), alarm);
    }

    /// Stands until [`Alarms::over`].
    pub(super) fn stand(&self, code: Code, subject: String, detail: String) {
        super::locked(&self.0).insert((code, subject), Alarm { detail, noticed: None });
    }

    pub(super) fn over(&self, code: Code, subject: &str) {
        super::locked(&self.0).remove(&(code, subject.to_owned()));
    }

    pub(super) fn now(&self, now: Timestamp) -> Vec<Raise> {
        let mut alarms = super::locked(&self.0);
        alarms.retain(|_, alarm| alarm.noticed.is_none_or(|at| now.since_ms(at) < NOTICED_MS));
        let raise = |((code, subject), alarm): (&(Code, String), &Alarm)| Raise {
            code: *code,
            subject: subject.clone(),
            partner: None,
            detail: alarm.detail.clone(),
        };
        alarms.iter().map(raise).collect()
    }
}
