//! `GET /v1/attention/{id}`: reads what needs a person, by the withdrawal's id.

use crate::call::{Answer, Call, ok};
use crate::problem::Reject;

pub(crate) async fn run(call: Call) -> Answer {
    let view = super::find(&call).await?;
    ok(&super::attention(&call, &view).await?.ok_or_else(Reject::not_found)?)
}
