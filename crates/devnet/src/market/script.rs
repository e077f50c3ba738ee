//! Which fault strikes which call, and what has struck so far.
//!
//! Chance is a function of the seed, the rule, and the how-manieth call of its kind it is: calls of other kinds in between
//! change nothing.

use std::collections::BTreeMap;

use crate::chaos::mix;

use super::fault::{Call, Fault, Rule, RuleError};

/// Rules at a time.
const RULES_MAX: usize = 64;

/// A rule that was given, until it is lifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleId(u32);

/// How often each fault struck each kind of call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts(BTreeMap<(&'static str, Call), u64>);

impl Counts {
    /// How often a fault struck, whatever its figures.
    pub fn of(&self, fault: Fault) -> u64 {
        self.0.iter().filter(|((struck, _), _)| *struck == fault.name()).map(|(_, count)| count).sum()
    }

    /// Fault, call and how often.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, Call, u64)> {
        self.0.iter().map(|((fault, call), count)| (*fault, *call, *count))
    }
}

struct Live {
    id: RuleId,
    rule: Rule,
    left: Option<u64>,
}

/// What strikes one call.
#[derive(Debug, Clone, Default)]
pub(super) struct Due(Vec<(Fault, u64)>);

impl Due {
    /// The first that `pick` takes, with its share of chance.
    pub(super) fn find<T>(&self, pick: impl Fn(Fault, u64) -> Option<T>) -> Option<T> {
        self.0.iter().find_map(|(fault, roll)| pick(*fault, *roll))
    }

    pub(super) fn has(&self, fault: Fault) -> bool {
        self.0.iter().any(|(due, _)| *due == fault)
    }
}

pub(super) struct Script {
    seed: u64,
    last_rule: u32,
    rules: Vec<Live>,
    calls: BTreeMap<Call, u64>,
    counts: Counts,
}

impl Script {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, last_rule: 0, rules: Vec::new(), calls: BTreeMap::new(), counts: Counts::default() }
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

    /// What strikes the next call of this kind. It counts as struck.
    pub(super) fn strike(&mut self, call: Call) -> Due {
        let calls = self.calls.entry(call).or_default();
        let nth = *calls;
        *calls = nth.wrapping_add(1);
        let mut due = Vec::new();
        for live in self.rules.iter_mut().filter(|live| live.rule.call == call && live.left != Some(0)) {
            let roll = mix(mix(mix(self.seed) ^ u64::from(live.id.0)) ^ nth);
            if roll % 1_000 < live.rule.permille {
                live.left = live.left.map(|left| left.saturating_sub(1));
                due.push((live.rule.fault, roll >> 32));
                let count = self.counts.0.entry((live.rule.fault.name(), call)).or_default();
                *count = count.wrapping_add(1);
            }
        }
        Due(due)
    }

    pub(super) fn counts(&self) -> Counts {
        self.counts.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn struck(seed: u64, mixed: bool) -> Vec<usize> {
        let mut script = Script::new(seed);
        script.add(Rule::every(Fault::LoseReply).permille(200)).unwrap();
        (0..300)
            .filter(|_| {
                if mixed {
                    script.strike(Call::Balance);
                }
                script.strike(Call::Place).has(Fault::LoseReply)
            })
            .collect()
    }

    #[test]
    fn the_same_seed_strikes_the_same_calls_and_another_one_others() {
        assert_eq!(struck(7, false), struck(7, true), "other calls change nothing");
        assert_ne!(struck(7, false), struck(8, false));
        assert!((30..90).contains(&struck(7, false).len()), "about as often as it says");
    }

    #[test]
    fn a_rule_ends_with_its_count_or_when_it_is_lifted_and_rules_are_bounded() {
        let mut script = Script::new(1);
        script.add(Rule::every(Fault::Never).times(2)).unwrap();
        let strikes = [(); 3].map(|()| script.strike(Call::Place).has(Fault::Never));
        assert_eq!(strikes, [true, true, false]);
        let id = script.add(Rule::every(Fault::Twice)).unwrap();
        script.lift(id);
        assert!(!script.strike(Call::Place).has(Fault::Twice));
        assert_eq!(script.counts().of(Fault::Never), 2);
        let refused = (0..=RULES_MAX).map(|_| script.add(Rule::every(Fault::Twice))).find_map(Result::err);
        assert_eq!(refused, Some(RuleError::TooMany { most: RULES_MAX }));
        script.lift_all();
        assert!(!script.strike(Call::Place).has(Fault::Twice));
    }
}
