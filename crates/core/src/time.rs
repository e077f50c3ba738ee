//! Instants as the house counts them: UTC microseconds.

use std::fmt;

/// A point in time: microseconds since 1970-01-01T00:00:00Z. Stored as BIGINT, printed as RFC 3339.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// A text was not an RFC 3339 instant, or lies outside the years jiff can express.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an RFC 3339 time")]
pub struct NotATime;

impl Timestamp {
    /// From microseconds since the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Milliseconds since the epoch, rounded down.
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This instant moved by `ms` milliseconds (may be negative); saturates at the ends of time.
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms.saturating_mul(1_000)))
    }

    /// Milliseconds from `earlier` to `self`; negative when `earlier` is later.
    pub const fn since_ms(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0).div_euclid(1_000)
    }

    /// Reads an RFC 3339 instant with an offset, such as `2026-11-21T10:00:00+09:00`.
    ///
    /// # Errors
    /// [`NotATime`] when the text is anything else.
    pub fn parse(text: &str) -> Result<Self, NotATime> {
        let at: jiff::Timestamp = text.parse().map_err(|_| NotATime)?;
        Ok(Self(at.as_microsecond()))
    }

    /// The calendar day of this instant in an IANA zone, as `2026-11-21`; `None` for an unknown zone.
    pub fn day_in(self, zone: &str) -> Option<String> {
        let zone = jiff::tz::TimeZone::get(zone).ok()?;
        let at = jiff::Timestamp::from_microsecond(self.0).ok()?;
        Some(at.to_zoned(zone).date().to_string())
    }

    /// The weekday of this instant in an IANA zone, Monday being 0, and its hour; `None` for an unknown zone.
    pub fn weekday_and_hour_in(self, zone: &str) -> Option<(usize, usize)> {
        let zone = jiff::tz::TimeZone::get(zone).ok()?;
        let at = jiff::Timestamp::from_microsecond(self.0).ok()?.to_zoned(zone);
        let weekday = usize::try_from(at.weekday().to_monday_zero_offset()).ok()?;
        Some((weekday, usize::try_from(at.hour()).ok()?))
    }

    /// The first instant of a calendar day such as `2026-11-21` in an IANA zone; `None` for no such day or an unknown zone.
    pub fn start_of(day: &str, zone: &str) -> Option<Self> {
        let zone = jiff::tz::TimeZone::get(zone).ok()?;
        // In one spelling: what a parser takes besides, a time of day among it, is no day.
        let day = day.parse::<jiff::civil::Date>().ok().filter(|date| date.to_string() == day)?;
        // Where a clock change skips midnight, the first instant that the day has.
        let start = day.to_zoned(zone).ok()?.start_of_day().ok()?;
        Some(Self(start.timestamp().as_microsecond()))
    }

    /// The first instant of the next calendar day in an IANA zone; `None` for an unknown zone.
    pub fn next_day_in(self, zone: &str) -> Option<Self> {
        let zone = jiff::tz::TimeZone::get(zone).ok()?;
        let at = jiff::Timestamp::from_microsecond(self.0).ok()?;
        let next = at.to_zoned(zone).tomorrow().ok()?.start_of_day().ok()?;
        Some(Self(next.timestamp().as_microsecond()))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(at) => write!(f, "{at:.6}"),
            Err(_) => write!(f, "{}us", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_is_that_of_the_partners_zone() {
        // A Saturday afternoon in London is a Sunday night in Seoul.
        let late = Timestamp::parse("2026-11-21T16:30:00Z").unwrap();
        assert_eq!(late.weekday_and_hour_in("UTC"), Some((5, 16)));
        assert_eq!(late.weekday_and_hour_in("Asia/Seoul"), Some((6, 1)));
        assert_eq!(late.weekday_and_hour_in("Asia/Atlantis"), None);
    }

    #[test]
    fn a_day_is_the_day_of_the_partners_zone() {
        let late = Timestamp::parse("2026-11-21T16:30:00Z").unwrap();
        assert_eq!(late.day_in("Asia/Seoul").unwrap(), "2026-11-22");
        assert_eq!(late.day_in("UTC").unwrap(), "2026-11-21");
        assert_eq!(late.day_in("Asia/Atlantis"), None);
        assert_eq!(
            late.next_day_in("Asia/Seoul").unwrap(),
            Timestamp::parse("2026-11-22T15:00:00Z").unwrap()
        );
    }

    #[test]
    fn it_prints_what_it_reads() {
        let at = Timestamp::parse("2026-11-21T01:02:03.000004Z").unwrap();
        assert_eq!(at.to_string(), "2026-11-21T01:02:03.000004Z");
        assert_eq!(Timestamp::parse("yesterday"), Err(NotATime));
    }
}
