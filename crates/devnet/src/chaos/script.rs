//! Which fault strikes which call, and what has struck so far.
//!
//! Chance is a function of the seed, the rule, the method and the how-manieth call of that method it is. So calls of
//! different methods that arrive in another order, as they do on a busy machine, meet the same faults.

use std::collections::{BTreeMap, VecDeque};

use super::fault::{Fault, METHOD_MAX_BYTES, Rule, RuleError};

/// Rules at a time.
const RULES_MAX: usize = 64;
/// Methods that are told apart in a report; further ones are counted as [`OTHER`].
const METHODS_MAX: usize = 128;
/// Strikes that are remembered one by one.
const STRIKES_MAX: usize = 4_096;
/// The name under which the methods beyond the bound are counted.
const OTHER: &str = "other";

/// A rule that was given, until it is lifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleId(u32);

/// A fault that struck.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strike {
    /// The fault's name, or the pool rule's.
    pub fault: &'static str,
    /// The method it struck.
    pub method: String,
    /// The how-manieth call of this method it was, from 0.
    pub nth: u64,
}

/// How often each fault struck each method.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts(BTreeMap<(&'static str, String), u64>);

impl Counts {
    /// How often a fault struck, whatever its figures.
    pub fn of(&self, fault: Fault) -> u64 {
        self.named(fault.name())
    }

    /// How often this struck, by its name in the report.
    pub fn named(&self, name: &str) -> u64 {
        self.0.iter().filter(|((struck, _), _)| *struck == name).map(|(_, count)| count).sum()
    }

    /// The same on one method.
    pub fn on(&self, name: &str, method: &str) -> u64 {
        self.0.iter().filter(|((one, of), _)| *one == name && of == method).map(|(_, count)| count).sum()
    }

    /// Fault, method and how often.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str, u64)> {
        self.0.iter().map(|((fault, method), count)| (*fault, method.as_str(), *count))
    }
}

/// A fault that is due for a call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hit {
    pub(super) fault: Fault,
    /// Chance for whatever the fault has to choose.
    pub(super) roll: u64,
    rule: RuleId,
    nth: u64,
}

struct Live {
    id: RuleId,
    rule: Rule,
    left: Option<u64>,
}

pub(super) struct Script {
    seed: u64,
    last_rule: u32,
    rules: Vec<Live>,
    calls: BTreeMap<String, u64>,
    counts: Counts,
    strikes: VecDeque<Strike>,
}

impl Script {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            seed,
            last_rule: 0,
            rules: Vec::new(),
            calls: BTreeMap::new(),
            counts: Counts::default(),
            strikes: VecDeque::new(),
        }
    }

    pub(super) fn add(&mut self, rule: Rule) -> Result<RuleId, RuleError> {
        rule.check()?;
        if self.rules.len() >= RULES_MAX {
            return Err(RuleError::TooMany { most: RULES_MAX });
        }
        self.last_rule = self.last_rule.wrapping_add(1);
        let id = RuleId(self.last_rule);
        self.rules.push(Live { id, left: rule.count, rule });
        Ok(id)
    }

    pub(super) fn lift(&mut self, id: RuleId) {
        self.rules.retain(|live| live.id != id);
    }

    pub(super) fn lift_all(&mut self) {
        self.rules.clear();
    }

    /// The how-manieth call of this method this is, and what is due for it.
    pub(super) fn due(&mut self, method: &str) -> (u64, Vec<Hit>) {
        let name = self.known(method);
        let calls = self.calls.entry(name.clone()).or_default();
        let nth = *calls;
        *calls = nth.wrapping_add(1);
        let due = |live: &&Live| live.left != Some(0) && live.rule.is_about(method);
        let hits = self.rules.iter().filter(due).filter_map(|live| {
            let roll = roll(self.seed, live.id.0, &name, nth);
            let strikes = roll % 1_000 < live.rule.permille;
            // The upper half chooses, the lower one has decided.
            strikes.then_some(Hit { fault: live.rule.fault, roll: roll >> 32, rule: live.id, nth })
        });
        (nth, hits.collect())
    }

    /// The fault strikes now, unless its rule was lifted or has struck often enough meanwhile.
    pub(super) fn strikes(&mut self, hit: &Hit, method: &str) -> bool {
        let Some(live) = self.rules.iter_mut().find(|live| live.id == hit.rule) else { return false };
        match &mut live.left {
            Some(0) => return false,
            Some(left) => *left -= 1,
            None => {}
        }
        self.count(hit.fault.name(), method, hit.nth);
        true
    }

    /// Counts what has struck.
    pub(super) fn count(&mut self, fault: &'static str, method: &str, nth: u64) {
        let method = self.known(method);
        let count = self.counts.0.entry((fault, method.clone())).or_default();
        *count = count.wrapping_add(1);
        if self.strikes.len() == STRIKES_MAX {
            self.strikes.pop_front();
        }
        self.strikes.push_back(Strike { fault, method, nth });
    }

    pub(super) fn counts(&self) -> Counts {
        self.counts.clone()
    }

    pub(super) fn told(&self) -> Vec<Strike> {
        self.strikes.iter().cloned().collect()
    }

    /// The method's name, or [`OTHER`] for a stranger's that there is no room for.
    fn known(&self, method: &str) -> String {
        let room = self.calls.len() < METHODS_MAX && method.len() <= METHOD_MAX_BYTES;
        if room || self.calls.contains_key(method) { method.to_owned() } else { OTHER.to_owned() }
    }
}

