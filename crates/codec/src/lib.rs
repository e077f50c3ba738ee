//! What bytes mean: encode, decode, digest, recover, scale. Pure.
//!
//! The transaction formats come from `alloy-consensus` and `prost`, the curve from `k256`; they stay inside. What this
//! crate takes and gives is words of `sluice-core` and plain bytes, so that a change of library changes no caller.
//!
//! Where to start: [`evm::pay`] turns what people approved into the bytes that are signed, [`evm::decode`] turns bytes
//! back into meaning, [`tron::draft`] and [`tron::decode`] do so on TRON, [`scale`] is the only place where our precision
//! meets a chain's decimals (M13).
//!
//! # Invariants
//! - The same arguments give the same bytes, for ever: `vectors/` holds them, made by an independent implementation.
//! - What is decoded encodes to the same bytes: a second spelling of a transaction is refused, never understood.
//! - A signature with a high `s` is neither attached nor understood (EIP-2).
//! - On TRON the id of a transaction is a hash of the very bytes that stood on the wire, never of what was understood.
//! - Nothing is rounded: what does not scale exactly is refused ([`scale::to_chain`]) or shown ([`scale::from_chain`]).
//! - Bytes of strangers never panic.

pub mod evm;
mod possession;
pub mod scale;
pub mod tron;

pub use possession::Possession;
