//! TRON accounts: 20 bytes as on EVM chains, written in base58 with a checksum
//! (<https://developers.tron.network/docs/account>).

use std::fmt;

use sha2::{Digest, Sha256};

use super::AddressError;

/// The byte in front of every address of the main network and of every test network in use.
const PREFIX: u8 = 0x41;
/// Prefix, address, checksum.
const BYTES: usize = 1 + 20 + 4;
/// Letters of an address: 25 bytes that begin with the prefix always make as many.
const LETTERS: usize = 34;

/// An account on TRON: the last 20 bytes of keccak-256 over its public key, without the 0x41 in front.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TronAddress(pub [u8; 20]);

impl TronAddress {
    /// Reads base58check, `T…`. The hex form `41…` carries no checksum and is refused.
    ///
    /// # Errors
    /// [`AddressError`] names what is wrong.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if text.len() != LETTERS || !text.starts_with('T') {
            return Err(AddressError::Malformed);
        }
        let mut bytes = [0; BYTES];
        let read = bs58::decode(text).onto(&mut bytes).map_err(|_| AddressError::Malformed)?;
        let (account, checksum) = bytes.split_at(BYTES - 4);
        if read != BYTES {
            return Err(AddressError::Malformed);
        }
        if checksum != checksum_of(account) {
            return Err(AddressError::Checksum);
        }
        let address = Self::read_21(account).ok_or(AddressError::Malformed)?;
        if address.0 == [0; 20] {
            return Err(AddressError::Zero);
        }
        Ok(address)
    }

    /// The 21 bytes of transactions: 0x41 and the account.
    pub fn to_21(self) -> [u8; 21] {
        let mut bytes = [PREFIX; 21];
        bytes[1..].copy_from_slice(&self.0);
        bytes
    }

    /// Reads the 21 bytes of transactions. `None` for another length or prefix; the zero address is read, because there
    /// is no text here that a person could have mistyped.
    pub fn read_21(bytes: &[u8]) -> Option<Self> {
        match bytes.split_first() {
            Some((&PREFIX, account)) => Some(Self(account.try_into().ok()?)),
            _ => None,
        }
    }

    /// base58check: the one spelling used in keys and columns.
    pub fn key(self) -> String {
        self.to_string()
    }
}

impl fmt::Display for TronAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0; BYTES];
        bytes[..BYTES - 4].copy_from_slice(&self.to_21());
        let checksum = checksum_of(&bytes[..BYTES - 4]);
        bytes[BYTES - 4..].copy_from_slice(&checksum);
        let mut letters = [0; LETTERS];
        // 25 bytes that begin with 0x41 are below 58^34, so they fit, and nothing is left to report.
        let written = bs58::encode(bytes).onto(&mut letters[..]).map_err(|_| fmt::Error)?;
        let text =
            letters.get(..written).and_then(|text| std::str::from_utf8(text).ok()).ok_or(fmt::Error)?;
        f.write_str(text)
    }
}

impl fmt::Debug for TronAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The first four bytes of SHA-256 over SHA-256.
fn checksum_of(account: &[u8]) -> [u8; 4] {
    let [a, b, c, d, ..] = <[u8; 32]>::from(Sha256::digest(Sha256::digest(account)));
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // Made by tronweb 6.5.1 and, apart from it, by tronpy 0.6.2; the first is the contract of USDT.
    const EXAMPLES: [(&str, &str); 4] = [
        ("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "41a614f803b6fd780986a42c78ec9c7f77e6ded13c"),
        ("TMVQGm1qAQYVdetCeGRRkTWYYrLXuHK2HC", "417e5f4552091a69125d5dfcb7b8c2659029395bdf"),
        ("TPL66VK2gCXNCD7EJg9pgJRfqcRazjhUZY", "41928c9af0651632157ef27a2cf17ca72c575a4d21"),
        ("TE2H9hWjzYdwzDFRJfx9BFhr4MmjH1CHaz", "412c7536e3605d9c16a7a3d7b1898e529396a65c23"),
    ];

    #[test]
    fn an_address_is_read_and_written_as_others_do() {
        for (text, bytes) in EXAMPLES {
            let address = TronAddress::parse(text).unwrap();
            assert_eq!(hex::encode(address.to_21()), bytes);
            assert_eq!(TronAddress::read_21(&hex::decode(bytes).unwrap()), Some(address));
            assert_eq!((address.to_string().as_str(), address.key().as_str()), (text, text));
        }
    }

    #[test]
    fn a_wrong_letter_is_refused() {
        let (text, _) = EXAMPLES[0];
        for position in 1..text.len() {
            for letter in ["1", "2", "z", "A", "t"] {
                let mut wrong = text.to_owned();
                wrong.replace_range(position..=position, letter);
                if wrong != text {
                    assert_eq!(TronAddress::parse(&wrong), Err(AddressError::Checksum), "{wrong}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let zero = "T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb";
        assert_eq!(TronAddress([0; 20]).to_string(), zero);
        assert_eq!(TronAddress::parse(zero), Err(AddressError::Zero));
        // A right checksum over the prefix 0x42.
        let mut other = [0x42; BYTES];
        let checksum = checksum_of(&other[..BYTES - 4]);
        other[BYTES - 4..].copy_from_slice(&checksum);
        let mut letters = [0; LETTERS];
        assert_eq!(bs58::encode(other).onto(&mut letters[..]), Ok(LETTERS));
        let other = String::from_utf8(letters.to_vec()).unwrap();
        assert!(other.starts_with('T'), "{other}");
        for text in [
            "",
            "T",
            &other,
            "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6",
            "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6tt",
            " R7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
            "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj60",
            "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLjé",
            "1111111111111111111111111111111111",
            "41a614f803b6fd780986a42c78ec9c7f77e6ded13c",
            "0xa614f803b6fd780986a42c78ec9c7f77e6ded13c",
        ] {
            assert_eq!(TronAddress::parse(text), Err(AddressError::Malformed), "{text:?}");
        }
        assert_eq!(TronAddress::read_21(&[0x41; 20]), None);
        assert_eq!(TronAddress::read_21(&[0x42; 21]), None);
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(bytes: [u8; 20]) {
            prop_assume!(bytes != [0; 20]);
            let text = TronAddress(bytes).to_string();
            prop_assert_eq!(text.len(), LETTERS);
            prop_assert_eq!(TronAddress::parse(&text), Ok(TronAddress(bytes)));
        }
    }
}
