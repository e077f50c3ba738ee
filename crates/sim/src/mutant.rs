//! Engines broken on purpose, one rule at a time, from outside: wrappers around ports and edits of the schema, never a
//! `cfg` in the engine. An oracle that lets one of them live is worth nothing.

pub mod chain;
pub mod signer;
pub mod store;

use std::sync::Arc;

use sluice_chain::evm::node::Node;
use sluice_core::port::around;
use sluice_core::port::chain::Chain;
use sluice_core::port::signer::Signer;
use sluice_core::port::store::Store;

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
}

impl Mutant {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::NoFence,
        Self::NoLimit,
        Self::NoIdentity,
        Self::ForgedDeath,
        Self::ForgedPayment,
        Self::OneOperator,
        Self::SendsFirst,
        Self::ResendsPayments,
        Self::NoSignerEpoch,
        Self::NoStop,
        Self::NoFreeze,
        Self::ForgedTombstone,
        Self::NoPause,
    ];
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

/// The signer, perhaps broken.
pub fn signer(mutant: Option<Mutant>, inner: Arc<dyn Signer>, nodes: &[Arc<dyn Node>]) -> Arc<dyn Signer> {
    match mutant {
        Some(mutant @ (Mutant::SendsFirst | Mutant::NoSignerEpoch | Mutant::ForgedTombstone)) => {
            Arc::new(around::signer::Wrapped { inner, by: signer::Off { mutant, nodes: nodes.to_vec() } })
        }
        _ => inner,
    }
}

/// The chain, perhaps broken.
pub fn chain(mutant: Option<Mutant>, inner: Arc<dyn Chain>) -> Arc<dyn Chain> {
    match mutant {
        Some(
            mutant
            @ (Mutant::ForgedDeath | Mutant::ForgedPayment | Mutant::ResendsPayments | Mutant::NoPause),
        ) => Arc::new(chain::BrokenChain::new(inner, mutant)),
        _ => inner,
    }
}
