//! Query strings, read as strictly as bodies: a filter that is not understood is refused, because ignoring it would
//! answer another question.

mod command;
mod energy;
mod event;
mod signature;
mod statement;
mod treasury;
mod wallet;

use crate::alert::Severity;
use crate::list::{CURSOR_CHARS_MAX, LIMIT_DEFAULT, LIMIT_MAX};
use crate::path::{decode, encode};
use crate::problem::{Code, Fault, Refusal};
use crate::status::{Status, WithdrawalType};
use crate::text::Time;
use crate::withdrawal::{ADDRESS_CHARS_MAX, ASSET_CHARS_MAX, EXTERNAL_ID_CHARS_MAX, USER_ID_CHARS_MAX};

pub use command::CommandQuery;
pub use energy::{
    EnergyCreditQuery, EnergyOrderQuery, EnergyPriceQuery, EnergyQuery, EnergyRequestQuery, EnergyTopUpQuery,
};
pub use event::EventQuery;
pub use signature::SignatureQuery;
pub use statement::StatementQuery;
pub use treasury::{FundingQuery, ReconciliationQuery, TreasuryQuery};
pub use wallet::WalletQuery;

/// A type that is read from a query string.
pub trait Query: Sized + Default {
    /// Its parameters: everything that may be sent.
    const PARAMETERS: &'static [Parameter];

    /// Takes one parameter over. `name` is one of [`Query::PARAMETERS`] and `value` within its bound.
    ///
    /// # Errors
    /// The code of what is wrong with the value.
    fn take(&mut self, name: &str, value: &str) -> Result<(), Code>;

    /// The parameters to send.
    fn give(&self) -> Vec<(&'static str, String)>;
}

/// A query parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// What it does, for the OpenAPI document.
    pub doc: &'static str,
}

/// What a query parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Text of at most so many characters.
    Text(usize),
    /// One of these words.
    Words(&'static [&'static str]),
    /// A whole number within these bounds, both included.
    Whole(u64, u64),
}

impl Takes {
    /// The most characters a value may have before it is looked at.
    const fn chars_max(self) -> usize {
        match self {
            Self::Text(max) => max,
            Self::Words(_) | Self::Whole(..) => 40,
        }
    }

    fn known(self) -> String {
        match self {
            Self::Words(words) => words.join(", "),
            Self::Text(_) | Self::Whole(..) => String::new(),
        }
    }
}

const fn text(name: &'static str, chars_max: usize, doc: &'static str) -> Parameter {
    Parameter { name, takes: Takes::Text(chars_max), doc }
}

const fn word(name: &'static str, words: &'static [&'static str], doc: &'static str) -> Parameter {
    Parameter { name, takes: Takes::Words(words), doc }
}

const fn whole(name: &'static str, min: u64, max: u64, doc: &'static str) -> Parameter {
    Parameter { name, takes: Takes::Whole(min, max), doc }
}

const LIMIT: Parameter = whole("limit", 1, LIMIT_MAX as u64, "Items of a page, 1 to 100; 20 when left out.");
const CURSOR: Parameter =
    text("cursor", CURSOR_CHARS_MAX, "`next_cursor` of the page before, with the same filters.");

/// Reads a query string: the part of the target after `?`, without it. An empty value is the same as none.
///
/// # Errors
/// A [`Refusal`] that lists every fault: parameters that are unknown, repeated, badly escaped, too long or not of their
/// kind.
pub fn read<T: Query>(query: &str) -> Result<T, Refusal> {
    let mut read = T::default();
    let mut faults = Vec::new();
    let mut seen = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let shown = decode(name).unwrap_or_else(|| name.to_owned());
        let Some(parameter) = T::PARAMETERS.iter().find(|parameter| parameter.name == shown) else {
            let known: Vec<_> = T::PARAMETERS.iter().map(|parameter| parameter.name).collect();
            faults.push(
                Fault::new(Code::QueryUnknown, format!("?{shown}"))
                    .with("parameter", &shown)
                    .with("known", known.join(", ")),
            );
            continue;
        };
        let value = decode(value).filter(|value| {
            !seen.contains(&parameter.name)
                && value.chars().count() <= parameter.takes.chars_max()
                && !value.chars().any(char::is_control)
        });
        seen.push(parameter.name);
        match value {
            None => faults.push(fault(Code::QueryMalformed, parameter, "")),
            Some(value) if value.is_empty() => {}
            Some(value) => {
                if let Err(code) = read.take(parameter.name, &value) {
                    faults.push(fault(code, parameter, &value));
                }
            }
        }
    }
    Refusal::of(faults).map_or(Ok(read), Err)
}

