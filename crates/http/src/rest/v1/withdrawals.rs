//! Withdrawals.

pub(crate) mod cancel;
pub(crate) mod create;
pub(crate) mod events;
pub(crate) mod get;
pub(crate) mod list;

use sluice_core::id::WithdrawalId;
use sluice_core::port::reader::WithdrawalView;

use crate::call::Call;
use crate::problem::Reject;

/// The withdrawal in the path, if the caller may see it.
pub(crate) async fn find(call: &Call) -> Result<WithdrawalView, Reject> {
    view(call, call.id(WithdrawalId::parse)?).await
}

/// A withdrawal, if the caller may see it.
pub(crate) async fn view(call: &Call, id: WithdrawalId) -> Result<WithdrawalView, Reject> {
    call.reader().withdrawal(call.caller.sees(), id).await?.ok_or_else(Reject::not_found)
}
