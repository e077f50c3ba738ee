//! How a request proves who sent it, and that nobody changed it on the way.
//!
//! The caller signs five lines, joined by one line feed each:
//!
//! ```text
//! 1795226523000                       timestamp: milliseconds since 1970, as in Sluice-Timestamp
//! 5f3a9c0b7d1e4a2f8c6b                nonce: fresh for every request, as in Sluice-Nonce
//! POST                                method, upper case
//! /v1/withdrawals?limit=20            path and query exactly as sent
//! 9f86d081884c7d65...                 SHA-256 of the body in lower-case hex, also of an empty one
//! ```
//!
//! and sends `Sluice-Key`, `Sluice-Timestamp`, `Sluice-Nonce` and `Sluice-Signature`: `v1=` and the lower-case hex of
//! HMAC-SHA256 keyed with the bytes of the secret as it was shown, or `v1ed25519=` and the base64 of an Ed25519
//! signature. No line can contain a line feed, so two different requests never have the same text.
//!
//! In test mode `Authorization: Bearer <key id>.<secret>` does as well.

mod header;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

pub use header::{
    AUTHORIZATION, AuthError, Bearer, HEADER_KEY, HEADER_NONCE, HEADER_SIGNATURE, HEADER_TIMESTAMP,
    Presented, Signed, parse_headers,
};

use crate::path::TARGET_BYTES_MAX;

/// How far the caller's clock may be from ours, in milliseconds, in both directions. Nonces are remembered at least
/// twice as long.
pub const WINDOW_MS: u64 = 30_000;
/// The fewest characters of a nonce.
pub const NONCE_CHARS_MIN: usize = 16;
/// The most characters of a nonce.
pub const NONCE_CHARS_MAX: usize = 64;
/// The most characters of a key's id.
pub const KEY_ID_CHARS_MAX: usize = 64;
/// The fewest characters of a secret.
pub const SECRET_CHARS_MIN: usize = 16;
/// The most characters of a secret.
pub const SECRET_CHARS_MAX: usize = 128;

/// What is signed of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// Milliseconds since 1970-01-01T00:00:00Z, by the caller's clock.
    pub timestamp_ms: u64,
    /// Fresh for every request: 16 to 64 letters, digits, `-` or `_`.
    pub nonce: &'a str,
    /// Upper case, such as `POST`.
    pub method: &'a str,
    /// Path and query exactly as they are sent, such as `/v1/events?after=7`.
    pub target: &'a str,
    /// The bytes of the body; empty when there is none.
    pub body: &'a [u8],
}

/// A request that has no canonical text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsignable {
    /// The nonce is not 16 to 64 letters, digits, `-` or `_`.
    #[error("a nonce is 16 to 64 letters, digits, - or _")]
    Nonce,
    /// The method is not 1 to 16 upper-case letters.
    #[error("a method is 1 to 16 upper-case letters")]
    Method,
    /// The target does not begin with `/`, is longer than 8 KiB, or has characters that a target cannot have.
    #[error("a target begins with / and has visible ASCII characters only")]
    Target,
}

impl Request<'_> {
    /// The text that is signed.
    ///
    /// # Errors
    /// [`Unsignable`] when a part is outside its bounds. Those bounds are what makes the text unambiguous.
    pub fn canonical(&self) -> Result<String, Unsignable> {
        if !header::is_nonce(self.nonce) {
            return Err(Unsignable::Nonce);
        }
        let method = self.method.as_bytes();
        if method.is_empty() || method.len() > 16 || !method.iter().all(u8::is_ascii_uppercase) {
            return Err(Unsignable::Method);
        }
        let target = self.target.as_bytes();
        if target.first() != Some(&b'/')
            || target.len() > TARGET_BYTES_MAX
            || !target.iter().all(u8::is_ascii_graphic)
        {
            return Err(Unsignable::Target);
        }
        let body = hex::encode(Sha256::digest(self.body));
        Ok(format!("{}\n{}\n{}\n{}\n{body}", self.timestamp_ms, self.nonce, self.method, self.target))
    }
}

/// What a caller signs with. Wiped from memory when dropped; never printed.
#[derive(Clone)]
pub enum SigningSecret {
    /// A shared secret: the bytes of the text that was shown when the key was created.
    Hmac(Zeroizing<Vec<u8>>),
    /// An Ed25519 private key.
    Ed25519(Box<SigningKey>),
}

/// What the server checks a signature with. Never printed.
#[derive(Clone)]
pub enum VerifyingSecret {
    /// The shared secret.
    Hmac(Zeroizing<Vec<u8>>),
    /// The 32 bytes of an Ed25519 public key.
    Ed25519([u8; 32]),
}

