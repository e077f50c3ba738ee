//! What bytes mean: encode, decode, digest, recover, scale. Pure.

pub mod evm;
