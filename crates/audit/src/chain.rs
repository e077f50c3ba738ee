//! Which chain, and what it has names for: addresses and hashes of both families that are audited.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::tron::base58;

/// A kind of chain: how its addresses look, and what makes an end of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// Accounts with nonces.
    Evm,
    /// Transactions that expire.
    Tron,
}

/// A chain that can be audited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Chain {
    /// Its EIP-155 id.
    Evm(u64),
    /// The last four bytes of the id of its first block.
    Tron(u64),
}

/// An account or contract.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    family: Family,
    bytes: [u8; 20],
}

/// A block's or a transaction's hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hash(pub [u8; 32]);

impl Chain {
    /// The chain of a CAIP-2 id: `eip155:137`, `tron:728126428`.
    pub fn parse(text: &str) -> Option<Self> {
        let (namespace, id) = text.split_once(':')?;
        let id = decimal(id)?;
        match namespace {
            "eip155" => Some(Self::Evm(id)),
            // Four bytes, so a larger number is the id of no chain.
            "tron" => u32::try_from(id).is_ok().then_some(Self::Tron(id)),
            _ => None,
        }
    }

    /// Its kind.
    pub const fn family(self) -> Family {
        match self {
            Self::Evm(_) => Family::Evm,
            Self::Tron(_) => Family::Tron,
        }
    }

    /// The CAIP-19 id of a token of this chain.
    pub fn token(self, contract: Address) -> String {
        let standard = match self.family() {
            Family::Evm => "erc20",
            Family::Tron => "trc20",
        };
        format!("{self}/{standard}:{contract}")
    }

    /// The chain and the contract of a CAIP-19 id.
    pub fn of_asset(text: &str) -> Option<(Self, Address)> {
        let (chain, asset) = text.split_once('/')?;
        let (standard, contract) = asset.split_once(':')?;
        let (chain, contract) = (Self::parse(chain)?, Address::parse(contract)?);
        let fits = match chain.family() {
            Family::Evm => standard == "erc20",
            Family::Tron => standard == "trc20",
        };
        (fits && contract.family == chain.family()).then_some((chain, contract))
    }
}

impl From<u64> for Chain {
    fn from(id: u64) -> Self {
        Self::Evm(id)
    }
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Evm(id) => write!(f, "eip155:{id}"),
            Self::Tron(id) => write!(f, "tron:{id}"),
        }
    }
}

/// A number on an EVM chain, as reports always had it; the CAIP-2 id on TRON.
impl Serialize for Chain {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Evm(id) => to.serialize_u64(*id),
            Self::Tron(_) => to.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Chain {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(from)?;
        let read = value.as_u64().map(Self::Evm).or_else(|| value.as_str().and_then(Self::parse));
        read.ok_or_else(|| D::Error::custom(format!("`{value}` is no chain that can be audited")))
    }
}

impl Address {
    /// On an EVM chain.
    pub const fn evm(bytes: [u8; 20]) -> Self {
        Self { family: Family::Evm, bytes }
    }

    /// On TRON, without the byte `41` that stands before each address there.
    pub const fn tron(bytes: [u8; 20]) -> Self {
        Self { family: Family::Tron, bytes }
    }

    /// Reads `0x` and 40 hexadecimal digits of either case (a checksum in the case is not looked at), or TRON's base58 with
    /// its checksum.
    pub fn parse(text: &str) -> Option<Self> {
        if text.starts_with("0x") { digits(text).map(Self::evm) } else { base58::read(text).map(Self::tron) }
    }

    /// Which kind of chain it is of.
    pub const fn family(self) -> Family {
        self.family
    }

    /// The 20 bytes that contracts know it by.
    pub const fn bytes(self) -> [u8; 20] {
        self.bytes
    }

    /// As a topic or an argument: left-padded to one word, `0x` and 64 digits.
    pub(crate) fn word(self) -> String {
        format!("0x{:0>64}", hex::encode(self.bytes))
    }

    /// The same 20 bytes as an address of this family.
    pub(crate) const fn on(self, family: Family) -> Self {
        Self { family, ..self }
    }
}

impl Hash {
    /// Reads `0x` and 64 hexadecimal digits of either case.
    pub fn parse(text: &str) -> Option<Self> {
        digits(text).map(Self)
    }

    /// Reads 64 hexadecimal digits with or without `0x`: TRON's own tools write none.
    pub fn parse_bare(text: &str) -> Option<Self> {
        Self::parse(text).or_else(|| Self::parse(&format!("0x{text}")))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.family {
            Family::Evm => write!(f, "0x{}", hex::encode(self.bytes)),
            Family::Tron => f.write_str(&base58::shown(self.bytes)),
        }
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", hex::encode(self.0))
    }
}

macro_rules! as_text {
    ($($name:ident: $form:literal),+) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = String::deserialize(from)?;
                Self::parse(&text).ok_or_else(|| D::Error::custom(format!(concat!("`{}` is not ", $form), text)))
            }
        }
    )+};
}

as_text!(Address: "an address", Hash: "0x and 64 digits");

fn digits<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.strip_prefix("0x").filter(|digits| digits.len() == 2 * N)?;
    let mut read = [0; N];
    hex::decode_to_slice(digits, &mut read).ok()?;
    Some(read)
}

/// Digits without sign, space or leading zero.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t";

    #[test]
    fn a_chain_and_an_asset_have_one_spelling_in_each_family() {
        assert_eq!(Chain::parse("eip155:137"), Some(Chain::Evm(137)));
        assert_eq!(Chain::parse("tron:728126428"), Some(Chain::Tron(728_126_428)));
        for wrong in ["eip155:0137", "tron:", "tron:x", "tron:4294967296", "solana:1", "137"] {
            assert_eq!(Chain::parse(wrong), None, "{wrong}");
        }
        let asset = format!("tron:728126428/trc20:{TOKEN}");
        let (chain, token) = Chain::of_asset(&asset).unwrap();
        assert_eq!(chain.token(token), asset);
        for wrong in [
            format!("tron:1/erc20:{TOKEN}"),
            format!("eip155:1/erc20:{TOKEN}"),
            "tron:1/trc20:0xa614f803b6fd780986a42c78ec9c7f77e6ded13c".to_owned(),
            "tron:1/slip44:195".to_owned(),
        ] {
            assert_eq!(Chain::of_asset(&wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_same_bytes_of_two_families_are_two_addresses_and_each_reads_back() {
        let (one, other) = (Address::evm([7; 20]), Address::tron([7; 20]));
        assert!(one != other && one.on(Family::Tron) == other);
        for address in [one, other] {
            assert_eq!(Address::parse(&address.to_string()), Some(address));
        }
        for chain in [Chain::Evm(137), Chain::Tron(728_126_428)] {
            let text = serde_json::to_string(&chain).unwrap();
            assert_eq!(serde_json::from_str::<Chain>(&text).unwrap(), chain);
        }
        let bare = "31a1127ab56372794ecd77bc51080ace0444b8a4f4542fe02c1d67a9b1dc0186";
        assert_eq!(Hash::parse_bare(bare), Hash::parse(&format!("0x{bare}")));
        assert!(Hash::parse(bare).is_none() && Hash::parse_bare(&bare[1..]).is_none());
    }
}
