//! A slot was given up on a proof of death, and a reorganisation took the proof back (M16): what that means for its
//! withdrawal, wherever the slot it has got since comes to its end (M1, M4).

use sluice_core::moved::Moved;
use sluice_core::port::Ports;
use sluice_core::port::store::Revived;
use sluice_core::proof::Proof;
use sluice_core::time::Timestamp;
use sluice_core::transfer::Failure;
use sluice_core::withdrawal::{AttentionCode, GivenBackWhy, RETRIES_MAX, State, Withdrawal};

use crate::StageError;
use crate::journal::is_known_from_a_copy;

/// Completes a withdrawal by the slot of these that has paid it. `None` where none has.
pub(crate) async fn paid_late(
    ports: &Ports,
    withdrawal: &Withdrawal,
    slots: &[Revived],
    at: Timestamp,
) -> Result<Option<Moved<Withdrawal>>, StageError> {
    let Some(earlier) = slots.iter().find(|it| it.paid).map(|it| it.transfer) else { return Ok(None) };
    let (found, proof) = (ports.store.transfers(&[earlier]).await?, ports.store.proof(earlier).await?);
    let (Some((carrier, _)), Some(proof)) = (found.into_iter().next(), proof) else { return Ok(None) };
    Ok(Some(withdrawal.clone().pay_late(&proof, &carrier, at)?))
}

/// What becomes of a withdrawal whose present slot the signer has closed unsigned. The slot's void commits with this step,
/// and later nonces wait for the void: so it is always one that the store takes.
pub(crate) async fn never_signed(
    ports: &Ports,
    withdrawal: Withdrawal,
    tombstone: &Proof,
    at: Timestamp,
) -> Result<Moved<Withdrawal>, StageError> {
    Ok(match elsewhere(ports, withdrawal, tombstone, at).await? {
        Ok(step) => step,
        Err(withdrawal) => {
            let code = match is_on_one_from_a_copy(ports, &withdrawal).await? {
                true => AttentionCode::StoreWentBack,
                false => AttentionCode::SignerRefused,
            };
            withdrawal.needs_attention(code, true, at)?
        }
    })
}

/// What becomes of a withdrawal whose present slot ended before anything was signed in it, by nobody's refusal: back to
/// the queue.
pub(crate) async fn lapsed(
    ports: &Ports,
    withdrawal: Withdrawal,
    tombstone: &Proof,
    at: Timestamp,
) -> Result<Moved<Withdrawal>, StageError> {
    Ok(match elsewhere(ports, withdrawal, tombstone, at).await? {
        Ok(step) => step,
        // In the lost time it may have been told to be over: that its slot is dead says nothing against that (M17).
        Err(withdrawal) if is_on_one_from_a_copy(ports, &withdrawal).await? => {
            withdrawal.needs_attention(AttentionCode::StoreWentBack, true, at)?
        }
        Err(withdrawal) if withdrawal.retries >= RETRIES_MAX => {
            withdrawal.needs_attention(AttentionCode::RetriesExhausted, true, at)?
        }
        Err(withdrawal) => {
            let why = GivenBackWhy::SlotDead { code: Failure::Expired.as_str(), proof: tombstone };
            withdrawal.give_back(why, at, at)?
        }
    })
}

/// Whether its transfer is known from a copy.
async fn is_on_one_from_a_copy(ports: &Ports, withdrawal: &Withdrawal) -> Result<bool, StageError> {
    let State::Assigned(assigned) = &withdrawal.state else { return Ok(false) };
    Ok(is_known_from_a_copy(ports, assigned.transfer).await?)
}

/// The step of a withdrawal that an earlier slot has paid or may pay, or that is to be cancelled. It comes back where it is
/// neither.
async fn elsewhere(
    ports: &Ports,
    withdrawal: Withdrawal,
    tombstone: &Proof,
    at: Timestamp,
) -> Result<Result<Moved<Withdrawal>, Withdrawal>, StageError> {
    let slots = ports.store.revived(withdrawal.id).await?;
    if let Some(paid) = paid_late(ports, &withdrawal, &slots, at).await? {
        return Ok(Ok(paid));
    }
    // It is neither cancelled nor given up while one of them may pay it: that slot's end says what became of it.
    if slots.iter().any(|it| !it.paid) {
        return Ok(Ok(withdrawal.needs_attention(AttentionCode::SlotsReopened, false, at)?));
    }
    // Of a copy a wish does not decide: in the lost time it may have been told to be paid, by hand.
    if withdrawal.cancel_requested.is_some() && !is_on_one_from_a_copy(ports, &withdrawal).await? {
        return Ok(Ok(withdrawal.cancelled(Some(tombstone), at)?));
    }
    Ok(Err(withdrawal))
}
