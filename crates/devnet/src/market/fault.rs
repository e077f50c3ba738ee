//! What can go wrong at a vendor, and when: a fault, and the rule that says on which calls it strikes.

use std::{fmt, str::FromStr};

/// Longest lateness, in milliseconds: a day.
const LATE_MAX_MS: u64 = 86_400_000;
/// Lateness that nobody gave a length.
const LATE_MS: u64 = 300_000;
/// A refund that nobody gave a time.
const REFUND_LATE_MS: u64 = 3_600_000;
/// A balance is wrong by at most so much: 1,000 TRX.
const WRONG_MAX_SUN: u64 = 1_000_000_000;
/// A balance is wrong by so much, unless told.
const WRONG_SUN: u64 = 1_234_567;
/// A price jumps by at most so many thousandths: to ten times.
const JUMP_MAX_PERMILLE: u64 = 9_000;
/// Of how many calls a fault strikes, at most: all.
const PERMILLE_MAX: u64 = 1_000;
/// A rule strikes at most so often, where it is told how often.
const COUNT_MAX: u64 = 1_000_000;

/// What is asked of a vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    /// What would it cost?
    Quote,
    /// Sell it.
    Place,
    /// How does this order fare?
    Lookup,
    /// What is left in the account?
    Balance,
}

impl Call {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Quote, Self::Place, Self::Lookup, Self::Balance];

    /// Its name, in rules and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quote => "quote",
            Self::Place => "place",
            Self::Lookup => "lookup",
            Self::Balance => "balance",
        }
    }
}

/// One way to go wrong. The first four befall a call; the rest are about an order, or a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The call never arrives, and the connection closes without an answer.
    LoseRequest,
    /// The vendor acts, and its answer is lost.
    LoseReply,
    /// Status 500, and nothing was done.
    ErrorBefore,
    /// The vendor acts, and answers status 500.
    ErrorAfter,
    /// The energy comes so many milliseconds later than it would.
    Late {
        /// Milliseconds.
        ms: u64,
    },
    /// Only so many thousandths of the energy come, for the whole price.
    Short {
        /// Thousandths.
        part: u64,
    },
    /// The energy comes twice, for one price.
    Twice,
    /// The energy goes to an address that nobody asked for.
    OtherAddress,
    /// The energy never comes, the money never goes back, and the order stays as it is.
    Never,
    /// The order fails, and its money comes back at once.
    Fail,
    /// The order fails, and its money comes back so many milliseconds later.
    RefundLate {
        /// Milliseconds.
        ms: u64,
    },
    /// The vendor keeps the money and forgets the order, its id and the caller's id for it. What was due is delivered
    /// nevertheless.
    Forget,
    /// The balance that is told is wrong by so many sun, in one direction or the other.
    BalanceWrong {
        /// Sun.
        sun: u64,
    },
    /// What an order costs is so many thousandths more than what was quoted.
    PriceJump {
        /// Thousandths.
        by: u64,
    },
}

impl Fault {
    /// Every fault, with the figures it has unless told otherwise.
    pub const ALL: [Self; 14] = [
        Self::LoseRequest,
        Self::LoseReply,
        Self::ErrorBefore,
        Self::ErrorAfter,
        Self::Late { ms: LATE_MS },
        Self::Short { part: 500 },
        Self::Twice,
        Self::OtherAddress,
        Self::Never,
        Self::Fail,
        Self::RefundLate { ms: REFUND_LATE_MS },
        Self::Forget,
        Self::BalanceWrong { sun: WRONG_SUN },
        Self::PriceJump { by: 500 },
    ];

    /// Its name, in rules and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LoseRequest => "lose_request",
            Self::LoseReply => "lose_reply",
            Self::ErrorBefore => "error_before",
            Self::ErrorAfter => "error_after",
            Self::Late { .. } => "late",
            Self::Short { .. } => "short",
            Self::Twice => "twice",
            Self::OtherAddress => "other_address",
            Self::Never => "never",
            Self::Fail => "fail",
            Self::RefundLate { .. } => "refund_late",
            Self::Forget => "forget",
            Self::BalanceWrong { .. } => "balance_wrong",
            Self::PriceJump { .. } => "price_jump",
        }
    }

    /// The one call a fault is about; `None` for what can befall any.
    pub const fn call(self) -> Option<Call> {
        match self {
            Self::LoseRequest | Self::LoseReply | Self::ErrorBefore | Self::ErrorAfter => None,
            Self::Late { .. }
            | Self::Short { .. }
            | Self::Twice
            | Self::OtherAddress
            | Self::Never
            | Self::Fail
            | Self::RefundLate { .. }
            | Self::Forget
            | Self::PriceJump { .. } => Some(Call::Place),
            Self::BalanceWrong { .. } => Some(Call::Balance),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// When a fault strikes: every time, unless told otherwise, until it is lifted. What can befall any call strikes orders
/// unless another call is named.
///
/// As text: the fault's name, then what differs, as in `lose_reply:permille=20,count=5`, `late:ms=800`,
/// `error_before:call=balance`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub(super) fault: Fault,
    pub(super) call: Call,
    pub(super) permille: u64,
    pub(super) count: Option<u64>,
}

impl Rule {
    /// This fault every time.
    pub fn every(fault: Fault) -> Self {
        Self { fault, call: fault.call().unwrap_or(Call::Place), permille: PERMILLE_MAX, count: None }
    }

    /// On this call instead.
    #[must_use]
    pub fn on(mut self, call: Call) -> Self {
        self.call = call;
        self
    }

    /// On so many of a thousand calls, 1 to 1,000.
    #[must_use]
    pub fn permille(mut self, permille: u64) -> Self {
        self.permille = permille;
        self
    }

    /// At most so often, 1 to 1,000,000.
    #[must_use]
    pub fn times(mut self, count: u64) -> Self {
        self.count = Some(count);
        self
    }

    /// Whether each figure is within its bounds.
    ///
    /// # Errors
    /// [`RuleError`] names the first that is not.
    pub fn check(&self) -> Result<(), RuleError> {
        let within = |key: &'static str, value: u64, least: u64, most: u64| {
            let wrong = RuleError::OutOfBounds { key, value, least, most };
            (least..=most).contains(&value).then_some(()).ok_or(wrong)
        };
        within("permille", self.permille, 1, PERMILLE_MAX)?;
        within("count", self.count.unwrap_or(1), 1, COUNT_MAX)?;
        if self.fault.call().is_some_and(|call| call != self.call) {
            return Err(RuleError::Call { fault: self.fault.name(), call: self.call.name() });
        }
        match self.fault {
            Fault::Late { ms } | Fault::RefundLate { ms } => within("ms", ms, 1, LATE_MAX_MS),
            Fault::Short { part } => within("part", part, 1, PERMILLE_MAX - 1),
            Fault::BalanceWrong { sun } => within("sun", sun, 1, WRONG_MAX_SUN),
            Fault::PriceJump { by } => within("by", by, 1, JUMP_MAX_PERMILLE),
            Fault::LoseRequest
            | Fault::LoseReply
            | Fault::ErrorBefore
            | Fault::ErrorAfter
            | Fault::Twice
            | Fault::OtherAddress
            | Fault::Never
            | Fault::Fail
            | Fault::Forget => Ok(()),
        }
    }
}

