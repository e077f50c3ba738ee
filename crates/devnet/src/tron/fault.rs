//! What goes wrong between a client and a node, by rules and from a seed.

use std::collections::{BTreeMap, BTreeSet};

use crate::chaos::mix;

/// Rules at a time.
const RULES_MAX: usize = 64;
/// Questions that are told apart; further ones share a count.
const NAMES_MAX: usize = 256;
/// The longest delay, in milliseconds.
const DELAY_MAX_MS: u64 = 60_000;

/// Something that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The node never hears of it; the connection closes.
    LoseRequest,
    /// The node acts; the connection closes without an answer.
    LoseReply,
    /// The answer comes this many milliseconds later.
    Delay {
        /// How late, up to a minute.
        ms: u64,
    },
    /// `{"Error":"lack of computing resources"}`: the node's own limit of questions.
    RateLimited,
    /// Status 503 and a page of HTML, as a balancer has.
    Unavailable,
    /// An offer is answered `SERVER_BUSY`, before anything is looked at.
    ServerBusy,
    /// An offer is answered `NO_CONNECTION`, before anything is looked at.
    NoConnection,
    /// An offer is answered `BLOCK_UNSOLIDIFIED`, before anything is looked at.
    Unsolidified,
    /// An offer is answered `NOT_ENOUGH_EFFECTIVE_CONNECTION`, `P2P broadcast failed.`, and is in the pool.
    PooledNotBroadcast,
    /// An offer is answered `OTHER_ERROR`, and is in the pool.
    PooledWithError,
    /// An offer is answered `DUP_TRANSACTION_ERROR`, and is nowhere.
    FalseDuplicate,
    /// An offer is answered `TRANSACTION_EXPIRATION_ERROR`, and is in the pool.
    FalseExpired,
    /// An offer is answered `SUCCESS`, and is nowhere.
    Swallowed,
    /// What is asked about a transaction is answered `{}`.
    Missing,
}

const OFFERS: &[&str] = &["broadcasthex", "broadcasttransaction"];
const LOOKUPS: &[&str] = &["gettransactionbyid", "gettransactioninfobyid", "gettransactionreceiptbyid"];

impl Fault {
    /// One of each.
    pub const ALL: [Self; 14] = [
        Self::LoseRequest,
        Self::LoseReply,
        Self::Delay { ms: 300 },
        Self::RateLimited,
        Self::Unavailable,
        Self::ServerBusy,
        Self::NoConnection,
        Self::Unsolidified,
        Self::PooledNotBroadcast,
        Self::PooledWithError,
        Self::FalseDuplicate,
        Self::FalseExpired,
        Self::Swallowed,
        Self::Missing,
    ];

    /// Its name in reports and at `/sim/fault`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LoseRequest => "lose_request",
            Self::LoseReply => "lose_reply",
            Self::Delay { .. } => "delay",
            Self::RateLimited => "rate_limited",
            Self::Unavailable => "unavailable",
            Self::ServerBusy => "server_busy",
            Self::NoConnection => "no_connection",
            Self::Unsolidified => "unsolidified",
            Self::PooledNotBroadcast => "pooled_not_broadcast",
            Self::PooledWithError => "pooled_with_error",
            Self::FalseDuplicate => "false_duplicate",
            Self::FalseExpired => "false_expired",
            Self::Swallowed => "swallowed",
            Self::Missing => "missing",
        }
    }

    /// By its name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// The questions it is about; every one if empty.
    const fn about(self) -> &'static [&'static str] {
        match self {
            Self::LoseRequest
            | Self::LoseReply
            | Self::Delay { .. }
            | Self::RateLimited
            | Self::Unavailable => &[],
            Self::ServerBusy
            | Self::NoConnection
            | Self::Unsolidified
            | Self::PooledNotBroadcast
            | Self::PooledWithError
            | Self::FalseDuplicate
            | Self::FalseExpired
            | Self::Swallowed => OFFERS,
            Self::Missing => LOOKUPS,
        }
    }
}

/// A fault, and when it strikes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    fault: Fault,
    permille: u64,
    left: Option<u64>,
    name: Option<String>,
    node: Option<usize>,
}

/// A rule that was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// More than every call.
    #[error("permille is from 1 to 1000")]
    Permille,
    /// Longer than a minute.
    #[error("a delay is at most 60000 ms")]
    Delay,
    /// Enough is enough.
    #[error("there are 64 rules already; lift one")]
    TooMany,
}

impl Rule {
    /// Strikes every call that the fault is about, at every node.
    pub fn every(fault: Fault) -> Self {
        Self { fault, permille: 1_000, left: None, name: None, node: None }
    }

    /// Strikes so many of a thousand calls.
    #[must_use]
    pub fn permille(mut self, permille: u64) -> Self {
        self.permille = permille;
        self
    }

    /// Strikes at most so often.
    #[must_use]
    pub fn times(mut self, count: u64) -> Self {
        self.left = Some(count);
        self
    }

