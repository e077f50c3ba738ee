//! Where a transfer stands, without the evidence for it, and what of the evidence its cost is read from.

use super::{Ended, Fuelled, Last, Seen, Signed, State, Transfer};
use crate::chain::Family;
use crate::proof::Inclusion;

/// A transfer's state without its evidence; `signing` is `built` once the signer was asked, and `signed` while a person has it to
/// sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// See [`State::Planned`].
    Planned,
    /// See [`State::Funded`].
    Funded,
    /// See [`State::Fuelling`].
    Fuelling,
    /// See [`State::Fuelled`].
    Fuelled,
    /// See [`State::Built`].
    Built,
    /// See [`State::Built`]: the signer was asked.
    Signing,
    /// See [`State::Signed`].
    Signed,
    /// See [`State::Seen`].
    Seen,
    /// See [`State::Final`].
    Final,
    /// See [`State::Dropped`].
    Dropped,
}

impl State {
    /// The name in columns.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Funded(_) => "funded",
            Self::Fuelling(_) => "fuelling",
            Self::Fuelled(_) => "fuelled",
            Self::Built(_) => "built",
            Self::Signed(_) => "signed",
            Self::Seen(_) => "seen",
            Self::Final(_) => "final",
            Self::Dropped { .. } => "dropped",
        }
    }

    /// Without the evidence.
    pub fn phase(&self) -> Phase {
        match self {
            Self::Planned => Phase::Planned,
            Self::Funded(_) => Phase::Funded,
            Self::Fuelling(_) => Phase::Fuelling,
            Self::Fuelled(_) => Phase::Fuelled,
            Self::Built(built) => {
                if built.asked {
                    Phase::Signing
                } else {
                    Phase::Built
                }
            }
            Self::Signed(signed) if signed.is_handed_out() => Phase::Signing,
            Self::Signed(_) => Phase::Signed,
            Self::Seen(_) => Phase::Seen,
            Self::Final(_) => Phase::Final,
            Self::Dropped { .. } => Phase::Dropped,
        }
    }

    /// Nothing more happens to it, unless its proof leaves the chain.
    pub const fn terminal(&self) -> bool {
        match self {
            Self::Final(_) | Self::Dropped { .. } => true,
            Self::Planned
            | Self::Funded(_)
            | Self::Fuelling(_)
            | Self::Fuelled(_)
            | Self::Built(_)
            | Self::Signed(_)
            | Self::Seen(_) => false,
        }
    }
}

impl Transfer {
    /// Its phase as the public status shows it: EVM passes over the energy states.
    pub fn phase(&self) -> Phase {
        match (self.0.state.phase(), self.0.asset.id.chain.family) {
            (Phase::Fuelling | Phase::Fuelled, Family::Evm) => Phase::Funded,
            (phase, Family::Evm | Family::Tron) => phase,
        }
    }

    /// What its inclusion was reckoned with, once it has been fuelled.
    pub const fn fuelled(&self) -> Option<&Fuelled> {
        match &self.0.state {
            State::Fuelled(fuelled) => Some(fuelled),
            State::Built(built) => Some(&built.fuelled),
            State::Signed(Signed { fuelled, .. })
            | State::Seen(Seen { signed: Signed { fuelled, .. }, .. }) => Some(fuelled),
            State::Final(Ended { last: Last::Built(built), .. }) => Some(&built.fuelled),
            State::Final(Ended { last: Last::Signed(signed), .. }) => Some(&signed.fuelled),
            State::Planned | State::Funded(_) | State::Fuelling(_) | State::Dropped { .. } => None,
        }
    }

    /// Where one of its attempts is in a block. Where a stranger consumed its slot, none of them is.
    pub fn included(&self) -> Option<&Inclusion> {
        match &self.0.state {
            State::Seen(Seen { inclusion, .. }) => Some(inclusion),
            State::Final(Ended { end, .. }) => end.inclusion(),
            State::Planned
            | State::Funded(_)
            | State::Fuelling(_)
            | State::Fuelled(_)
            | State::Built(_)
            | State::Signed(_)
            | State::Dropped { .. } => None,
        }
    }
}
