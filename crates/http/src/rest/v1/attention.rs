//! What only a person may decide, and the ways out.

pub(crate) mod get;
pub(crate) mod give_up;
pub(crate) mod list;
pub(crate) mod redrive;
pub(crate) mod resolve;

use sluice_api::attention::{Attention, WayOut, WayOutState};
use sluice_api::problem::Code;
use sluice_api::tag;
use sluice_core::command::Kind;
use sluice_core::port::reader::WithdrawalView;
use sluice_core::withdrawal::State;
use sluice_flow::operator::doubtful;

use crate::call::Call;
use crate::problem::{self, Reject};
use crate::wire::withdrawal::{alive, withdrawal};
use crate::wire::{reason, time};

/// What needs a person; `None` for a withdrawal that needs none.
async fn attention(call: &Call, view: &WithdrawalView) -> Result<Option<Attention>, Reject> {
    let State::NeedsAttention(attention) = &view.withdrawal.state else { return Ok(None) };
    let doubtful = doubtful(call.ports(), &view.withdrawal).await;
    let doubtful = doubtful.map_err(|error| problem::order(error, Kind::WithdrawalRedrive.as_str(), 0))?;
    // What was signed before a restore is resolved with its transaction, or given up where its slots are dead: the chain is
    // asked when two persons say so, and not before.
    let lost = attention.paid_before_restore();
    let way = |way, kind: Kind, open: bool| WayOutState {
        way,
        open,
        closed_by: (!open).then(|| Code::AttemptsNotDead.as_str().to_owned()),
        persons: if kind.persons().two(doubtful) { 2 } else { 1 },
    };
    Ok(Some(Attention {
        id: view.withdrawal.id.to_string(),
        object: tag::Attention::Is,
        withdrawal: withdrawal(view, call.lang, call.now),
        since: time(attention.since),
        reason: reason(attention.code.as_str(), call.lang),
        undead: if attention.slots_dead { Vec::new() } else { alive(view) },
        ways_out: vec![
            way(WayOut::Redrive, Kind::WithdrawalRedrive, attention.slots_dead && !lost),
            way(WayOut::Resolve, Kind::WithdrawalResolve, true),
            way(WayOut::GiveUp, Kind::WithdrawalGiveUp, attention.slots_dead),
        ],
    }))
}

/// The withdrawal in the path, if the caller may see it.
async fn find(call: &Call) -> Result<WithdrawalView, Reject> {
    super::withdrawals::find(call).await
}

/// How many attempts have no proof of death; at least one where the engine says that a slot is alive.
fn alive_count(view: &WithdrawalView) -> usize {
    match &view.withdrawal.state {
        State::NeedsAttention(attention) if !attention.slots_dead => alive(view).len().max(1),
        _ => 0,
    }
}
