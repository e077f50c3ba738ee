//! A slot was given up on a proof of death; a reorganisation took the proof back, and the slot's payment landed after all.
//! The withdrawal is paid: nothing else may pay it, wherever it has moved to meanwhile (M1, M16).

use sluice_core::access::Actor;
use sluice_core::moved::Moved;
use sluice_core::port::store::Change;
use sluice_core::proof::Proof;
use sluice_core::transfer::{Life, Transfer};
use sluice_core::withdrawal::{CancelEffect, CancelRequest, State, Withdrawal};

use super::Beside;
use crate::StageError;
use crate::revived::paid_late;
use crate::watch::Watch;
use crate::watch::reopen::unslotted;

/// What the end of a given-up slot means for its withdrawals. Its death is what was said of it before. Its payment
/// completes them; one that has another slot is asked back from it, and the end of that slot says what became of it.
pub(super) async fn given_up(
    watch: &Watch<'_>,
    proof: &Proof,
    transfer: &Transfer,
    beside: &Beside,
    change: &mut Change,
) -> Result<(), StageError> {
    let before = |life| matches!(life, Life::Dead(by) if by != proof.id());
    let given_up = transfer.items.iter().filter(|it| before(it.life)).map(|it| it.withdrawal);
    let now = watch.now();
    for withdrawal in beside.of(given_up) {
        if proof.proves_death() {
            // A person has waited for its end: it was taken back together with another one, or closed while an earlier one
            // was alive.
            if matches!(&withdrawal.state, State::NeedsAttention(asked) if !asked.slots_dead)
                && of(&withdrawal, transfer)
            {
                let step = match instead(watch, &withdrawal, proof, transfer).await? {
                    Some(paid) => paid,
                    None => withdrawal.slot_died(proof)?,
                };
                change.withdrawals.push(step);
            }
            continue;
        }
        let step = match &withdrawal.state {
            State::Queued(_) => withdrawal.pay_late(proof, transfer, now)?,
            State::NeedsAttention(attention) if attention.slots_dead || of(&withdrawal, transfer) => {
                withdrawal.pay_late(proof, transfer, now)?
            }
            State::Assigned(assigned) => match unslotted(watch, assigned.transfer).await? {
                Some(planned) => {
                    change.transfers.push(planned.drop_unslotted("paid_late", now)?);
                    withdrawal.pay_late(proof, transfer, now)?
                }
                None => match withdrawal.cancel(wish(watch))? {
                    CancelEffect::Requested(step) | CancelEffect::Now(step) => *step,
                    CancelEffect::Already => continue,
                },
            },
            // A slot of it is alive: its end completes it, one way or the other.
            State::NeedsAttention(_)
            | State::Requested
            | State::Held(_)
            | State::Approved(_)
            | State::Paid(_)
            | State::Rejected(_)
            | State::Cancelled(_)
            | State::Failed(_) => continue,
        };
        change.withdrawals.push(step);
    }
    Ok(())
}

/// The slot of a withdrawal has died: what completes it instead of sending it back, when an earlier one had paid.
pub(super) async fn instead(
    watch: &Watch<'_>,
    withdrawal: &Withdrawal,
    proof: &Proof,
    transfer: &Transfer,
) -> Result<Option<Moved<Withdrawal>>, StageError> {
    let open = matches!(withdrawal.state, State::Assigned(_) | State::NeedsAttention(_));
    if withdrawal.attempt_no < 2 || !open || !proof.proves_death() || !of(withdrawal, transfer) {
        return Ok(None);
    }
    let slots = watch.ports.store.revived(withdrawal.id).await?;
    paid_late(watch.ports, withdrawal, &slots, watch.now()).await
}

/// Whether a transfer is the present, or the last, one of a withdrawal.
fn of(withdrawal: &Withdrawal, transfer: &Transfer) -> bool {
    match &withdrawal.state {
        State::Assigned(assigned) => assigned.transfer == transfer.id,
        State::NeedsAttention(attention) => attention.last.is_some_and(|(last, _)| last == transfer.id),
        _ => false,
    }
}

fn wish(watch: &Watch<'_>) -> CancelRequest {
    CancelRequest {
        by: Actor::System("settle"),
        reason: "an earlier slot of it has paid".into(),
        at: watch.now(),
    }
}
