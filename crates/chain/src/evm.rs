//! EVM chains.

pub mod node;
