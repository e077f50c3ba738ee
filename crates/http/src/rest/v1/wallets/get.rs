//! `GET /v1/wallets/{id}`: reads a wallet with its balances, each with its block and time.

use crate::call::{Answer, Call, ok};
use crate::wire::wallet::wallet;

pub(crate) async fn run(call: Call) -> Answer {
    let view = super::find(&call).await?;
    let assets = super::holdable(&call).await?;
    ok(&wallet(&view, &assets, call.lang))
}
