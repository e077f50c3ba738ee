//! In: built transfers whose time is up before they were signed (TRON). Out: their slots are closed at the signer, and their
//! withdrawals go back to the queue. A crash leaves the slot closed, and the next turn goes on from there.

use sluice_core::port::store::Change;
use sluice_core::transfer::{Failure, State, Transfer};
use sluice_core::withdrawal::State as WithdrawalState;

use super::Lane;
use super::close::{Closed, close_unsigned};
use super::sign::signer_down;
use crate::{StageError, revived};

/// So many blocks before it expires nothing is signed for the first time any more: two to be included in, and one for what
/// it takes to get there.
const LEFT_BLOCKS_MIN: u64 = 3;

pub(super) async fn run(lane: &mut Lane<'_>) -> Result<(), StageError> {
    let left_ms = LEFT_BLOCKS_MIN.saturating_mul(lane.profile().block_time_ms);
    let late_at_ms = lane.now().millis().saturating_add(i64::try_from(left_ms).unwrap_or(i64::MAX));
    let late: Vec<Transfer> = lane
        .view
        .transfers()
        .filter(|(transfer, attempts)| {
            let State::Built(built) = &transfer.state else { return false };
            let mut mine = attempts.iter().filter(|it| it.get().unsigned().id == built.attempt);
            mine.any(|it| it.get().unsigned().terms.tron().is_some_and(|it| it.expires_at_ms <= late_at_ms))
        })
        .map(|(transfer, _)| transfer.clone())
        .collect();
    let mut changes = Vec::new();
    for transfer in late {
        match close_unsigned(lane, &transfer, Failure::Expired.as_str()).await {
            Ok(Some(Closed::Dead(closed))) => {
                let now = lane.now();
                let mut change = Change { cause: Some(lane.cause("expired_unsigned")), ..Change::default() };
                closed.change_into(&mut change);
                let ids: Vec<_> = transfer.items.iter().map(|item| item.withdrawal).collect();
                for withdrawal in lane.ports.store.withdrawals(&ids).await? {
                    if matches!(withdrawal.state, WithdrawalState::Assigned(_)) {
                        let step = revived::lapsed(lane.ports, withdrawal, &closed.proof, now).await?;
                        change.withdrawals.push(step);
                    }
                }
                changes.push(change);
            }
            // Signed after all, and the answer was lost: it is in flight, and expires as such.
            Ok(Some(Closed::Signed(change))) => changes.push(*change),
            Ok(None) => {}
            Err(StageError::Signer(error)) => {
                signer_down(lane, &error.to_string());
                break;
            }
            Err(other) => return Err(other),
        }
    }
    lane.apply(changes).await?;
    Ok(())
}
