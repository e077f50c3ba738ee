//! Which funded transfers are given energy now. On a wallet whose energy is critical those with priority are; the others wait to
//! be sent together, for a bounded time, and reserve nothing meanwhile. It is order and timing alone: a transfer that waits here
//! has no slot, and is given back, cancelled or stopped like any other.

use std::collections::{BTreeMap, BTreeSet};

use sluice_core::energy::mode::AtOnce;
use sluice_core::energy::together::{Waiter, go};
use sluice_core::id::WithdrawalId;
use sluice_core::transfer::{State, Transfer};
use sluice_core::withdrawal::{Type, Waiting, Withdrawal};

use crate::StageError;
use crate::lane::Lane;

/// Those that go, with priority first.
pub(super) async fn now(lane: &mut Lane<'_>, waiting: Vec<Transfer>) -> Result<Vec<Transfer>, StageError> {
    if lane.view.mode.allows().at_once == AtOnce::All {
        return Ok(waiting);
    }
    // What asked for energy before has it coming, and what is no call of a token takes none.
    let may_wait = |it: &Transfer| matches!(it.state, State::Funded(_)) && it.asset.contract().is_some();
    let (others, mut going): (Vec<_>, Vec<_>) = waiting.into_iter().partition(may_wait);
    let ids: Vec<WithdrawalId> = others.iter().flat_map(|it| it.live()).map(|item| item.withdrawal).collect();
    let found = lane.ports.store.withdrawals(&ids).await?;
    let found: BTreeMap<WithdrawalId, &Withdrawal> = found.iter().map(|it| (it.id, it)).collect();
    let of = |transfer: &Transfer| {
        let of_it: Vec<&Withdrawal> =
            transfer.live().filter_map(|item| found.get(&item.withdrawal).copied()).collect();
        of_it
    };
    let time = lane.now();
    // Somebody asked to have energy for these got ahead.
    let requests = lane.view.requests.iter();
    let requests = requests.filter(|it| it.is_due(time) || it.asked_by().is_some());
    let ahead: BTreeSet<WithdrawalId> = requests.flat_map(|it| &it.items).map(|it| it.withdrawal).collect();
    let first = |it: &&Withdrawal| it.request.kind == Type::Immediate || ahead.contains(&it.id);
    let priority = |it: &Transfer| of(it).iter().any(first);
    let (first, rest): (Vec<_>, Vec<_>) = others.into_iter().partition(priority);
    going.splice(0..0, first);
    let waiter = |it: &Transfer| Waiter {
        since: it.planned_at,
        pressing: of(it).iter().any(|it| it.is_passed_over_no_longer(time)),
    };
    let waiters: Vec<Waiter> = rest.iter().map(waiter).collect();
    if go(&waiters, time) {
        going.extend(rest);
    } else if !rest.is_empty() {
        lane.blocked_by(Waiting::Energy);
    }
    Ok(going)
}
