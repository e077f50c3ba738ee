//! In: signed transfers. Out: their bytes sent, sent again while absent, or followed by a dearer attempt.
//! "Sending" was stored with the signature; what a node answers is a note. A crash costs a resend.

use std::collections::{BTreeMap, BTreeSet};

use sluice_core::alert::Code;
use sluice_core::attempt::{Attempt, Durable, Fees, Kind, Signed, Terms, Unsigned};
use sluice_core::fee::{self, Market, Offer};
use sluice_core::id::AttemptId;
use sluice_core::port::chain::Heard;
use sluice_core::port::store::Change;
use sluice_core::slot::Slot;
use sluice_core::time::Timestamp;
use sluice_core::transfer::{Mode, State, Transfer, may_follow};
use sluice_core::wallet::{LaneState, SpeedUp};
use sluice_core::withdrawal::Waiting;

use super::close::draft_race;
use super::{Lane, Memory};
use crate::StageError;

/// Bytes of which no node said that it has them are sent again after so long, milliseconds, whether blocks come or not;
/// twice as long after each time, up to [`UNCLEAR_MAX_MS`].
const UNCLEAR_MS: i64 = 1_000;
const UNCLEAR_MAX_MS: i64 = 32_000;

/// When bytes were sent last.
pub(super) struct Sent {
    height: u64,
    /// Nobody said what became of them: when to try again, and how long that waited.
    unclear: Option<(Timestamp, i64)>,
}

pub(super) async fn run(lane: &mut Lane<'_>, memory: &mut Memory) -> Result<(), StageError> {
    send(lane, memory).await?;
    bump(lane).await
}

async fn send(lane: &mut Lane<'_>, memory: &mut Memory) -> Result<(), StageError> {
    let height = lane.view.height;
    let again = lane.profile().resend_after_blocks;
    let now = lane.now();
    let due = |sent: &BTreeMap<AttemptId, Sent>, id| {
        sent.get(&id).is_none_or(|last| {
            let later = height.saturating_sub(last.height) >= again || height < last.height;
            later || last.unclear.is_some_and(|(at, _)| at <= now)
        })
    };
    let of_lane: BTreeSet<AttemptId> = lane
        .view
        .transfers()
        .filter(|(transfer, _)| matches!(transfer.state, State::Signed(_)))
        .flat_map(|(_, attempts)| attempts.iter().map(|attempt| attempt.get().unsigned().id))
        .collect();
    memory.sent.retain(|id, _| of_lane.contains(id));
    if of_lane.is_empty() {
        return Ok(());
    }
    // A lane that lost its lease sends nothing, and a stop that came meanwhile is obeyed (M7, M12).
    lane.fence().await?;
    lane.view.stops = lane.ports.store.stops().await?;
    let frozen = matches!(lane.wallet().state, LaneState::Frozen { .. });
    let mut slice: Vec<Durable<Signed>> = Vec::new();
    for (transfer, attempts) in lane.view.transfers() {
        let State::Signed(state) = &transfer.state else { continue };
        let kind = match state.mode {
            Mode::Pay => Kind::Pay,
            Mode::Void { .. } => Kind::Void,
        };
        // Once a void is signed nothing else of the slot is resent (M3). While it still waits for its signature, nothing
        // of the slot is sent at all: the wish to void came after the bytes.
        let latest = Lane::signed_attempts(attempts)
            .filter(|attempt| attempt.get().unsigned().kind == kind)
            .max_by_key(|attempt| attempt.get().unsigned().serial)
            .and_then(Durable::<Attempt>::signed);
        let Some(latest) = latest else { continue };
        if kind == Kind::Pay && (frozen || lane.stopped(transfer)) {
            continue;
        }
        // What has expired is included by nobody: its death is on its way.
        let expired = latest.get().unsigned.terms.tron().is_some_and(|it| it.expires_at_ms <= now.millis());
        if !expired && due(&memory.sent, latest.get().unsigned.id) {
            slice.push(latest);
        }
    }
    if slice.is_empty() {
        return Ok(());
    }
    slice.sort_by_key(|attempt| attempt.get().unsigned.slot.nonce());
    lane.may_send()?;
    let heard = lane.chain.submit(&slice).await;
    let mut change = Change { cause: Some(lane.cause("broadcast")), ..Change::default() };
    for (attempt, heard) in slice.iter().zip(heard) {
        let id = attempt.get().unsigned.id;
        let before = memory.sent.get(&id).and_then(|last| last.unclear);
        let unclear = matches!(heard, Heard::Unclear(_)).then(|| {
            let wait = before.map_or(UNCLEAR_MS, |(_, waited)| (2 * waited).min(UNCLEAR_MAX_MS));
            (lane.now().plus_ms(wait), wait)
        });
        memory.sent.insert(id, Sent { height, unclear });
        if heard == Heard::NoFunds {
            lane.blocked_by(Waiting::Gas);
        }
        change.notes.push((id, note(&heard)));
    }
    lane.apply(vec![change]).await?;
    Ok(())
}

