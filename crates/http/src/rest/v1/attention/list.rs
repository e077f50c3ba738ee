//! `GET /v1/attention`: lists what needs a person, oldest first.

use sluice_api::list::List;
use sluice_api::query::Page;
use sluice_core::port::reader::WithdrawalView;
use sluice_core::time::Timestamp;
use sluice_core::withdrawal::State;

use crate::call::{Answer, Call, ok};
use crate::page::{Listing, WHOLE_MAX};

pub(crate) async fn run(call: Call) -> Answer {
    let page: Page = call.query()?;
    let views = call.reader().attention(call.caller.sees(), WHOLE_MAX).await?;
    let listing = Listing::of(sluice_api::path::ATTENTION, &[]);
    let cut = listing.page(views, &page, |view| format!("{} {}", since(view), view.withdrawal.id))?;
    let mut items = Vec::with_capacity(cut.data.len());
    for view in &cut.data {
        items.extend(super::attention(&call, view).await?);
    }
    ok(&List::page(items, cut.next_cursor))
}

/// Since when a person is awaited; the list holds nothing else.
fn since(view: &WithdrawalView) -> Timestamp {
    match &view.withdrawal.state {
        State::NeedsAttention(attention) => attention.since,
        _ => view.withdrawal.accepted_at,
    }
}
