//! Texts that a person's wallet signs (`signMessageV2`): a login, never a transaction. Its first byte is 0x19, where a
//! transaction's is 0x0a, and its hash is another function's.

use alloy_primitives::keccak256;

/// What a wallet signs for a text: keccak-256 of `\x19TRON Signed Message:\n`, the length in bytes as decimal digits, and
/// the text. [`super::recover`] says who signed it.
pub fn text_digest(text: &[u8]) -> [u8; 32] {
    keccak256([b"\x19TRON Signed Message:\n", text.len().to_string().as_bytes(), text].concat()).0
}
