//! In: attempts that wait for a signature. Out: signed ones, durable; from that commit a byte may leave (M2).
//! A crash before the commit leaves the question asked: the signer answers it again with the signature it recorded.

use std::collections::BTreeSet;

use sluice_core::alert::Code;
use sluice_core::attempt::{Attempt, Durable, Kind, Signed, Unsigned};
use sluice_core::id::{AttemptId, TransferId};
use sluice_core::intent::SigningRequest;
use sluice_core::journal::Seen;
use sluice_core::port::signer::SignerRefusal;
use sluice_core::port::store::Change;
use sluice_core::transfer::{Mode, State, Transfer};
use sluice_core::wallet::LaneState;
use sluice_core::withdrawal::{State as WithdrawalState, Waiting};

use super::close::{Closed, close_unsigned, draft_void};
use super::{Lane, lapse, startup};
use crate::{StageError, journal, revived};

pub(super) async fn run(lane: &mut Lane<'_>) -> Result<(), StageError> {
    Box::pin(lapse::run(lane)).await?;
    let waiting = awaited(lane);
    if waiting.is_empty() {
        return Ok(());
    }
    // Written before the question is asked: a cancellation that arrives now is told that a signature may exist.
    let now = lane.now();
    let asks: Vec<Change> = waiting
        .iter()
        .filter(|(transfer, _)| matches!(&transfer.state, State::Built(built) if !built.asked))
        .map(|(transfer, _)| {
            let step = transfer.clone().ask(now)?;
            Ok(Change { transfers: vec![step], cause: Some(lane.cause("sign")), ..Change::default() })
        })
        .collect::<Result<_, StageError>>()?;
    let ids: Vec<TransferId> =
        asks.iter().flat_map(|ask| &ask.transfers).map(|step| step.after().id).collect();
    let asked = lane.apply(asks).await?;
    let asked_under = lane.held.fence.epoch();
    // Nobody asked for these before, so what answers them is a new entry of the journal.
    let mut first: BTreeSet<TransferId> =
        ids.into_iter().zip(asked).filter_map(|(id, applied)| applied.then_some(id)).collect();
    if !startup::remembers(lane).await? {
        return Ok(());
    }

    // Read again: only what is still awaited after the commit is asked for.
    let waiting = awaited(lane);
    let fence = lane.fence().await?;
    // A process that slept past its lease here: another one may have asked meanwhile, and what answers is an old entry.
    if fence.epoch() != asked_under {
        first.clear();
    }
    lane.view.stops = lane.ports.store.stops().await?;
    let requests: Vec<(SigningRequest, Durable<Unsigned>)> = waiting
        .iter()
        .filter(|(transfer, attempt)| attempt.get().kind == Kind::Void || !lane.stopped(transfer))
        .map(|(transfer, attempt)| (request(transfer, attempt.get(), fence.epoch(), lane), attempt.clone()))
        .collect();
    if requests.is_empty() {
        lane.blocked_by(Waiting::Stop);
        return Ok(());
    }
    let answers = match lane.ports.signer.sign(&requests).await {
        Ok(answers) => answers,
        Err(error) => {
            signer_down(lane, &error.to_string());
            return Ok(());
        }
    };
    let (height, now) = (lane.view.height, lane.now());
    let mut changes = Vec::new();
    for ((_, unsigned), answer) in requests.into_iter().zip(answers) {
        let id = unsigned.get().transfer;
        let Some(transfer) = lane.transfers().find(|transfer| transfer.id == id).cloned() else { continue };
        match answer {
            Ok(signature) if first.contains(&id) && signature.journal_seq <= lane.view.journal_seq => {
                let (new, seen) = (signature.journal_seq, lane.view.journal_seq);
                journal::journal_went_back(
                    lane.ports,
                    &format!("gave a new signature place {new} after {seen}"),
                )
                .await?;
                return lane.reload().await;
            }
            Ok(signature) => {
                let signed = Signed {
                    unsigned: unsigned.into_inner(),
                    raw: signature.raw,
                    txid: signature.txid,
                    journal_seq: signature.journal_seq,
                    signed_at: now,
                };
                changes.push(Change {
                    transfers: vec![transfer.signed(&signed, height, now)?],
                    journal_seq: Some(lane.seen(signature.journal_seq)),
                    signatures: vec![signed],
                    cause: Some(lane.cause("sign")),
                    ..Change::default()
                });
            }
            Err(refusal) => changes.extend(Box::pin(refused(lane, transfer, refusal)).await?),
        }
    }
    lane.apply(changes).await?;
    Ok(())
}

