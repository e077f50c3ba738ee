//! Times and spans as people write and read them: Korean time in Korean, UTC in English. Programs get RFC 3339.

use sluice_api::problem::Lang;
use sluice_api::text::Time;
use sluice_core::time::Timestamp;

use super::words::say;

const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// The zone a language's readers live in: what it is called, its offset as RFC 3339 writes it, and in milliseconds.
/// Korea has had no summer time since 1988, so a fixed offset is exact for everything we show.
const fn zone(lang: Lang) -> (&'static str, &'static str, i64) {
    match lang {
        Lang::Ko => ("KST", "+09:00", 9 * HOUR_MS),
        Lang::En => ("UTC", "Z", 0),
    }
}

/// The name of the zone times are shown in.
pub(super) const fn zone_name(lang: Lang) -> &'static str {
    zone(lang).0
}

/// The date and time of day in the reader's zone: `2026-11-21T10:02:03.000004Z` with the wrong letter at its end.
fn local(at: Timestamp, lang: Lang) -> String {
    at.plus_ms(zone(lang).2).to_string()
}

fn part(text: &str, range: std::ops::Range<usize>) -> &str {
    text.get(range).unwrap_or(text)
}

/// `10:02:03`.
pub(super) fn of_day(at: Timestamp, lang: Lang) -> String {
    part(&local(at, lang), 11..19).to_owned()
}

/// As short as it can be said: the time of a day today, else the date and the time, with the year when it is another.
pub(super) fn short(at: Timestamp, now: Timestamp, lang: Lang) -> String {
    let (at, now) = (local(at, lang), local(now, lang));
    if part(&at, 0..10) == part(&now, 0..10) {
        part(&at, 11..19).to_owned()
    } else if part(&at, 0..4) == part(&now, 0..4) {
        format!("{} {}", part(&at, 5..10), part(&at, 11..16))
    } else {
        format!("{} {}", part(&at, 0..10), part(&at, 11..16))
    }
}

/// [`short`] of a time from the wire; as it came when it is none.
pub(super) fn shown(time: &Time, now: Timestamp, lang: Lang) -> String {
    Timestamp::parse(time.as_str()).map_or_else(|_| time.to_string(), |at| short(at, now, lang))
}

/// The same, or a dash.
pub(super) fn perhaps(time: Option<&Time>, now: Timestamp, lang: Lang) -> String {
    time.map_or_else(|| "-".to_owned(), |time| shown(time, now, lang))
}

/// `2026-11-21 10:02:03 KST`: complete.
pub(super) fn full(time: &Time, lang: Lang) -> String {
    match Timestamp::parse(time.as_str()) {
        Ok(at) => {
            let text = local(at, lang);
            format!("{} {} {}", part(&text, 0..10), part(&text, 11..19), zone_name(lang))
        }
        Err(_) => time.to_string(),
    }
}

/// How long something took or takes, in its two largest units.
pub(super) fn span(ms: i64, lang: Lang) -> String {
    let ms = ms.max(0);
    let (days, hours, minutes) = (ms / DAY_MS, ms % DAY_MS / HOUR_MS, ms % HOUR_MS / MINUTE_MS);
    let (seconds, tenths) = (ms % MINUTE_MS / SECOND_MS, ms % SECOND_MS / 100);
    if days > 0 {
        say!(lang, "{days} d {hours} h", "{days}일 {hours}시간")
    } else if hours > 0 {
        say!(lang, "{hours} h {minutes} min", "{hours}시간 {minutes}분")
    } else if minutes > 0 {
        say!(lang, "{minutes} min {seconds} s", "{minutes}분 {seconds}초")
    } else {
        say!(lang, "{seconds}.{tenths} s", "{seconds}.{tenths}초")
    }
}

/// Reads `45s`, `30m`, `2h` or `7d` as milliseconds.
///
/// # Errors
/// One sentence, which clap puts behind the argument's name.
pub(super) fn duration_ms(text: &str) -> Result<i64, String> {
    let wrong = || {
        "write a whole number and s, m, h or d, such as 30m · 정수와 단위 s, m, h, d를 붙여 쓰세요(예: 30m)"
            .to_owned()
    };
    let (unit_ms, digits) = [('s', SECOND_MS), ('m', MINUTE_MS), ('h', HOUR_MS), ('d', DAY_MS)]
        .into_iter()
        .find_map(|(letter, unit_ms)| Some((unit_ms, text.strip_suffix(letter)?)))
        .ok_or_else(wrong)?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let count: i64 = digits.parse().map_err(|_| wrong())?;
    count.checked_mul(unit_ms).filter(|&ms| ms > 0 && ms <= 3_660 * DAY_MS).ok_or_else(wrong)
}

