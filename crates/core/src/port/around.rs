//! Ports with something around each call: a failpoint, a fault, a rule that is off. One pass-through for whoever wraps a
//! port, so that a new call of it is written once.

pub mod signer;
pub mod store;
