//! Events are derived from the step: what a partner is told, and when nothing is said.

use super::super::*;
use crate::canonical::Canonical;
use crate::event::{Event, of_withdrawal};
use crate::samples::*;
use crate::transfer::Phase;

fn said(step: &Moved<Withdrawal>, was: Option<Phase>, is: Option<Phase>) -> Option<Event> {
    of_withdrawal(step, was, is)
}

fn member<'a>(event: &'a Event, key: &str) -> Option<&'a str> {
    match &event.data {
        Canonical::Map(members) => match members.get(key) {
            Some(Canonical::Text(text)) => Some(text),
            Some(Canonical::Map(_) | Canonical::List(_)) | None => None,
        },
        Canonical::Text(_) | Canonical::List(_) => None,
    }
}

#[test]
fn needs_attention_says_do_not_refund() {
    let step = super::assigned().needs_attention(AttentionCode::SignerRefused, true, at(3)).unwrap();
    let event = said(&step, Some(Phase::Built), None).unwrap();
    assert_eq!(event.kind, "withdrawal.needs_attention");
    assert_eq!(
        (member(&event, "refund"), member(&event, "reason")),
        (Some("do not refund"), Some("signer_refused"))
    );
}

#[test]
fn a_reopened_completion_and_a_wish_to_cancel_have_events_of_their_own() {
    let own = proof(1, Some(transfer_id(1)), paid());
    let completed = super::assigned().pay(&own, at(3)).unwrap();
    let event = said(&completed, Some(Phase::Seen), Some(Phase::Final)).unwrap();
    assert_eq!(event.kind, "withdrawal.completed");
    assert_eq!(member(&event, "txid"), Some(format!("0x{}", "09".repeat(32)).as_str()));
    let reopened = completed.into_after().reopen(&own, &super::carrier(&own), at(4)).unwrap();
    assert_eq!(said(&reopened, None, Some(Phase::Signed)).unwrap().kind, "withdrawal.reopened");
    let request = CancelRequest { by: Actor::Console, reason: "test".into(), at: at(3) };
    let CancelEffect::Requested(wish) = super::assigned().cancel(request).unwrap() else {
        panic!("a slot may exist")
    };
    assert_eq!(
        said(&wish, Some(Phase::Signed), Some(Phase::Signed)).unwrap().kind,
        "withdrawal.cancel_requested"
    );
}

#[test]
fn a_step_that_changes_nothing_a_partner_sees_says_nothing() {
    let alive = super::assigned()
        .needs_attention(AttentionCode::RetriesExhausted, false, at(3))
        .unwrap()
        .into_after();
    let own = proof(2, Some(transfer_id(1)), tombstoned());
    let died = alive.slot_died(&own).unwrap();
    assert_eq!(said(&died, None, None), None);
    let held = withdrawal().hold("manual_review", at(1), at(9)).unwrap().into_after();
    assert_eq!(said(&held.hold("manual_review", at(2), at(9)).unwrap(), None, None), None);
}
