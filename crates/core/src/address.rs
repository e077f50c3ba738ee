//! Checked addresses. An address that exists as a value is well formed for its chain family.

mod tron;

use std::fmt;

use sha3::{Digest, Keccak256};

pub use tron::TronAddress;

use crate::chain::Family;

/// An account on a chain of either family. Both name it by the same twenty bytes of the hash of its public key; what a
/// person reads and copies, and what protects against a typing error, differs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Address {
    /// On an EVM chain.
    Evm(EvmAddress),
    /// On TRON.
    Tron(TronAddress),
}

impl Address {
    /// Reads what a person wrote for a chain of a family: an address of another family is refused.
    ///
    /// # Errors
    /// [`AddressError`] names what is wrong.
    pub fn parse(family: Family, text: &str) -> Result<Self, AddressError> {
        match family {
            Family::Evm => EvmAddress::parse(text).map(Self::Evm),
            Family::Tron => TronAddress::parse(text).map(Self::Tron),
        }
    }

    /// Reads an address whose chain stands beside it, or does not matter: the spellings of the families share no text.
    ///
    /// # Errors
    /// [`AddressError`] names what is wrong.
    pub fn read(text: &str) -> Result<Self, AddressError> {
        let family = if text.starts_with("0x") { Family::Evm } else { Family::Tron };
        Self::parse(family, text)
    }

    /// The account of these bytes on a chain of a family.
    pub const fn of(family: Family, bytes: [u8; 20]) -> Self {
        match family {
            Family::Evm => Self::Evm(EvmAddress(bytes)),
            Family::Tron => Self::Tron(TronAddress(bytes)),
        }
    }

    /// The twenty bytes.
    pub const fn bytes(self) -> [u8; 20] {
        match self {
            Self::Evm(EvmAddress(bytes)) | Self::Tron(TronAddress(bytes)) => bytes,
        }
    }

    /// Its family.
    pub const fn family(self) -> Family {
        match self {
            Self::Evm(_) => Family::Evm,
            Self::Tron(_) => Family::Tron,
        }
    }

    /// The account on an EVM chain, where it is one.
    pub const fn evm(self) -> Option<EvmAddress> {
        match self {
            Self::Evm(address) => Some(address),
            Self::Tron(_) => None,
        }
    }

    /// The account on TRON, where it is one.
    pub const fn tron(self) -> Option<TronAddress> {
        match self {
            Self::Evm(_) => None,
            Self::Tron(address) => Some(address),
        }
    }

    /// The one spelling used in keys and columns: lower-case hex with `0x`, or base58check.
    pub fn key(self) -> String {
        match self {
            Self::Evm(address) => address.key(),
            Self::Tron(address) => address.to_string(),
        }
    }
}

impl From<EvmAddress> for Address {
    fn from(address: EvmAddress) -> Self {
        Self::Evm(address)
    }
}

impl From<TronAddress> for Address {
    fn from(address: TronAddress) -> Self {
        Self::Tron(address)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Evm(address) => fmt::Display::fmt(address, f),
            Self::Tron(address) => fmt::Display::fmt(address, f),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An account on an EVM chain.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EvmAddress(pub [u8; 20]);

/// Why a text is not a usable address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not of the form that the chain's family uses.
    #[error("an address is 0x and 40 hex digits on EVM chains, and T and 33 letters and digits on TRON")]
    Malformed,
    /// Probably a typing error: mixed case that does not match EIP-55, or the last four bytes of base58check.
    #[error("the address checksum is wrong; copy the address again")]
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
