//! `POST /v1/energy/stakes` orders a stake of a lane's TRX, the end of one, or that what is due of those is paid out; `.../check`
//! judges one and orders nothing.

use sluice_api::energy::{OrderStake, StakeCheck, StakeDeed, StakeResource};
use sluice_api::problem::Form;
use sluice_api::tag;
use sluice_core::amount::Amount;
use sluice_core::asset::Asset;
use sluice_core::errand::{Errand, Resource};
use sluice_core::id::WalletId;
use sluice_core::ledger::Account;
use sluice_core::port::reader::WalletView;
use sluice_flow::operator::{WantedStake, allow_stake, stake};

use crate::call::{Answer, Call, ok};
use crate::problem::{self, Reject};
use crate::rest::v1::treasury::ordered;
use crate::rest::v1::wallets::holdable;
use crate::wire;
use crate::wire::withdrawal::withdrawal;

pub(crate) async fn run(call: Call) -> Answer {
    let body: OrderStake = call.body()?;
    let (wanted, ..) = wanted(&call, &body).await?;
    let (partner, name) = (wanted.partner, wanted.external_id.clone());
    let before = call.reader().by_external_id(partner, &name).await?.map(|view| view.withdrawal.id);
    let done = stake(call.ports(), &call.server.api.deployment, wanted, call.cause(&body.reason)).await;
    done.map_err(|error| problem::stake(error, &body, before))?;
    let stored = call.reader().by_external_id(partner, &name).await?;
    let view = stored.ok_or_else(|| Reject::internal("a stake that was stored is not there"))?;
    let told = withdrawal(&view, call.lang, call.now);
    ordered(before, sluice_api::path::WITHDRAWALS, view.withdrawal.id, &told)
}

pub(crate) async fn check(call: Call) -> Answer {
    let body: OrderStake = call.body()?;
    let (wanted, view, coin) = wanted(&call, &body).await?;
    let allowed = allow_stake(call.ports(), &wanted).await;
    let allowed = allowed.map_err(|error| problem::stake(error, &body, None))?;
    let booked = |account| {
        let sums = view.books.iter().filter(|(of, it, _)| *of == coin.id && *it == account);
        sums.fold(0i64, |sum, (_, _, atoms)| sum.saturating_add(*atoms))
    };
    let told = |account| wire::atoms(booked(account), &coin);
    ok(&StakeCheck {
        object: tag::StakeCheck::Is,
        partner_id: wanted.partner.to_string(),
        wallet_id: wanted.wallet.to_string(),
        address: view.wallet.address.to_string(),
        deed: body.deed,
        resource: body.resource,
        amount: wire::amount(wanted.amount, coin.precision),
        covered: match body.deed {
            StakeDeed::Stake => {
                let held = view.balances.iter().find(|held| held.asset == coin.id);
                let there = held.is_some_and(|held| allowed.units.is_some_and(|wanted| held.units >= wanted));
                there && booked(Account::Available) >= wanted.amount.atoms()
            }
            StakeDeed::Unstake => booked(Account::Staked) >= wanted.amount.atoms(),
            StakeDeed::Collect => booked(Account::Unstaking) >= wanted.amount.atoms(),
        },
        staked: told(Account::Staked),
        lent: told(Account::Lent),
        unstaking: told(Account::Unstaking),
        balances: wire::signature::balances(&view, &coin, std::slice::from_ref(&coin)),
        resources: wire::wallet::resources(&view),
    })
}

/// What a body asks for, with the wallet and its coin. Whose it is says the wallet: the platform acts for every partner.
async fn wanted(call: &Call, body: &OrderStake) -> Result<(WantedStake, WalletView, Asset), Reject> {
    let none = || Reject::field("wallet_id", Form::WalletId);
    let id = WalletId::parse(&body.wallet_id).map_err(|_| none())?;
    let view = call.reader().wallet(call.caller.sees(), id).await?.ok_or_else(none)?;
    let coins = holdable(call).await?;
    let coin = coins.into_iter().find(|it| it.id.chain == view.wallet.chain && it.contract().is_none());
    let coin = coin.ok_or_else(none)?;
    let amount = Amount::parse(body.amount.as_str(), coin.precision)
        .map_err(|error| problem::amount(error, "amount", body.amount.as_str(), &coin.symbol))?;
    let resource = match body.resource {
        StakeResource::Energy => Resource::Energy,
        StakeResource::Bandwidth => Resource::Bandwidth,
    };
    let errand = match body.deed {
        StakeDeed::Stake => Errand::Stake(resource),
        StakeDeed::Unstake => Errand::Unstake(resource),
        StakeDeed::Collect => Errand::Collect(resource),
    };
    let external_id = body.external_id.clone();
    Ok((WantedStake { partner: view.wallet.partner, external_id, wallet: id, errand, amount }, view, coin))
}
