//! `sluice list`: withdrawals by any filter; and how every list of this program is printed.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sluice_api::client::Pages;
use sluice_api::list::LIMIT_MAX;
use sluice_api::problem::Lang;
use sluice_api::query::{Page, Query, WithdrawalQuery};
use sluice_api::status::{Status, WithdrawalType};
use sluice_api::text::Time;

use super::choice;
use super::fail::{Exit, Fail};
use super::screen::Screen;
use super::session::Session;
use super::table::{Cell, Table};
use super::times::{self, Reading};
use super::words::{self, pick, say};

/// Which withdrawals.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only of this status
    #[arg(long, value_parser = choice::of(Status::WORDS, Status::parse))]
    status: Option<Status>,
    /// Only of this type
    #[arg(long = "type", value_parser = choice::of(WithdrawalType::WORDS, WithdrawalType::parse))]
    kind: Option<WithdrawalType>,
    /// Only of this asset: its id, or its symbol when only one asset has it
    #[arg(long)]
    asset: Option<String>,
    /// Only of this user
    #[arg(long)]
    user: Option<String>,
    /// Only created at or after this time: RFC 3339, 2026-11-21, "2026-11-21 09:30", 09:30, or 2h (ago)
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Only created before this time
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Only with exactly this external id
    #[arg(long)]
    external_id: Option<String>,
    /// Only to this address
    #[arg(long)]
    address: Option<String>,
    /// Also what the house had its wallets do: stakes, loans of energy, coin for fees
    #[arg(long)]
    errands: bool,
    /// At most so many
    #[arg(long, default_value_t = 20, conflicts_with = "all")]
    limit: u32,
    /// All of them
    #[arg(long)]
    all: bool,
}

/// Lists them.
pub(super) async fn run(session: &Session, screen: &Screen, args: Args) -> Result<Exit, Fail> {
    let asset = match &args.asset {
        Some(named) => Some(session.asset(named).await?),
        None => None,
    };
    let max = if args.all { usize::MAX } else { usize::try_from(args.limit).unwrap_or(usize::MAX) };
    let query = WithdrawalQuery {
        status: args.status,
        kind: args.kind,
        asset,
        user_id: args.user,
        from: time(session, args.from.as_deref(), "--from")?,
        to: time(session, args.to.as_deref(), "--to")?,
        external_id: args.external_id,
        address: args.address,
        errands: args.errands,
        page: Page {
            limit: Some(if args.all { LIMIT_MAX } else { args.limit.clamp(1, LIMIT_MAX) }),
            cursor: None,
        },
    };
    let (lang, now) = (screen.lang, session.now());
    let names = session.names().await;
    let created = format!("{} ({})", pick(lang, "created", "접수"), times::zone_name(lang));
    let head = [
        "id",
        pick(lang, "status", "상태"),
        pick(lang, "amount", "금액"),
        pick(lang, "recipient", "수취 주소"),
        &created,
        "external_id",
    ];
    listed(session, screen, session.client.withdrawals(query), max, &head, |it| {
        vec![
            Cell::new(&it.id),
            words::status_cell(lang, it.status),
            Cell::number(names.money(&it.amount, &it.asset)),
            Cell::new(abridged(&it.address)),
            Cell::new(times::shown(&it.created_at, now, lang)),
            Cell::new(&it.external_id),
        ]
    })
    .await
}

/// Reads a time of the past as people write it.
///
/// # Errors
/// A notice that names the option.
pub(super) fn time(session: &Session, text: Option<&str>, option: &str) -> Result<Option<Time>, Fail> {
    let Some(text) = text else { return Ok(None) };
    match times::moment(text, session.now(), Reading::Ago, session.lang) {
        Some(at) => Ok(Some(times::wire(at))),
        None => Err(not_a_time(session.lang, text, option)),
    }
}

/// An option that should be a time.
pub(super) fn not_a_time(lang: Lang, text: &str, option: &str) -> Fail {
    Fail::usage(
        "time_malformed",
        pick(lang, "That is not a time", "시각 형식이 아닙니다"),
        say!(lang, "{option} `{text}` cannot be read.", "{option} `{text}`을(를) 읽을 수 없습니다."),
        pick(
            lang,
            "Write 2026-11-21T09:30:00+09:00, 2026-11-21, \"2026-11-21 09:30\", 09:30 or a span such as 2h.",
            "2026-11-21T09:30:00+09:00, 2026-11-21, \"2026-11-21 09:30\", 09:30 또는 2h 같은 기간으로 쓰세요.",
        ),
    )
}

/// The ends of an address. Enough to find one's way in a list, never to compare: another address can have the same ends.
pub(super) fn abridged(address: &str) -> String {
    match (address.get(..8), address.get(address.len().saturating_sub(6)..)) {
        (Some(start), Some(end)) if address.len() > 20 => format!("{start}\u{2026}{end}"),
        _ => address.to_owned(),
    }
}

/// Prints up to `max` things of a list as they are fetched: rows for people, one object a line for programs.
///
/// # Errors
/// What a page fails with.
pub(super) async fn listed<T: Serialize + DeserializeOwned, Q: Query>(
    session: &Session,
    screen: &Screen,
    mut pages: Pages<'_, T, Q>,
    max: usize,
    head: &[&str],
    row: impl Fn(&T) -> Vec<Cell>,
) -> Result<Exit, Fail> {
    let lang = screen.lang;
    let mut table = Table::of(head);
    let (mut count, mut more) = (0usize, false);
    while let Some(item) = pages.next().await.map_err(|error| session.failed(error))? {
        if count == max {
            more = true;
            break;
        }
        count += 1;
        if screen.json {
            screen.item(&item)?;
            continue;
        }
        table.row(row(&item));
        if table.waiting() == usize::try_from(LIMIT_MAX).unwrap_or(usize::MAX) {
            table.print(screen)?;
        }
    }
    table.print(screen)?;
    if !screen.json && count == 0 {
        screen.note(pick(lang, "None.", "없습니다."));
    } else if more {
        screen.note(&say!(
            lang,
            "There are more than {count}: --limit or --all.",
            "{count}건보다 더 있습니다: --limit 또는 --all을 쓰세요."
        ));
    }
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_its_ends() {
        assert_eq!(abridged("0x52908400098527886E0F7030069857D2E4169EE7"), "0x529084…169EE7");
        assert_eq!(abridged("short"), "short");
        assert_eq!(abridged("주소주소주소주소주소주소"), "주소주소주소주소주소주소");
    }
}
