//! What the port noticed about its nodes, until somebody fetches it.

use std::collections::BTreeMap;
use std::sync::Mutex;

use sluice_core::alert::{Code, Raise};
use sluice_core::time::Timestamp;

/// A trouble that lasts is told again after this: the engine writes each one down.
const AGAIN_MS: i64 = 60_000;

/// Troubles by code and subject. One noticed twice is told once, in the newest words; one that lasts is told again now
/// and then, so that the engine sees its end by its silence. Codes and subjects are few, so this is bounded.
#[derive(Default)]
pub(super) struct Alarms(Mutex<BTreeMap<(Code, String), Alarm>>);

struct Alarm {
    detail: String,
    told_at: Option<Timestamp>,
    waiting: bool,
}

impl Alarms {
    pub(super) fn raise(&self, now: Timestamp, code: Code, subject: String, detail: String) {
        let mut alarms = super::locked(&self.0);
        let fresh = || Alarm { detail: String::new(), told_at: None, waiting: false };
        let alarm = alarms.entry((code, subject)).or_insert_with(fresh);
        alarm.detail = detail;
        alarm.waiting = alarm.waiting || alarm.told_at.is_none_or(|at| now.since_ms(at) >= AGAIN_MS);
    }

    pub(super) fn drain(&self, now: Timestamp) -> Vec<Raise> {
        let mut alarms = super::locked(&self.0);
        let mut raised = Vec::new();
        for ((code, subject), alarm) in alarms.iter_mut().filter(|(_, alarm)| alarm.waiting) {
            alarm.waiting = false;
            alarm.told_at = Some(now);
            let detail = std::mem::take(&mut alarm.detail);
            raised.push(Raise { code: *code, subject: subject.clone(), partner: None, detail });
        }
        raised
    }
}
