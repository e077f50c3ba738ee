//! `GET /v1/commands/{id}`: reads a command that takes two persons.

use crate::call::{Answer, Call, ok};
use crate::wire;

pub(crate) async fn run(call: Call) -> Answer {
    ok(&wire::command::command(&super::find(&call).await?))
}
