//! Addresses: 20 bytes, on the wire with 0x41 before them, in texts as base58 with a check.

use std::{fmt, str::FromStr};

use sha2::{Digest, Sha256};

/// What stands before the 20 bytes of every address.
const PREFIX: u8 = 0x41;
const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/// Longer texts are no address.
const TEXT_MAX_CHARS: usize = 64;

/// An account, a contract or a witness: the 20 bytes without 0x41.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address([u8; 20]);

/// The text is no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an address: neither base58 with its check, beginning with T, nor 41 and 40 hexadecimal digits")]
pub struct NoAddress;

impl Address {
    /// The address of these 20 bytes.
    pub const fn new(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// The 20 bytes, as contracts see them.
    pub const fn bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// The 21 bytes of the wire.
    pub fn wire(&self) -> [u8; 21] {
        let mut wire = [PREFIX; 21];
        if let Some(rest) = wire.get_mut(1..) {
            rest.copy_from_slice(&self.0);
        }
        wire
    }

    /// 42 hexadecimal digits, beginning with 41.
    pub fn hex(&self) -> String {
        hex::encode(self.wire())
    }

    /// The word of a contract's call: 12 zero bytes, then the 20.
    pub fn word(&self) -> [u8; 32] {
        let mut word = [0; 32];
        if let Some(rest) = word.get_mut(12..) {
            rest.copy_from_slice(&self.0);
        }
        word
    }

    /// From the 21 bytes of the wire.
    pub fn from_wire(wire: &[u8]) -> Option<Self> {
        let (first, rest) = wire.split_first()?;
        (*first == PREFIX).then_some(())?;
        Some(Self(rest.try_into().ok()?))
    }

    /// From a word of a contract's call. What stands in the first 12 bytes is not looked at, as old contracts do not.
    pub fn from_word(word: &[u8; 32]) -> Self {
        let mut bytes = [0; 20];
        bytes.copy_from_slice(word.get(12..).unwrap_or(&[0; 20]));
        Self(bytes)
    }

    /// From 41 and 40 hexadecimal digits; `0x` and the 20 bytes alone are taken too.
    pub fn from_hex(text: &str) -> Option<Self> {
        let bytes = hex::decode(text.strip_prefix("0x").unwrap_or(text)).ok()?;
        match bytes.len() {
            20 => Some(Self(bytes.try_into().ok()?)),
            _ => Self::from_wire(&bytes),
        }
    }
}

impl From<sluice_codec::tron::Address> for Address {
    fn from(address: sluice_codec::tron::Address) -> Self {
        Self(address.0)
    }
}

impl FromStr for Address {
    type Err = NoAddress;

    fn from_str(text: &str) -> Result<Self, NoAddress> {
        if text.starts_with('T') {
            return from_base58_check(text).and_then(|wire| Self::from_wire(&wire)).ok_or(NoAddress);
        }
        Self::from_hex(text).ok_or(NoAddress)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base58_check(&self.wire()))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Base58 of these bytes and of the first four bytes of their double SHA-256.
pub(super) fn base58_check(payload: &[u8]) -> String {
    let mut bytes = payload.to_vec();
    bytes.extend_from_slice(&check(payload));
    // Digits of base 58, the lowest first.
    let mut digits: Vec<u8> = Vec::with_capacity(bytes.len() * 2);
    for byte in &bytes {
        let mut carry = u32::from(*byte);
        for digit in &mut digits {
            carry += u32::from(*digit) << 8;
            *digit = u8::try_from(carry % 58).unwrap_or(0);
            carry /= 58;
        }
        while carry > 0 {
            digits.push(u8::try_from(carry % 58).unwrap_or(0));
            carry /= 58;
        }
    }
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let letters = digits.iter().rev().map(|digit| ALPHABET.get(usize::from(*digit)).copied().unwrap_or(b'1'));
    std::iter::repeat_n(b'1', zeros).chain(letters).map(char::from).collect()
}

/// The bytes without their check; `None` if the text is not base58 or the check is wrong.
pub(super) fn from_base58_check(text: &str) -> Option<Vec<u8>> {
    if text.len() > TEXT_MAX_CHARS {
        return None;
    }
    let mut bytes: Vec<u8> = Vec::with_capacity(text.len());
    for letter in text.bytes() {
        let digit = ALPHABET.iter().position(|one| *one == letter)?;
        let mut carry = u32::try_from(digit).ok()?;
        for byte in &mut bytes {
            carry += u32::from(*byte) * 58;
            *byte = u8::try_from(carry & 0xff).unwrap_or(0);
            carry >>= 8;
        }
        while carry > 0 {
            bytes.push(u8::try_from(carry & 0xff).unwrap_or(0));
            carry >>= 8;
        }
    }
    bytes.extend(text.bytes().take_while(|letter| *letter == b'1').map(|_| 0));
    bytes.reverse();
    let (payload, last) = bytes.split_at_checked(bytes.len().checked_sub(4)?)?;
    (last == check(payload)).then(|| payload.to_vec())
}

fn check(payload: &[u8]) -> [u8; 4] {
    let twice = Sha256::digest(Sha256::digest(payload));
    let mut check = [0; 4];
    check.copy_from_slice(twice.get(..4).unwrap_or(&[0; 4]));
    check
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_addresses_are_read_and_written() {
        let usdt: Address = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t".parse().unwrap();
        assert_eq!(usdt.hex(), "41a614f803b6fd780986a42c78ec9c7f77e6ded13c");
        assert_eq!(usdt.to_string(), "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t");
        assert_eq!("41a614f803b6fd780986a42c78ec9c7f77e6ded13c".parse(), Ok(usdt));
        assert_eq!(Address::from_word(&usdt.word()), usdt);
    }

    #[test]
    fn a_text_with_one_letter_changed_is_no_address() {
        let good = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t";
        for at in 1..good.len() {
            let mut text = good.as_bytes().to_vec();
            text[at] = if text[at] == b'x' { b'y' } else { b'x' };
            assert_eq!(String::from_utf8(text).unwrap().parse::<Address>(), Err(NoAddress));
        }
        for text in ["", "T", "41", "0x", "T0OIl", &"T".repeat(5_000)] {
            assert_eq!(text.parse::<Address>(), Err(NoAddress), "{text}");
        }
    }
}