/// Writes a query string, without `?`; empty when there is nothing to ask.
pub fn write<T: Query>(query: &T) -> String {
    let pairs: Vec<_> =
        query.give().into_iter().map(|(name, value)| format!("{name}={}", encode(&value))).collect();
    pairs.join("&")
}

fn fault(code: Code, parameter: &Parameter, value: &str) -> Fault {
    let mut fault = Fault::new(code, format!("?{}", parameter.name));
    for param in code.params() {
        fault = match *param {
            "parameter" => fault.with("parameter", parameter.name),
            "field" => fault.with("field", parameter.name),
            "value" => fault.with("value", value),
            "known" => fault.with("known", parameter.takes.known()),
            "max" => fault.with("max", LIMIT_MAX),
            _ => fault,
        };
    }
    fault
}

/// Reads a page size.
fn limit(value: &str) -> Result<u32, Code> {
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    let limit = value.parse().ok().filter(|_| digits).ok_or(Code::LimitOutOfRange)?;
    if (1..=LIMIT_MAX).contains(&limit) { Ok(limit) } else { Err(Code::LimitOutOfRange) }
}

/// Which page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Items of a page; see [`Page::limit`].
    pub limit: Option<u32>,
    /// Where to go on.
    pub cursor: Option<String>,
}

impl Page {
    /// Items of a page, 1 to 100.
    pub fn limit(&self) -> u32 {
        self.limit.unwrap_or(LIMIT_DEFAULT).clamp(1, LIMIT_MAX)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), Code> {
        match name {
            "limit" => self.limit = Some(limit(value)?),
            "cursor" => self.cursor = Some(value.to_owned()),
            _ => return Err(Code::QueryMalformed),
        }
        Ok(())
    }

    fn give(&self) -> Vec<(&'static str, String)> {
        let limit = self.limit.map(|limit| ("limit", limit.to_string()));
        let cursor = self.cursor.clone().map(|cursor| ("cursor", cursor));
        limit.into_iter().chain(cursor).collect()
    }
}

impl Query for Page {
    const PARAMETERS: &'static [Parameter] = &[LIMIT, CURSOR];

    fn take(&mut self, name: &str, value: &str) -> Result<(), Code> {
        Self::take(self, name, value)
    }

    fn give(&self) -> Vec<(&'static str, String)> {
        Self::give(self)
    }
}

/// No parameters at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Nothing;

impl Query for Nothing {
    const PARAMETERS: &'static [Parameter] = &[];

    fn take(&mut self, _: &str, _: &str) -> Result<(), Code> {
        Err(Code::QueryUnknown)
    }

    fn give(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// Which withdrawals, newest first. Filters narrow each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WithdrawalQuery {
    /// Of this status.
    pub status: Option<Status>,
    /// Of this type.
    pub kind: Option<WithdrawalType>,
    /// Of this asset.
    pub asset: Option<String>,
    /// Of this user.
    pub user_id: Option<String>,
    /// Created at or after this time.
    pub from: Option<Time>,
    /// Created before this time.
    pub to: Option<Time>,
    /// With exactly this external id: at most one.
    pub external_id: Option<String>,
    /// To this address.
    pub address: Option<String>,
    /// Also what the house had its wallets do.
    pub errands: bool,
    /// Which page.
    pub page: Page,
}

impl Query for WithdrawalQuery {
    const PARAMETERS: &'static [Parameter] = &[
        word("status", Status::WORDS, "Only withdrawals of this status."),
        word("type", WithdrawalType::WORDS, "Only withdrawals of this type."),
        text("asset", ASSET_CHARS_MAX, "Only withdrawals of this asset."),
        text("user_id", USER_ID_CHARS_MAX, "Only withdrawals of this user."),
        text("from", 40, "Only withdrawals created at or after this time (RFC 3339)."),
        text("to", 40, "Only withdrawals created before this time (RFC 3339)."),
        text("external_id", EXTERNAL_ID_CHARS_MAX, "Only the withdrawal with this external id."),
        text("address", ADDRESS_CHARS_MAX, "Only withdrawals to this address."),
        word(
            "errands",
            &["false", "true"],
            "Also the house's own errands: stakes, loans of energy, coin for fees.",
        ),
        LIMIT,
        CURSOR,
    ];

