//! Every fault at every port call of one calm history, one at a time; a part of them that is chosen so that each kind of
//! place is struck; and pairs of them.

use std::collections::{BTreeMap, BTreeSet};

use super::play::{Series, play, tell};
use super::{Arguments, failure, record};
use crate::faults::Fault;
use crate::rng::{Rng, mix};
use crate::world::history::{self, Faults, Script};
use crate::world::setup::Stage;

/// Kinds of fault that strike each method in each stage whatever is drawn.
const FIXED_KINDS: u64 = 2;

/// The base of the systematic mode: its script, and method and stage of each of its port calls.
struct Base {
    script: Script,
    sites: Vec<(&'static str, &'static str)>,
}

impl Base {
    /// Plays it; `None` when it breaks a rule without any fault.
    fn of(asked: &Arguments, seed: u64) -> Result<Option<Self>, String> {
        let (shape, withdrawals) = (asked.shape(), asked.withdrawals);
        let script = Script { shape, faults: Faults::Quiet, withdrawals, ..Script::random(seed) };
        let calm = history::run(&Stage::new()?, &script);
        if calm.violation.is_some() {
            failure(&history::run(&Stage::new()?, &Script { keep_text: true, ..script }));
            return Ok(None);
        }
        Ok(Some(Self { script, sites: calm.sites }))
    }

    /// How many places for a single fault there are: calls times kinds.
    fn places(&self) -> u64 {
        (self.sites.len() * Fault::ALL.len()) as u64
    }

    fn with(&self, faults: Faults) -> Script {
        Script { faults, ..self.script.clone() }
    }

    /// The fault at a place.
    fn fault(place: u64) -> (u64, Fault) {
        let kinds = Fault::ALL.len() as u64;
        let kind = usize::try_from(place % kinds).unwrap_or_default();
        (place / kinds, Fault::ALL[kind])
    }

    /// For each method in each stage its first call, struck by so many kinds of fault; which, goes round from place to
    /// place, so that each kind is among them.
    fn firsts(&self, kinds_each: u64) -> BTreeSet<u64> {
        let mut met = BTreeSet::new();
        let kinds = Fault::ALL.len() as u64;
        let calls = (0u64..).zip(&self.sites).filter(|(_, site)| met.insert(**site)).map(|(call, _)| call);
        let places = (0u64..)
            .zip(calls)
            .flat_map(|(round, call)| (0..kinds_each).map(move |kind| call * kinds + (round + kind) % kinds));
        places.collect()
    }

    /// So many places: the fixed ones first, then others that the text draws.
    fn drawn(&self, count: usize, text: &str) -> Vec<u64> {
        let mut chosen: BTreeSet<u64> = self.firsts(FIXED_KINDS).into_iter().take(count).collect();
        let seed = text.bytes().fold(0, |word, byte| mix(word ^ u64::from(byte)));
        let mut luck = Rng::of(seed, 20);
        let most = count.min(usize::try_from(self.places()).unwrap_or(usize::MAX));
        while chosen.len() < most {
            chosen.insert(luck.below(self.places()));
        }
        chosen.into_iter().collect()
    }

    /// The pair of a number: two faults at two calls.
    fn pair(&self, number: u64) -> [(u64, Fault); 2] {
        let mut luck = Rng::of(mix(self.script.seed) ^ number, 21);
        let calls = self.sites.len() as u64;
        let (one, other) = (luck.below(calls), luck.below(calls.saturating_sub(1)));
        let other = if other >= one { other + 1 } else { other };
        let mut fault = || luck.pick(&Fault::ALL).copied().unwrap_or(Fault::FailBefore);
        [(one.min(other), fault()), (one.max(other), fault())]
    }
}

/// Single faults: all of them, every n-th, or so many.
///
/// # Errors
/// What could not be prepared.
pub(super) fn singles(asked: &Arguments, seed: u64) -> Result<bool, String> {
    let Some(base) = Base::of(asked, seed)? else { return Ok(false) };
    let series = Series {
        what: format!("histories of seed {seed}, of {} withdrawals, with a single fault", asked.withdrawals),
        first: 0,
        make: Box::new(|place| {
            let (call, fault) = Base::fault(place);
            base.with(Faults::One(call, fault))
        }),
    };
    if let Some(path) = &asked.result {
        return record::extend(asked, &series, path, Some(base.places()));
    }
    let places: Vec<u64> = match asked.points {
        Some(count) => base.drawn(count, &asked.draw),
        None => (0..base.places())
            .filter(|place| (place / Fault::ALL.len() as u64).is_multiple_of(asked.every))
            .collect(),
    };
    let total = places.len() as u64;
    let mut struck: BTreeMap<_, u64> = BTreeMap::new();
    for place in &places {
        let (call, fault) = Base::fault(*place);
        let site = usize::try_from(call).ok().and_then(|call| base.sites.get(call));
        *struck.entry((site, fault)).or_default() += 1;
    }
    let played = play(asked, &series, places, asked.keep_going)?;
    println!(
        "{} calls x {} faults are {} places: {total} taken, {} skipped; {} of {} triples of fault, method and stage struck",
        base.sites.len(),
        Fault::ALL.len(),
        base.places(),
        base.places() - total,
        struck.len(),
        base.firsts(Fault::ALL.len() as u64).len(),
    );
    let hit: u64 = played.coverage.values().sum();
    if played.failed.is_empty() && hit != total {
        return Err(format!("{hit} faults struck in {total} histories of one fault each"));
    }
    tell(asked, &played, total, &series.what)
}

/// Pairs of faults, drawn from all there are.
///
/// # Errors
/// What could not be prepared.
pub(super) fn pairs(asked: &Arguments, seed: u64, count: u64) -> Result<bool, String> {
    let Some(base) = Base::of(asked, seed)? else { return Ok(false) };
    let series = Series {
        what: format!(
            "histories of seed {seed}, of {} withdrawals, with a pair of faults",
            asked.withdrawals
        ),
        first: 1,
        make: Box::new(|number| base.with(Faults::Two(base.pair(number)))),
    };
    if let Some(path) = &asked.result {
        return record::extend(asked, &series, path, None);
    }
    let from = asked.from.unwrap_or(1);
    let played = play(asked, &series, from..from + count, asked.keep_going)?;
    let calls = base.sites.len() as u64;
    let kinds = Fault::ALL.len() as u64;
    let all = calls * calls.saturating_sub(1) / 2 * kinds * kinds;
    let hit: u64 = played.coverage.values().sum();
    println!(
        "{count} of {all} pairs drawn, {} skipped; in {} of them the second fault came too late",
        all.saturating_sub(count),
        (2 * played.done).saturating_sub(hit)
    );
    tell(asked, &played, count, &series.what)
}
