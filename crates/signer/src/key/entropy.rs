//! The one place of this crate that draws chance: new secrets, and the salts of keystores.

use zeroize::Zeroizing;

/// The machine has no chance to give.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no random bytes: {0}")]
pub struct NoEntropy(String);

pub(crate) fn bytes<const N: usize>() -> Result<Zeroizing<[u8; N]>, NoEntropy> {
    let mut bytes = Zeroizing::new([0; N]);
    #[expect(
        clippy::disallowed_methods,
        reason = "a secret must never replay: it is drawn here, from the system alone"
    )]
    getrandom::fill(bytes.as_mut_slice()).map_err(|error| NoEntropy(error.to_string()))?;
    Ok(bytes)
}

/// A new secret key.
///
/// # Errors
/// [`NoEntropy`].
pub fn fresh_secret() -> Result<Zeroizing<[u8; 32]>, NoEntropy> {
    loop {
        let secret = bytes::<32>()?;
        // All but about one in 2^128 draws are keys.
        if super::MemoryKey::new(&secret).is_ok() {
            return Ok(secret);
        }
    }
}
