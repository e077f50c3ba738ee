//! Who signed: the same curve and the same 20 bytes as on EVM chains, in another dress.

use sluice_core::address::TronAddress;

use crate::evm;

/// A signature in its one normal form: both halves in range, a low `s`. On the wire `r || s || v` with `v` 27 or 28.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    r: [u8; 32],
    s: [u8; 32],
    y_parity: bool,
}

impl Signature {
    /// `None` for `r` or `s` outside the curve's order, or a high `s`: who could flip it had a second signature.
    pub fn new(r: [u8; 32], s: [u8; 32], y_parity: bool) -> Option<Self> {
        evm::low(&r, &s)?;
        Some(Self { r, s, y_parity })
    }

    /// Reads 65 bytes. Nodes take `v` as 0 or 1 too, so both spellings are read; [`Signature::bytes`] writes one.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (r, rest) = bytes.split_first_chunk::<32>()?;
        let (s, v) = rest.split_first_chunk::<32>()?;
        let y_parity = match v {
            [0 | 27] => false,
            [1 | 28] => true,
            _ => return None,
        };
        Self::new(*r, *s, y_parity)
    }

    /// `r || s || v`, `v` 27 or 28.
    pub fn bytes(&self) -> [u8; 65] {
        let mut bytes = [27 + u8::from(self.y_parity); 65];
        bytes[..32].copy_from_slice(&self.r);
        bytes[32..64].copy_from_slice(&self.s);
        bytes
    }

    /// Whose key made it over a digest. `None` for a point that does not exist.
    pub fn signer(&self, digest: &[u8; 32]) -> Option<TronAddress> {
        evm::recover(digest, &self.r, &self.s, self.y_parity).map(|account| TronAddress(account.0))
    }
}

/// The address of a public key, `x || y`.
pub fn address_of(public: &[u8; 64]) -> TronAddress {
    TronAddress(evm::address_of(public).0)
}

/// Whose key made a signature of 65 bytes over a transaction id, or over the digest of a text. `None` where
/// [`Signature::read`] or [`Signature::signer`] has none.
pub fn recover(digest: &[u8; 32], signature: &[u8]) -> Option<TronAddress> {
    Signature::read(signature)?.signer(digest)
}