/// A note for the timeline. Nothing reads it to decide.
fn note(heard: &Heard) -> String {
    match heard {
        Heard::Accepted => "accepted".into(),
        Heard::Known => "known".into(),
        Heard::NonceConsumed => "nonce consumed".into(),
        Heard::Underpriced => "underpriced".into(),
        Heard::Gap => "gap".into(),
        Heard::NoFunds => "no funds".into(),
        Heard::Unclear(text) => format!("unclear: {}", text.chars().take(200).collect::<String>()),
    }
}

/// Attempts outside for too many blocks get a dearer one, the oldest nonce first, up to the cap. One that a person
/// ordered to be sped up does not wait for its blocks.
async fn bump(lane: &mut Lane<'_>) -> Result<(), StageError> {
    let Some(rules) = lane.profile().evm().copied().filter(|rules| rules.replaceable) else {
        return Ok(());
    };
    if matches!(lane.wallet().state, LaneState::Frozen { .. } | LaneState::Retired) {
        return Ok(());
    }
    let (height, after) = (lane.view.height, rules.bump_after_blocks);
    let hurry = lane.wallet().speed_up;
    let hurried = |transfer: &Transfer| {
        hurry.filter(|order| transfer.slot().and_then(Slot::nonce) == Some(order.nonce))
    };
    let stuck: Vec<Stuck> = lane
        .view
        .transfers()
        .filter_map(|(transfer, attempts)| {
            let State::Signed(state) = &transfer.state else { return None };
            let waited = height.saturating_sub(state.sent_at_height) >= pace(after, attempts.len());
            let hurried = hurried(transfer);
            let latest = attempts.iter().find(|it| it.get().unsigned().id == state.attempt)?;
            let pay = state.mode == Mode::Pay;
            // Nothing dearer helps in a slot that a stranger has consumed.
            let open = state.pending.is_none() && state.taken_by.is_none();
            let due = (waited || hurried.is_some()) && open;
            let offered = *latest.get().unsigned().terms.evm()?;
            (due && !(pay && lane.stopped(transfer))).then(|| Stuck {
                transfer: transfer.clone(),
                latest: latest.get().unsigned().clone(),
                offered,
                waited,
                hurried,
            })
        })
        .collect();
    let mut changes = Vec::new();
    // An order holds for one try. It is forgotten by the commit that carries it out, or when there is nothing to try.
    let waits_for_it = lane.transfers().any(|transfer| {
        let free = matches!(&transfer.state, State::Signed(state) if state.pending.is_none());
        free && hurried(transfer).is_some()
    });
    let mut forget = lane.wallet().clone().sped_up();
    let mut tried = !waits_for_it;
    if !stuck.is_empty() {
        let market = lane.chain.market().await?;
        let lowest = stuck.iter().filter_map(|it| it.transfer.slot()?.nonce()).min();
        for Stuck { transfer, latest, offered, waited, hurried } in stuck {
            // What waits behind a lower nonce needs no more than to be acceptable once its turn comes.
            let first = transfer.slot().and_then(Slot::nonce) == lowest || hurried.is_some();
            if !first && offered.max_fee_wei >= market.base_fee_wei {
                continue;
            }
            tried |= hurried.is_some();
            let most_wei = hurried.and_then(|order| order.max_fee_wei).filter(|_| !waited);
            let drawn = u32::try_from(lane.view.attempts(transfer.id).len()).unwrap_or(u32::MAX);
            let kind = transfer.mode().map_or(latest.kind, |mode| match mode {
                Mode::Pay => Kind::Pay,
                Mode::Void { .. } => Kind::Void,
            });
            if !may_follow(kind, drawn) {
                lane.blocked_by(Waiting::FeeCap);
                let what = format!(
                    "the oldest slot has {drawn} attempts and gets no other; it is resent, not raised"
                );
                lane.found(Code::FeeAtCap, what);
                break;
            }
            match dearer(lane, &transfer, (&latest, &offered), &market, most_wei)? {
                Ok(attempt) => {
                    let allotment = transfer.bump(attempt, lane.now())?;
                    changes.push(Change {
                        transfers: vec![allotment.transfer],
                        attempts: vec![allotment.attempt],
                        wallets: hurried.and_then(|_| forget.take()).into_iter().collect(),
                        cause: Some(lane.cause("bump")),
                        ..Change::default()
                    });
                }
                Err(_) if !waited => {} // The order's own bound, or the cap: its blocks are not up, so nothing is stuck.
                Err((needed_wei, cap_wei)) => {
                    lane.blocked_by(Waiting::FeeCap);
                    lane.found(
                        Code::FeeAtCap,
                        format!(
                            "the oldest slot needs {needed_wei} wei per gas and may offer {cap_wei}; it is resent, not raised"
                        ),
                    );
                    break;
                }
            }
        }
    }
    if tried && let Some(forget) = forget {
        let cause = Some(lane.cause("sped_up"));
        changes.push(Change { wallets: vec![forget], cause, ..Change::default() });
    }
    lane.apply(changes).await?;
    Ok(())
}

