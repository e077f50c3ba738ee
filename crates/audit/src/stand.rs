//! Where the wallets stand at one block: nonces and balances. The closing of one audit is the opening of the next.

use std::collections::BTreeMap;

use ruint::aliases::U256;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::chain::{Address, Chain, Hash};

/// A block, by height and hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// The height.
    pub number: u64,
    /// The hash.
    pub hash: Hash,
}

/// What a wallet holds, and how many transactions it has sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The next nonce; 0 on TRON, whose accounts have none.
    pub nonce: u64,
    /// The chain's own coin, in its smallest unit. On TRON with what is staked, lent and on its way back from a stake.
    #[serde(with = "Text")]
    pub coin: U256,
    /// Each token, in its smallest unit.
    #[serde(with = "texts")]
    pub tokens: BTreeMap<Address, U256>,
}

/// Where the wallets stand at a block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stand {
    /// The chain.
    pub chain: Chain,
    /// The block.
    pub block: Block,
    /// The wallets.
    pub wallets: BTreeMap<Address, Held>,
}

impl Stand {
    /// Reads what an earlier run has written: a standing, or a whole report, whose closing it is.
    ///
    /// # Errors
    /// One sentence.
    pub fn read(text: &str) -> Result<Self, String> {
        let value: serde_json::Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let stand = value.get("closing").unwrap_or(&value);
        Self::deserialize(stand).map_err(|error| {
            format!("{error}; give what `sluice-audit stand` or an earlier report (--json) has written")
        })
    }
}

/// Whole numbers as text: JSON's numbers are too small.
struct Text;

impl Text {
    fn serialize<S: Serializer>(units: &U256, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(units)
    }

    fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<U256, D::Error> {
        let text = String::deserialize(from)?;
        let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let read = plain.then(|| U256::from_str_radix(&text, 10).ok()).flatten();
        read.ok_or_else(|| serde::de::Error::custom(format!("`{text}` is no whole number")))
    }
}

mod texts {
    use super::{Address, BTreeMap, Deserialize, Deserializer, Serialize, Serializer, Text, U256};

    #[derive(Serialize, Deserialize)]
    struct Units(#[serde(with = "Text")] U256);

    pub(super) fn serialize<S: Serializer>(all: &BTreeMap<Address, U256>, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(all.iter().map(|(token, units)| (token, Units(*units))))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<BTreeMap<Address, U256>, D::Error> {
        let all: BTreeMap<Address, Units> = BTreeMap::deserialize(from)?;
        Ok(all.into_iter().map(|(token, Units(units))| (token, units)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standing_reads_back_as_it_was_written_also_out_of_a_report() {
        let held = Held {
            nonce: 7,
            coin: U256::MAX,
            tokens: BTreeMap::from([(Address::evm([1; 20]), U256::from(5))]),
        };
        let block = Block { number: 9, hash: Hash([2; 32]) };
        let stand =
            Stand { chain: Chain::Evm(137), block, wallets: BTreeMap::from([(Address::evm([3; 20]), held)]) };
        let text = serde_json::to_string(&stand).unwrap();
        assert_eq!(Stand::read(&text), Ok(stand.clone()));
        assert_eq!(Stand::read(&format!("{{\"findings\":[],\"closing\":{text}}}")), Ok(stand));
        assert!(Stand::read("{}").unwrap_err().contains("sluice-audit stand"));
        assert!(Stand::read(&text.replace("\"5\"", "\"-5\"")).is_err());
    }
}
