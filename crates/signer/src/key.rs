//! What signs. A key knows nothing of payments; the guard never sees a secret.

pub(crate) mod entropy;
pub mod keystore;
mod memory;
mod ring;

use std::fmt;

use secp256k1::ecdsa::{RecoverableSignature, RecoveryId};
use secp256k1::{Message, PublicKey};
use sluice_core::address::EvmAddress;

pub use entropy::{NoEntropy, fresh_secret};
pub use memory::MemoryKey;
pub use ring::{KeyRing, RingError};

/// An ECDSA signature over secp256k1, as Ethereum writes it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Raw {
    /// `r`, big-endian.
    pub r: [u8; 32],
    /// `s`, big-endian, in the lower half of the order (EIP-2).
    pub s: [u8; 32],
    /// Parity of the y coordinate.
    pub y_parity: bool,
}

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "r {} ..", hex::encode(&self.r[..4]))
    }
}

/// Why a key does not sign. Nothing about money follows from it: the same request is asked again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The password is wrong, or the file was changed.
    #[error("the keystore's password is wrong, or the file was changed")]
    Locked,
    /// The password cannot be had.
    #[error("the keystore's password cannot be read: {0}")]
    NoPassword(String),
    /// The file is no keystore this program reads.
    #[error("not a keystore version 3 with scrypt and aes-128-ctr: {0}")]
    Unreadable(&'static str),
    /// 32 bytes that are no key of the curve.
    #[error("not a secret key of secp256k1")]
    NotAKey,
    /// It is the key of another account than it claims.
    #[error("the key is of another account than it says")]
    OtherAccount,
    /// What it returned is no signature of its account over the digest.
    #[error("the key returned a signature that is not its own")]
    BadSignature,
    /// A device does not answer.
    #[error("the key does not answer: {0}")]
    Down(String),
}

/// A key, wherever it lives.
pub trait Key: Send + Sync {
    /// The account it signs for.
    fn address(&self) -> EvmAddress;

    /// Signs a digest. Software keys are deterministic (RFC 6979): the same digest gives the same signature.
    ///
    /// # Errors
    /// [`KeyError`]; nothing was signed as far as anybody may assume.
    fn sign(&self, digest: &[u8; 32]) -> Result<Raw, KeyError>;

    /// Makes it ready, where that takes time. Called before every group, outside the signer's lock.
    ///
    /// # Errors
    /// [`KeyError`]; the same comes back from [`Key::sign`].
    fn unlock(&self) -> Result<(), KeyError> {
        Ok(())
    }
}

/// Signs, and trusts nobody with the result: a low `s`, and exactly the account the journal has for this wallet.
pub(crate) fn sign_checked(key: &dyn Key, address: EvmAddress, digest: &[u8; 32]) -> Result<Raw, KeyError> {
    let signature = key.sign(digest)?;
    match signer_of(&signature, digest) {
        Some(signer) if signer == address => Ok(signature),
        Some(_) | None => Err(KeyError::BadSignature),
    }
}

/// The account that made a signature; `None` for a high `s` or no point of the curve.
fn signer_of(signature: &Raw, digest: &[u8; 32]) -> Option<EvmAddress> {
    let compact: [u8; 64] = [signature.r, signature.s].concat().try_into().ok()?;
    let recovery = if signature.y_parity { RecoveryId::One } else { RecoveryId::Zero };
    let signature = RecoverableSignature::from_compact(&compact, recovery).ok()?;
    let mut low = signature.to_standard();
    low.normalize_s();
    if low.serialize_compact() != compact {
        return None;
    }
    Some(address_of(&signature.recover_ecdsa(Message::from_digest(*digest)).ok()?))
}

pub(crate) fn address_of(public: &PublicKey) -> EvmAddress {
    let point = public.serialize_uncompressed();
    let mut public = [0; 64];
    public.copy_from_slice(&point[1..]);
    sluice_codec::evm::address_of(&public)
}
