//! Secrets of API keys. The server must recompute an HMAC, so it keeps the secret, sealed; it is opened only to check a
//! signature and shown only once, when it is made.

use sluice_core::id::KeyId;
use zeroize::Zeroizing;

/// Seals and opens secrets, and makes new ones. The program implements it (ChaCha20-Poly1305 under a key that is not in
/// the database).
pub trait SecretBox: Send + Sync {
    /// Encrypts a secret for this key's row. The key's id is authenticated with it, so that a ciphertext copied to another
    /// row does not open.
    fn seal(&self, key: KeyId, secret: &[u8]) -> Vec<u8>;

    /// Decrypts; `None` when it was changed, belongs to another row, or to another sealing key.
    fn open(&self, key: KeyId, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>>;

    /// 32 fresh bytes from the operating system's random source. Not the `entropy` port: that one makes names.
    fn fresh(&self) -> Zeroizing<[u8; 32]>;
}
