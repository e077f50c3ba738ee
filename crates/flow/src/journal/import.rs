//! In: the journal of a store whose lanes are shut. Out: each attempt the store has lost is on its transfer, or remembered
//! as lost, and its payment is with a person. A crash leaves the place seen where it was, and every step
//! is recognised when it is taken again.

use std::collections::BTreeMap;

use sluice_core::address::Address;
use sluice_core::attempt::{Attempt, Signed, Unsigned};
use sluice_core::chain::BlockRef;
use sluice_core::id::{AttemptId, ProofId, TransferId, WalletId};
use sluice_core::intent::payments_hash;
use sluice_core::journal::{Back, Entry, Fact, Known, Lost, LostFact, Pays, Seen};
use sluice_core::moved::{Moved, Refusal};
use sluice_core::port::Ports;
use sluice_core::port::store::{Change, Outcome};
use sluice_core::proof::Tombstone;
use sluice_core::slot::Slot;
use sluice_core::transfer::{Life, State, Transfer};
use sluice_core::wallet::{LaneState, Wallet};
use sluice_core::withdrawal::{GivenBackWhy, State as WithdrawalState, Withdrawal};

use super::{TRIES_MAX, awaited, cause, doubt, page};
use crate::{StageError, revived};

/// Imports what lies behind `base`, the last entry that was compared, and what is awaited of what lies before it; doubts what
/// of the rest has no slot, then notes the head as seen and compared.
pub(super) async fn run(ports: &Ports, base: u64, seen: Seen) -> Result<(), StageError> {
    Box::pin(awaited::run(ports, base)).await?;
    let head = seen.to;
    let mut closed: BTreeMap<Slot, Tombstone> = BTreeMap::new();
    let (mut from, mut marked) = (base.saturating_add(1), None);
    while from <= head {
        let page = page(ports, from).await?;
        let Some(last) = page.last() else { break };
        from = last.seq.saturating_add(1);
        for entry in page.into_iter().filter(|entry| entry.seq <= head) {
            match entry.fact.clone() {
                Fact::Closed { slot } => {
                    note_nonce(ports, &slot).await?;
                    closed.extend(Tombstone::of(&entry).map(|tombstone| (slot, tombstone)));
                }
                Fact::Reserved { wallet, attempt, pays } => {
                    reserved(ports, &entry, wallet, *attempt, pays, &closed).await?;
                }
                Fact::Signed { attempt, raw, txid } => signed(ports, &entry, attempt, raw, txid).await?,
                Fact::Marked { mark } => marked = marked.max(Some(mark)),
                Fact::Admitted { .. } | Fact::Other => {}
            }
        }
    }
    doubt::run(ports).await?;
    let done = Change {
        journal_seq: Some(seen),
        journal_place: super::at(ports, head).await?,
        mark: marked,
        back: Some(Back::Imported(Seen { from: base, to: head })),
        cause: Some(cause(ports)),
        ..Change::default()
    };
    match super::apply_all(ports, vec![done]).await? {
        true => Ok(()),
        false => Err(StageError::Overtaken),
    }
}

