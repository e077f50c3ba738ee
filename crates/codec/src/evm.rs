//! EVM: type 2 transactions, token calls, token logs, addresses from keys.

pub mod call;
mod decode;
pub mod key;
pub mod log;
mod tx;

pub use decode::{DecodeError, Decoded, decode, txid};
pub(crate) use key::low;
pub use key::{address_of, recover};
pub use tx::{Bytes, EncodeError, attach, draft, pay, void};
