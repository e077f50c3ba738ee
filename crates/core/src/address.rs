//! Checked addresses. An address that exists as a value is well formed for its chain family.

mod tron;

use std::fmt;

use sha3::{Digest, Keccak256};

pub use tron::{TronAddress, TronAddressError};

/// An account on an EVM chain.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EvmAddress(pub [u8; 20]);

/// Why a text is not a usable EVM address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not `0x` and 40 hex digits.
    #[error("an EVM address is 0x followed by 40 hex digits")]
    Malformed,
    /// Mixed case that does not match EIP-55: probably a typing error.
    #[error("the address checksum (EIP-55 letter case) is wrong; copy the address again")]
    Checksum,
    /// The zero address: whatever is sent there is lost.
    #[error("the zero address cannot be paid")]
    Zero,
}

impl EvmAddress {
    /// Reads an address. All-lower and all-upper hex carry no checksum and are accepted; mixed case must be right
    /// (<https://eips.ethereum.org/EIPS/eip-55>).
    ///
    /// # Errors
    /// [`AddressError`] names what is wrong.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let digits = text.strip_prefix("0x").ok_or(AddressError::Malformed)?;
        let mut bytes = [0; 20];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| AddressError::Malformed)?;
        let address = Self(bytes);
        let mixed = digits.bytes().any(|byte| byte.is_ascii_lowercase())
            && digits.bytes().any(|byte| byte.is_ascii_uppercase());
        if mixed && address.to_string() != text {
            return Err(AddressError::Checksum);
        }
        if bytes == [0; 20] {
            return Err(AddressError::Zero);
        }
        Ok(address)
    }

    /// Lower-case hex with `0x`: the one spelling used in keys and columns.
    pub fn key(self) -> String {
        format!("0x{}", hex::encode(self.0))
    }
}

impl fmt::Display for EvmAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = hex::encode(self.0);
        let hash = Keccak256::digest(digits.as_bytes());
        f.write_str("0x")?;
        for (position, letter) in digits.chars().enumerate() {
            let nibble = (hash[position / 2] >> (4 * (1 - position % 2))) & 15;
            let shown = if nibble >= 8 { letter.to_ascii_uppercase() } else { letter };
            write!(f, "{shown}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for EvmAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The examples of EIP-55 itself.
    const EXAMPLES: [&str; 4] = [
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ];

    #[test]
    fn a_wrong_checksum_is_refused() {
        for example in EXAMPLES {
            let address = EvmAddress::parse(example).unwrap();
            assert_eq!(address.to_string(), example);
            assert_eq!(EvmAddress::parse(&example.to_lowercase()), Ok(address));
            let position = 2 + example[2..].find(|letter: char| letter.is_ascii_lowercase()).unwrap();
            let mut wrong = example.to_owned();
            wrong[position..=position].make_ascii_uppercase();
            let refused = EvmAddress::parse(&wrong);
            assert_eq!(refused, Err(AddressError::Checksum));
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        assert_eq!(EvmAddress::parse("0x0000000000000000000000000000000000000000"), Err(AddressError::Zero));
        for text in [
            "",
            "0x",
            "0x12",
            "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "TJRabPrwbZy45sbavfcjinPJC18kjpRTv8",
        ] {
            assert_eq!(EvmAddress::parse(text), Err(AddressError::Malformed), "{text:?}");
        }
    }
}
