//! `assigned -> queued`: its transfer never had a slot, or the slot is proven dead.

use super::{Queued, State, Withdrawal};
use crate::moved::{Moved, Refusal};
use crate::proof::Proof;
use crate::time::Timestamp;

/// Why a withdrawal may return to the queue. There is no third way (M4).
#[derive(Clone, Copy, Debug)]
pub enum Why<'a> {
    /// The transfer was dropped before a slot was written for it.
    NoSlot {
        /// Stable code of why.
        code: &'a str,
    },
    /// The slot is dead, by a stored proof.
    SlotDead {
        /// Stable code of why.
        code: &'a str,
        /// The proof.
        proof: &'a Proof,
    },
}

impl Withdrawal {
    /// Returns it to the queue, not before `not_before`.
    ///
    /// # Errors
    /// [`Refusal::NotFrom`] unless assigned; [`Refusal::Evidence`] when the proof is of another transfer, proves no
    /// death, or rests on a single source (then two persons decide).
    pub fn give_back(
        self,
        why: Why<'_>,
        at: Timestamp,
        not_before: Timestamp,
    ) -> Result<Moved<Self>, Refusal> {
        let assigned = match &self.state {
            State::Assigned(assigned) => assigned.clone(),
            State::Requested
            | State::Held(_)
            | State::Approved(_)
            | State::Queued(_)
            | State::Paid(_)
            | State::NeedsAttention(_)
            | State::Rejected(_)
            | State::Cancelled(_)
            | State::Failed(_) => return Err(self.not_from("give back")),
        };
        let (code, retried, uncounted, last) = match why {
            // It was no try: nothing could have been signed.
            Why::NoSlot { code } => (code, 0, 1, assigned.last),
            Why::SlotDead { code, proof } => {
                if proof.transfer != Some(assigned.transfer) || !proof.frees_the_withdrawal() {
                    return Err(Refusal::Evidence {
                        transition: "give back",
                        why: "the proof does not establish, by two operators, that this transfer's slot is dead",
                    });
                }
                (code, 1, 0, Some((assigned.transfer, assigned.wallet)))
            }
        };
        let queued = Queued { decision: assigned.decision, why: code.into(), last, since: at, not_before };
        Ok(self.changed(|withdrawal| {
            withdrawal.retries = withdrawal.retries.saturating_add(retried);
            withdrawal.attempt_no = withdrawal.attempt_no.saturating_sub(uncounted);
            withdrawal.state = State::Queued(queued);
        }))
    }
}
