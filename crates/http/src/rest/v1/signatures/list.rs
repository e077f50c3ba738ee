//! `GET /v1/signature-requests`: lists what people are asked to sign, newest first.

use sluice_api::list::List;
use sluice_api::query::{Query as _, SignatureQuery};
use sluice_core::id::WalletId;
use sluice_core::signature_request::SignatureFilter;

use super::holder;
use crate::call::{Answer, Call, ok};
use crate::page::{Listing, limit};
use crate::problem::Reject;
use crate::rest::v1::wallets::holdable;
use crate::rest::v1::withdrawals::list::{key, position};
use crate::wire::signature::request;

pub(crate) async fn run(call: Call) -> Answer {
    let query: SignatureQuery = call.query()?;
    let listing = Listing::of(sluice_api::path::SIGNATURE_REQUESTS, &query.give());
    let after = query.page.cursor.as_deref().map(|cursor| position(&listing.key(cursor)?)).transpose()?;
    // What cannot be the id of a wallet is one that nobody may see.
    let wallet = query.wallet.as_deref().map(WalletId::parse).transpose().map_err(|_| Reject::not_found())?;
    let filter = SignatureFilter { wallet, open: query.open };
    let one_more = limit(&query.page).saturating_add(1);
    let found = call.reader().signature_requests(call.caller.sees(), filter, after, one_more).await?;
    let page = listing.first(found, &query.page, |it| key(&it.errand));
    let (assets, holder) = (holdable(&call).await?, holder(&call));
    let told = page.data.iter().map(|it| request(it, &assets, holder.as_ref(), call.now));
    ok(&List::page(told.collect(), page.next_cursor))
}
