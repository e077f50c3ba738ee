//! In: transfers included at or below the final head, and signed ones whose nonce is consumed. Out: final, with a proof;
//! their withdrawals paid, back in the queue, cancelled or with a person. Decided by slot, quorum and finality (M4, M6,
//! M16). A crash leaves `seen`, and the chain is asked again.

mod late;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use sluice_core::chain::BlockRef;
use sluice_core::id::{ProofId, TransferId, WalletId, WithdrawalId};
use sluice_core::moved::Moved;
use sluice_core::port::chain::{ChainError, Heads, SlotQuestion};
use sluice_core::port::store::{ChainChange, Change, Cursor, Pause, WithAttempts};
use sluice_core::proof::{Effect, Final, Proof, SlotReading};
use sluice_core::time::Timestamp;
use sluice_core::transfer::{End, Failure, Life, Outcome, Transfer};
use sluice_core::wallet::{Revert, Wallet};
use sluice_core::withdrawal::{
    AttentionCode, GivenBackWhy, RETRIES_MAX, State as WithdrawalState, Withdrawal,
};

use super::{Watch, question, stranger};
use crate::StageError;
use crate::journal::is_from_a_copy;

/// Transfers settled in one turn.
const SLICE_MAX: usize = 512;
/// Wait before a new slot is taken after a proof of death, milliseconds; doubles with each retry.
const RETRY_MS: i64 = 2_000;

/// One slice, after `place`; whether there is another behind it. What is not deep enough yet stays where it is, so the next
/// slice begins behind it: many young deaths of one partner hold up no payment of another.
pub(super) async fn run(
    watch: &mut Watch<'_>,
    heads: &Heads,
    absent: Vec<TransferId>,
    place: &mut Option<(u64, TransferId)>,
) -> Result<bool, StageError> {
    let Some(head) = &heads.finalized else { return Ok(false) };
    let cursor = watch.cursor().await?;
    note_head(watch, cursor.finalized, head.head(), cursor.settle_after).await?;
    if cursor.settle_after.is_some_and(|after| head.head().number < after) {
        return Ok(false);
    }
    // Only blocks the watcher has followed: what it has not read it cannot walk back.
    let followed = cursor.blocks.first().map_or(0, |block| block.number);
    let settled_to = head.head().number.min(followed);
    let mut ids = watch.ports.store.settleable(watch.id(), settled_to, *place, SLICE_MAX).await?;
    let last = ids.last().filter(|_| ids.len() == SLICE_MAX).copied();
    ids.extend(absent);
    let found = watch.ports.store.transfers(&ids).await?;
    let next = found.iter().find(|(it, _)| Some(it.id) == last).and_then(|(it, _)| match &it.state {
        sluice_core::transfer::State::Seen(seen) => Some((seen.inclusion.block.number, it.id)),
        _ => None,
    });
    slice(watch, &cursor, found, settled_to).await?;
    *place = next;
    Ok(next.is_some())
}