    /// Strikes this question alone, such as `broadcasthex`.
    #[must_use]
    pub fn on(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Strikes at this node alone.
    #[must_use]
    pub fn at_node(mut self, node: usize) -> Self {
        self.node = Some(node);
        self
    }

    fn check(&self) -> Result<(), RuleError> {
        if !(1..=1_000).contains(&self.permille) {
            return Err(RuleError::Permille);
        }
        match self.fault {
            Fault::Delay { ms } if ms > DELAY_MAX_MS => Err(RuleError::Delay),
            _ => Ok(()),
        }
    }

    fn is_about(&self, node: usize, name: &str) -> bool {
        let named = self.name.as_ref().is_none_or(|one| one == name);
        let about = self.fault.about();
        named && self.node.is_none_or(|one| one == node) && (about.is_empty() || about.contains(&name))
    }
}

/// A rule that was given, until it is lifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleId(pub(super) u32);

/// Rules, chance, and what has struck.
#[derive(Debug, Default)]
pub(super) struct Plan {
    seed: u64,
    last: u32,
    rules: Vec<(RuleId, Rule)>,
    calls: BTreeMap<(usize, String), u64>,
    struck: BTreeMap<&'static str, u64>,
}

impl Plan {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, ..Self::default() }
    }

    pub(super) fn add(&mut self, rule: Rule) -> Result<RuleId, RuleError> {
        rule.check()?;
        if self.rules.len() >= RULES_MAX {
            return Err(RuleError::TooMany);
        }
        self.last = self.last.wrapping_add(1);
        let id = RuleId(self.last);
        self.rules.push((id, rule));
        Ok(id)
    }

    pub(super) fn lift(&mut self, id: RuleId) {
        self.rules.retain(|(one, _)| *one != id);
    }

    pub(super) fn lift_all(&mut self) {
        self.rules.clear();
    }

    pub(super) fn struck(&self) -> BTreeMap<&'static str, u64> {
        self.struck.clone()
    }

    /// What strikes this call. The same seed, rules and sequence of calls of a question at a node meet the same
    /// faults.
    pub(super) fn strike(&mut self, node: usize, name: &str) -> BTreeSet<Fault> {
        if self.rules.is_empty() {
            return BTreeSet::new();
        }
        let known = self.calls.len() < NAMES_MAX || self.calls.contains_key(&(node, name.to_owned()));
        let place = if known { (node, name.to_owned()) } else { (node, "other".to_owned()) };
        let calls = self.calls.entry(place).or_default();
        let nth = *calls;
        *calls = nth.wrapping_add(1);
        let mut strikes = BTreeSet::new();
        for (id, rule) in &mut self.rules {
            if rule.left == Some(0) || !rule.is_about(node, name) {
                continue;
            }
            let parts = [u64::from(id.0), u64::try_from(node).unwrap_or(0), nth].into_iter();
            let parts = parts.chain(name.bytes().map(u64::from));
            let roll = parts.fold(mix(self.seed), |state, part| mix(state ^ part));
            if roll % 1_000 < rule.permille && strikes.insert(rule.fault) {
                rule.left = rule.left.map(|left| left.saturating_sub(1));
                *self.struck.entry(rule.fault.name()).or_default() += 1;
            }
        }
        strikes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn struck(seed: u64, calls: u64) -> Vec<u64> {
        let mut plan = Plan::new(seed);
        plan.add(Rule::every(Fault::LoseReply).permille(100)).unwrap();
        (0..calls).filter(|_| !plan.strike(0, "getnowblock").is_empty()).collect()
    }

    #[test]
    fn the_same_seed_strikes_the_same_calls() {
        assert_eq!(struck(7, 500), struck(7, 500));
        assert_ne!(struck(7, 500), struck(8, 500));
        assert!((30..80).contains(&struck(7, 500).len()));
    }

    #[test]
    fn a_rule_strikes_where_it_is_meant_and_ends() {
        let mut plan = Plan::new(1);
        let twice = plan.add(Rule::every(Fault::Swallowed).times(2).at_node(1)).unwrap();
        assert!(plan.strike(0, "broadcasthex").is_empty() && plan.strike(1, "getaccount").is_empty());
        assert_eq!([(); 3].map(|()| plan.strike(1, "broadcasthex").len()), [1, 1, 0]);
        assert_eq!(plan.struck()["swallowed"], 2);
        plan.lift(twice);
        assert_eq!(plan.add(Rule::every(Fault::Missing).permille(0)), Err(RuleError::Permille));
        assert_eq!(plan.add(Rule::every(Fault::Delay { ms: 60_001 })), Err(RuleError::Delay));
        let refused = (0..=RULES_MAX).map(|_| plan.add(Rule::every(Fault::Missing))).find_map(Result::err);
        assert_eq!(refused, Some(RuleError::TooMany));
        for fault in Fault::ALL {
            assert_eq!(Fault::named(fault.name()), Some(fault));
        }
    }
}
