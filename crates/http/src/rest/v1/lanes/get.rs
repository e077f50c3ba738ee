//! `GET /v1/lanes/{id}`: reads a lane, or a desk.

use crate::call::{Answer, Call, ok};
use crate::problem::Reject;

pub(crate) async fn run(call: Call) -> Answer {
    let view = crate::rest::v1::wallets::find(&call).await?;
    ok(&super::one(&call, &view).await?.ok_or_else(Reject::not_found)?)
}