/// One reservation: on its transfer where that can be, lost otherwise.
async fn reserved(
    ports: &Ports,
    entry: &Entry,
    wallet: WalletId,
    attempt: Unsigned,
    pays: Option<Pays>,
    closed: &BTreeMap<Slot, Tombstone>,
) -> Result<(), StageError> {
    note_nonce(ports, &attempt.slot).await?;
    let mut refused = false;
    for _ in 0..TRIES_MAX {
        let keys: Vec<_> = pays.iter().map(|pays| pays.key).collect();
        let known = ports.store.journal_known(&[attempt.id], &keys).await?;
        if let Some(key) =
            keys.iter().find(|key| known.payments.contains(key) && !known.withdrawals.contains_key(key))
        {
            return Err(StageError::Inconsistent(format!(
                "entry {} pays {key}, whose withdrawal this version cannot read",
                entry.seq
            )));
        }
        if known.attempts.contains_key(&attempt.id) {
            return Ok(());
        }
        let tombstone = closed.get(&attempt.slot);
        let carried = match refused {
            false => carried(ports, wallet, &attempt, pays, &known, tombstone).await?,
            true => None,
        };
        let change = match carried {
            Some(change) => change,
            None => lost(ports, entry, wallet, &attempt, pays, &known).await?,
        };
        match ports.store.apply(None, vec![change]).await?.first() {
            Some(Outcome::Applied) => return Ok(()),
            Some(Outcome::Refused(rule)) if !refused => {
                tracing::warn!(rule, attempt.id = %attempt.id, "An attempt of the journal fits no transfer");
                refused = true;
            }
            Some(Outcome::Refused(rule)) => {
                return Err(StageError::Inconsistent(format!("entry {}: {rule}", entry.seq)));
            }
            Some(Outcome::Moved | Outcome::Fenced) | None => {}
        }
    }
    Err(StageError::Overtaken)
}

/// The change that puts an attempt on its transfer; `None` when no transfer of this store can carry it.
async fn carried(
    ports: &Ports,
    wallet: WalletId,
    attempt: &Unsigned,
    pays: Option<Pays>,
    known: &Known,
    tombstone: Option<&Tombstone>,
) -> Result<Option<Change>, StageError> {
    let followed = ports.store.cursor(attempt.slot.chain(), 1).await?.blocks.first().copied();
    let Some(block) = followed else { return Ok(None) };
    let found = ports.store.transfers(&[attempt.transfer]).await?.into_iter().next();
    let carried = match (found, pays) {
        (Some((transfer, _)), _) => again(ports, transfer, attempt, block, tombstone).await?,
        (None, Some(pays)) => anew(ports, wallet, attempt, pays, known, block).await?,
        (None, None) => None,
    };
    Ok(carried.filter(|change| change.transfers.iter().all(|step| fits(step, pays))))
}

/// The transfer it ends up on pays what the journal says its slot pays (M3).
fn fits(step: &Moved<Transfer>, pays: Option<Pays>) -> bool {
    let dropped = matches!(step.after().state, State::Dropped { .. });
    dropped || pays.is_none_or(|pays| step.after().payment_hash() == pays.hash)
}

/// One more attempt of a transfer that is there.
async fn again(
    ports: &Ports,
    transfer: Transfer,
    attempt: &Unsigned,
    block: BlockRef,
    tombstone: Option<&Tombstone>,
) -> Result<Option<Change>, StageError> {
    let now = ports.clock.now();
    let name = || ProofId::new(ports.entropy.ulid(now));
    let proof = tombstone.and_then(|it| possible(transfer.never_signed(it, name(), now)));
    let items: Vec<_> = transfer.items.iter().map(|item| item.withdrawal).collect();
    let before = transfer.clone();
    let Some(allotment) = possible(transfer.import(attempt.clone(), proof.as_ref(), block, now)) else {
        return Ok(None);
    };
    let mut change = Change {
        transfers: vec![allotment.transfer],
        carried: vec![allotment.attempt.id],
        attempts: vec![allotment.attempt],
        cause: Some(cause(ports)),
        ..Change::default()
    };
    let died = |step: &Moved<Transfer>| {
        let dead = |it: &Transfer| it.items.iter().any(|item| matches!(item.life, Life::Dead(_)));
        dead(step.after()) && !dead(&before)
    };
    // Its slot was never signed and is dead: what was decided about it then is lost, so a person decides again.
    if let Some(proof) = proof.filter(|_| change.transfers.iter().any(died)) {
        for withdrawal in ports.store.withdrawals(&items).await? {
            if matches!(withdrawal.state, WithdrawalState::Assigned(_)) {
                change.withdrawals.push(revived::never_signed(ports, withdrawal, &proof, now).await?);
            }
        }
        change.proofs.push(proof);
    }
    Ok(Some(change))
}