async fn slice(
    watch: &mut Watch<'_>,
    cursor: &Cursor,
    found: Vec<WithAttempts>,
    settled_to: u64,
) -> Result<(), StageError> {
    let deep = watch.chain.profile().death_extra_blocks;
    let followed = cursor.blocks.first().map_or(0, |block| block.number);
    // A stranger that was noted is asked about again only when the note may be deep enough.
    let ripe = |transfer: &Transfer| {
        transfer.taken_by().is_none_or(|it| settled_to >= it.block.number.saturating_add(deep))
    };
    let asked: Vec<_> = found
        .into_iter()
        .filter(|(transfer, _)| ripe(transfer))
        .take(2 * SLICE_MAX)
        .filter_map(|(transfer, attempts)| {
            question(&transfer, &attempts).map(|question| (transfer, question))
        })
        .collect();
    if asked.is_empty() {
        return Ok(());
    }
    let (transfers, questions): (Vec<_>, Vec<_>) = asked.into_iter().unzip();
    let readings = read(watch, &questions).await?;
    let (mut changes, mut unexplained, mut unseen) = (Vec::new(), Vec::new(), Vec::new());
    let (mut strangers, mut ends) = (Vec::new(), Vec::new());
    // On TRON a slot has one attempt, and its life is that of the slot.
    let terms = questions.iter().map(|question| question.attempts.first().and_then(|known| known.tron));
    for ((transfer, terms), reading) in transfers.into_iter().zip(terms).zip(readings) {
        let Some(reading) = reading else { continue };
        let lies_in = match reading.reading() {
            SlotReading::Ours(inclusion) => Some(inclusion.block),
            SlotReading::Foreign(stranger) => Some(stranger.block),
            SlotReading::Absent(scan) => Some(scan.to()),
            SlotReading::Open | SlotReading::Unaccounted => None,
        };
        if lies_in.is_some_and(|block| block.number > settled_to || contradicts(cursor, block)) {
            continue;
        }
        let now = watch.now();
        let proof = ProofId::new(watch.ports.entropy.ulid(now));
        let (id, wallet) = (transfer.id, transfer.wallet);
        match transfer.clone().settle(&reading, terms.as_ref(), proof, deep, now)? {
            Outcome::Ended { transfer, proof } => {
                // The slot was given up on a proof that a reorganisation took back, and its payment has landed after
                // all: whoever was paid instead may have been paid twice.
                let given_up = transfer.after().items.iter().any(|item| matches!(item.life, Life::Dead(_)));
                if given_up && !proof.proves_death() {
                    unexplained.push((wallet, format!("the payment of {id} was given up and has landed: compare it with its withdrawal's other transfers")));
                }
                ends.push((*transfer, *proof));
            }
            Outcome::Unexplained { evidence } => unexplained.push((wallet, evidence)),
            Outcome::Foreign => strangers.push((transfer, reading)),
            // The final chain does not hold what one node once showed: back to sending the stored bytes.
            Outcome::Open => match stranger::open_again(transfer, &reading, watch)? {
                Some(step) => changes.push(Change {
                    transfers: vec![step],
                    cause: Some(watch.cause("slot_open_again")),
                    ..Change::default()
                }),
                None => unseen.push(id),
            },
            Outcome::NotDeepEnough { .. } => {}
        }
    }
    let mut beside = Beside::read(watch, ends.iter().map(|(step, _)| step.after())).await?;
    for (step, proof) in ends {
        changes.push(ended(watch, step, proof, &mut beside).await?);
    }
    for (transfer, _) in watch.ports.store.transfers(&unseen).await? {
        if matches!(transfer.state, sluice_core::transfer::State::Seen(_)) {
            let step = transfer.unsee(followed, watch.now())?;
            let cause = Some(watch.cause("not_on_the_final_chain"));
            changes.push(Change { transfers: vec![step], cause, ..Change::default() });
        }
    }
    // Frozen before what it rests on is settled: afterwards nothing would ask again.
    for (wallet, evidence) in unexplained {
        watch.freeze(wallet, &evidence).await?;
    }
    watch.apply(changes).await?;
    stranger::run(watch, cursor, strangers).await
}

/// Whether another block of that height was followed. What a quorum calls final then lies in a fork that is not followed
/// yet: if that left again before it is, no block of it would be walked back, and what was settled by it would stand.
fn contradicts(cursor: &Cursor, block: BlockRef) -> bool {
    cursor.blocks.iter().any(|known| known.number == block.number && known.hash != block.hash)
}

/// Most questions into which a slice is taken apart in one turn.
const ASKS_MAX: usize = 128;

/// Reads slots by quorum. When the slice as a whole finds none, it is asked for by halves: one disputed slot must not keep
/// the others from being settled. What stays without a quorum is asked again in the next turn.
async fn read(
    watch: &Watch<'_>,
    questions: &[SlotQuestion],
) -> Result<Vec<Option<Final<SlotReading>>>, StageError> {
    match watch.chain.settle(questions).await {
        Ok(readings) => return Ok(readings.into_iter().map(Some).collect()),
        Err(error) if questions.len() == 1 => return Err(error.into()),
        Err(error @ (ChainError::Down { .. } | ChainError::NoBlock | ChainError::Foreign { .. })) => {
            return Err(error.into());
        }
        Err(ChainError::Disagree { .. }) => {}
    }
    let mut readings: Vec<Option<Final<SlotReading>>> = questions.iter().map(|_| None).collect();
    // From another place each time: where more are disputed than one turn takes apart, none is passed over for ever.
    let begin = usize::try_from(watch.ports.entropy.bits() % questions.len() as u128).unwrap_or_default();
    let mut left: Vec<Range<usize>> = vec![0..begin, begin..questions.len()];
    for _ in 0..ASKS_MAX {
        let Some(range) = left.pop() else { break };
        let Some(some) = questions.get(range.clone()).filter(|some| !some.is_empty()) else { continue };
        match watch.chain.settle(some).await {
            Ok(found) => {
                for (place, reading) in readings.iter_mut().skip(range.start).zip(found) {
                    *place = Some(reading);
                }
            }
            Err(ChainError::Down { .. } | ChainError::NoBlock | ChainError::Foreign { .. }) => break,
            Err(ChainError::Disagree { .. }) if some.len() < 2 => {}
            Err(ChainError::Disagree { .. }) => {
                let middle = range.start + some.len() / 2;
                left.extend([middle..range.end, range.start..middle]);
            }
        }
    }
    Ok(readings)
}

