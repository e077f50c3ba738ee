//! Engines broken on purpose, one rule at a time, from outside: wrappers around ports, never a `cfg` or a switch in the
//! engine. A check that lets one of them live is worth nothing: [`table`] says who has to notice which.
//!
//! The simulator puts them around its ports, and the program `sluice-mutant`, which only tests build, around the real ones.
//!
//! # Invariants
//! - A wrapper does what the engine could do if the rule were missing, and nothing that no engine could do: it makes no
//!   key, no row and no transaction of its own.
//! - With no mutant every port is the one that came in.
//! - No crate that pays for real depends on this one in a release image.

pub mod chain;
pub mod market;
pub mod signer;
pub mod store;
pub mod table;

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

use sluice_core::chain::ChainId;
use sluice_core::port::chain::Chain;
use sluice_core::port::market::Market;
use sluice_core::port::signer::Signer;
use sluice_core::port::store::Store;
use sluice_core::port::world::Clock;
use sluice_core::port::{Ports, Supply, around};

/// What is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mutant {
    /// M7: the store does not look at the fence.
    NoFence,
    /// M8: limits are not claimed at intake.
    NoLimit,
    /// M1: an external id is not looked up; every post is a new withdrawal.
    NoIdentity,
    /// M4, M6: settlement says that open slots reverted.
    ForgedDeath,
    /// M4, M16: settlement says that open slots were paid.
    ForgedPayment,
    /// M4: where a slot ends by time, our own clock says when, and not the chain's solid blocks.
    OwnClock,
    /// M16: one operator is enough.
    OneOperator,
    /// M2: bytes leave before their signature is stored.
    SendsFirst,
    /// M3: payments are resent after a void of their slot was signed.
    ResendsPayments,
    /// M7: every signature is asked for with the highest epoch there is.
    NoSignerEpoch,
    /// M12: nobody is told of stops.
    NoStop,
    /// M6: what is strange is neither recorded nor freezes a lane.
    NoFreeze,
    /// M5: an unclear or silent signer is taken for one that closed the slot.
    ForgedTombstone,
    /// M16: what was final is taken back on nobody's word, and settlement goes on at once.
    NoPause,
    /// M17: what the signer's journal tells is not read, so that a store from an older copy takes itself for a present one.
    NoJournal,
    /// An order of energy without a clear answer is put to its vendor once more, without a look at the account there.
    AsksAgain,
}

impl Mutant {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::NoFence,
        Self::NoLimit,
        Self::NoIdentity,
        Self::ForgedDeath,
        Self::ForgedPayment,
        Self::OwnClock,
        Self::OneOperator,
        Self::SendsFirst,
        Self::ResendsPayments,
        Self::NoSignerEpoch,
        Self::NoStop,
        Self::NoFreeze,
        Self::ForgedTombstone,
        Self::NoPause,
        Self::NoJournal,
        Self::AsksAgain,
    ];

    /// What it is called: on a command line, in a table.
    pub fn name(self) -> String {
        format!("{self:?}")
    }
}

/// There is no mutant of this name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoSuchMutant(pub String);

impl FromStr for Mutant {
    type Err = NoSuchMutant;

    fn from_str(name: &str) -> Result<Self, NoSuchMutant> {
        Self::ALL.into_iter().find(|it| it.name() == name).ok_or_else(|| NoSuchMutant(name.to_owned()))
    }
}

/// All ports of a process, one of them perhaps broken.
pub fn ports(mutant: Option<Mutant>, ports: Ports) -> Ports {
    let chains: BTreeMap<_, _> =
        ports.chains.into_iter().map(|(id, inner)| (id, chain(mutant, inner, &ports.clock))).collect();
    let energy = ports.energy.into_iter();
    let energy = energy.map(|(id, it)| (id, Supply { market: market(mutant, it.market), ..it })).collect();
    Ports {
        energy,
        store: store(mutant, ports.store),
        signer: signer(mutant, ports.signer, &chains),
        chains,
        ..ports
    }
}

/// The store, perhaps broken.
pub fn store(mutant: Option<Mutant>, inner: Arc<dyn Store>) -> Arc<dyn Store> {
    match mutant {
        Some(
            mutant @ (Mutant::NoFence
            | Mutant::NoLimit
            | Mutant::NoIdentity
            | Mutant::NoStop
            | Mutant::NoFreeze
            | Mutant::NoPause),
        ) => Arc::new(around::store::Wrapped { inner, by: store::Off(mutant) }),
        _ => inner,
    }
}

/// The signer, perhaps broken. What one of them sends goes through these chains.
pub fn signer(
    mutant: Option<Mutant>,
    inner: Arc<dyn Signer>,
    chains: &BTreeMap<ChainId, Arc<dyn Chain>>,
) -> Arc<dyn Signer> {
    match mutant {
        Some(
            mutant @ (Mutant::SendsFirst
            | Mutant::NoSignerEpoch
            | Mutant::ForgedTombstone
            | Mutant::NoJournal),
        ) => Arc::new(around::signer::Wrapped { inner, by: signer::Off { mutant, chains: chains.clone() } }),
        _ => inner,
    }
}

/// The chain, perhaps broken. One of them takes this clock for the chain's.
pub fn chain(mutant: Option<Mutant>, inner: Arc<dyn Chain>, clock: &Arc<dyn Clock>) -> Arc<dyn Chain> {
    match mutant {
        Some(Mutant::OwnClock) => Arc::new(chain::BrokenChain::by_clock(inner, Arc::clone(clock))),
        Some(
            mutant
            @ (Mutant::ForgedDeath | Mutant::ForgedPayment | Mutant::ResendsPayments | Mutant::NoPause),
        ) => Arc::new(chain::BrokenChain::new(inner, mutant)),
        _ => inner,
    }
}

/// The vendors of energy, perhaps with a broken buyer in front of them.
pub fn market(mutant: Option<Mutant>, inner: Arc<dyn Market>) -> Arc<dyn Market> {
    match mutant {
        Some(Mutant::AsksAgain) => Arc::new(market::AsksAgain(inner)),
        _ => inner,
    }
}
