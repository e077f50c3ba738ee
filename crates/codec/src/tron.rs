//! TRON: transactions in protobuf, their ids, signatures and accounts.
//!
//! A transaction has no nonce and no chain id. Its id is SHA-256 over `raw_data`, so the same bytes execute at most once
//! and other bytes are another payment; the only thing that ties it to one network is the reference block, and the only
//! thing that ends it is its expiration.

mod call;
mod decode;
mod draft;
#[cfg(test)]
mod fuzz;
mod key;
mod message;
mod permission;
mod terms;
mod text;
pub mod trc20;
mod tx;

pub use call::{Call, ContractType, Resource};
pub use decode::{DecodeError, Decoded, Relayed, decode, decode_raw, relayed};
pub use draft::{Bytes, EncodeError, draft};
pub use key::{Signature, address_of, recover};
pub use permission::{Key, Operations, Permission, PermissionError};
pub use sluice_core::address::{TronAddress as Address, TronAddressError as AddressError};
pub use terms::{Reference, Terms};
pub use text::text_digest;
pub use tx::{BYTES_MAX, SIGNATURES_MAX, Unsigned, bandwidth, raw, signed, txid};