/// Stores the final head when it rises, and ends a pause of settlement that the chain has outgrown.
async fn note_head(
    watch: &mut Watch<'_>,
    known: Option<BlockRef>,
    head: BlockRef,
    settle_after: Option<u64>,
) -> Result<(), StageError> {
    let rises = known.is_none_or(|known| head.number > known.number);
    let over = settle_after.is_some_and(|after| head.number >= after);
    if !rises && !over {
        return Ok(());
    }
    let chain = ChainChange {
        chain: watch.id(),
        removed: vec![],
        added: vec![],
        finalized: rises.then_some(head),
        pause: if over { Pause::Over } else { Pause::Unchanged },
    };
    let change = Change { chain: Some(chain), cause: Some(watch.cause("final_head")), ..Change::default() };
    watch.apply(vec![change]).await?;
    Ok(())
}

/// What the ends of a slice are judged beside, read once for all of them: what moves meanwhile refuses the change, which
/// is made again.
pub(super) struct Beside {
    withdrawals: BTreeMap<WithdrawalId, Withdrawal>,
    wallets: BTreeMap<WalletId, Wallet>,
}

impl Beside {
    pub(super) async fn read(
        watch: &Watch<'_>,
        transfers: impl Iterator<Item = &Transfer>,
    ) -> Result<Self, StageError> {
        let (mut carried, mut of_wallets) = (BTreeSet::new(), BTreeSet::new());
        for transfer in transfers {
            carried.extend(transfer.items.iter().map(|item| item.withdrawal));
            of_wallets.insert(transfer.wallet);
        }
        let carried: Vec<WithdrawalId> = carried.into_iter().collect();
        let mut withdrawals = BTreeMap::new();
        // Transfers carry more than one withdrawal on some chains; no answer is longer than a list may be.
        for few in carried.chunks(SLICE_MAX) {
            let read = watch.ports.store.withdrawals(few).await?;
            withdrawals.extend(read.into_iter().map(|it| (it.id, it)));
        }
        let mut wallets = BTreeMap::new();
        for wallet in of_wallets {
            let view = watch.ports.store.lane(wallet).await?;
            wallets.extend(view.map(|view| (wallet, view.wallet)));
        }
        Ok(Self { withdrawals, wallets })
    }

    fn of(&self, ids: impl IntoIterator<Item = WithdrawalId>) -> Vec<Withdrawal> {
        ids.into_iter().filter_map(|id| self.withdrawals.get(&id).cloned()).collect()
    }
}

/// What the end of a transfer means for the withdrawals it carried and for its wallet's breaker.
pub(super) async fn ended(
    watch: &mut Watch<'_>,
    transfer: Moved<Transfer>,
    proof: Proof,
    beside: &mut Beside,
) -> Result<Change, StageError> {
    let now = watch.now();
    let carried: Vec<_> = transfer
        .after()
        .items
        .iter()
        // Items that died earlier, by a tombstone, were answered then.
        .filter(|item| item.life == Life::Paid(proof.id()) || item.life == Life::Dead(proof.id()))
        .map(|item| item.withdrawal)
        .collect();
    let mut change = Change { cause: Some(watch.cause("settle")), ..Change::default() };
    for withdrawal in beside.of(carried) {
        if let Some(step) = late::instead(watch, &withdrawal, &proof, transfer.after()).await? {
            change.withdrawals.push(step);
        } else if let Some(step) = follow(watch, withdrawal, &proof, transfer.after(), now).await? {
            change.withdrawals.push(step);
        }
    }
    late::given_up(watch, &proof, transfer.after(), beside, &mut change).await?;
    let effect = match &transfer.after().state {
        sluice_core::transfer::State::Final(ended) => ended.end.inclusion().map(|it| it.effect),
        _ => None,
    };
    let asset = transfer.after().asset.id;
    let reverted = match effect {
        Some(Effect::Paid { .. }) => Some(None),
        Some(Effect::Reverted) => {
            let payment = transfer.after().items.first().map(|item| &item.approved.payment);
            payment.map(|payment| Some(Revert { asset, to: payment.to }))
        }
        // Too little energy is no fault of the recipient or the token.
        Some(Effect::OutOfEnergy | Effect::Voided | Effect::Mismatch) | None => None,
    };
    if let (Some(reverted), Some(wallet)) = (reverted, beside.wallets.get_mut(&transfer.after().wallet))
        // At too many reverts in a row the breaker is open; the lane tells of it.
        && let Some(step) = wallet.clone().reverted(reverted)
    {
        // The next end of this slice counts from there: one that clears the row leaves nothing to clear.
        *wallet = step.after().clone();
        change.wallets.push(step);
    }
    change.transfers.push(transfer);
    change.proofs.push(proof);
    Ok(change)
}

