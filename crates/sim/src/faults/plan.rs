//! Which faults strike when, and which did.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Fault, MARKET, METHODS, STAGES};
use crate::executor::Sim;
use crate::rng::Rng;

/// Calls that change something, or decide about money: faults are drawn here more often.
const HOT: &[&str] = &[
    "store.lease",
    "store.apply",
    "store.apply",
    "store.apply",
    "store.accept",
    "store.lane",
    "signer.sign",
    "signer.sign",
    "signer.admit",
    "signer.close",
    "node.send",
    "node.send",
    "node.receipts",
    "node.nonces",
    "node.header",
];

/// Stages that call a port only when there is something for them: faults wait for them more often.
const RARE: &[&str] =
    &["startup", "cancel", "fill", "fund", "fuel", "build", "inclusion", "hidden", "sightings", "settle"];

/// When a planned fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// At the n-th port call of the history, counted from 0.
    Call(u64),
    /// At the first call of this place at or after this virtual time; of any, when it is late already.
    After {
        /// Microseconds since 1970.
        us: i64,
        /// Which calls.
        place: Place,
    },
}

/// Which calls a planned fault waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The next one.
    Anywhere,
    /// Those of a method of a port.
    Method(&'static str),
    /// Those that a stage makes.
    Stage(&'static str),
}

impl Place {
    fn is(self, method: &str, stage: &str) -> bool {
        match self {
            Self::Anywhere => true,
            Self::Method(wanted) => wanted == method,
            Self::Stage(wanted) => wanted == stage,
        }
    }
}

#[derive(Clone, Debug)]
struct Planned {
    when: When,
    fault: Fault,
    /// Calls of the method it struck first that it strikes in all: an outage is a fault that stays.
    calls: u64,
}

impl fmt::Display for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.fault.as_str())?;
        match self.when {
            When::Call(number) => write!(f, " at call {number}")?,
            When::After { us, place: Place::Anywhere } => write!(f, " from {us} us on")?,
            When::After { us, place: Place::Method(name) } => write!(f, " at {name} from {us} us on")?,
            When::After { us, place: Place::Stage(name) } => write!(f, " in stage {name} from {us} us on")?,
        }
        if self.calls > 1 { write!(f, ", {} times", self.calls) } else { Ok(()) }
    }
}

/// Fault and place, and how often it struck there.
pub type Coverage = BTreeMap<(&'static str, &'static str), u64>;

struct Book {
    planned: Vec<Planned>,
    called: BTreeMap<&'static str, u64>,
    /// Stages that called.
    stages: BTreeSet<&'static str>,
    /// Method and stage of each call.
    sites: Vec<(&'static str, &'static str)>,
    /// By method.
    coverage: Coverage,
    /// By stage.
    staged: Coverage,
    luck: Rng,
}

/// Which faults strike when, and which did.
#[derive(Clone)]
pub struct Plan(Arc<Mutex<Book>>);

/// Faults that strike every history.
const STRIKES_MIN: u64 = 5;
/// Past this a planned fault no longer waits for its method.
const PATIENCE_US: i64 = 12_000_000;

