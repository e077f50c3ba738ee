//! `GET /v1/withdrawals/{id}`: reads a withdrawal.

use crate::call::{Answer, Call, ok};
use crate::wire::withdrawal::withdrawal;

pub(crate) async fn run(call: Call) -> Answer {
    let view = super::find(&call).await?;
    ok(&withdrawal(&view, call.lang, call.now))
}