/// Whether a bare span such as `30m` lies ahead of now or behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// `30m` is in half an hour.
    Ahead,
    /// `30m` is half an hour ago.
    Ago,
}

/// Reads a time as people write it: RFC 3339, a date, a date and time of the reader's zone, a time of today, or a span.
pub(super) fn moment(text: &str, now: Timestamp, reading: Reading, lang: Lang) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(ms) = duration_ms(text) {
        return Some(now.plus_ms(if reading == Reading::Ahead { ms } else { -ms }));
    }
    if let Ok(at) = Timestamp::parse(text) {
        return Some(at);
    }
    let offset = zone(lang).1;
    let (date, time) = match text.split_once(['T', ' ']) {
        Some((date, time)) => (date.to_owned(), time.to_owned()),
        None if text.contains(':') => (part(&local(now, lang), 0..10).to_owned(), text.to_owned()),
        None => (text.to_owned(), "00:00:00".to_owned()),
    };
    let seconds = if time.matches(':').count() == 1 { ":00" } else { "" };
    Timestamp::parse(&format!("{date}T{time}{seconds}{offset}")).ok()
}

/// An instant for the wire.
pub(super) fn wire(at: Timestamp) -> Time {
    Time::new(at.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn times_are_short_and_in_the_readers_zone() {
        let now = at("2026-11-21T01:30:00Z");
        assert_eq!(short(at("2026-11-21T01:02:03Z"), now, Lang::En), "01:02:03");
        assert_eq!(short(at("2026-11-21T01:02:03Z"), now, Lang::Ko), "10:02:03");
        assert_eq!(short(at("2026-11-20T15:00:00Z"), now, Lang::Ko), "00:00:00", "today in Seoul");
        assert_eq!(short(at("2026-11-20T15:00:00Z"), now, Lang::En), "11-20 15:00");
        assert_eq!(short(at("2025-11-20T15:00:00Z"), now, Lang::En), "2025-11-20 15:00");
        assert_eq!(full(&Time::from("2026-11-20T15:00:00Z"), Lang::Ko), "2026-11-21 00:00:00 KST");
        assert_eq!(shown(&Time::from("soon"), now, Lang::En), "soon");
    }

    #[test]
    fn a_span_has_two_units() {
        for (ms, en, ko) in [
            (-5, "0.0 s", "0.0초"),
            (3_250, "3.2 s", "3.2초"),
            (250_000, "4 min 10 s", "4분 10초"),
            (7_380_000, "2 h 3 min", "2시간 3분"),
            (273_600_000, "3 d 4 h", "3일 4시간"),
        ] {
            assert_eq!((span(ms, Lang::En), span(ms, Lang::Ko)), (en.into(), ko.into()));
        }
    }

    #[test]
    fn a_duration_is_a_whole_number_and_a_unit() {
        assert_eq!(duration_ms("30m"), Ok(1_800_000));
        assert_eq!(duration_ms("7d"), Ok(7 * DAY_MS));
        for wrong in ["", "30", "m", "1.5h", "-3m", "3w", "0s", "99999999999999999999d", "9999999d", "3분"] {
            assert!(duration_ms(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_moment_is_read_as_people_write_it() {
        let now = at("2026-11-21T16:30:00Z"); // already the 22nd in Seoul
        let read = |text, lang| moment(text, now, Reading::Ago, lang).map(|it| it.to_string());
        let utc = |text: &str| Some(at(text).to_string());
        assert_eq!(read("2026-11-21T10:00:00+09:00", Lang::En), utc("2026-11-21T01:00:00Z"));
        assert_eq!(read("2026-11-22", Lang::Ko), utc("2026-11-21T15:00:00Z"));
        assert_eq!(read("2026-11-22", Lang::En), utc("2026-11-22T00:00:00Z"));
        assert_eq!(read("2026-11-22 09:30", Lang::Ko), utc("2026-11-22T00:30:00Z"));
        assert_eq!(read("2026-11-22T09:30:15", Lang::Ko), utc("2026-11-22T00:30:15Z"));
        assert_eq!(read("09:30", Lang::Ko), utc("2026-11-22T00:30:00Z"));
        assert_eq!(read("2h", Lang::Ko), utc("2026-11-21T14:30:00Z"));
        assert_eq!(moment("2h", now, Reading::Ahead, Lang::Ko), Some(at("2026-11-21T18:30:00Z")));
        for wrong in ["", "soon", "25:00", "2026-13-01", "10", "::"] {
            assert_eq!(read(wrong, Lang::Ko), None, "{wrong:?}");
        }
    }
}
