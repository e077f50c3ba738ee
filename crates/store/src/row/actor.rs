//! Who did it, as a column holds it.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use sluice_core::access::Actor;
use sluice_core::id::{KeyId, OperatorId};

/// Most names of engine parts that are ever remembered; there are about twenty.
const PARTS_MAX: usize = 256;

/// Reads what `Actor` prints.
pub fn parse(text: &str) -> Option<Actor> {
    if let Some(part) = text.strip_prefix("system:") {
        return Some(Actor::System(part_name(part)));
    }
    if text == "console" {
        return Some(Actor::Console);
    }
    KeyId::parse(text).map(Actor::Key).or_else(|_| OperatorId::parse(text).map(Actor::Operator)).ok()
}

/// `Actor::System` names a part of this program by a constant. A stored name may be of another version's part, so each
/// distinct one is kept once, for as long as the program runs.
fn part_name(part: &str) -> &'static str {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(name) = names.get(part) {
        return name;
    }
    if names.len() >= PARTS_MAX {
        return "other";
    }
    let name: &'static str = Box::leak(part.to_owned().into_boxed_str());
    names.insert(name);
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_core::id::Ulid;
    use sluice_core::time::Timestamp;

    #[test]
    fn every_actor_reads_back() {
        let ulid = Ulid::new(Timestamp::default(), 7);
        for actor in [
            Actor::System("intake"),
            Actor::Key(KeyId::new(ulid)),
            Actor::Operator(OperatorId::new(ulid)),
            Actor::Console,
        ] {
            assert_eq!(parse(&actor.to_string()), Some(actor));
        }
        assert_eq!(parse("somebody"), None);
    }
}
