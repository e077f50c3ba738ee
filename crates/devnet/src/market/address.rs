//! TRON addresses as vendors read them: base58 with a checksum. Written here anew: what tests a client shares no code with
//! it.

use sha2::{Digest as _, Sha256};

/// Prefix, account and checksum.
const BYTES: usize = 25;
/// First byte of every address.
const PREFIX: u8 = 0x41;

/// Whether this is an address with a right checksum.
pub(super) fn is_address(text: &str) -> bool {
    let mut bytes = [0; BYTES];
    let read = bs58::decode(text).onto(&mut bytes);
    read == Ok(BYTES) && bytes[0] == PREFIX && bytes[21..] == checksum(&bytes[..21])
}

/// An address that nobody asked for, made from another one.
pub(super) fn another(text: &str) -> String {
    let hash = Sha256::digest(text.as_bytes());
    let mut bytes = [0; BYTES];
    bytes[0] = PREFIX;
    bytes[1..21].copy_from_slice(&hash[..20]);
    let sum = checksum(&bytes[..21]);
    bytes[21..].copy_from_slice(&sum);
    bs58::encode(bytes).into_string()
}

fn checksum(bytes: &[u8]) -> [u8; 4] {
    let hash = Sha256::digest(Sha256::digest(bytes));
    [hash[0], hash[1], hash[2], hash[3]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_what_is_none() {
        for text in ["TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "TJRabPrwbZy45sbavfcjinPJC18kjpRTv8"] {
            assert!(is_address(text), "{text}");
            assert!(is_address(&another(text)) && another(text) != text);
        }
        for text in [
            "",
            "T",
            "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6u",
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj60",
        ] {
            assert!(!is_address(text), "{text}");
        }
    }
}
