//! From where a transfer came to its end.

use super::{Built, Mode, Signed};
use crate::slot::Slot;

/// Where a transfer stood when it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Last {
    /// Nothing was ever signed in its slot, and the slot needs no filling.
    Built(Built),
    /// Something was; back to it when the proof's block leaves the chain (M16).
    Signed(Signed),
}

impl Last {
    /// The slot.
    pub const fn slot(&self) -> &Slot {
        match self {
            Self::Built(built) => &built.slot,
            Self::Signed(signed) => &signed.slot,
        }
    }

    /// What the slot was used for.
    pub const fn mode(&self) -> &Mode {
        match self {
            Self::Built(built) => &built.mode,
            Self::Signed(signed) => &signed.mode,
        }
    }

    /// Its evidence, where something was signed.
    pub const fn signed(&self) -> Option<&Signed> {
        match self {
            Self::Built(_) => None,
            Self::Signed(signed) => Some(signed),
        }
    }
}
