//! What only a person may decide, and the ways out.

pub(crate) mod get;
pub(crate) mod give_up;
pub(crate) mod list;
pub(crate) mod redrive;
pub(crate) mod resolve;

use sluice_api::attention::{Attention, WayOut, WayOutState};
use sluice_api::problem::Code;
use sluice_api::tag;
use sluice_core::port::reader::WithdrawalView;
use sluice_core::withdrawal::State;

use crate::call::Call;
use crate::problem::Reject;
use crate::wire::withdrawal::{alive, withdrawal};
use crate::wire::{reason, time};

/// What needs a person; `None` for a withdrawal that needs none.
fn attention(call: &Call, view: &WithdrawalView) -> Option<Attention> {
    let State::NeedsAttention(attention) = &view.withdrawal.state else { return None };
    let way = |way, open: bool| WayOutState {
        way,
        open,
        closed_by: (!open).then(|| Code::AttemptsNotDead.as_str().to_owned()),
        persons: 1,
    };
    Some(Attention {
        id: view.withdrawal.id.to_string(),
        object: tag::Attention::Is,
        withdrawal: withdrawal(view, call.lang, call.now),
        since: time(attention.since),
        reason: reason(&attention.code, call.lang),
        undead: if attention.slots_dead { Vec::new() } else { alive(view) },
        ways_out: vec![
            way(WayOut::Redrive, attention.slots_dead),
            way(WayOut::Resolve, true),
            way(WayOut::GiveUp, attention.slots_dead),
        ],
    })
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
