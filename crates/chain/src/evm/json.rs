//! Ethereum's JSON, read strictly. Encoding: Ethereum JSON-RPC specification, "Hex value encoding": quantities are the
//! shortest hex with `0x` and never empty, data is two digits a byte. What does not read is nonsense, never a guess.

use serde::{Deserialize, Deserializer, de};
use serde_json::{Value, json};
use sluice_codec::evm::log;
use sluice_core::address::EvmAddress;
use sluice_core::amount::Units;
use sluice_core::chain::BlockRef;

use super::node::{At, Call, Header, Log, NodeError, Receipt, Sent, Tag};

/// A quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quantity(pub(super) Units);

impl Quantity {
    pub(super) fn to_u64(self) -> Result<u64, NodeError> {
        u64::try_from(self.0).map_err(|_| out_of_range())
    }

    pub(super) fn to_u128(self) -> Result<u128, NodeError> {
        u128::try_from(self.0).map_err(|_| out_of_range())
    }
}

fn out_of_range() -> NodeError {
    NodeError::Nonsense("a quantity is out of range".to_owned())
}

/// Bytes of any length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Data(pub(super) Vec<u8>);

/// Exactly 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word(pub(super) [u8; 32]);

/// Exactly 20 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Account(pub(super) EvmAddress);

fn digits<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
    text.strip_prefix("0x").map(str::to_owned).ok_or_else(|| de::Error::custom("expected hex with 0x"))
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let digits = digits(from)?;
        let short = !digits.is_empty() && digits.len() <= 64 && (digits == "0" || !digits.starts_with('0'));
        let hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        let units = if short && hex { Units::from_str_radix(&digits, 16).ok() } else { None };
        units.map(Self).ok_or_else(|| de::Error::custom("expected a quantity"))
    }
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        hex::decode(digits(from)?).map(Self).map_err(|_| de::Error::custom("expected bytes"))
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut word = [0; 32];
        hex::decode_to_slice(digits(from)?, &mut word).map_err(|_| de::Error::custom("expected 32 bytes"))?;
        Ok(Self(word))
    }
}

