//! `GET /v1/wallets/{id}/key-statement` and `POST /v1/wallets/{id}/show-key`: whoever holds the key of an external wallet shows it by
//! a signed text, and the wallet is a desk from then on.

use sluice_api::problem::{Code, Fault};
use sluice_api::signature::{KeyStatement, ShowKey};
use sluice_api::tag;
use sluice_flow::operator::{FRESH_MS, show_key, statement as of};

use super::{find, holdable};
use crate::call::{Answer, Call, ok, time as read_time};
use crate::problem::{self, Reject};
use crate::wire::time;
use crate::wire::wallet::wallet;

pub(crate) async fn statement(call: Call) -> Answer {
    let view = find(&call).await?;
    let at = call.now;
    ok(&KeyStatement {
        object: tag::KeyStatement::Is,
        wallet_id: view.wallet.id.to_string(),
        address: view.wallet.address.to_string(),
        text: of(&call.server.api.deployment, &view.wallet, at).text(),
        at: time(at),
        valid_until: time(at.plus_ms(FRESH_MS)),
    })
}

pub(crate) async fn run(call: Call) -> Answer {
    let body: ShowKey = call.body()?;
    let (at, found) = (read_time(&body.at, "at")?, find(&call).await?.wallet);
    let signature = signature(&body.signature)?;
    let (of, deployment) = ((found.partner, found.id), &call.server.api.deployment);
    let shown =
        Box::pin(show_key(call.ports(), deployment, of, (at, &signature), call.cause(&body.reason))).await;
    shown.map_err(|error| problem::key_not_shown(error, &found.address.to_string()))?;
    ok(&wallet(&find(&call).await?, &holdable(&call).await?, call.lang))
}

/// A signature in hex, of whatever length: whoever compares it knows how long one is.
pub(crate) fn signature(text: &str) -> Result<Vec<u8>, Reject> {
    hex::decode(text.strip_prefix("0x").unwrap_or(text))
        .map_err(|_| Fault::field(Code::SignatureMalformed, "signature").into())
}
