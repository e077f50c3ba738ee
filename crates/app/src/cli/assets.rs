//! `sluice assets`: what can be paid.

use super::fail::{Exit, Fail};
use super::list::listed;
use super::screen::Screen;
use super::session::Session;
use super::table::Cell;
use super::words::{self, pick};

/// Lists them.
pub(super) async fn run(session: &Session, screen: &Screen) -> Result<Exit, Fail> {
    let lang = screen.lang;
    let head = [
        pick(lang, "symbol", "기호"),
        pick(lang, "state", "상태"),
        pick(lang, "least", "최소"),
        pick(lang, "most", "최대"),
        pick(lang, "fee", "수수료"),
        pick(lang, "decimals", "소수 자릿수"),
        "id",
    ];
    listed(session, screen, session.client.assets(), usize::MAX, &head, |it| {
        let most = it.amount_max.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        vec![
            Cell::new(&it.symbol),
            words::asset_state(lang, it.state),
            Cell::number(&it.amount_min),
            Cell::number(most),
            Cell::number(&it.fee),
            Cell::number(it.precision),
            Cell::new(&it.id),
        ]
    })
    .await
}
