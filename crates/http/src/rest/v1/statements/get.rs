//! `GET /v1/statements`: what each wallet of a partner held before and after a day, and what lies between, from the books;
//! and what the chain holds at a final block. A day that is not over is told as it stands now.

use std::collections::BTreeMap;

use sluice_api::problem::{Code, Fault};
use sluice_api::query::StatementQuery;
use sluice_api::statement::{Comparison, NotCompared, Statement, StatementLine};
use sluice_api::tag;
use sluice_core::asset::Asset;
use sluice_core::chain::ChainProfile;
use sluice_core::id::{PartnerId, WalletId};
use sluice_core::statement::Line;
use sluice_core::time::Timestamp;
use sluice_core::wallet::Wallet;
use sluice_flow::statement::{Beside, Compared, NotCompared as Why, compare};

use crate::call::{Answer, Call, ok};
use crate::problem::Reject;
use crate::wire::{atoms, block, time, units};

type Found = Result<Compared, Why>;

pub(crate) async fn run(call: Call) -> Answer {
    let query: StatementQuery = call.query()?;
    let id = whose(&call, &query)?;
    let partner = call.registry().partner(id).await?.ok_or_else(Reject::not_found)?;
    let zone = query.zone.clone().unwrap_or(partner.zone);
    let unknown = || Reject::from(Fault::new(Code::TimezoneUnknown, "?zone").with("value", &zone));
    let today = call.now.day_in(&zone).ok_or_else(unknown)?;
    let day = query.day.clone().unwrap_or(today);
    let (from, end) = range(&day, &zone)?;
    if from > call.now {
        let earliest = Timestamp::from_micros(0);
        return Err(Reject::time("?day", "day", day, earliest, Some(call.now)));
    }
    let to = end.min(call.now);
    let wallets = call.reader().wallets_of(Some(id)).await?;
    // The coins that pay for gas too, which no partner may pay out.
    let mut assets = call.reader().assets_of(None).await?;
    for view in &wallets {
        if let Some(profile) = ChainProfile::known(view.wallet.chain) {
            assets = Asset::with_coin(assets, &profile);
        }
    }
    let mut compared: BTreeMap<WalletId, Found> = BTreeMap::new();
    // Before the books are read: what is booked meanwhile is then in `closing` too, and in what lies behind it.
    for view in &wallets {
        compared.insert(view.wallet.id, compare(call.ports(), view.wallet.id).await?);
    }
    let mut lines = Vec::new();
    for line in call.reader().statement(id, from, to).await? {
        let wallet = wallets.iter().map(|view| &view.wallet).find(|wallet| wallet.id == line.wallet);
        let asset = assets.iter().find(|asset| asset.id == line.asset);
        let (Some(wallet), Some(asset)) = (wallet, asset) else {
            return Err(Reject::internal("the books name a wallet or an asset that is not there"));
        };
        lines.push(told(&line, wallet, asset, compared.get(&wallet.id)));
    }
    ok(&Statement {
        object: tag::Statement::Is,
        partner_id: id.to_string(),
        day,
        zone,
        from: time(from),
        to: time(to),
        over: end <= call.now,
        lines,
    })
}

/// Whose statement; what belongs to another tenant is answered as if it did not exist.
fn whose(call: &Call, query: &StatementQuery) -> Result<PartnerId, Reject> {
    let id = match &query.partner {
        Some(text) => PartnerId::parse(text).map_err(|_| Reject::not_found())?,
        None => call.caller.partner,
    };
    if call.caller.acts_for(id) { Ok(id) } else { Err(Reject::not_found()) }
}

fn range(day: &str, zone: &str) -> Result<(Timestamp, Timestamp), Reject> {
    let malformed =
        || Reject::from(Fault::new(Code::TimeMalformed, "?day").with("field", "day").with("value", day));
    let from = Timestamp::start_of(day, zone).ok_or_else(malformed)?;
    Ok((from, from.next_day_in(zone).ok_or_else(malformed)?))
}

fn told(line: &Line, wallet: &Wallet, asset: &Asset, found: Option<&Found>) -> StatementLine {
    let figure = |sum: i64| atoms(sum, asset);
    let (compared, not_compared) = match found {
        Some(Ok(found)) => (comparison(line, asset, found), None),
        Some(Err(why)) => (None, Some(why_not(*why))),
        None => (None, Some(NotCompared::Retired)),
    };
    // An asset that is not configured any more is not asked for.
    let not_compared = not_compared.or_else(|| compared.is_none().then_some(NotCompared::ChainUnavailable));
    StatementLine {
        wallet_id: wallet.id.to_string(),
        chain: wallet.chain.to_string(),
        address: wallet.address.to_string(),
        asset: asset.id.to_string(),
        symbol: asset.symbol.clone(),
        opening: figure(line.opening),
        came_in: figure(line.came_in),
        out: figure(line.paid),
        fees: figure(line.fees),
        gas: figure(line.gas),
        adjustments: figure(line.adjusted),
        closing: figure(line.closing),
        compared,
        not_compared,
    }
}

fn comparison(line: &Line, asset: &Asset, found: &Compared) -> Option<Comparison> {
    let Beside { on_chain, on_chain_atoms, books } = *found.assets.get(&asset.id)?;
    let difference = on_chain_atoms.checked_sub(books)?;
    Some(Comparison {
        block: block(found.block),
        since_closing: atoms(books.checked_sub(line.closing)?, asset),
        books: atoms(books, asset),
        on_chain: sluice_api::text::Decimal::new(units(&on_chain.to_string(), asset.decimals)),
        difference: atoms(difference, asset),
    })
}

pub(crate) const fn why_not(why: Why) -> NotCompared {
    match why {
        Why::Retired => NotCompared::Retired,
        Why::ChainUnavailable => NotCompared::ChainUnavailable,
        Why::UnderWay => NotCompared::UnderWay,
        Why::FinalityReversed => NotCompared::FinalityReversed,
    }
}
