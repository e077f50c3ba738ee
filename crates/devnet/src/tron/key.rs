//! Keys of the simulator's own accounts, signatures, and who made one.

use alloy_primitives::keccak256;
use secp256k1::{
    Message, PublicKey, SecretKey,
    ecdsa::{RecoverableSignature, RecoveryId},
};
use sha2::{Digest, Sha256};

use super::address::Address;

/// An account whose key everybody may know: it exists on simulated chains alone.
#[derive(Clone)]
pub struct Account {
    secret: [u8; 32],
    address: Address,
}

impl Account {
    /// The `index`th account of a seed. Always the same one.
    pub fn of_seed(seed: u64, index: u32) -> Self {
        Self::derived("account", seed, index)
    }

    pub(super) fn derived(purpose: &str, seed: u64, index: u32) -> Self {
        let mut attempt = 0_u32;
        loop {
            let text = format!("sluice tron-sim {purpose} {seed} {index} {attempt}");
            let secret: [u8; 32] = Sha256::digest(text.as_bytes()).into();
            if let Some(account) = Self::of_secret(&secret) {
                return account;
            }
            // A hash that is no key of the curve has never been seen; the next one is.
            attempt = attempt.wrapping_add(1);
        }
    }

    /// The account of a secret key; `None` if the bytes are no key.
    pub fn of_secret(secret: &[u8; 32]) -> Option<Self> {
        let key = SecretKey::from_secret_bytes(*secret).ok()?;
        let address = address_of(&PublicKey::from_secret_key(&key));
        Some(Self { secret: *secret, address })
    }

    /// Its address.
    pub fn address(&self) -> Address {
        self.address
    }

    /// Its secret key, as wallets import it: 64 hexadecimal digits.
    pub fn secret_hex(&self) -> String {
        hex::encode(self.secret)
    }

    /// Signs a hash: r, s, and 27 or 28.
    pub fn sign(&self, hash: &[u8; 32]) -> [u8; 65] {
        let mut bytes = [0; 65];
        if let Ok(key) = SecretKey::from_secret_bytes(self.secret) {
            let signature = RecoverableSignature::sign_ecdsa_recoverable(Message::from_digest(*hash), &key);
            let (recovery, compact) = signature.serialize_compact();
            if let Some((last, first)) = bytes.split_last_mut() {
                first.copy_from_slice(&compact);
                *last = recovery.to_u8().saturating_add(27);
            }
        }
        bytes
    }
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Why nobody can be named for a signature. The texts are java-tron's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadSignature {
    /// Fewer than 65 bytes.
    #[error("Signature size is {0}")]
    Size(usize),
    /// The last byte says nothing about the point.
    #[error("Header byte out of range: {0}")]
    Header(u32),
    /// r and s lead to no point.
    #[error("Could not recover public key from signature")]
    Unrecoverable,
}

/// Who signed this hash. The last byte may be 0 or 1, or 27 and more; a high `s` is taken, as the chain does.
pub(super) fn signer(hash: &[u8; 32], signature: &[u8]) -> Result<Address, BadSignature> {
    let short = || BadSignature::Size(signature.len());
    let compact: &[u8; 64] = signature.get(..64).and_then(|it| it.try_into().ok()).ok_or_else(short)?;
    let last = u32::from(*signature.get(64).ok_or_else(short)?);
    let header = if last < 27 { last + 27 } else { last };
    if !(27..=34).contains(&header) {
        return Err(BadSignature::Header(header));
    }
    let recovery = i32::try_from((header - 27) % 4).map_err(|_| BadSignature::Header(header))?;
    let unrecoverable = |_| BadSignature::Unrecoverable;
    let recovery = RecoveryId::try_from(recovery).map_err(unrecoverable)?;
    let signature = RecoverableSignature::from_compact(compact, recovery).map_err(unrecoverable)?;
    let public = signature.recover_ecdsa(Message::from_digest(*hash)).map_err(unrecoverable)?;
    Ok(address_of(&public))
}

fn address_of(public: &PublicKey) -> Address {
    let point = public.serialize_uncompressed();
    let hash = keccak256(point.get(1..).unwrap_or(&[]));
    let mut bytes = [0; 20];
    bytes.copy_from_slice(hash.get(12..).unwrap_or(&[0; 20]));
    Address::new(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_from_its_signature_in_both_spellings() {
        let account = Account::of_seed(7, 0);
        assert_ne!(account.address(), Account::of_seed(7, 1).address());
        let hash = [5; 32];
        let mut signature = account.sign(&hash);
        assert_eq!(signer(&hash, &signature), Ok(account.address()));
        signature[64] -= 27;
        assert_eq!(signer(&hash, &signature), Ok(account.address()));
        assert_ne!(signer(&[6; 32], &signature), Ok(account.address()));
    }

    #[test]
    fn a_known_key_has_its_known_address() {
        let mut secret = [0; 32];
        secret[31] = 1;
        let account = Account::of_secret(&secret).unwrap();
        assert_eq!(account.address().to_string(), "TMVQGm1qAQYVdetCeGRRkTWYYrLXuHK2HC");
        assert!(Account::of_secret(&[0; 32]).is_none());
    }

    #[test]
    fn bad_signatures_are_named() {
        assert_eq!(signer(&[0; 32], &[1; 64]), Err(BadSignature::Size(64)));
        let mut signature = [1; 65];
        signature[64] = 99;
        assert_eq!(signer(&[0; 32], &signature), Err(BadSignature::Header(99)));
        assert_eq!(signer(&[0; 32], &[0xff; 65]), Err(BadSignature::Header(255)));
        signature[..64].fill(0xff);
        signature[64] = 0;
        assert_eq!(signer(&[0; 32], &signature), Err(BadSignature::Unrecoverable));
    }
}
