//! Whose treasury is asked for, and which comparisons of books and chain.

use super::{CURSOR, LIMIT, Page, Parameter, Query, text, word};
use crate::problem::Code;
use crate::reconciliation::ReconciliationOutcome;
use crate::status::Status;

/// The most characters of an id.
const ID_CHARS_MAX: usize = 64;

/// Whose treasury.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TreasuryQuery {
    /// Whose; the caller's own when left out.
    pub partner: Option<String>,
}

impl Query for TreasuryQuery {
    const PARAMETERS: &'static [Parameter] =
        &[text("partner", ID_CHARS_MAX, "Whose; the caller's own when left out. The platform names one.")];

    fn take(&mut self, _: &str, value: &str) -> Result<(), Code> {
        self.partner = Some(value.to_owned());
        Ok(())
    }

    fn give(&self) -> Vec<(&'static str, String)> {
        self.partner.clone().map(|partner| ("partner", partner)).into_iter().collect()
    }
}

/// What of a partner's withdrawals needs funding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FundingQuery {
    /// Whose; the caller's own when left out.
    pub partner: Option<String>,
    /// Of one withdrawal.
    pub withdrawal: Option<String>,
    /// Of all with this status; `approved` and `queued` when neither is said.
    pub status: Option<Status>,
}

/// Statuses of what has nothing reserved yet.
const WAITING: &[&str] = &["pending", "held", "approved", "queued"];

impl Query for FundingQuery {
    const PARAMETERS: &'static [Parameter] = &[
        text("partner", ID_CHARS_MAX, "Whose; the caller's own when left out. The platform names one."),
        text("withdrawal", ID_CHARS_MAX, "Of this withdrawal alone."),
        word("status", WAITING, "Of all with this status; `approved` and `queued` when neither is said."),
    ];

    fn take(&mut self, name: &str, value: &str) -> Result<(), Code> {
        match name {
            "partner" => self.partner = Some(value.to_owned()),
            "withdrawal" => self.withdrawal = Some(value.to_owned()),
            "status" if WAITING.contains(&value) => {
                self.status = Some(Status::parse(value).ok_or(Code::WordUnknown)?);
            }
            "status" => return Err(Code::WordUnknown),
            _ => return Err(Code::QueryMalformed),
        }
        Ok(())
    }

    fn give(&self) -> Vec<(&'static str, String)> {
        let status = self.status.map(|status| status.to_string());
        let all =
            [("partner", self.partner.clone()), ("withdrawal", self.withdrawal.clone()), ("status", status)];
        all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// Which comparisons of books and chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReconciliationQuery {
    /// Of this wallet only.
    pub wallet: Option<String>,
    /// That came to this only.
    pub outcome: Option<ReconciliationOutcome>,
    /// The page.
    pub page: Page,
}

impl Query for ReconciliationQuery {
    const PARAMETERS: &'static [Parameter] = &[
        text("wallet", ID_CHARS_MAX, "Of this wallet only."),
        word("outcome", ReconciliationOutcome::WORDS, "That came to this only."),
        LIMIT,
        CURSOR,
    ];

    fn take(&mut self, name: &str, value: &str) -> Result<(), Code> {
        match name {
            "wallet" => self.wallet = Some(value.to_owned()),
            "outcome" => {
                self.outcome = Some(ReconciliationOutcome::parse(value).ok_or(Code::WordUnknown)?);
            }
            _ => return self.page.take(name, value),
        }
        Ok(())
    }

    fn give(&self) -> Vec<(&'static str, String)> {
        let wallet = self.wallet.clone().map(|wallet| ("wallet", wallet));
        let outcome = self.outcome.map(|outcome| ("outcome", outcome.to_string()));
        wallet.into_iter().chain(outcome).chain(self.page.give()).collect()
    }
}
