//! Lanes and what operators do with them.

pub(crate) mod adopt;
pub(crate) mod cap;
pub(crate) mod drain;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod pause;
pub(crate) mod resume;
pub(crate) mod speed_up;
pub(crate) mod unfreeze;

use sluice_api::lane::Lane;
use sluice_core::port::reader::WalletView;
use sluice_flow::lane::DESK_WINDOW;
use sluice_flow::operator::{LaneCommand, command};

use super::commands;
use crate::call::{Answer, Call};
use crate::problem::{self, Reject};
use crate::wire;

/// Gives an order to the lane in the path.
pub(crate) async fn order(call: &Call, order: &LaneCommand, reason: &str, version: Option<u64>) -> Answer {
    let id = super::wallets::find(call).await?.wallet.id;
    let (kind, given) = (order.kind(), commands::given(call, reason, version));
    let done = command(call.ports(), call.caller.sees(), id, order, given).await;
    let done = done.map_err(|error| problem::order(error, kind.as_str(), 0))?;
    commands::answered(call, kind, id, reason, &done, |wallet| wallet.version)
}

/// A lane or a desk as it stands; `None` for a wallet that is neither, or left service.
async fn one(call: &Call, view: &WalletView) -> Result<Option<Lane>, Reject> {
    let held = call.ports().store.lane(view.wallet.id).await?;
    let of_chain = || call.ports().chains.get(&view.wallet.chain).map(|chain| chain.profile().window);
    let window = if view.wallet.is_desk() { Some(DESK_WINDOW) } else { of_chain() };
    Ok(wire::lane::lane(view, held.as_ref(), window.map_or(0, u32::from), call.lang, call.now))
}
