//! `sluice whoami`: which key, of whom, and what it may do, as the server sees it.

use sluice_api::partner::Mode;

use super::fail::{Exit, Fail};
use super::screen::Screen;
use super::session::Session;
use super::table::{Cell, fields};
use super::times;
use super::words::pick;

/// Asks.
pub(super) async fn run(session: &Session, screen: &Screen) -> Result<Exit, Fail> {
    let me = session.client.me().await.map_err(|error| session.failed(error))?;
    if screen.json {
        screen.object(&me)?;
        return Ok(Exit::Done);
    }
    let lang = screen.lang;
    let mode = match me.mode {
        Mode::Live => pick(lang, "live", "실거래"),
        Mode::Test => pick(lang, "test", "테스트"),
    };
    let anywhere = pick(lang, "anywhere", "제한 없음").to_owned();
    let from = if me.allowed_ips.is_empty() { anywhere } else { me.allowed_ips.join(", ") };
    let scopes: Vec<&str> = me.scopes.iter().map(|scope| scope.as_str()).collect();
    let ends = me
        .expires_at
        .as_ref()
        .map_or_else(|| pick(lang, "never", "없음").to_owned(), |at| times::full(at, lang));
    let lines = [
        (pick(lang, "server", "서버"), format!("{} ({})", session.url, me.version)),
        (pick(lang, "key", "키"), format!("{} ({})", me.key_id, me.key_name)),
        (pick(lang, "partner", "파트너"), format!("{} ({})", me.partner_id, me.partner_name)),
        (pick(lang, "money", "구분"), mode.to_owned()),
        (pick(lang, "scopes", "권한"), scopes.join(", ")),
        (pick(lang, "may come from", "허용 IP"), from),
        (pick(lang, "comes from", "접속 IP"), me.ip),
        (pick(lang, "ends", "만료"), ends),
        (pick(lang, "time zone", "시간대"), me.timezone),
        (pick(lang, "server time", "서버 시각"), times::full(&me.now, lang)),
    ];
    fields(screen, &lines.map(|(name, value)| (name, Cell::new(value))))?;
    Ok(Exit::Done)
}