impl<'de> Deserialize<'de> for Account {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut bytes = [0; 20];
        hex::decode_to_slice(digits(from)?, &mut bytes)
            .map_err(|_| de::Error::custom("expected 20 bytes"))?;
        Ok(Self(EvmAddress(bytes)))
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HeaderJson {
    number: Quantity,
    hash: Word,
    parent_hash: Word,
    timestamp: Quantity,
    base_fee_per_gas: Option<Quantity>,
}

impl HeaderJson {
    pub(super) fn read(self) -> Result<Header, NodeError> {
        Ok(Header {
            block: BlockRef { number: self.number.to_u64()?, hash: self.hash.0 },
            parent: self.parent_hash.0,
            time: i64::try_from(self.timestamp.0).map_err(|_| out_of_range())?,
            base_fee_wei: self.base_fee_per_gas.map_or(Ok(0), Quantity::to_u128)?,
        })
    }
}

/// A block with whole transactions.
#[derive(Debug, Deserialize)]
pub(super) struct BlockJson {
    pub(super) hash: Word,
    transactions: Vec<SentJson>,
}

#[derive(Debug, Deserialize)]
struct SentJson {
    hash: Word,
    from: Account,
    nonce: Quantity,
    to: Option<Account>,
    value: Quantity,
}

impl BlockJson {
    pub(super) fn read(self) -> Result<Vec<Sent>, NodeError> {
        let sent = |sent: SentJson| {
            let (to, value) = (sent.to.map(|to| to.0), sent.value.0);
            Ok(Sent { txid: sent.hash.0, from: sent.from.0, nonce: sent.nonce.to_u64()?, to, value })
        };
        self.transactions.into_iter().map(sent).collect()
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LogJson {
    address: Account,
    topics: Vec<Word>,
    data: Data,
    log_index: Quantity,
    block_hash: Word,
    transaction_hash: Word,
    #[serde(default)]
    removed: bool,
}

impl LogJson {
    /// The log and its transaction.
    pub(super) fn read(self, block: [u8; 32]) -> Result<([u8; 32], Log), NodeError> {
        if self.removed || self.block_hash.0 != block {
            return Err(NodeError::Nonsense("a log of another block".to_owned()));
        }
        let topics = self.topics.into_iter().map(|topic| topic.0).collect();
        let index = self.log_index.to_u64()?;
        Ok((self.transaction_hash.0, Log { address: self.address.0, topics, data: self.data.0, index }))
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReceiptJson {
    transaction_hash: Word,
    block_number: Quantity,
    block_hash: Word,
    from: Account,
    status: Quantity,
    gas_used: Quantity,
    effective_gas_price: Quantity,
    logs: Vec<LogJson>,
}

impl ReceiptJson {
    /// The receipt, if it is the one of `txid`.
    pub(super) fn read(self, txid: [u8; 32]) -> Result<Receipt, NodeError> {
        let nonsense = |why: &str| NodeError::Nonsense(format!("receipt of 0x{}: {why}", hex::encode(txid)));
        if self.transaction_hash.0 != txid {
            return Err(nonsense("of another transaction"));
        }
        let block = BlockRef { number: self.block_number.to_u64()?, hash: self.block_hash.0 };
        let logs = self.logs.into_iter().map(|log| log.read(block.hash));
        let logs: Vec<([u8; 32], Log)> = logs.collect::<Result<_, _>>()?;
        if logs.iter().any(|(of, _)| *of != txid) {
            return Err(nonsense("with a log of another transaction"));
        }
        let success = match self.status.0 {
            Units::ONE => true,
            Units::ZERO => false,
            _ => return Err(nonsense("a status that is neither 0 nor 1")),
        };
        Ok(Receipt {
            txid,
            block,
            from: self.from.0,
            success,
            gas_used: self.gas_used.to_u64()?,
            gas_price_wei: self.effective_gas_price.to_u128()?,
            logs: logs.into_iter().map(|(_, log)| log).collect(),
        })
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct FeeHistoryJson {
    reward: Option<Vec<Vec<Quantity>>>,
}

impl FeeHistoryJson {
    /// The median over the blocks of their low-percentile tip; empty blocks say 0 and do not count.
    pub(super) fn read(self) -> Result<u128, NodeError> {
        let tips = self.reward.unwrap_or_default().into_iter().filter_map(|block| block.first().copied());
        let mut tips: Vec<u128> = tips.map(Quantity::to_u128).collect::<Result<_, _>>()?;
        tips.retain(|tip| *tip > 0);
        tips.sort_unstable();
        Ok(tips.get(tips.len() / 2).copied().unwrap_or(0))
    }
}

pub(super) fn hex_of(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

pub(super) fn tag(tag: Tag) -> Value {
    match tag {
        Tag::Latest => json!("latest"),
        Tag::Finalized => json!("finalized"),
        Tag::Number(number) => json!(format!("{number:#x}")),
    }
}

/// EIP-1898: by hash, and an error unless that block is on the chain.
pub(super) fn at(at: At) -> Value {
    match at {
        At::Latest => json!("latest"),
        At::Pending => json!("pending"),
        At::Hash(hash) => json!({ "blockHash": hex_of(&hash), "requireCanonical": true }),
    }
}

pub(super) fn call(call: &Call) -> Value {
    let mut object = json!({ "from": call.from.key(), "to": call.to.key() });
    if !call.value.is_zero() {
        object["value"] = json!(format!("{:#x}", call.value));
    }
    if let Some(gas) = call.gas {
        object["gas"] = json!(format!("{gas:#x}"));
    }
    if !call.data.is_empty() {
        // Both names: geth prefers `input`, some older nodes know only `data`.
        object["data"] = json!(hex_of(&call.data));
        object["input"] = json!(hex_of(&call.data));
    }
    object
}

/// The filter for Transfer and Approval logs of a block whose first indexed account is one of `wallets`.
pub(super) fn wallet_filter(block: [u8; 32], wallets: &[EvmAddress]) -> Value {
    let owners: Vec<String> = wallets.iter().map(|wallet| hex_of(&log::topic_of(*wallet))).collect();
    json!({
        "blockHash": hex_of(&block),
        "topics": [[hex_of(&log::TRANSFER), hex_of(&log::APPROVAL)], owners],
    })
}

#[cfg(test)]
mod fuzz;

#[cfg(test)]
mod tests {
    use super::*;

    fn quantity(text: &str) -> Option<Units> {
        serde_json::from_value::<Quantity>(json!(text)).ok().map(|quantity| quantity.0)
    }

    #[test]
    fn quantities_have_one_spelling() {
        // The examples of the specification.
        assert_eq!(quantity("0x41"), Some(Units::from(65)));
        assert_eq!(quantity("0x400"), Some(Units::from(1024)));
        assert_eq!(quantity("0x0"), Some(Units::ZERO));
        assert_eq!(quantity(&format!("0x{}", "f".repeat(64))), Some(Units::MAX));
        for text in ["0x", "0x0400", "ff", "0x00", "0x-1", "0x+1", "0x1 ", "0x1_0", "0xg", "", "65", "0X41"] {
            assert_eq!(quantity(text), None, "{text}");
        }
        assert_eq!(quantity(&format!("0x1{}", "0".repeat(64))), None);
        assert!(serde_json::from_value::<Quantity>(json!(65)).is_err());
        assert!(serde_json::from_value::<Quantity>(Value::Null).is_err());
    }

    #[test]
    fn words_and_data_have_their_length() {
        assert!(serde_json::from_value::<Word>(json!(format!("0x{}", "ab".repeat(32)))).is_ok());
        assert!(serde_json::from_value::<Word>(json!(format!("0x{}", "ab".repeat(31)))).is_err());
        assert!(
            serde_json::from_value::<Account>(json!("0x0000000000000000000000000000000000000000")).is_ok()
        );
        assert_eq!(serde_json::from_value::<Data>(json!("0x")).unwrap(), Data(vec![]));
        assert!(serde_json::from_value::<Data>(json!("0x0")).is_err());
    }

    fn receipt() -> Value {
        let (txid, block) = (hex_of(&[7; 32]), hex_of(&[8; 32]));
        json!({
            "transactionHash": txid, "blockNumber": "0x5", "blockHash": block, "from": hex_of(&[1; 20]),
            "status": "0x1", "gasUsed": "0x5208", "effectiveGasPrice": "0x3b9aca00", "type": "0x2",
            "logs": [{
                "address": hex_of(&[3; 20]), "topics": [hex_of(&[4; 32])], "data": "0x", "logIndex": "0x2",
                "blockHash": block, "transactionHash": txid, "removed": false,
            }],
        })
    }

    fn read(value: Value) -> Result<Receipt, NodeError> {
        let parsed: ReceiptJson =
            serde_json::from_value(value).map_err(|error| NodeError::Nonsense(error.to_string()))?;
        parsed.read([7; 32])
    }

    #[test]
    fn a_receipt_is_whole_and_of_the_transaction_asked_for() {
        let whole = read(receipt()).unwrap();
        assert_eq!((whole.block.number, whole.gas_used, whole.logs[0].index), (5, 21_000, 2));
        for (pointer, wrong) in [
            ("/transactionHash", json!(hex_of(&[9; 32]))),
            ("/status", json!("0x2")),
            ("/status", Value::Null),
            ("/blockHash", Value::Null),
            ("/effectiveGasPrice", Value::Null),
            ("/gasUsed", json!("0x1ffffffffffffffff")),
            ("/logs/0/blockHash", json!(hex_of(&[9; 32]))),
            ("/logs/0/transactionHash", json!(hex_of(&[9; 32]))),
            ("/logs/0/removed", json!(true)),
            ("/logs/0/data", json!("0x123")),
        ] {
            let mut value = receipt();
            *value.pointer_mut(pointer).unwrap() = wrong;
            assert!(matches!(read(value), Err(NodeError::Nonsense(_))), "{pointer}");
        }
    }

    #[test]
    fn the_tip_is_the_middle_of_blocks_that_had_one() {
        let history = |rewards: Value| {
            serde_json::from_value::<FeeHistoryJson>(json!({ "reward": rewards })).unwrap().read().unwrap()
        };
        assert_eq!(history(json!([["0x0"], ["0x5"], ["0x9"], ["0x7"]])), 7);
        assert_eq!(history(json!([["0x0"]])), 0);
        assert_eq!(history(Value::Null), 0);
    }
}
