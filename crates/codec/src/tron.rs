//! TRON: transactions in protobuf, their ids, signatures and accounts.
//!
//! A transaction has no nonce and no chain id. Its id (txid) is SHA-256 over `raw_data`, signatures left out, so the same
//! bytes execute at most once, other bytes are another payment, and two payments with the same bytes are one. The only
//! thing that ties it to one network is its reference block ([`Reference`], TAPOS), and the only thing that ends it is its
//! expiration: once a final block's time has reached that, no later block can contain it.
//!
//! Where to start: an [`Unsigned`] says what is wanted, [`draft`] makes the bytes to be signed or says why no node would
//! carry them out, [`signed`] joins them with signatures, and [`decode`] takes exactly one spelling back. [`raw`] and
//! [`decode_raw`] do so without judging, [`relayed`] only cuts a stranger's transaction in two: a node must carry what it
//! does not understand.
//!
//! The wire shapes are written here, from the field numbers, and shown to be right by tronweb: twelve vectors of it are in
//! `vectors/tron.json`, and every test run has it make thousands of transactions again, of every kind, with the bytes, ids
//! and signatures compared. Beyond what JavaScript says exactly, 2^53 - 1, a reading by hand stands beside the decoder.

mod block;
mod call;
mod decode;
mod draft;
#[cfg(test)]
mod fuzz;
mod glance;
mod key;
mod message;
mod pay;
mod permission;
mod returned;
mod terms;
mod text;
pub mod trc20;
mod tx;

pub use block::{BlockHeader, block_id};
pub use call::{Call, ContractType, Resource};
pub use decode::{DecodeError, Decoded, Relayed, decode, decode_raw, relayed};
pub use draft::{Bytes, EncodeError, draft};
pub use glance::{Glance, glance};
pub use key::{Signature, address_of, recover};
pub use pay::{PayError, attach, errand, lock, pay};
pub use permission::{Key, Operations, Permission, PermissionError};
pub use returned::{Difference, ReturnedError, differences, facts, returned};
pub use sluice_core::address::{AddressError, TronAddress as Address};
pub use terms::{Reference, Terms};
pub use text::text_digest;
pub use tx::{BYTES_MAX, SIGNATURES_MAX, Unsigned, bandwidth, raw, signed, txid};
