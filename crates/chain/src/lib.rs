//! Questions to nodes, quorum, watching and submission.

pub mod evm;