/// Attempts that wait for a signature and may have one: voids always, payments on a lane that may sign.
fn awaited(lane: &Lane<'_>) -> Vec<(Transfer, Durable<Unsigned>)> {
    let frozen = matches!(lane.wallet().state, LaneState::Frozen { .. } | LaneState::Retired);
    let (may_sign, mut found) = (lane.wallet().may_sign(), Vec::new());
    for (transfer, attempts) in lane.view.transfers() {
        let (awaited, first) = match &transfer.state {
            State::Built(built) => (Some(built.attempt), true),
            State::Signed(signed) => (signed.pending, false),
            // Overtaken by its own slot's inclusion: there is nothing left to sign for.
            State::Seen(_)
            | State::Planned
            | State::Funded(_)
            | State::Fuelling(_)
            | State::Fuelled(_)
            | State::Final(_)
            | State::Dropped { .. } => (None, false),
        };
        let unsigned = attempts
            .iter()
            .find(|attempt| Some(attempt.get().unsigned().id) == awaited)
            .and_then(Durable::<Attempt>::unsigned);
        let Some(unsigned) = unsigned else { continue };
        let void = unsigned.get().kind == Kind::Void;
        // A frozen lane signs nothing new; a void of what is already out may still be needed, and moves no value.
        if void || !frozen && (may_sign || !first) {
            found.push((transfer.clone(), unsigned));
        }
    }
    found
}

fn request(transfer: &Transfer, attempt: &Unsigned, epoch: i64, lane: &Lane<'_>) -> SigningRequest {
    SigningRequest {
        attempt: attempt.id,
        kind: attempt.kind,
        payments: transfer.items.iter().map(|item| item.approved.clone()).collect(),
        slot: attempt.slot.clone(),
        terms: attempt.terms,
        wallet: transfer.wallet,
        epoch,
        digest: attempt.digest,
        at: lane.now(),
    }
}

/// The signer refuses. For good and for a first attempt: the slot is closed in its journal, the payment is dead by that
/// tombstone, and the nonce is filled by a void at once, so that the slots behind it are not held up (M10).
async fn refused(
    lane: &mut Lane<'_>,
    transfer: Transfer,
    refusal: SignerRefusal,
) -> Result<Vec<Change>, StageError> {
    lane.blocked_by(Waiting::Signature);
    let slot = transfer.slot().map_or_else(String::new, ToString::to_string);
    lane.found(Code::SignerRefused, format!("{} in slot {slot}: {refusal}", transfer.id));
    let mut change = Change { cause: Some(lane.cause("signer_refused")), ..Change::default() };
    if refusal.code == "cap_fee" {
        // Its caps are not what it last said: the next attempt is drawn within what it says now.
        lane.fee_cap = lane.ports.signer.hello(None).await?.fee_cap(lane.wallet().chain);
    }
    match &transfer.state {
        State::Built(built) if refusal.code == "no_ticket" && built.mode == Mode::Pay => {
            change.journal_seq = admit_again(lane, &transfer).await?;
        }
        State::Built(built) if refusal.permanent && matches!(built.mode, Mode::Void { .. }) => {
            if let Some(void) = redrawn(lane, &transfer, built.attempt).await? {
                let allotment = transfer.redraw(void, lane.now())?;
                change.transfers.push(allotment.transfer);
                change.attempts.push(allotment.attempt);
            }
        }
        State::Built(built) if refusal.permanent && built.mode == Mode::Pay => {
            match close_unsigned(lane, &transfer, "signer_refused").await? {
                Some(Closed::Dead(closed)) => {
                    let ids: Vec<_> = transfer.items.iter().map(|item| item.withdrawal).collect();
                    let now = lane.now();
                    // Whatever became of its withdrawals, the nonce is filled: those behind it wait for that.
                    closed.change_into(&mut change);
                    for withdrawal in lane.ports.store.withdrawals(&ids).await? {
                        if matches!(withdrawal.state, WithdrawalState::Assigned(_)) {
                            let step =
                                revived::never_signed(lane.ports, withdrawal, &closed.proof, now).await?;
                            change.withdrawals.push(step);
                        }
                    }
                }
                Some(Closed::Signed(signed)) => return Ok(vec![change, *signed]),
                None => {}
            }
        }
        State::Signed(signed) if refusal.permanent && signed.pending.is_some() => {
            let now = lane.now();
            change.transfers.push(transfer.abandon_pending(lane.view.height, now)?);
        }
        State::Built(_)
        | State::Signed(_)
        | State::Planned
        | State::Funded(_)
        | State::Fuelling(_)
        | State::Fuelled(_)
        | State::Seen(_)
        | State::Final(_)
        | State::Dropped { .. } => {}
    }
    Ok(vec![change])
}

