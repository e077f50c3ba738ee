//! `GET /v1/reconciliations`: lists what comparisons of books and chain found, newest first.

use sluice_api::list::List;
use sluice_api::problem::Code;
use sluice_api::query::{Query as _, ReconciliationQuery};
use sluice_core::id::{ReconciliationId, WalletId};
use sluice_core::port::reader::ReconciliationFilter;
use sluice_core::reconciliation::Outcome;

use crate::call::{Answer, Call, ok};
use crate::page::{Listing, limit};
use crate::problem::Reject;
use crate::rest::v1::wallets::holdable;
use crate::wire::reconciliation::reconciliation;

pub(crate) async fn run(call: Call) -> Answer {
    let query: ReconciliationQuery = call.query()?;
    let listing = Listing::of(sluice_api::path::RECONCILIATIONS, &query.give());
    let invalid = || Reject::new(Code::CursorInvalid);
    let before = match &query.page.cursor {
        Some(cursor) => Some(ReconciliationId::parse(&listing.key(cursor)?).map_err(|_| invalid())?),
        None => None,
    };
    // What cannot be the id of a wallet is one that nobody may see.
    let wallet = query.wallet.as_deref().map(WalletId::parse).transpose().map_err(|_| Reject::not_found())?;
    let outcome = query.outcome.and_then(|outcome| Outcome::parse(outcome.as_str()));
    let filter = ReconciliationFilter { wallet, outcome };
    let one_more = limit(&query.page).saturating_add(1);
    let found = call.reader().reconciliations(call.caller.sees(), filter, before, one_more).await?;
    let page = listing.first(found, &query.page, |run| run.id.to_string());
    let assets = holdable(&call).await?;
    let told = page.data.iter().map(|run| reconciliation(run, &assets)).collect();
    ok(&List::page(told, page.next_cursor))
}
