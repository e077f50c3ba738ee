//! `sluice limits`: how much may leave, and how much of that is used.

use sluice_api::limit::{LimitScope, LimitWindow};

use super::fail::{Exit, Fail};
use super::list::listed;
use super::screen::Screen;
use super::session::Session;
use super::table::Cell;
use super::times;
use super::words::pick;

/// Lists them.
pub(super) async fn run(session: &Session, screen: &Screen) -> Result<Exit, Fail> {
    let (lang, now) = (screen.lang, session.now());
    let names = session.names().await;
    let head = [
        pick(lang, "scope", "대상"),
        pick(lang, "whose", "소유"),
        pick(lang, "per", "기간"),
        pick(lang, "limit", "한도"),
        pick(lang, "used", "사용"),
        pick(lang, "left", "남음"),
        pick(lang, "unit", "단위"),
        pick(lang, "starts anew", "초기화"),
    ];
    listed(session, screen, session.client.limits(), usize::MAX, &head, |it| {
        let scope = match it.scope {
            LimitScope::Partner => pick(lang, "partner", "파트너"),
            LimitScope::User => pick(lang, "user", "사용자"),
            LimitScope::Wallet => pick(lang, "wallet", "지갑"),
            LimitScope::Address => pick(lang, "address", "주소"),
        };
        let window = match it.window {
            LimitWindow::Transaction => pick(lang, "withdrawal", "건"),
            LimitWindow::Day => pick(lang, "day", "일"),
            LimitWindow::Month => pick(lang, "month", "월"),
        };
        vec![
            Cell::new(scope),
            Cell::new(&it.subject),
            Cell::new(window),
            Cell::number(&it.limit),
            Cell::number(&it.used),
            Cell::number(&it.remaining),
            Cell::new(names.symbol(&it.unit)),
            Cell::new(times::perhaps(it.resets_at.as_ref(), now, lang)),
        ]
    })
    .await
}
