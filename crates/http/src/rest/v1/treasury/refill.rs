//! `POST /v1/treasury/refills` orders a refill from a desk; `.../check` judges one and orders nothing.

use sluice_api::problem::{Code, Fault, Form};
use sluice_api::signature::{MovementCheck, OrderMovement};
use sluice_api::tag;
use sluice_core::amount::Amount;
use sluice_core::asset::AssetId;
use sluice_core::id::WalletId;
use sluice_core::ledger::Account;
use sluice_core::port::reader::WalletView;
use sluice_flow::operator::{Allowed, Movement, allow_refill, refill};

use super::ordered;
use crate::call::{Answer, Call, ok};
use crate::problem::{self, Reject};
use crate::rest::v1::signatures;
use crate::rest::v1::wallets::holdable;
use crate::wire;

pub(crate) async fn run(call: Call) -> Answer {
    let body: OrderMovement = call.body()?;
    let wanted = wanted(&call, &body).await?;
    let (partner, name) = (wanted.partner, wanted.external_id.clone());
    let before = call.reader().by_external_id(partner, &name).await?.map(|view| view.withdrawal.id);
    let done = refill(call.ports(), &call.server.api.deployment, wanted, call.cause(&body.reason)).await;
    done.map_err(|error| problem::refill(error, &body, before))?;
    let stored = call.reader().by_external_id(partner, &name).await?;
    let id = stored.ok_or_else(|| Reject::internal("a refill that was stored is not there"))?.withdrawal.id;
    ordered(before, sluice_api::path::SIGNATURE_REQUESTS, id, &signatures::told(&call, id).await?)
}

pub(crate) async fn check(call: Call) -> Answer {
    let body: OrderMovement = call.body()?;
    let wanted = wanted(&call, &body).await?;
    let allowed = allow_refill(call.ports(), &wanted, call.now).await;
    let allowed = allowed.map_err(|error| problem::refill(error, &body, None))?;
    ok(&checked(&call, &wanted, &allowed).await?)
}

/// What an order would find.
pub(super) async fn checked(
    call: &Call,
    wanted: &Movement,
    allowed: &Allowed,
) -> Result<MovementCheck, Reject> {
    let from = call.reader().wallet(Some(wanted.partner), wanted.from).await?;
    let from = from.ok_or_else(Reject::not_found)?;
    let request = &allowed.request;
    Ok(MovementCheck {
        object: tag::MovementCheck::Is,
        partner_id: wanted.partner.to_string(),
        from_wallet_id: wanted.from.to_string(),
        from: allowed.wallet.address.to_string(),
        to_wallet_id: wanted.to.to_string(),
        to: request.to.to_string(),
        asset: request.asset.id.to_string(),
        amount: wire::amount(request.amount, request.asset.precision),
        covered: covered(&from, allowed),
        balances: wire::signature::balances(&from, &request.asset, &holdable(call).await?),
        quiet_until: wire::signature::quiet_until(&from, call.now),
    })
}

/// Books and chain both have it, as both were last read.
fn covered(from: &WalletView, allowed: &Allowed) -> bool {
    let (request, asset) = (&allowed.request, &allowed.request.asset);
    let held = from.balances.iter().find(|held| held.asset == asset.id);
    let on_chain = held.is_some_and(|held| allowed.units.is_some_and(|wanted| held.units >= wanted));
    let booked =
        from.books.iter().filter(|(of, account, _)| *of == asset.id && *account == Account::Available);
    on_chain && booked.fold(0i64, |sum, (_, _, atoms)| sum.saturating_add(*atoms)) >= request.amount.atoms()
}

/// What a body asks for. Whose it is says the wallet it leaves: the platform acts for every partner.
pub(super) async fn wanted(call: &Call, body: &OrderMovement) -> Result<Movement, Reject> {
    let wallet = |text: &str, field| WalletId::parse(text).map_err(|_| Reject::field(field, Form::WalletId));
    let (from, to) =
        (wallet(&body.from_wallet_id, "from_wallet_id")?, wallet(&body.to_wallet_id, "to_wallet_id")?);
    let wallet = call.reader().wallet(call.caller.sees(), from).await?;
    let partner = wallet.ok_or_else(|| Reject::field("from_wallet_id", Form::WalletId))?.wallet.partner;
    let unknown = || Fault::field(Code::AssetUnknown, "asset").with("asset", &body.asset);
    let id = AssetId::parse(&body.asset).map_err(|_| unknown())?;
    let assets = holdable(call).await?;
    let asset = assets.iter().find(|it| it.id == id).ok_or_else(unknown)?;
    let amount = Amount::parse(body.amount.as_str(), asset.precision)
        .map_err(|error| problem::amount(error, "amount", body.amount.as_str(), &body.asset))?;
    let external_id = body.external_id.clone();
    Ok(Movement { partner, external_id, from, to, asset: id, amount })
}
