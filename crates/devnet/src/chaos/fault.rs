//! What can go wrong on the way to a node and back, and when: a fault, and the rule that says on which calls it strikes.

use std::{fmt, str::FromStr};

/// Longest delay, in milliseconds.
const DELAY_MAX_MS: u64 = 60_000;
/// A delay that nobody gave a length, in milliseconds.
const DELAY_MS: u64 = 300;
/// Most blocks a stale head may lie behind.
const STALE_MAX_BLOCKS: u64 = 100_000;
/// Blocks a stale head lies behind unless told. More than any chain's profile calls normal.
const STALE_BLOCKS: u64 = 200;
/// A nonce is wrong by at most so much, in either direction.
const WRONG_MAX: u64 = 1_000_000;
/// Of how many calls a fault strikes, at most: all.
const PERMILLE_MAX: u64 = 1_000;
/// A rule strikes at most so often, where it is told how often.
const COUNT_MAX: u64 = 1_000_000;
/// Methods that one rule may name.
const METHODS_MAX: usize = 32;
/// Longest name of a method.
pub(super) const METHOD_MAX_BYTES: usize = 64;

/// One way to go wrong. Losses, delays and the like are accidents of the way; the rest are lies of the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The request never reaches the node, and the connection closes without an answer. In a batch only this call's
    /// answer is missing.
    LoseRequest,
    /// The node acts, and its answer is lost.
    LoseReply,
    /// The request reaches the node so many milliseconds later.
    DelayRequest {
        /// Milliseconds.
        ms: u64,
    },
    /// The answer comes so many milliseconds later.
    DelayReply {
        /// Milliseconds.
        ms: u64,
    },
    /// The node gets the request twice; what it says to the second is the answer, as behind a balancer that retries.
    DuplicateRequest,
    /// The answer stands twice in the reply.
    DuplicateReply,
    /// A request is overtaken by the next one; in a batch the calls are carried out in another order.
    ReorderRequests,
    /// A reply is overtaken by the next one; in a batch the answers stand in another order.
    ReorderReplies,
    /// The reply breaks off in its middle: the connection is closed on the proxy's side only.
    HalfClose,
    /// The node acts, and nothing is ever answered; the connection stays open.
    Silence,
    /// A transaction that is in no block has a receipt, in a final block, with the transfer it asks for.
    FakeReceipt,
    /// A transaction that succeeded is said to have reverted.
    FalseRevert,
    /// A transaction that is in a block has no receipt.
    MissingReceipt,
    /// The chain ends so many blocks earlier, and is final so many blocks earlier.
    StaleHead {
        /// Blocks.
        blocks: u64,
    },
    /// Accounts have used so many more nonces than they have; or fewer, if negative.
    WrongNonce {
        /// Nonces.
        by: i64,
    },
    /// The node is one of another chain.
    WrongChainId,
    /// Final blocks have other hashes.
    WrongFinalHash,
    /// A transaction is accepted in words, and goes nowhere.
    SwallowSent,
    /// A transaction that goes nowhere is said to be known.
    FalseKnown,
    /// A transaction that goes nowhere is said to come too late for its nonce.
    FalseNonceLow,
}

impl Fault {
    /// Every fault, with the figures it has unless told otherwise.
    pub const ALL: [Self; 20] = [
        Self::LoseRequest,
        Self::LoseReply,
        Self::DelayRequest { ms: DELAY_MS },
        Self::DelayReply { ms: DELAY_MS },
        Self::DuplicateRequest,
        Self::DuplicateReply,
        Self::ReorderRequests,
        Self::ReorderReplies,
        Self::HalfClose,
        Self::Silence,
        Self::FakeReceipt,
        Self::FalseRevert,
        Self::MissingReceipt,
        Self::StaleHead { blocks: STALE_BLOCKS },
        Self::WrongNonce { by: 1 },
        Self::WrongChainId,
        Self::WrongFinalHash,
        Self::SwallowSent,
        Self::FalseKnown,
        Self::FalseNonceLow,
    ];

