//! Giving unslotted work back: the transfer is dropped, its withdrawals return to the queue, fail, wait for a person, or
//! are cancelled. One commit for both.

use sluice_core::event::Cause;
use sluice_core::moved::{Moved, Refusal};
use sluice_core::port::store::Change;
use sluice_core::time::Timestamp;
use sluice_core::transfer::{Failure, Remedy, Transfer};
use sluice_core::withdrawal::{GivenBackWhy, Withdrawal};

/// Wait before a given-back withdrawal is claimed again, milliseconds.
const GIVE_BACK_MS: i64 = 5_000;

/// What happens to the withdrawals of a dropped transfer.
#[derive(Clone, Copy)]
pub(super) enum Fate {
    /// Follow the failure table.
    Failed(Failure),
    /// Back to the queue at once, under a code.
    Back(&'static str),
    /// The wish to cancel is granted.
    Cancelled,
}

/// The change that gives a transfer back. `withdrawals` are those it carries.
pub(super) fn change(
    transfer: Transfer,
    withdrawals: Vec<Withdrawal>,
    fate: Fate,
    cause: Cause,
) -> Result<Change, Refusal> {
    let at = cause.at;
    let code = match fate {
        Fate::Failed(failure) => failure.as_str(),
        Fate::Back(code) => code,
        Fate::Cancelled => "cancelled",
    };
    let id = transfer.id;
    let steps = withdrawals
        .into_iter()
        .filter(|withdrawal| is_on(withdrawal, id))
        .map(|withdrawal| decide(withdrawal, fate, at))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Change {
        transfers: vec![transfer.drop_unslotted(code, at)?],
        withdrawals: steps,
        cause: Some(cause),
        ..Change::default()
    })
}

fn is_on(withdrawal: &Withdrawal, transfer: sluice_core::id::TransferId) -> bool {
    matches!(&withdrawal.state, sluice_core::withdrawal::State::Assigned(assigned) if assigned.transfer == transfer)
}

fn decide(withdrawal: Withdrawal, fate: Fate, at: Timestamp) -> Result<Moved<Withdrawal>, Refusal> {
    // A wish to cancel wins over every other fate: no slot exists, so it can be granted here and now.
    if withdrawal.cancel_requested.is_some() {
        return withdrawal.cancelled(None, at);
    }
    match fate {
        Fate::Cancelled => withdrawal.cancelled(None, at),
        Fate::Back(code) => withdrawal.give_back(GivenBackWhy::NoSlot { code }, at, at),
        Fate::Failed(failure) => match failure.remedy() {
            Remedy::Fail => withdrawal.fail(failure.as_str(), None, true, at),
            Remedy::Person(code) => withdrawal.needs_attention(code, true, at),
            Remedy::Wait | Remedy::RetrySameSlot | Remedy::NewSlotAfterDeath => withdrawal.give_back(
                GivenBackWhy::NoSlot { code: failure.as_str() },
                at,
                at.plus_ms(GIVE_BACK_MS),
            ),
        },
    }
}
