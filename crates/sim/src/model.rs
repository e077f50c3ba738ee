//! A model of a chain, of either shape: slots are account nonces, or transactions that expire. One chain, many nodes with
//! views of their own.
//!
//! The model knows nothing of the engine; it decodes real bytes and executes them by the rules that matter to a payer:
//! nonces, pools, replacement, fees, reverts that cost, blocks that leave, finality that lags.

pub mod block;
pub mod chain;
pub mod market;
pub mod node;
pub mod pool;
pub mod token;
pub mod tron;
pub mod view;
