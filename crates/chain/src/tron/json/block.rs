//! Blocks, and the transactions in them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use sluice_codec::tron::{BlockHeader, block_id};
use sluice_core::chain::BlockRef;

use super::super::errors;
use super::super::node::{Block, Header, NodeError, Tx};
use super::{Bytes, RetJson, Word, figure, nonsense};

/// A block, whole or its header; `{}` where there is none.
#[derive(Debug, Deserialize)]
pub(in crate::tron) struct BlockJson {
    #[serde(rename = "blockID")]
    id: Option<Word>,
    block_header: Option<HeaderJson>,
    #[serde(default)]
    transactions: Vec<TxJson>,
}

#[derive(Debug, Deserialize)]
struct HeaderJson {
    raw_data: RawJson,
}

#[derive(Debug, Deserialize)]
struct RawJson {
    #[serde(default)]
    number: i64,
    #[serde(default)]
    timestamp: i64,
    #[serde(default, rename = "txTrieRoot")]
    root: Bytes,
    #[serde(rename = "parentHash")]
    parent: Word,
    #[serde(default)]
    witness_id: i64,
    #[serde(default)]
    witness_address: Bytes,
    #[serde(default)]
    version: i32,
    #[serde(default, rename = "accountStateRoot")]
    state_root: Bytes,
    #[serde(flatten)]
    unknown: BTreeMap<String, IgnoredAny>,
}

#[derive(Debug, Deserialize)]
struct TxJson {
    #[serde(rename = "txID")]
    txid: Word,
    raw_data_hex: Bytes,
    #[serde(default)]
    ret: Vec<RetJson>,
}

impl BlockJson {
    /// Its header alone.
    pub(in crate::tron) fn header(&self) -> Result<Option<Header>, NodeError> {
        match (&self.id, &self.block_header) {
            (Some(id), Some(header)) => header.raw_data.read(id.0).map(Some),
            (None, None) => Ok(None),
            (Some(_), None) | (None, Some(_)) => Err(nonsense("half a block")),
        }
    }

    /// All of it.
    pub(in crate::tron) fn read(self) -> Result<Option<Block>, NodeError> {
        let Some(header) = self.header()? else { return Ok(None) };
        let transactions = self.transactions.into_iter().map(TxJson::read);
        Ok(Some(Block { header, transactions: transactions.collect::<Result<_, _>>()? }))
    }
}

impl RawJson {
    /// An id is made of the header, so what is shown beside it is checked by it: height, time and parent are those of the id,
    /// or the node is caught. Two cannot be: block 0, whose id names the network, and a header with a field that is newer than
    /// this; those are compared with what others say, as everything is.
    fn read(&self, id: [u8; 32]) -> Result<Header, NodeError> {
        let number = figure(self.number)?;
        if id[..8] != number.to_be_bytes() {
            return Err(nonsense(format!("the id of another height for block #{number}")));
        }
        let header = BlockHeader {
            time_ms: self.timestamp,
            root: self.root.0.clone(),
            parent: self.parent.0.to_vec(),
            number: self.number,
            witness_id: self.witness_id,
            witness: self.witness_address.0.clone(),
            version: self.version,
            state_root: self.state_root.0.clone(),
        };
        if number > 0 && self.unknown.is_empty() && block_id(&header) != id {
            return Err(nonsense(format!("the id of block #{number} is not that of its header")));
        }
        Ok(Header { block: BlockRef { number, hash: id }, parent: self.parent.0, time_ms: self.timestamp })
    }
}

impl TxJson {
    fn read(self) -> Result<Tx, NodeError> {
        let executed = self.ret.first().and_then(|ret| errors::executed(&ret.executed));
        let tx = Tx::read(&self.raw_data_hex.0, executed);
        if tx.txid() == self.txid.0 {
            return Ok(tx);
        }
        Err(nonsense(format!("0x{} is not the id of its bytes", hex::encode(self.txid.0))))
    }
}

/// `getblockbylimitnext`.
#[derive(Debug, Deserialize)]
pub(in crate::tron) struct BlocksJson {
    #[serde(default)]
    pub(in crate::tron) block: Vec<BlockJson>,
}