    fn take(&mut self, name: &str, value: &str) -> Result<(), Code> {
        match name {
            "status" => self.status = Some(Status::parse(value).ok_or(Code::WordUnknown)?),
            "type" => self.kind = Some(WithdrawalType::parse(value).ok_or(Code::TypeUnknown)?),
            "asset" => self.asset = Some(value.to_owned()),
            "user_id" => self.user_id = Some(value.to_owned()),
            "from" => self.from = Some(Time::new(value)),
            "to" => self.to = Some(Time::new(value)),
            "external_id" => self.external_id = Some(value.to_owned()),
            "address" => self.address = Some(value.to_owned()),
            "errands" => self.errands = value.parse().map_err(|_| Code::WordUnknown)?,
            _ => return self.page.take(name, value),
        }
        Ok(())
    }

    fn give(&self) -> Vec<(&'static str, String)> {
        let filters = [
            ("status", self.status.map(|status| status.to_string())),
            ("type", self.kind.map(|kind| kind.to_string())),
            ("asset", self.asset.clone()),
            ("user_id", self.user_id.clone()),
            ("from", self.from.as_ref().map(Time::to_string)),
            ("to", self.to.as_ref().map(Time::to_string)),
            ("external_id", self.external_id.clone()),
            ("address", self.address.clone()),
            ("errands", self.errands.then(|| true.to_string())),
        ];
        let filters = filters.into_iter().filter_map(|(name, value)| Some((name, value?)));
        filters.chain(self.page.give()).collect()
    }
}

/// Which range is counted; the last 24 hours when left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatsQuery {
    /// Created at or after this time.
    pub from: Option<Time>,
    /// Created before this time.
    pub to: Option<Time>,
    /// Of this asset only.
    pub asset: Option<String>,
}

impl Query for StatsQuery {
    const PARAMETERS: &'static [Parameter] = &[
        text("from", 40, "Start of the range, included (RFC 3339); 24 hours before its end when left out."),
        text("to", 40, "End of the range, excluded (RFC 3339); now when left out."),
        text("asset", ASSET_CHARS_MAX, "Only this asset."),
    ];

    fn take(&mut self, name: &str, value: &str) -> Result<(), Code> {
        match name {
            "from" => self.from = Some(Time::new(value)),
            "to" => self.to = Some(Time::new(value)),
            "asset" => self.asset = Some(value.to_owned()),
            _ => return Err(Code::QueryMalformed),
        }
        Ok(())
    }

    fn give(&self) -> Vec<(&'static str, String)> {
        let filters = [
            ("from", self.from.as_ref().map(Time::to_string)),
            ("to", self.to.as_ref().map(Time::to_string)),
            ("asset", self.asset.clone()),
        ];
        filters.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// Which alerts, the most urgent first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlertQuery {
    /// Of this severity.
    pub severity: Option<Severity>,
    /// Resolved ones too.
    pub resolved: bool,
    /// Which page.
    pub page: Page,
}

impl Query for AlertQuery {
    const PARAMETERS: &'static [Parameter] = &[
        word("severity", Severity::WORDS, "Only alerts of this severity."),
        word(
            "resolved",
            &["true", "false"],
            "Whether alerts whose cause is gone are listed too; `false` when left out.",
        ),
        LIMIT,
        CURSOR,
    ];

    fn take(&mut self, name: &str, value: &str) -> Result<(), Code> {
        match (name, value) {
            ("severity", _) => self.severity = Some(Severity::parse(value).ok_or(Code::WordUnknown)?),
            ("resolved", "true") => self.resolved = true,
            ("resolved", "false") => self.resolved = false,
            ("resolved", _) => return Err(Code::WordUnknown),
            _ => return self.page.take(name, value),
        }
        Ok(())
    }

    fn give(&self) -> Vec<(&'static str, String)> {
        let severity = self.severity.map(|severity| ("severity", severity.to_string()));
        let resolved = self.resolved.then(|| ("resolved", "true".to_owned()));
        severity.into_iter().chain(resolved).chain(self.page.give()).collect()
    }
}

#[cfg(test)]
mod tests;