impl Plan {
    /// A plan without faults.
    pub fn quiet(luck: Rng) -> Self {
        let book = Book {
            planned: vec![],
            called: BTreeMap::new(),
            stages: BTreeSet::new(),
            sites: vec![],
            coverage: Coverage::new(),
            staged: Coverage::new(),
            luck,
        };
        Self(Arc::new(Mutex::new(book)))
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a fault that strikes once.
    pub fn add(&self, when: When, fault: Fault) {
        self.book().planned.push(Planned { when, fault, calls: 1 });
    }

    /// Adds a fault that strikes a method several times.
    pub fn outage(&self, when: When, fault: Fault, calls: u64) {
        self.book().planned.push(Planned { when, fault, calls });
    }

    /// Draws a random plan over `span_us` of virtual time: at least five faults, a kill, and a pause past the lease; and
    /// those that are `owed`: what each history owes to the table of faults and stages.
    pub fn draw(&self, rng: &mut Rng, start_us: i64, span_us: i64, owed: [(Fault, &'static str); 3]) {
        for (fault, stage) in owed {
            let us = start_us + rng.below(span_us as u64 / 2) as i64;
            self.add(When::After { us, place: Place::Stage(stage) }, fault);
        }
        let at = |rng: &mut Rng| {
            let us = start_us + rng.below(span_us as u64) as i64;
            let place = match rng.below(10) {
                0..2 => rng.pick(HOT).copied().map(Place::Method),
                2..4 => rng.pick(METHODS).copied().map(Place::Method),
                4..6 => rng.pick(STAGES).copied().map(Place::Stage),
                6..9 => rng.pick(RARE).copied().map(Place::Stage),
                _ => None,
            };
            When::After { us, place: place.unwrap_or(Place::Anywhere) }
        };
        let plain = [Fault::FailBefore, Fault::FailAfter, Fault::Delay, Fault::Duplicate];
        for _ in 0..rng.within(5, 12) {
            let fault = rng.pick(&plain).copied().unwrap_or(Fault::FailBefore);
            let when = at(rng);
            let stays = matches!(fault, Fault::FailBefore | Fault::FailAfter) && rng.chance(300);
            self.outage(when, fault, if stays { rng.within(2, 12) } else { 1 });
        }
        for pair in [[Fault::KillBefore, Fault::KillAfter], [Fault::PauseBefore, Fault::PauseAfter]] {
            for _ in 0..rng.within(1, 3) {
                let fault = rng.pick(&pair).copied().unwrap_or(Fault::KillBefore);
                let when = at(rng);
                self.add(when, fault);
            }
        }
    }

    /// Adds faults at the calls of vendors over `span_us` of virtual time; a fault of any kind.
    pub fn draw_market(&self, luck: &mut Rng, start_us: i64, span_us: i64) {
        for _ in 0..luck.within(2, 8) {
            let us = start_us + luck.below(span_us as u64) as i64;
            // What buys is struck more often than what asks.
            let method = if luck.chance(400) { MARKET.get(1) } else { luck.pick(MARKET) };
            if let (Some(fault), Some(method)) = (luck.pick(&Fault::ALL), method) {
                self.add(When::After { us, place: Place::Method(method) }, *fault);
            }
        }
    }

    /// Adds what leaves a signature that nobody but the signer knows of, for a while.
    pub fn lose_a_signature(&self, luck: &mut Rng, start_us: i64, span_us: i64) {
        let us = start_us + luck.below(span_us as u64) as i64;
        let when = When::After { us, place: Place::Method("signer.sign") };
        match luck.below(3) {
            0 => self.add(when, Fault::KillAfter),
            _ => self.outage(when, Fault::FailAfter, luck.within(1, 6)),
        }
    }

    /// Faults that have struck calls so far, and the kills among them.
    pub fn strikes(&self) -> (u64, u64) {
        let book = self.book();
        let of = |wanted: fn(&str) -> bool| {
            let struck = book.coverage.iter().filter(|((what, place), _)| *place != "chain" && wanted(what));
            struck.map(|(_, count)| count).sum()
        };
        (of(|_| true), of(|what| what.starts_with("kill")))
    }

    /// What every history is promised, faults enough and a kill among them, strikes whatever is called next where it has not
    /// struck by now. False when nothing of it is missing, or nothing is left that could strike.
    pub fn hurry(&self, now_us: i64) -> bool {
        let (struck, kills) = self.strikes();
        let (mut missing, mut kill_missing) = (STRIKES_MIN.saturating_sub(struck), kills == 0);
        let mut hurried = false;
        for planned in &mut self.book().planned {
            let kill = matches!(planned.fault, Fault::KillBefore | Fault::KillAfter);
            let drawn = matches!(planned.when, When::After { .. });
            if !drawn || (missing == 0 && !(kill && kill_missing)) {
                continue;
            }
            (missing, kill_missing) = (missing.saturating_sub(1), kill_missing && !kill);
            planned.when = When::After { us: now_us, place: Place::Anywhere };
            hurried = true;
        }
        hurried
    }

    /// What a history lacks at its end of what each random one is promised: a kill, a reorganisation, faults enough. Its
    /// partners and lanes are two at least by how they are drawn, its orders as many as were asked for.
    pub fn lacks(&self) -> Option<String> {
        let (struck, kills) = self.strikes();
        let coverage = self.coverage();
        let of = |what| coverage.get(&(what, "chain")).copied().unwrap_or(0);
        let reorgs: u64 = of("reorg") + of("reorg_below_final");
        let whole = struck >= STRIKES_MIN && kills > 0 && reorgs > 0;
        (!whole).then(|| format!("{struck} faults, {kills} kills and {reorgs} reorganisations"))
    }

    /// No drawn fault strikes from now on. A fault at a given call still does: the systematic mode counts every call.
    pub fn end(&self) {
        let mut book = self.book();
        book.planned.retain(|planned| matches!(planned.when, When::Call(_)));
    }

    /// Port calls so far.
    pub fn calls(&self) -> u64 {
        self.book().sites.len() as u64
    }

    /// Method and stage of each port call so far, in order.
    pub fn sites(&self) -> Vec<(&'static str, &'static str)> {
        self.book().sites.clone()
    }

    /// How often each method was called.
    pub fn called(&self) -> BTreeMap<&'static str, u64> {
        self.book().called.clone()
    }

    /// What struck which method.
    pub fn coverage(&self) -> Coverage {
        self.book().coverage.clone()
    }

    /// What struck which stage.
    pub fn staged(&self) -> Coverage {
        self.book().staged.clone()
    }

    /// From when on faults wait for a stage, microseconds since 1970.
    pub fn awaits(&self, stage: &str) -> Vec<i64> {
        let awaits = |planned: &Planned| match planned.when {
            When::After { us, place: Place::Stage(wanted) } if wanted == stage => Some(us),
            When::After { .. } | When::Call(_) => None,
        };
        self.book().planned.iter().filter_map(awaits).collect()
    }

    /// What is planned, in the order of the drawing, in words.
    pub fn planned(&self) -> Vec<String> {
        self.book().planned.iter().map(ToString::to_string).collect()
    }

    /// Takes out of the plan what is at these places of it.
    pub fn omit(&self, mut omitted: impl FnMut(usize) -> bool) {
        let mut book = self.book();
        let planned = std::mem::take(&mut book.planned);
        book.planned =
            planned.into_iter().enumerate().filter(|(index, _)| !omitted(*index)).map(|(_, it)| it).collect();
    }

    /// Counts something that struck without being a port call: the weather of the chain.
    pub fn struck(&self, what: &'static str, place: &'static str) {
        *self.book().coverage.entry((what, place)).or_default() += 1;
    }

    /// Whether a fault strikes this call of a stage, and a number it may use.
    pub(super) fn strike(
        &self,
        sim: &Sim,
        method: &'static str,
        stage: &'static str,
    ) -> Option<(Fault, u64)> {
        let mut book = self.book();
        let number = book.sites.len() as u64;
        book.sites.push((method, stage));
        *book.called.entry(method).or_insert_with(|| {
            let drawn = METHODS.contains(&method) || MARKET.contains(&method);
            assert!(drawn, "{method} is a call that no fault could be drawn for");
            0
        }) += 1;
        if book.stages.insert(stage) {
            assert!(STAGES.contains(&stage), "{stage} is a stage that no fault could be drawn for");
        }
        if book.planned.is_empty() {
            return None;
        }
        let now = sim.now_us();
        let index = book.planned.iter().position(|planned| match planned.when {
            When::Call(at) => at == number,
            When::After { us, place } => us <= now && (place.is(method, stage) || us + PATIENCE_US <= now),
        })?;
        let struck = &mut book.planned[index];
        let fault = struck.fault;
        struck.calls = struck.calls.saturating_sub(1);
        if struck.calls == 0 {
            book.planned.swap_remove(index);
        } else {
            struck.when = When::After { us: now, place: Place::Method(method) };
        }
        *book.coverage.entry((fault.as_str(), method)).or_default() += 1;
        *book.staged.entry((fault.as_str(), stage)).or_default() += 1;
        let luck = book.luck.bits();
        Some((fault, luck))
    }
}
