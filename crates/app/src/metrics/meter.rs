//! Figures from the engine's own work: its commits, its stages.

use sluice_core::attempt::Kind;
use sluice_core::port::meter::Meter;
use sluice_core::port::store::{Accepted, Change, Outcome};
use sluice_core::withdrawal::{State, Withdrawal};

use super::{
    ATTEMPTS, INTAKE, INTAKE_GROUP, PAID_SECONDS, REORG, STAGE_ERRORS, STAGE_SECONDS, TRANSFERS, WITHDRAWALS,
    seconds, whole,
};

/// Counts commits and stages.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures;

impl Meter for Figures {
    fn stage(&self, stage: &'static str, took_us: i64, outcome: &'static str) {
        metrics::histogram!(STAGE_SECONDS, "stage" => stage).record(seconds(took_us));
        // A lease that somebody else holds is the ordinary state of a second process.
        if !matches!(outcome, "ok" | "lease_lost") {
            metrics::counter!(STAGE_ERRORS, "stage" => stage, "error" => outcome).increment(1);
        }
    }

    fn accepted(&self, answers: &[Accepted]) {
        metrics::histogram!(INTAKE_GROUP).record(whole(answers.len() as u64));
        for answer in answers {
            let (asset, outcome) = match answer {
                Accepted::New(withdrawal) => {
                    reached(withdrawal);
                    let rejected = matches!(withdrawal.state, State::Rejected(_));
                    (asset(withdrawal), if rejected { "rejected" } else { "accepted" })
                }
                Accepted::Replay(withdrawal) => (asset(withdrawal), "replayed"),
                Accepted::ExternalIdConflict(_) | Accepted::IdempotencyKeyConflict(_) => {
                    (String::new(), "conflict")
                }
            };
            metrics::counter!(INTAKE, "asset" => asset, "outcome" => outcome).increment(1);
        }
    }

    fn applied(&self, changes: &[Change], outcomes: &[Outcome]) {
        let done = changes.iter().zip(outcomes).filter(|(_, outcome)| **outcome == Outcome::Applied);
        done.for_each(|(change, _)| written(change));
    }
}

fn written(change: &Change) {
    for step in &change.withdrawals {
        if step.before().map(|before| before.state.as_str()) != Some(step.after().state.as_str()) {
            reached(step.after());
        }
    }
    for step in &change.transfers {
        let after = step.after();
        if step.before().map(|before| before.state.as_str()) != Some(after.state.as_str()) {
            let (chain, to) = (after.asset.id.chain.to_string(), after.state.as_str());
            metrics::counter!(TRANSFERS, "chain" => chain, "to" => to).increment(1);
        }
    }
    for attempt in &change.attempts {
        let kind = match attempt.kind {
            Kind::Pay if attempt.serial == 0 => "pay",
            Kind::Pay => "bump",
            Kind::Void => "void",
        };
        let chain = attempt.slot.chain().to_string();
        metrics::counter!(ATTEMPTS, "chain" => chain, "kind" => kind).increment(1);
    }
    if let Some(chain) = change.chain.as_ref().filter(|chain| !chain.removed.is_empty()) {
        let depth = whole(chain.removed.len() as u64);
        metrics::histogram!(REORG, "chain" => chain.chain.to_string()).record(depth);
    }
}

fn reached(withdrawal: &Withdrawal) {
    let to = withdrawal.state.as_str();
    metrics::counter!(WITHDRAWALS, "asset" => asset(withdrawal), "to" => to).increment(1);
    if let State::Paid(paid) = &withdrawal.state {
        let took_us = paid.at.micros().saturating_sub(withdrawal.accepted_at.micros());
        metrics::histogram!(PAID_SECONDS, "asset" => asset(withdrawal)).record(seconds(took_us));
    }
}

fn asset(withdrawal: &Withdrawal) -> String {
    withdrawal.request.asset.id.to_string()
}