/// The first attempt of a transfer that was planned after the copy was made, for a withdrawal that is there.
async fn anew(
    ports: &Ports,
    wallet: WalletId,
    attempt: &Unsigned,
    pays: Pays,
    known: &Known,
    block: BlockRef,
) -> Result<Option<Change>, StageError> {
    let Some(withdrawal) = known.withdrawals.get(&pays.key).cloned() else { return Ok(None) };
    let Some(approved) = withdrawal.approved_payment() else { return Ok(None) };
    let lane = ports.store.wallets(None).await?.into_iter().find(|it| it.id == wallet);
    let Some(lane) = lane.filter(|it| it.is_lane() && it.partner == withdrawal.partner) else {
        return Ok(None);
    };
    if payments_hash([&approved.payment]) != pays.hash {
        return Ok(None);
    }
    let now = ports.clock.now();
    let mut change = Change { cause: Some(cause(ports)), ..Change::default() };
    let Some(free) = freed(ports, withdrawal.clone(), &mut change).await? else { return Ok(None) };
    let assigned = match free {
        Some(given_back) => given_back.then(|it| it.assign(attempt.transfer, lane.id, now))?,
        None => withdrawal.clone().assign(attempt.transfer, lane.id, now)?,
    };
    let asset = withdrawal.request.asset.clone();
    let items = vec![(withdrawal.id, approved)];
    let plan = Transfer::plan(attempt.transfer, lane.partner, lane.id, asset, items, now);
    let born = plan.then(|it| it.import(attempt.clone(), None, block, now).map(|it| it.transfer));
    let Some(born) = possible(born) else { return Ok(None) };
    change.transfers.push(born);
    change.attempts.push(attempt.clone());
    change.carried.push(attempt.id);
    change.withdrawals.push(assigned);
    Ok(Some(change))
}

/// Takes a withdrawal off a transfer that never had a slot. The outer `None`: it is on one that has, or nowhere that a
/// slot could begin from.
async fn freed(
    ports: &Ports,
    withdrawal: Withdrawal,
    change: &mut Change,
) -> Result<Option<Option<Moved<Withdrawal>>>, StageError> {
    let assigned = match &withdrawal.state {
        WithdrawalState::Approved(_) | WithdrawalState::Queued(_) => return Ok(Some(None)),
        WithdrawalState::Assigned(assigned) => assigned.transfer,
        WithdrawalState::Requested
        | WithdrawalState::Held(_)
        | WithdrawalState::Paid(_)
        | WithdrawalState::NeedsAttention(_)
        | WithdrawalState::Rejected(_)
        | WithdrawalState::Cancelled(_)
        | WithdrawalState::Failed(_) => return Ok(None),
    };
    let now = ports.clock.now();
    let Some(dropped) = slotless(ports, assigned).await? else { return Ok(None) };
    change.transfers.push(dropped);
    let why = GivenBackWhy::NoSlot { code: "imported_from_journal" };
    Ok(Some(Some(withdrawal.give_back(why, now, now)?)))
}

/// The dropping of a transfer that has no slot; `None` when it has one.
pub(super) async fn slotless(ports: &Ports, id: TransferId) -> Result<Option<Moved<Transfer>>, StageError> {
    let found = ports.store.transfers(&[id]).await?.into_iter().next();
    Ok(found.and_then(|(it, _)| possible(it.drop_unslotted("imported_from_journal", ports.clock.now()))))
}

