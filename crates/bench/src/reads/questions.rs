//! What is asked, and what the answer must hold, so that no empty page is measured for a full one.

use serde_json::Value;

use crate::database::Database;
use crate::engine::Engine;

/// Rows of a page.
const PAGE: usize = 50;
const DAY_US: i64 = 86_400_000_000;

/// A question.
pub(super) struct Asked {
    pub(super) name: &'static str,
    pub(super) target: String,
    rows: Rows,
}

/// Rows of an answer.
enum Rows {
    /// A page of this many or more.
    AtLeast(usize),
    /// None at all.
    None,
    /// What is asked for is one thing.
    One,
}

/// The names, in order.
pub(super) const NAMES: [&str; 17] = [
    "list, the newest",
    "list, half way down",
    "list, completed",
    "list, failed",
    "list, a status that none has",
    "list, a type that none has",
    "list, an asset that none is in",
    "list, a range half a year ago",
    "list, of one customer",
    "list, to one address",
    "by external id",
    "by id",
    "its timeline",
    "stats of the last day",
    "stats of the year",
    "feed, from the beginning",
    "feed, at its end",
];

/// All of them, about the history that is there.
pub(super) fn questions(engine: &Engine, database: &Database<'_>) -> Result<Vec<Asked>, String> {
    let number = |ask: &str| database.numbers(ask)?.pop().ok_or_else(|| format!("{ask}: nothing"));
    let half = number("select accepted_at from withdrawal order by accepted_at desc limit 1")? - 182 * DAY_US;
    // One in the middle of the history.
    let one = |column: &str| {
        let ask = format!(
            "select cast({column} as text) from withdrawal where accepted_at <= {half} and state = 'paid'
             and external_id like 'history-%' order by accepted_at desc limit 1"
        );
        database.texts(&ask)?.pop().ok_or_else(|| format!("{ask}: nothing"))
    };
    let (id, at, external) = (one("id")?, one("accepted_at")?, one("external_id")?);
    let (user, address) = (one("user_id")?, one("address")?);
    // A cursor is the name of its list, and the place behind which the page begins.
    let first = engine.door.first.ask(&engine.address, "GET", &list(""), "")?;
    let cursor = first["next_cursor"].as_str().and_then(|cursor| cursor.get(..12)).ok_or("no next page")?;
    let cursor = format!("{cursor}{}", hex::encode(format!("{at} {id}")));
    let (from, to) = (rfc3339(half), rfc3339(half + 20 * DAY_US));
    let year = rfc3339(half - 182 * DAY_US);
    let coin = engine.door.asset.split('/').next().unwrap_or_default();
    let end = number("select max(number) from event_head")? - i64::try_from(PAGE).unwrap_or(0);
    let full = || Rows::AtLeast(PAGE);
    let all = [
        (list(""), full()),
        (list(&format!("&cursor={cursor}")), full()),
        (list("&status=completed"), full()),
        (list("&status=failed"), full()),
        (list("&status=held"), Rows::None),
        (list("&type=scheduled"), Rows::None),
        (list(&format!("&asset={coin}/slip44:60")), Rows::None),
        (list(&format!("&from={from}&to={to}")), full()),
        (list(&format!("&user_id={user}")), Rows::AtLeast(5)),
        (list(&format!("&address={address}")), Rows::AtLeast(2)),
        (list(&format!("&external_id={external}")), Rows::AtLeast(1)),
        (format!("/v1/withdrawals/{id}"), Rows::One),
        (format!("/v1/withdrawals/{id}/events"), Rows::AtLeast(5)),
        ("/v1/stats".to_owned(), Rows::One),
        (format!("/v1/stats?from={year}"), Rows::One),
        (format!("/v1/events?after=0&limit={PAGE}"), full()),
        (format!("/v1/events?after={end}&limit={PAGE}"), full()),
    ];
    Ok(NAMES.into_iter().zip(all).map(|(name, (target, rows))| Asked { name, target, rows }).collect())
}

fn list(filter: &str) -> String {
    format!("/v1/withdrawals?limit={PAGE}{filter}")
}

impl Asked {
    /// That it was answered with what there is.
    pub(super) fn answered(&self, said: &Value) -> Result<(), String> {
        let rows = said["data"].as_array().map(Vec::len);
        let kept = match (&self.rows, rows) {
            (Rows::AtLeast(least), Some(rows)) => rows >= *least,
            (Rows::None, Some(rows)) => rows == 0,
            (Rows::One, rows) => rows.is_none() && said["object"].is_string(),
            (_, None) => false,
        };
        if kept { Ok(()) } else { Err(format!("{} ({}): {rows:?} rows", self.name, self.target)) }
    }
}

/// A time as the API takes it, whole seconds.
fn rfc3339(micros: i64) -> String {
    let (days, seconds) = (micros.div_euclid(DAY_US), micros.rem_euclid(DAY_US) / 1_000_000);
    // Days since March 1 of the year 0, in eras of 400 years (Howard Hinnant's civil_from_days).
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_as_people_write_it() {
        assert_eq!(rfc3339(1_709_210_096_000_000), "2024-02-29T12:34:56Z");
        assert_eq!(rfc3339(1_795_000_000_000_000), "2026-11-18T11:06:40Z");
    }
}