/// A ticket covers one slot within an hour. What waited longer for its signature is admitted, and counted, again; it is
/// signed in the next turn.
async fn admit_again(lane: &mut Lane<'_>, transfer: &Transfer) -> Result<Option<Seen>, StageError> {
    let fence = lane.fence().await?;
    let payments: Vec<_> = transfer.live().map(|item| item.approved.clone()).collect();
    let answers = lane.ports.signer.admit(transfer.wallet, fence.epoch(), &payments).await?;
    for refusal in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        lane.found(Code::SignerRefused, format!("{} waits for room: {refusal}", transfer.id));
    }
    Ok(answers.into_iter().flatten().map(|ticket| ticket.journal_seq).max().map(|seq| lane.seen(seq)))
}

/// First wait before a refused void is drawn again, milliseconds; doubles with each, up to [`REDRAW_MS_MAX`].
const REDRAW_MS: i64 = 5_000;
/// Longest wait between two drawings of a void, milliseconds: some twenty an hour.
const REDRAW_MS_MAX: i64 = 180_000;

/// The void of a slot that was never signed, drawn anew once the refused one is old enough. Its nonce holds up the lane, so
/// it is tried as long as the lane lives, and the alert stands meanwhile.
async fn redrawn(
    lane: &mut Lane<'_>,
    transfer: &Transfer,
    refused: AttemptId,
) -> Result<Option<Unsigned>, StageError> {
    let attempts = lane.view.attempts(transfer.id);
    let Some(last) = attempts.iter().map(|it| it.get().unsigned()).find(|it| it.id == refused) else {
        return Ok(None);
    };
    let drawn = attempts.iter().filter(|it| it.get().unsigned().kind == Kind::Void).count();
    let doublings = u32::try_from(drawn.saturating_sub(1)).unwrap_or(u32::MAX).min(16);
    let wait_ms = REDRAW_MS.saturating_mul(1 << doublings).min(REDRAW_MS_MAX);
    if lane.now().since_ms(last.built_at) < wait_ms {
        return Ok(None);
    }
    let market = lane.chain.market().await?;
    let void = draft_void(lane, transfer, &market);
    if void.is_none() {
        lane.blocked_by(Waiting::FeeCap);
        lane.found(Code::FeeAtCap, format!("the void of {} needs more than the caps allow", transfer.id));
    }
    Ok(void)
}

/// The signer does not answer: the lane says so and goes on with what needs no signature.
pub(super) fn signer_down(lane: &mut Lane<'_>, why: &str) {
    lane.blocked_by(Waiting::Signature);
    lane.found(Code::SignerDown, why);
}
