//! Credentials as they arrive: read with bounds, each header once, one kind of proof only.

use std::fmt;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::{
    KEY_ID_CHARS_MAX, NONCE_CHARS_MAX, NONCE_CHARS_MIN, Request, SECRET_CHARS_MAX, SECRET_CHARS_MIN,
    Signature, VerifyingSecret, WINDOW_MS,
};
use crate::problem::{Code, Refusal};

/// Names the key.
pub const HEADER_KEY: &str = "Sluice-Key";
/// Says when the request was signed, in milliseconds since 1970.
pub const HEADER_TIMESTAMP: &str = "Sluice-Timestamp";
/// Makes the request different from every other.
pub const HEADER_NONCE: &str = "Sluice-Nonce";
/// Proves it.
pub const HEADER_SIGNATURE: &str = "Sluice-Signature";
/// Carries a plain bearer key, in test mode only.
pub const AUTHORIZATION: &str = "Authorization";

/// Why credentials are not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// There are none.
    #[error("no credentials")]
    Missing,
    /// Some of the four headers are there, this one is not.
    #[error("the {0} header is missing")]
    Incomplete(&'static str),
    /// A header appears twice: two readers could take different ones.
    #[error("the {0} header is repeated")]
    Repeated(&'static str),
    /// A header does not have its form.
    #[error("the {0} header is malformed")]
    Malformed(&'static str),
    /// A signature and a bearer key together.
    #[error("a signature and a bearer key together")]
    Both,
    /// The caller's clock is too far from ours.
    #[error("the timestamp is {skew_ms} ms off")]
    OutOfWindow {
        /// How far, in milliseconds.
        skew_ms: u64,
    },
    /// The signature is not that of this request by this key.
    #[error("the signature does not fit")]
    Signature,
}

impl From<AuthError> for Refusal {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Missing | AuthError::Incomplete(_) => Self::new(Code::Unauthenticated),
            AuthError::Repeated(header) | AuthError::Malformed(header) => {
                Self::new(Code::AuthMalformed).with("header", header)
            }
            AuthError::Both => Self::new(Code::AuthMalformed).with("header", AUTHORIZATION),
            AuthError::OutOfWindow { skew_ms } => {
                Self::new(Code::TimestampOutOfWindow).with("skew_ms", skew_ms).with("window_ms", WINDOW_MS)
            }
            AuthError::Signature => Self::new(Code::SignatureInvalid),
        }
    }
}

/// Credentials that have their form. Nothing about them is proven yet.
#[derive(Clone, Debug)]
pub enum Presented {
    /// A signed request.
    Signed(Signed),
    /// A plain bearer key.
    Bearer(Bearer),
}

/// The four headers of a signed request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Which key.
    pub key_id: String,
    /// When it was signed, by the caller's clock.
    pub timestamp_ms: u64,
    /// What makes it different from every other request.
    pub nonce: String,
    /// The proof.
    pub signature: Signature,
}

impl Signed {
    /// Whether it was signed within [`WINDOW_MS`] of our clock.
    ///
    /// # Errors
    /// [`AuthError::OutOfWindow`] says how far it is off.
    pub fn in_window(&self, now_ms: u64) -> Result<(), AuthError> {
        let skew_ms = self.timestamp_ms.abs_diff(now_ms);
        if skew_ms <= WINDOW_MS { Ok(()) } else { Err(AuthError::OutOfWindow { skew_ms }) }
    }

    /// Whether this key signed this request. Ask [`Signed::in_window`] first, and remember the nonce only afterwards:
    /// otherwise strangers fill that memory.
    ///
    /// # Errors
    /// [`AuthError::Signature`] when it did not.
    pub fn verify(
        &self,
        key: &VerifyingSecret,
        method: &str,
        target: &str,
        body: &[u8],
    ) -> Result<(), AuthError> {
        let request = Request { timestamp_ms: self.timestamp_ms, nonce: &self.nonce, method, target, body };
        if key.verify(&request, &self.signature) { Ok(()) } else { Err(AuthError::Signature) }
    }
}

/// A plain bearer key: `<key id>.<secret>`. Never printed.
#[derive(Clone)]
pub struct Bearer {
    /// Which key.
    pub key_id: String,
    secret: Zeroizing<String>,
}

