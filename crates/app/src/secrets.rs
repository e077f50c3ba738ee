//! Sealing of API secrets at rest: ChaCha20-Poly1305 with a key that is not in the database.

use std::path::Path;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};

use crate::config::Both;
use crate::world::random;

/// Bytes of a sealing key.
pub const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 12;

/// Seals and opens secrets. What a sealed secret belongs to is bound into it: moved to another row it does not open.
pub struct Sealer {
    cipher: ChaCha20Poly1305,
}

/// A secret does not open: another key sealed it, it belongs to another row, or it was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a stored secret does not open with this sealing key; check server.sealing_key_file")]
pub struct NotOpened;

impl Sealer {
    /// From a key.
    pub fn new(key: [u8; KEY_BYTES]) -> Self {
        Self { cipher: ChaCha20Poly1305::new(&Key::from(key)) }
    }

    /// From a file with 64 hex digits.
    ///
    /// # Errors
    /// One sentence, in both languages.
    pub fn read(path: &Path) -> Result<Self, Both> {
        let shown = path.display();
        let text = std::fs::read_to_string(path).map_err(|error| {
            Both::new(
                format!("the sealing key {shown} cannot be read: {error}; make one with `sluice key init`"),
                format!("봉인 키 {shown}을(를) 읽을 수 없습니다: {error}. `sluice key init`으로 만드세요"),
            )
        })?;
        let mut key = [0; KEY_BYTES];
        hex::decode_to_slice(text.trim(), &mut key).map_err(|_| {
            Both::new(
                format!("the sealing key {shown} is not 64 hex digits"),
                format!("봉인 키 {shown}의 내용이 16진수 64자리가 아닙니다"),
            )
        })?;
        Ok(Self::new(key))
    }

    /// Seals a secret for `owner`.
    pub fn seal(&self, owner: &str, secret: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE_BYTES] = random();
        let payload = Payload { msg: secret, aad: owner.as_bytes() };
        match self.cipher.encrypt(&Nonce::from(nonce), payload) {
            Ok(sealed) => [nonce.as_slice(), &sealed].concat(),
            // The cipher refuses only messages beyond 256 GiB.
            Err(_) => Vec::new(),
        }
    }

    /// Opens a secret of `owner`.
    ///
    /// # Errors
    /// [`NotOpened`].
    pub fn open(&self, owner: &str, sealed: &[u8]) -> Result<Vec<u8>, NotOpened> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_BYTES).ok_or(NotOpened)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| NotOpened)?;
        self.cipher
            .decrypt(&Nonce::from(nonce), Payload { msg: sealed, aad: owner.as_bytes() })
            .map_err(|_| NotOpened)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_only_for_its_owner_and_unchanged() {
        let sealer = Sealer::new([7; KEY_BYTES]);
        let sealed = sealer.seal("key_1", b"secret");
        assert_eq!(sealer.open("key_1", &sealed).unwrap(), b"secret");
        assert_eq!(sealer.open("key_2", &sealed), Err(NotOpened));
        assert_eq!(Sealer::new([8; KEY_BYTES]).open("key_1", &sealed), Err(NotOpened));
        let mut changed = sealed.clone();
        *changed.last_mut().unwrap() ^= 1;
        assert_eq!(sealer.open("key_1", &changed), Err(NotOpened));
        assert_eq!(sealer.open("key_1", &sealed[..5]), Err(NotOpened));
        assert_ne!(sealer.seal("key_1", b"secret"), sealed, "a nonce is never used twice");
    }
}
