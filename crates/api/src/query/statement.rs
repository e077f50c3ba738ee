//! Whose statement is asked for, and of which day.

use super::{Parameter, Query, text};
use crate::problem::Code;

/// Whose statement, of which day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatementQuery {
    /// Whose; the caller's own when left out.
    pub partner: Option<String>,
    /// The day, `2026-11-21`; today when left out.
    pub day: Option<String>,
    /// IANA zone; the partner's own when left out.
    pub zone: Option<String>,
}

impl Query for StatementQuery {
    const PARAMETERS: &'static [Parameter] = &[
        text("partner", 64, "Whose statement; the caller's own when left out. The platform names one."),
        text("day", 10, "The day, such as 2026-11-21; today when left out."),
        text(
            "zone",
            64,
            "IANA zone the day is counted in, such as Asia/Seoul; the partner's own when left out.",
        ),
    ];

    fn take(&mut self, name: &str, value: &str) -> Result<(), Code> {
        match name {
            "partner" => self.partner = Some(value.to_owned()),
            "day" => self.day = Some(value.to_owned()),
            "zone" => self.zone = Some(value.to_owned()),
            _ => return Err(Code::QueryMalformed),
        }
        Ok(())
    }

    fn give(&self) -> Vec<(&'static str, String)> {
        let all = [("partner", self.partner.clone()), ("day", self.day.clone()), ("zone", self.zone.clone())];
        all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}