/// Blocks that an attempt is given before a dearer one follows. A slot that was raised often, because nodes or the signer
/// refuse what it offers, is raised ever more slowly: the market itself is met in one step.
fn pace(after_blocks: u64, attempts: usize) -> u64 {
    let times = u64::try_from(attempts / ATTEMPTS_A_PACE).unwrap_or(u64::MAX).saturating_add(1);
    after_blocks.saturating_mul(times)
}

/// Attempts after which the pace slows down by another step.
const ATTEMPTS_A_PACE: usize = 8;

/// A slot that may get a dearer attempt.
struct Stuck {
    transfer: Transfer,
    latest: Unsigned,
    /// What that offers.
    offered: Fees,
    /// Its blocks are up.
    waited: bool,
    /// A person ordered it.
    hurried: Option<SpeedUp>,
}

fn dearer(
    lane: &Lane<'_>,
    transfer: &Transfer,
    (latest, offered): (&Unsigned, &Fees),
    market: &Market,
    most_wei: Option<u128>,
) -> Result<Result<Unsigned, (u128, u128)>, StageError> {
    let now = lane.now();
    let rules = lane.evm()?;
    let cap = lane.cap_wei(&rules, offered.gas_limit);
    let cap = most_wei.map_or(cap, |most| most.min(cap));
    // The slot was turned to void and has no signed void yet: the next attempt is one.
    if latest.kind == Kind::Pay && matches!(transfer.mode(), Some(Mode::Void { .. })) {
        let void = draft_race(lane, transfer, market);
        return Ok(void.ok_or((offered.max_fee_wei, cap)));
    }
    let fees = match fee::bump(&rules, offered, offered.gas_limit, market, cap) {
        Offer::At(fees) => fees,
        Offer::AboveCap { needed_wei, cap_wei } => return Ok(Err((needed_wei, cap_wei))),
    };
    let pays: Vec<_> = match latest.kind {
        Kind::Pay => transfer.items.iter().map(|item| item.approved.payment.clone()).collect(),
        Kind::Void => vec![],
    };
    let bytes = sluice_codec::evm::draft(latest.kind, &latest.slot, &fees, &pays, &transfer.asset)
        .map_err(|error| StageError::Encode(error.to_string()))?;
    let serial = lane.view.attempts(transfer.id).len();
    Ok(Ok(Unsigned {
        id: AttemptId::new(lane.ports.entropy.ulid(now)),
        serial: u32::try_from(serial).unwrap_or(u32::MAX),
        terms: Terms::Evm(fees),
        bytes: bytes.unsigned,
        digest: bytes.digest,
        built_at: now,
        ..latest.clone()
    }))
}