async fn follow(
    watch: &Watch<'_>,
    withdrawal: Withdrawal,
    proof: &Proof,
    transfer: &Transfer,
    now: Timestamp,
) -> Result<Option<Moved<Withdrawal>>, StageError> {
    let of_this = match &withdrawal.state {
        WithdrawalState::Assigned(assigned) => assigned.transfer == transfer.id,
        WithdrawalState::NeedsAttention(attention) => {
            attention.last.is_some_and(|(last, _)| last == transfer.id)
        }
        WithdrawalState::Requested
        | WithdrawalState::Held(_)
        | WithdrawalState::Approved(_)
        | WithdrawalState::Queued(_)
        | WithdrawalState::Paid(_)
        | WithdrawalState::Rejected(_)
        | WithdrawalState::Cancelled(_)
        | WithdrawalState::Failed(_) => false,
    };
    if !of_this {
        return Ok(None);
    }
    if !proof.proves_death() {
        return Ok(Some(withdrawal.pay(proof, now)?));
    }
    // Whoever consumed the slot may have paid the recipient: nothing but a person follows, not even a cancellation.
    if let (Some(code), WithdrawalState::Assigned(_)) = (AttentionCode::of(proof), &withdrawal.state) {
        return Ok(Some(withdrawal.needs_attention(code, true, now)?));
    }
    if matches!(withdrawal.state, WithdrawalState::NeedsAttention(_)) {
        return Ok(Some(withdrawal.slot_died(proof)?));
    }
    // Of a copy a wish does not decide: in the lost time it may have been told to be paid, by hand (M17).
    let from_a_copy = is_from_a_copy(watch.ports, transfer).await?;
    if withdrawal.cancel_requested.is_some() && !from_a_copy {
        return Ok(Some(withdrawal.cancelled(Some(proof), now)?));
    }
    let failure = failure(transfer);
    // One operator's word never frees a withdrawal for a new slot: two persons do (M4).
    let person = if !proof.frees_the_withdrawal() {
        Some(AttentionCode::SingleSourceDeath)
    } else if from_a_copy {
        // In the lost time it may have been told to be over: that its slot is dead says nothing against that (M17).
        Some(AttentionCode::StoreWentBack)
    } else if withdrawal.retries >= RETRIES_MAX {
        Some(AttentionCode::RetriesExhausted)
    } else {
        None
    };
    if let Some(code) = person {
        return Ok(Some(withdrawal.needs_attention(code, true, now)?));
    }
    let wait_ms = RETRY_MS.saturating_mul(1 << withdrawal.retries.min(10));
    let why = GivenBackWhy::SlotDead { code: failure.as_str(), proof };
    Ok(Some(withdrawal.give_back(why, now, now.plus_ms(wait_ms))?))
}

/// Why the slot of a transfer that has ended did not pay.
fn failure(transfer: &Transfer) -> Failure {
    let end = match &transfer.state {
        sluice_core::transfer::State::Final(ended) => Some(&ended.end),
        _ => None,
    };
    match (transfer.mode(), end) {
        (_, Some(End::Expired(_) | End::NeverSigned(_))) => Failure::Expired,
        (_, Some(End::Included(it))) if it.effect == Effect::OutOfEnergy => Failure::OutOfEnergy,
        (Some(sluice_core::transfer::Mode::Void { .. }), _) => Failure::Voided,
        (Some(sluice_core::transfer::Mode::Pay) | None, _) => Failure::RevertedOnChain,
    }
}