    /// The accidents of the way: the network does these, and no node lies.
    pub fn accidents() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|fault| fault.methods().is_none())
    }

    /// Its name, in rules and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LoseRequest => "lose_request",
            Self::LoseReply => "lose_reply",
            Self::DelayRequest { .. } => "delay_request",
            Self::DelayReply { .. } => "delay_reply",
            Self::DuplicateRequest => "duplicate_request",
            Self::DuplicateReply => "duplicate_reply",
            Self::ReorderRequests => "reorder_requests",
            Self::ReorderReplies => "reorder_replies",
            Self::HalfClose => "half_close",
            Self::Silence => "silence",
            Self::FakeReceipt => "fake_receipt",
            Self::FalseRevert => "false_revert",
            Self::MissingReceipt => "missing_receipt",
            Self::StaleHead { .. } => "stale_head",
            Self::WrongNonce { .. } => "wrong_nonce",
            Self::WrongChainId => "wrong_chain_id",
            Self::WrongFinalHash => "wrong_final_hash",
            Self::SwallowSent => "swallow_sent",
            Self::FalseKnown => "false_known",
            Self::FalseNonceLow => "false_nonce_low",
        }
    }

    /// The methods a lie is about; `None` for what can befall any call.
    pub const fn methods(self) -> Option<&'static [&'static str]> {
        Some(match self {
            Self::FakeReceipt | Self::FalseRevert | Self::MissingReceipt => &["eth_getTransactionReceipt"],
            Self::StaleHead { .. } => &[
                "eth_blockNumber",
                "eth_getBlockByNumber",
                "eth_getBlockByHash",
                "eth_getTransactionReceipt",
            ],
            Self::WrongNonce { .. } => &["eth_getTransactionCount"],
            Self::WrongChainId => &["eth_chainId", "net_version"],
            Self::WrongFinalHash => &["eth_getBlockByNumber"],
            Self::SwallowSent | Self::FalseKnown | Self::FalseNonceLow => &["eth_sendRawTransaction"],
            Self::LoseRequest
            | Self::LoseReply
            | Self::DelayRequest { .. }
            | Self::DelayReply { .. }
            | Self::DuplicateRequest
            | Self::DuplicateReply
            | Self::ReorderRequests
            | Self::ReorderReplies
            | Self::HalfClose
            | Self::Silence => return None,
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// When a fault strikes: every time, unless told otherwise, until it is lifted.
///
/// As text: the fault's name, then what differs, as in `lose_reply:permille=20,method=eth_call,count=5`,
/// `delay_reply:ms=800`, `stale_head:blocks=64`, `wrong_nonce:by=-2`. `method` may be repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub(super) fault: Fault,
    pub(super) methods: Vec<String>,
    pub(super) permille: u64,
    pub(super) count: Option<u64>,
}

impl Rule {
    /// This fault on every call it is about.
    pub fn every(fault: Fault) -> Self {
        Self { fault, methods: Vec::new(), permille: PERMILLE_MAX, count: None }
    }

    /// Only on this method; may be repeated. A lie strikes the methods it is about, and no other.
    #[must_use]
    pub fn on(mut self, method: &str) -> Self {
        self.methods.push(method.to_owned());
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

    pub(super) fn is_about(&self, method: &str) -> bool {
        let named = self.methods.is_empty() || self.methods.iter().any(|it| it == method);
        named && self.fault.methods().is_none_or(|methods| methods.contains(&method))
    }

    /// Whether each figure is within its bounds.
    ///
    /// # Errors
    /// [`RuleError`] names the first that is not.
    pub fn check(&self) -> Result<(), RuleError> {
        let within = |key: &'static str, value: u64, least: u64, most: u64| {
            let wrong = || RuleError::OutOfBounds { key, value: value.to_string(), least, most };
            (least..=most).contains(&value).then_some(()).ok_or_else(wrong)
        };
        within("permille", self.permille, 1, PERMILLE_MAX)?;
        within("count", self.count.unwrap_or(1), 1, COUNT_MAX)?;
        if self.methods.len() > METHODS_MAX {
            return Err(RuleError::Methods { most: METHODS_MAX });
        }
        for method in &self.methods {
            let known = self.fault.methods().is_none_or(|methods| methods.contains(&method.as_str()));
            if method.is_empty() || method.len() > METHOD_MAX_BYTES || !known {
                let about = self.fault.methods().unwrap_or_default();
                return Err(RuleError::Method { fault: self.fault.name(), method: method.clone(), about });
            }
        }
        match self.fault {
            Fault::DelayRequest { ms } | Fault::DelayReply { ms } => within("ms", ms, 1, DELAY_MAX_MS),
            Fault::StaleHead { blocks } => within("blocks", blocks, 1, STALE_MAX_BLOCKS),
            Fault::WrongNonce { by } => within("by", by.unsigned_abs(), 1, WRONG_MAX),
            _ => Ok(()),
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
                ("method", _) => rule.methods.push(value.to_owned()),
                ("permille", _) => rule.permille = figure()?,
                ("count", _) => rule.count = Some(figure()?),
                ("ms", Fault::DelayRequest { ms } | Fault::DelayReply { ms }) => *ms = figure()?,
                ("blocks", Fault::StaleHead { blocks }) => *blocks = figure()?,
                ("by", Fault::WrongNonce { by }) => {
                    *by = value.parse().map_err(|_| RuleError::Figure { pair: pair.to_owned() })?;
                }
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
        "{fault} has no {key:?}; rules take permille, count and method, delays ms, stale_head blocks, wrong_nonce by"
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
        value: String,
        /// The least it may be.
        least: u64,
        /// The most it may be.
        most: u64,
    },
    /// Not a method this fault is about.
    #[error("{fault} cannot strike the method {method:?}; {}", about_words(about))]
    Method {
        /// The fault.
        fault: &'static str,
        /// What was given.
        method: String,
        /// What it is about; nothing for what may befall any.
        about: &'static [&'static str],
    },
    /// Too many methods.
    #[error("a rule names at most {most} methods; leave them out to strike all")]
    Methods {
        /// How many it may name.
        most: usize,
    },
    /// Too many rules.
    #[error("there are {most} rules already; lift one first")]
    TooMany {
        /// How many there may be.
        most: usize,
    },
}

/// The names of all faults, for people.
pub fn names() -> String {
    Fault::ALL.map(Fault::name).join(", ")
}

fn about_words(about: &[&str]) -> String {
    match about {
        [] => format!("a method has 1 to {METHOD_MAX_BYTES} bytes"),
        some => format!("it is about {}", some.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_reads_as_it_is_written() {
        let read = |text: &str| text.parse::<Rule>();
        assert_eq!(read("lose_reply"), Ok(Rule::every(Fault::LoseReply)));
        assert_eq!(
            read("lose_reply:permille=20,method=eth_call,method=eth_getLogs,count=5"),
            Ok(Rule::every(Fault::LoseReply).on("eth_call").on("eth_getLogs").permille(20).times(5))
        );
        assert_eq!(read("delay_reply:ms=800"), Ok(Rule::every(Fault::DelayReply { ms: 800 })));
        assert_eq!(read("wrong_nonce:by=-2"), Ok(Rule::every(Fault::WrongNonce { by: -2 })));
        for fault in Fault::ALL {
            assert_eq!(read(fault.name()), Ok(Rule::every(fault)));
        }
    }

    #[test]
    fn what_a_rule_may_not_say_is_named() {
        for (text, word) in [
            ("loose_reply", "lose_reply"),
            ("", "there is no fault"),
            ("lose_reply:percent=2", "percent"),
            ("lose_reply:ms=2", "ms"),
            ("lose_reply:permille=two", "whole number"),
            ("lose_reply:permille=0", "1 to 1000"),
            ("lose_reply:permille=1001", "1 to 1000"),
            ("lose_reply:count=0", "count"),
            ("delay_reply:ms=60001", "60000"),
            ("stale_head:blocks=0", "blocks"),
            ("wrong_nonce:by=0", "by"),
            ("wrong_nonce:method=eth_call", "eth_getTransactionCount"),
            ("lose_reply:method=", "1 to 64 bytes"),
        ] {
            let said = text.parse::<Rule>().expect_err(text).to_string();
            assert!(said.contains(word), "{text}: {said}");
        }
    }
}
