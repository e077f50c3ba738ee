//! A secret in memory: what a keystore opens to, and what the simulator signs with.

use secp256k1::ecdsa::RecoverableSignature;
use secp256k1::{Message, PublicKey, SecretKey};
use sluice_core::address::EvmAddress;
use zeroize::Zeroizing;

use super::{Key, KeyError, Raw, address_of};

/// A secret key held in memory and wiped when dropped.
pub struct MemoryKey {
    secret: Zeroizing<[u8; 32]>,
    address: EvmAddress,
}

impl MemoryKey {
    /// From its 32 bytes.
    ///
    /// # Errors
    /// [`KeyError::NotAKey`] for zero and for what exceeds the curve's order.
    pub fn new(secret: &[u8; 32]) -> Result<Self, KeyError> {
        let secret = Zeroizing::new(*secret);
        let address = with_key(&secret, |key| address_of(&PublicKey::from_secret_key(key)))?;
        Ok(Self { secret, address })
    }
}

impl Key for MemoryKey {
    fn address(&self) -> EvmAddress {
        self.address
    }

    fn sign(&self, digest: &[u8; 32]) -> Result<Raw, KeyError> {
        let signature = with_key(&self.secret, |key| {
            RecoverableSignature::sign_ecdsa_recoverable(Message::from_digest(*digest), key)
        })?;
        let (recovery, compact) = signature.serialize_compact();
        let (mut r, mut s) = ([0; 32], [0; 32]);
        r.copy_from_slice(&compact[..32]);
        s.copy_from_slice(&compact[32..]);
        // Above 1 r has overflowed the order, which Ethereum cannot write; it takes 2^127 signatures to see one.
        match recovery.to_u8() {
            0 => Ok(Raw { r, s, y_parity: false }),
            1 => Ok(Raw { r, s, y_parity: true }),
            _ => Err(KeyError::BadSignature),
        }
    }
}

/// The library's own key type is a copy on the stack; it lives as long as one call and is wiped after it.
fn with_key<T>(secret: &[u8; 32], f: impl FnOnce(&SecretKey) -> T) -> Result<T, KeyError> {
    let mut key = SecretKey::from_secret_bytes(*secret).map_err(|_| KeyError::NotAKey)?;
    let result = f(&key);
    key.non_secure_erase();
    Ok(result)
}
