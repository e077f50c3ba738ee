//! A store that went back in time, as it says so itself (M17).

use super::Seen;

/// An entry of the journal, known by its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Place, from 1.
    pub seq: u64,
    /// Hash of the entry, and so of the whole journal up to it.
    pub hash: [u8; 32],
}

/// A store that went back in time: put in place from a copy, or found out by the journal. Until what it lost is imported
/// every lane is shut, and nothing that is asked for is let pass without two persons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// What shows it, in one sentence.
    pub evidence: String,
    /// Whether its lanes were shut for it. Whoever put a copy in place cannot do that.
    pub shut: bool,
}

/// What is done about a store that went back in time. At most one such time is pending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Back {
    /// The journal shows it, and with this change every lane is shut.
    Noticed {
        /// What shows it, in one sentence.
        evidence: String,
    },
    /// It was pending, and with this change every lane is shut.
    Shut,
    /// What the journal has is imported, and pending is over. Lanes and withdrawals wait for persons.
    Imported(Seen),
}
