//! TRON's JSON, read strictly. A field that is missing is the default of its type, for nodes leave out what is zero; a field
//! that is not known is passed over; what does not read is nonsense, never a guess. Bytes are hex without 0x, whole numbers
//! are 64 bits with a sign, addresses are the 21 bytes of transactions and the 20 of logs.

mod block;
mod state;

use serde::{Deserialize, Deserializer, de};
use sluice_core::address::TronAddress;

use super::errors;
use super::node::{Info, Log, NodeError, Said};

pub(super) use block::{BlockJson, BlocksJson};
pub(super) use state::{
    AccountJson, CalledJson, ContractJson, LendableJson, LoansJson, ParametersJson, ResourceJson,
    ReturnedJson,
};

/// Bytes of any length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Bytes(pub(super) Vec<u8>);

/// Exactly 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word(pub(super) [u8; 32]);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        hex::decode(text.as_bytes()).map(Self).map_err(|_| de::Error::custom("expected bytes"))
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        let mut word = [0; 32];
        hex::decode_to_slice(text.as_bytes(), &mut word)
            .map_err(|_| de::Error::custom("expected 32 bytes"))?;
        Ok(Self(word))
    }
}

pub(super) fn nonsense(why: impl Into<String>) -> NodeError {
    NodeError::Nonsense(why.into())
}

/// A figure that cannot be below zero.
pub(super) fn figure(number: i64) -> Result<u64, NodeError> {
    u64::try_from(number).map_err(|_| nonsense("a figure below zero"))
}

/// Results of a transaction.
#[derive(Debug, Deserialize)]
pub(super) struct RetJson {
    #[serde(default, rename = "contractRet")]
    pub(super) executed: String,
    /// Of a simulated call.
    #[serde(default)]
    pub(super) ret: String,
}

/// A receipt; `{}` where there is none.
#[derive(Debug, Deserialize)]
pub(super) struct InfoJson {
    id: Option<Word>,
    #[serde(default, rename = "blockNumber")]
    number: i64,
    #[serde(default)]
    fee: i64,
    #[serde(default)]
    withdraw_expire_amount: i64,
    #[serde(default)]
    receipt: ReceiptJson,
    #[serde(default)]
    result: String,
    #[serde(default)]
    log: Vec<LogJson>,
}

#[derive(Debug, Default, Deserialize)]
struct ReceiptJson {
    #[serde(default)]
    energy_usage_total: i64,
    #[serde(default)]
    result: String,
}

#[derive(Debug, Deserialize)]
struct LogJson {
    address: Bytes,
    #[serde(default)]
    topics: Vec<Word>,
    #[serde(default)]
    data: Bytes,
}

impl InfoJson {
    pub(super) fn read(self) -> Result<Option<Info>, NodeError> {
        let Some(Word(txid)) = self.id else { return Ok(None) };
        let logs = self.log.into_iter().map(LogJson::read).collect::<Result<_, _>>()?;
        Ok(Some(Info {
            txid,
            number: figure(self.number)?,
            fee_sun: figure(self.fee)?,
            collected_sun: figure(self.withdraw_expire_amount)?,
            executed: errors::executed(&self.receipt.result),
            failed: self.result == "FAILED",
            energy: figure(self.receipt.energy_usage_total)?,
            logs,
        }))
    }
}

impl LogJson {
    fn read(self) -> Result<Log, NodeError> {
        let address = self.address.0.try_into().map_err(|_| nonsense("a log's address is 20 bytes"))?;
        let topics = self.topics.into_iter().map(|topic| topic.0).collect();
        Ok(Log { address: TronAddress(address), topics, data: self.data.0 })
    }
}

/// `broadcasthex`.
#[derive(Debug, Deserialize)]
pub(super) struct BroadcastJson {
    #[serde(default)]
    result: bool,
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
    txid: Option<Word>,
}

impl BroadcastJson {
    /// What it says to the bytes of `txid`. To have taken is to say so twice, of that very transaction.
    pub(super) fn read(self, txid: [u8; 32]) -> Said {
        match (errors::said(&self.code, &self.message), self.txid) {
            (Said::Taken, Some(Word(taken))) if taken == txid && self.result => Said::Taken,
            (Said::Taken, Some(Word(taken))) => Said::Other(format!("taken as 0x{}", hex::encode(taken))),
            (Said::Taken, None) => Said::Other("taken, without an id".to_owned()),
            (said @ (Said::Duplicate | Said::NoFunds | Said::Other(_)), _) => said,
        }
    }
}

/// A transaction by its id; `{}` where the node has none.
#[derive(Debug, Deserialize)]
pub(super) struct ShownJson {
    #[serde(rename = "txID")]
    txid: Option<Word>,
}

impl ShownJson {
    pub(super) fn is(&self, txid: [u8; 32]) -> bool {
        self.txid == Some(Word(txid))
    }
}

/// A body that is an error.
#[derive(Debug, Deserialize)]
pub(super) struct ErrorJson {
    #[serde(rename = "Error")]
    pub(super) error: String,
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
