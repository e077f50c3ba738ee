//! What a history is made of besides its orders. Each part can be left out, and everything else stays what it was: that is
//! how a failure is made small.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// One part, by its place among those of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// A fault of the plan.
    Fault(usize),
    /// Something that happens on the chain.
    Weather(usize),
    /// Somebody else with one of our keys.
    Stranger(usize),
    /// An order to a lane.
    Order(usize),
    /// What goes wrong at vendors of energy.
    Vendor(usize),
    /// The stop.
    Stop,
    /// The caller who cancels what is signed and not recorded.
    Regret,
    /// The store that is put back to an older copy of itself.
    Restore,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(place) => write!(f, "fault:{place}"),
            Self::Weather(place) => write!(f, "weather:{place}"),
            Self::Stranger(place) => write!(f, "stranger:{place}"),
            Self::Order(place) => write!(f, "order:{place}"),
            Self::Vendor(place) => write!(f, "vendor:{place}"),
            Self::Stop => f.write_str("stop"),
            Self::Regret => f.write_str("regret"),
            Self::Restore => f.write_str("restore"),
        }
    }
}

impl FromStr for Part {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || {
            format!(
                "{text:?} is no part: fault:N, weather:N, stranger:N, order:N, vendor:N, stop, regret or restore"
            )
        };
        let Some((kind, place)) = text.split_once(':') else {
            return match text {
                "stop" => Ok(Self::Stop),
                "regret" => Ok(Self::Regret),
                "restore" => Ok(Self::Restore),
                _ => Err(wrong()),
            };
        };
        let place = place.parse().map_err(|_| wrong())?;
        match kind {
            "fault" => Ok(Self::Fault(place)),
            "weather" => Ok(Self::Weather(place)),
            "stranger" => Ok(Self::Stranger(place)),
            "order" => Ok(Self::Order(place)),
            "vendor" => Ok(Self::Vendor(place)),
            _ => Err(wrong()),
        }
    }
}

/// The parts of a history as they are drawn, and which of them are left out.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    without: BTreeSet<Part>,
    /// Those that are there, with what they are in words.
    pub kept: Vec<(Part, String)>,
}

impl Parts {
    /// None yet; these will be left out.
    pub const fn without(without: BTreeSet<Part>) -> Self {
        Self { without, kept: vec![] }
    }

    /// Whether a part is there. Remembers those that are.
    pub fn keeps(&mut self, part: Part, what: impl FnOnce() -> String) -> bool {
        let kept = !self.without.contains(&part);
        if kept {
            self.kept.push((part, what()));
        }
        kept
    }

    /// Those of a kind that are there.
    pub fn keep<T>(&mut self, all: Vec<T>, part: fn(usize) -> Part, what: impl Fn(&T) -> String) -> Vec<T> {
        let all = all.into_iter().enumerate();
        all.filter(|(place, it)| self.keeps(part(*place), || what(it))).map(|(_, it)| it).collect()
    }
}
