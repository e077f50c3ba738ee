//! EVM transactions and calls.