impl SigningSecret {
    /// A shared secret as it was shown.
    pub fn hmac(secret: &str) -> Self {
        Self::Hmac(Zeroizing::new(secret.as_bytes().to_vec()))
    }

    /// An Ed25519 key from its 32-byte seed.
    pub fn ed25519(seed: &[u8; 32]) -> Self {
        Self::Ed25519(Box::new(SigningKey::from_bytes(seed)))
    }

    /// The 32 bytes to register as the public key; `None` for a shared secret.
    pub fn public_key(&self) -> Option<[u8; 32]> {
        match self {
            Self::Hmac(_) => None,
            Self::Ed25519(key) => Some(key.verifying_key().to_bytes()),
        }
    }

    /// The same in standard base64, as it is registered; `None` for a shared secret.
    pub fn public_key_base64(&self) -> Option<String> {
        self.public_key().map(|key| STANDARD.encode(key))
    }

    /// Signs a request.
    ///
    /// # Errors
    /// [`Unsignable`] when the request has no canonical text.
    pub fn sign(&self, request: &Request) -> Result<Signature, Unsignable> {
        let text = request.canonical()?;
        Ok(match self {
            Self::Hmac(secret) => Signature::Hmac(hmac_sha256(secret, text.as_bytes())),
            Self::Ed25519(key) => Signature::Ed25519(key.sign(text.as_bytes()).to_bytes()),
        })
    }
}

impl VerifyingSecret {
    /// A shared secret as it was shown.
    pub fn hmac(secret: &str) -> Self {
        Self::Hmac(Zeroizing::new(secret.as_bytes().to_vec()))
    }

    /// A public key from standard base64 with padding. `None` when it is not 32 bytes, not on the curve, or of small
    /// order: under such a key one signature fits many texts.
    pub fn ed25519(base64: &str) -> Option<Self> {
        let bytes: [u8; 32] = STANDARD.decode(base64).ok()?.try_into().ok()?;
        let key = VerifyingKey::from_bytes(&bytes).ok()?;
        (!key.is_weak()).then_some(Self::Ed25519(bytes))
    }

    /// Whether this signature is this key's for this request. The comparison takes the same time whatever differs, and a
    /// signature of the other kind never fits.
    pub fn verify(&self, request: &Request, signature: &Signature) -> bool {
        let Ok(text) = request.canonical() else { return false };
        match (self, signature) {
            (Self::Hmac(secret), Signature::Hmac(mac)) => {
                hmac_sha256(secret, text.as_bytes()).ct_eq(mac).into()
            }
            (Self::Ed25519(key), Signature::Ed25519(signature)) => {
                VerifyingKey::from_bytes(key).is_ok_and(|key| {
                    key.verify_strict(text.as_bytes(), &ed25519_dalek::Signature::from_bytes(signature))
                        .is_ok()
                })
            }
            (Self::Hmac(_), Signature::Ed25519(_)) | (Self::Ed25519(_), Signature::Hmac(_)) => false,
        }
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hmac(_) => "SigningSecret::Hmac(..)",
            Self::Ed25519(_) => "SigningSecret::Ed25519(..)",
        })
    }
}

impl fmt::Debug for VerifyingSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hmac(_) => "VerifyingSecret::Hmac(..)",
            Self::Ed25519(_) => "VerifyingSecret::Ed25519(..)",
        })
    }
}

fn hmac_sha256(secret: &[u8], text: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(text);
    mac.finalize().into_bytes().into()
}

/// A signature, as `Sluice-Signature` carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signature {
    /// `v1=` and 64 lower-case hex digits.
    Hmac([u8; 32]),
    /// `v1ed25519=` and 88 characters of standard base64.
    Ed25519([u8; 64]),
}

impl Signature {
    /// Reads the header. Each signature has exactly one spelling.
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once('=')? {
            ("v1", digits) => {
                let mut mac = [0; 32];
                hex::decode_to_slice(digits, &mut mac).ok()?;
                (hex::encode(mac) == digits).then_some(Self::Hmac(mac))
            }
            ("v1ed25519", base64) => Some(Self::Ed25519(STANDARD.decode(base64).ok()?.try_into().ok()?)),
            _ => None,
        }
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hmac(mac) => write!(f, "v1={}", hex::encode(mac)),
            Self::Ed25519(signature) => write!(f, "v1ed25519={}", STANDARD.encode(signature)),
        }
    }
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
