//! Alerts to hand over.

use sluice_core::alert::{Alert, Code, Raise};
use sluice_core::id::{AlertId, PartnerId, Ulid};
use sluice_core::time::Timestamp;

pub fn at(ms: i64) -> Timestamp {
    Timestamp::from_micros(1_800_000_000_000_000).plus_ms(ms)
}

/// An open alert, raised at `at(0)`. Equal numbers are the same alert.
pub fn alert(number: u128, code: Code) -> Alert {
    let subject = format!("wa_{number}");
    let partner = Some(PartnerId::new(Ulid::new(at(0), 1)));
    Alert {
        id: AlertId::new(Ulid::new(at(0), number)),
        raise: Raise {
            code,
            subject,
            partner,
            detail: "1.5 TUSD are free, and a due withdrawal needs more".into(),
        },
        since: at(0),
        last_seen: at(60_000),
        count: 3,
        acknowledged_by: None,
        acknowledged_at: None,
        resolved_at: None,
        delivered_at: None,
    }
}

pub fn resolved(alert: &Alert) -> Alert {
    Alert { resolved_at: Some(at(90_000)), ..alert.clone() }
}