impl FromStr for Rule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        let (name, rest) = text.split_once(':').unwrap_or((text, ""));
        let fault = Fault::ALL.into_iter().find(|fault| fault.name() == name);
        let mut rule = Self::every(fault.ok_or_else(|| RuleError::Fault { name: name.to_owned() })?);
        for pair in rest.split(',').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let figure = || value.parse::<u64>().map_err(|_| RuleError::Figure { pair: pair.to_owned() });
            match (key, &mut rule.fault) {
                ("call", _) => {
                    let call = Call::ALL.into_iter().find(|call| call.name() == value);
                    let unknown = || RuleError::Key { fault: name.to_owned(), key: pair.to_owned() };
                    rule.call = call.ok_or_else(unknown)?;
                }
                ("permille", _) => rule.permille = figure()?,
                ("count", _) => rule.count = Some(figure()?),
                ("ms", Fault::Late { ms } | Fault::RefundLate { ms }) => *ms = figure()?,
                ("part", Fault::Short { part }) => *part = figure()?,
                ("sun", Fault::BalanceWrong { sun }) => *sun = figure()?,
                ("by", Fault::PriceJump { by }) => *by = figure()?,
                _ => return Err(RuleError::Key { fault: name.to_owned(), key: key.to_owned() }),
            }
        }
        rule.check()?;
        Ok(rule)
    }
}

/// What is wrong with a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// No such fault.
    #[error("there is no fault {name:?}; take one of {}", names())]
    Fault {
        /// What was asked for.
        name: String,
    },
    /// The fault has no such figure.
    #[error(
        "{fault} has no {key:?}; rules take permille, count and call=quote|place|lookup|balance, late and refund_late ms, short part, balance_wrong sun, price_jump by"
    )]
    Key {
        /// The fault.
        fault: String,
        /// What was given.
        key: String,
    },
    /// Not a whole number.
    #[error("{pair:?} needs a whole number after `=`")]
    Figure {
        /// What was given.
        pair: String,
    },
    /// Out of bounds.
    #[error("{key} must be from {least} to {most}, not {value}")]
    OutOfBounds {
        /// Which figure.
        key: &'static str,
        /// What it was.
        value: u64,
        /// The least it may be.
        least: u64,
        /// The most it may be.
        most: u64,
    },
    /// The fault is about another call.
    #[error("{fault} cannot strike a {call}")]
    Call {
        /// The fault.
        fault: &'static str,
        /// What was given.
        call: &'static str,
    },
    /// Too many rules.
    #[error("there are {most} rules already; lift one first")]
    TooMany {
        /// The most there may be.
        most: usize,
    },
}

/// All names of faults, for a person.
pub fn names() -> String {
    Fault::ALL.map(Fault::name).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_reads_as_it_is_written() {
        assert_eq!("lose_reply".parse(), Ok(Rule::every(Fault::LoseReply)));
        assert_eq!(
            "late:ms=5,permille=20,count=3".parse(),
            Ok(Rule::every(Fault::Late { ms: 5 }).permille(20).times(3))
        );
        assert_eq!(
            "error_before:call=balance".parse(),
            Ok(Rule::every(Fault::ErrorBefore).on(Call::Balance))
        );
        for fault in Fault::ALL {
            assert_eq!(fault.name().parse(), Ok(Rule::every(fault)), "{fault}");
        }
    }

    #[test]
    fn a_wrong_rule_says_what_is_wrong() {
        for (text, word) in [
            ("lies", "take one of lose_request"),
            ("lose_reply:ms=3", "has no \"ms\""),
            ("lose_reply:permille=two", "whole number"),
            ("lose_reply:permille=0", "1 to 1000"),
            ("short:part=1000", "1 to 999"),
            ("late:ms=86400001", "86400000"),
            ("never:call=balance", "cannot strike a balance"),
            ("balance_wrong:sun=0", "sun"),
            ("price_jump:by=9001", "9000"),
            ("lose_reply:call=nothing", "call"),
        ] {
            let said = text.parse::<Rule>().expect_err(text).to_string();
            assert!(said.contains(word), "{text}: {said}");
        }
    }
}
