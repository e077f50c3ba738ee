//! Alerts.

pub(crate) mod acknowledge;
pub(crate) mod list;

use sluice_api::alert::{Alert as WireAlert, Severity};
use sluice_api::problem::Lang;
use sluice_api::tag;
use sluice_core::alert::Alert;

use crate::wire::event::actor;
use crate::wire::{count, time};

fn wire(alert: &Alert, lang: Lang, runbooks: &str) -> WireAlert {
    let code = alert.raise.code;
    let words = code.words();
    WireAlert {
        id: alert.id.to_string(),
        object: tag::Alert::Is,
        partner_id: alert.raise.partner.map(|partner| partner.to_string()),
        severity: Severity::parse(code.severity().as_str()).unwrap_or(Severity::P1),
        code: code.as_str().to_owned(),
        subject: alert.raise.subject.clone(),
        summary: match lang {
            Lang::Ko => words.says_ko,
            Lang::En => words.says_en,
        }
        .to_owned(),
        detail: alert.raise.detail.clone(),
        owner: code.owner().as_str().to_owned(),
        since: time(alert.since),
        last_seen: time(alert.last_seen),
        count: count(alert.count),
        acknowledged_by: alert.acknowledged_by.as_deref().map(actor),
        acknowledged_at: alert.acknowledged_at.map(time),
        runbook: format!("{runbooks}#{}", code.as_str()),
        resolved_at: alert.resolved_at.map(time),
    }
}