impl Bearer {
    /// Reads the part after `Bearer `.
    ///
    /// # Errors
    /// [`AuthError::Malformed`] when it is anything else.
    pub fn parse(token: &str) -> Result<Self, AuthError> {
        let (key_id, secret) = token.split_once('.').ok_or(AuthError::Malformed(AUTHORIZATION))?;
        let bounded = (SECRET_CHARS_MIN..=SECRET_CHARS_MAX).contains(&secret.len());
        if !is_key_id(key_id) || !bounded || !secret.bytes().all(is_plain) {
            return Err(AuthError::Malformed(AUTHORIZATION));
        }
        Ok(Self { key_id: key_id.to_owned(), secret: Zeroizing::new(secret.to_owned()) })
    }

    /// The secret, to sign or to send with.
    #[cfg(feature = "client")]
    pub(crate) fn secret(&self) -> &str {
        &self.secret
    }

    /// Whether it carries this secret. Takes the same time whatever differs, also the length.
    pub fn matches(&self, secret: &str) -> bool {
        self.matches_sha256(&Sha256::digest(secret.as_bytes()).into())
    }

    /// Whether it carries the secret with this SHA-256: the server need not keep the secret itself.
    pub fn matches_sha256(&self, digest: &[u8; 32]) -> bool {
        Sha256::digest(self.secret.as_bytes()).as_slice().ct_eq(digest).into()
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bearer").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

/// Reads the credentials of a request from all its headers, in any order and letter case.
///
/// # Errors
/// [`AuthError`] when there are none, not all, one twice, one malformed, or two kinds at once.
pub fn parse_headers<'a>(
    headers: impl IntoIterator<Item = (&'a str, &'a [u8])>,
) -> Result<Presented, AuthError> {
    const NAMES: [&str; 5] = [HEADER_KEY, HEADER_TIMESTAMP, HEADER_NONCE, HEADER_SIGNATURE, AUTHORIZATION];
    let mut values: [Option<&str>; 5] = [None; 5];
    for (name, value) in headers {
        let Some(at) = NAMES.iter().position(|ours| ours.eq_ignore_ascii_case(name)) else { continue };
        let value = std::str::from_utf8(value).map_err(|_| AuthError::Malformed(NAMES[at]))?;
        if values[at].replace(value).is_some() {
            return Err(AuthError::Repeated(NAMES[at]));
        }
    }
    match values {
        [None, None, None, None, None] => Err(AuthError::Missing),
        [None, None, None, None, Some(authorization)] => bearer(authorization).map(Presented::Bearer),
        [_, _, _, _, Some(_)] => Err(AuthError::Both),
        [Some(key), Some(timestamp), Some(nonce), Some(signature), None] => {
            signed(key, timestamp, nonce, signature).map(Presented::Signed)
        }
        _ => {
            let missing = values.iter().position(Option::is_none).unwrap_or(0);
            Err(AuthError::Incomplete(NAMES[missing]))
        }
    }
}

fn bearer(authorization: &str) -> Result<Bearer, AuthError> {
    let (scheme, token) = authorization.split_once(' ').ok_or(AuthError::Malformed(AUTHORIZATION))?;
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return Err(AuthError::Malformed(AUTHORIZATION));
    }
    Bearer::parse(token)
}

fn signed(key: &str, timestamp: &str, nonce: &str, signature: &str) -> Result<Signed, AuthError> {
    if !is_key_id(key) {
        return Err(AuthError::Malformed(HEADER_KEY));
    }
    if !is_nonce(nonce) {
        return Err(AuthError::Malformed(HEADER_NONCE));
    }
    Ok(Signed {
        key_id: key.to_owned(),
        timestamp_ms: millis(timestamp).ok_or(AuthError::Malformed(HEADER_TIMESTAMP))?,
        nonce: nonce.to_owned(),
        signature: Signature::parse(signature).ok_or(AuthError::Malformed(HEADER_SIGNATURE))?,
    })
}

/// 1 to 15 digits without a leading zero: one instant has one spelling, because the text itself is signed.
fn millis(text: &str) -> Option<u64> {
    let plain = (1..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    (plain && !text.starts_with('0')).then(|| text.parse().ok()).flatten()
}

fn is_key_id(text: &str) -> bool {
    (1..=KEY_ID_CHARS_MAX).contains(&text.len()) && text.bytes().all(is_plain)
}

/// Whether a text can be a nonce: 16 to 64 letters, digits, `-` or `_`.
pub(super) fn is_nonce(text: &str) -> bool {
    (NONCE_CHARS_MIN..=NONCE_CHARS_MAX).contains(&text.len()) && text.bytes().all(is_plain)
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}
