//! `POST /v1/wallets/register`: has a wallet looked at whose key somebody else holds, once two persons say the same of it.

use sluice_api::problem::Form;
use sluice_api::wallet::RegisterWallet;
use sluice_core::command::Kind;
use sluice_core::id::PartnerId;
use sluice_core::partner::PLATFORM;
use sluice_core::wallet::Custody;
use sluice_flow::operator::{Register, register};

use super::wanted::Asked;
use crate::call::{Answer, Call};
use crate::problem::{self, Reject};
use crate::rest::v1::commands;

pub(crate) async fn run(call: Call) -> Answer {
    let body: RegisterWallet = call.body()?;
    let partner = owner(&call, body.partner_id.as_deref()).await?;
    let asked = Asked::of(&call, (&body.chain, &body.address), body.role, Custody::External)?;
    let wanted = Register {
        partner,
        chain: asked.chain,
        address: asked.address,
        tier: asked.tier,
        label: body.label.clone(),
        wait_ms: call.server.api.treasury.register_wait_ms,
    };
    let given = commands::given(&call, &body.reason, None);
    let done = register(call.ports(), &wanted, given).await;
    let done = done.map_err(|error| problem::registration(error, &body))?;
    let account = format!("{}:{}", wanted.chain, wanted.address);
    commands::answered(&call, Kind::WalletRegister, account, &body.reason, &done, |wallet| wallet.version)
}

/// The caller itself, unless it is the platform, which names a partner. The platform has no wallets of its own here.
async fn owner(call: &Call, named: Option<&str>) -> Result<PartnerId, Reject> {
    let none = || Reject::field("partner_id", Form::PartnerId);
    let id = match named {
        None => call.caller.partner,
        Some(named) => PartnerId::parse(named).map_err(|_| none())?,
    };
    if id == PLATFORM || !call.caller.acts_for(id) {
        return Err(none());
    }
    call.registry().partner(id).await?.map(|partner| partner.id).ok_or_else(none)
}
