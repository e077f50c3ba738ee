//! Several deaths of one withdrawal that leave the chain at once. Each of its slots may pay now, and their bytes lie in the
//! pools of the nodes: none is sent again, all are raced by their voids, and a person decides when all are dead once more.

use std::collections::{BTreeMap, BTreeSet};

use sluice_core::id::WithdrawalId;
use sluice_core::port::store::Change;
use sluice_core::transfer::{Life, State, Transfer};
use sluice_core::withdrawal::{AttentionCode, GivenBackWhy, State as WithdrawalState, Withdrawal};

use super::{Watch, reversed, unslotted};
use crate::StageError;

/// Ends whose withdrawals died in another one of them too, in groups that share withdrawals; and those that stand alone.
pub(super) fn part(ends: Vec<Transfer>) -> (Vec<Vec<Transfer>>, Vec<Transfer>) {
    let mut deaths: BTreeMap<WithdrawalId, usize> = BTreeMap::new();
    for withdrawal in ends.iter().flat_map(died_of_it) {
        *deaths.entry(withdrawal).or_default() += 1;
    }
    let several =
        |transfer: &Transfer| died_of_it(transfer).any(|it| deaths.get(&it).is_some_and(|n| *n > 1));
    let (shared, alone): (Vec<_>, Vec<_>) = ends.into_iter().partition(several);
    let mut groups: Vec<(BTreeSet<WithdrawalId>, Vec<Transfer>)> = Vec::new();
    for transfer in shared {
        let (mut ids, mut members): (BTreeSet<_>, _) = (died_of_it(&transfer).collect(), vec![transfer]);
        let (touching, apart): (Vec<_>, Vec<_>) =
            groups.into_iter().partition(|(group, _)| !group.is_disjoint(&ids));
        for (group, transfers) in touching {
            ids.extend(group);
            members.extend(transfers);
        }
        groups = apart;
        groups.push((ids, members));
    }
    (groups.into_iter().map(|(_, transfers)| transfers).collect(), alone)
}

/// What died by the very proof that ended this transfer. A tombstone's dead stay dead.
fn died_of_it(transfer: &Transfer) -> impl Iterator<Item = WithdrawalId> {
    let proof = match &transfer.state {
        State::Final(ended) => Some(ended.proof),
        _ => None,
    };
    transfer
        .items
        .iter()
        .filter(move |item| proof.is_some_and(|proof| item.life == Life::Dead(proof)))
        .map(|item| item.withdrawal)
}

pub(super) async fn reopen(
    watch: &Watch<'_>,
    transfers: Vec<Transfer>,
    height: u64,
) -> Result<Change, StageError> {
    let now = watch.now();
    let mut change = Change { cause: Some(watch.cause("finality_reversed")), ..Change::default() };
    let ids: BTreeSet<WithdrawalId> = transfers.iter().flat_map(died_of_it).collect();
    let ids: Vec<WithdrawalId> = ids.into_iter().collect();
    for withdrawal in watch.ports.store.withdrawals(&ids).await? {
        to_a_person(watch, withdrawal, &transfers, &mut change).await?;
    }
    for transfer in transfers {
        change.raise.push(reversed(
            &transfer,
            "another slot of its withdrawal was taken back with it: all are voided, and a person decides",
        ));
        change.transfers.push(transfer.reopen(height, true, now)?);
    }
    Ok(change)
}

/// Hands a withdrawal that nothing else has ended, or taken into a slot, to a person.
async fn to_a_person(
    watch: &Watch<'_>,
    withdrawal: Withdrawal,
    transfers: &[Transfer],
    change: &mut Change,
) -> Result<(), StageError> {
    let now = watch.now();
    // Names rise with time.
    let newest =
        transfers.iter().filter(|it| died_of_it(it).any(|id| id == withdrawal.id)).max_by_key(|it| it.id);
    let Some(newest) = newest else { return Ok(()) };
    let Some(proof) = watch.ports.store.proof(newest.id).await? else { return Ok(()) };
    let step = match &withdrawal.state {
        // A newer slot of it is on its way to its end, which says what became of it.
        WithdrawalState::NeedsAttention(asked)
            if !asked.slots_dead && asked.last.is_some_and(|(last, _)| last != newest.id) =>
        {
            return Ok(());
        }
        WithdrawalState::NeedsAttention(_) => withdrawal.reopen(&proof, newest, now)?,
        WithdrawalState::Queued(_) => withdrawal
            .reopen(&proof, newest, now)?
            .then(|it| it.needs_attention(AttentionCode::SlotsReopened, false, now))?,
        WithdrawalState::Assigned(assigned) => match unslotted(watch, assigned.transfer).await? {
            Some(planned) => {
                change.transfers.push(planned.drop_unslotted("reopened", now)?);
                withdrawal
                    .give_back(GivenBackWhy::NoSlot { code: "reopened" }, now, now)?
                    .then(|it| it.reopen(&proof, newest, now))?
                    .then(|it| it.needs_attention(AttentionCode::SlotsReopened, false, now))?
            }
            None => return Ok(()),
        },
        WithdrawalState::Requested
        | WithdrawalState::Held(_)
        | WithdrawalState::Approved(_)
        | WithdrawalState::Paid(_)
        | WithdrawalState::Rejected(_)
        | WithdrawalState::Cancelled(_)
        | WithdrawalState::Failed(_) => return Ok(()),
    };
    change.withdrawals.push(step);
    Ok(())
}