/// Chance: the same arguments give the same number for ever.
fn roll(seed: u64, rule: u32, method: &str, nth: u64) -> u64 {
    let numbers = [u64::from(rule), nth].into_iter();
    let parts = numbers.chain(method.bytes().map(u64::from));
    parts.fold(mix(seed), |state, part| mix(state ^ part))
}

/// SplitMix64 (Steele, Lea and Flood, 2014).
pub(crate) const fn mix(state: u64) -> u64 {
    let state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn struck(seed: u64, permille: u64, calls: u64) -> Vec<u64> {
        let mut script = Script::new(seed);
        script.add(Rule::every(Fault::LoseReply).permille(permille)).unwrap();
        (0..calls).filter(|_| !script.due("eth_call").1.is_empty()).collect()
    }

    #[test]
    fn the_same_seed_strikes_the_same_calls_and_another_one_others() {
        assert_eq!(struck(7, 100, 500), struck(7, 100, 500));
        assert_ne!(struck(7, 100, 500), struck(8, 100, 500));
        assert_eq!(struck(7, 1_000, 50).len(), 50);
    }

    #[test]
    fn a_rule_strikes_about_as_often_as_it_says() {
        for permille in [10, 100, 500] {
            let count = u64::try_from(struck(3, permille, 10_000).len()).unwrap();
            let expected = permille * 10;
            assert!(count.abs_diff(expected) < expected / 3, "{count} of {expected}");
        }
    }

    #[test]
    fn calls_of_another_method_in_between_change_nothing() {
        let mut script = Script::new(7);
        script.add(Rule::every(Fault::LoseReply).permille(100)).unwrap();
        let mixed: Vec<u64> = (0..500)
            .filter(|_| {
                script.due("eth_chainId");
                !script.due("eth_call").1.is_empty()
            })
            .collect();
        assert_eq!(mixed, struck(7, 100, 500));
    }

    #[test]
    fn a_rule_ends_with_its_count_or_when_it_is_lifted() {
        let mut script = Script::new(1);
        let twice = script.add(Rule::every(Fault::Silence).times(2)).unwrap();
        let strike = |script: &mut Script| {
            let (_, hits) = script.due("eth_call");
            hits.iter().filter(|hit| script.strikes(hit, "eth_call")).count()
        };
        assert_eq!([(); 3].map(|()| strike(&mut script)), [1, 1, 0]);
        script.lift(twice);
        script.add(Rule::every(Fault::Silence)).unwrap();
        assert_eq!(strike(&mut script), 1);
        script.lift_all();
        assert_eq!(strike(&mut script), 0);
        assert_eq!(script.counts().of(Fault::Silence), 3);
        assert_eq!(script.counts().on("silence", "eth_call"), 3);
    }

    #[test]
    fn strangers_names_and_too_many_rules_are_bounded() {
        let mut script = Script::new(1);
        script.add(Rule::every(Fault::LoseReply)).unwrap();
        for index in 0..500 {
            let method = format!("strange_{index}");
            let (_, hits) = script.due(&method);
            assert!(script.strikes(&hits[0], &method));
        }
        assert!(script.counts().iter().count() <= METHODS_MAX + 1);
        assert!(script.counts().on("lose_reply", OTHER) > 300);
        let refused = (0..RULES_MAX).map(|_| script.add(Rule::every(Fault::LoseReply))).find_map(Result::err);
        assert_eq!(refused, Some(RuleError::TooMany { most: RULES_MAX }));
    }
}