/// What is written where no transfer can carry an attempt: the attempt as lost, and its payment with a person.
async fn lost(
    ports: &Ports,
    entry: &Entry,
    wallet: WalletId,
    attempt: &Unsigned,
    pays: Option<Pays>,
    known: &Known,
) -> Result<Change, StageError> {
    let mut change = Change { cause: Some(cause(ports)), ..Change::default() };
    change.lost.push(LostFact::Reserved(Lost {
        wallet,
        attempt: attempt.id,
        kind: attempt.kind,
        slot: attempt.slot.clone(),
        tron: attempt.terms.tron().copied(),
        pays: pays.map(|pays| pays.key),
        seq: entry.seq,
    }));
    let Some(withdrawal) = pays.and_then(|pays| known.withdrawals.get(&pays.key)).cloned() else {
        return Ok(change);
    };
    let now = ports.clock.now();
    let dropped = match &withdrawal.state {
        WithdrawalState::Assigned(assigned) => slotless(ports, assigned.transfer).await?,
        _ => None,
    };
    let slot_dead = dropped.is_some();
    change.transfers.extend(dropped);
    change.withdrawals.extend(possible(withdrawal.recognise(slot_dead, now)));
    Ok(change)
}

/// One signature: on the transfer that awaits it, or beside the lost attempt.
pub(super) async fn signed(
    ports: &Ports,
    entry: &Entry,
    attempt: AttemptId,
    raw: Vec<u8>,
    txid: [u8; 32],
) -> Result<(), StageError> {
    for _ in 0..TRIES_MAX {
        let known = ports.store.journal_known(&[attempt], &[]).await?;
        let mut change = Change { cause: Some(cause(ports)), ..Change::default() };
        match known.attempts.get(&attempt).copied() {
            Some(Some(transfer)) => {
                let Some((transfer, attempts)) = ports.store.transfers(&[transfer]).await?.into_iter().next()
                else {
                    return Ok(());
                };
                let stored = attempts.iter().map(|it| it.get()).find(|it| it.unsigned().id == attempt);
                // Signed is recorded. What awaits nothing was refused or overtaken before the copy was made.
                let Some(Attempt::Unsigned(unsigned)) = stored else { return Ok(()) };
                let signed = Signed {
                    unsigned: unsigned.clone(),
                    raw: raw.clone(),
                    txid,
                    journal_seq: entry.seq,
                    signed_at: entry.at,
                };
                let height = ports.store.cursor(unsigned.slot.chain(), 1).await?;
                let height = height.blocks.first().map_or(0, |block| block.number);
                let Some(step) = possible(transfer.signed(&signed, height, ports.clock.now())) else {
                    return Ok(());
                };
                change.transfers.push(step);
                change.signatures.push(signed);
            }
            Some(None) => change.lost.push(LostFact::Signed { attempt, raw: raw.clone(), txid }),
            None => {
                return Err(StageError::Inconsistent(format!(
                    "entry {} signs attempt {attempt}, which was never reserved",
                    entry.seq
                )));
            }
        }
        if super::apply_all(ports, vec![change]).await? {
            return Ok(());
        }
    }
    Err(StageError::Overtaken)
}

/// No nonce that the journal speaks of is given out a second time.
async fn note_nonce(ports: &Ports, slot: &Slot) -> Result<(), StageError> {
    let Slot::EvmNonce { chain, sender, nonce } = slot else { return Ok(()) };
    let next = nonce.saturating_add(1);
    for _ in 0..TRIES_MAX {
        let mut wallets = ports.store.wallets(Some(*chain)).await?.into_iter();
        let Some(wallet) = wallets.find(|it| it.is_lane() && it.address == Address::Evm(*sender)) else {
            return Ok(());
        };
        if wallet.next_nonce >= next || !is_frozen(&wallet) {
            return Ok(());
        }
        let step = wallet.gave_out(next)?;
        let change = Change { wallets: vec![step], cause: Some(cause(ports)), ..Change::default() };
        if super::apply_all(ports, vec![change]).await? {
            return Ok(());
        }
    }
    Err(StageError::Overtaken)
}

fn is_frozen(wallet: &Wallet) -> bool {
    matches!(wallet.state, LaneState::Frozen { .. })
}

/// A transition that does not fit here is no error: the attempt is lost, and said to be.
fn possible<T>(step: Result<T, Refusal>) -> Option<T> {
    step.ok()
}
