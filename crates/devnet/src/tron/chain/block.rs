//! A block: its header as the network writes it, its id, and what was executed in it.

use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{
    super::{execute::Receipt, json::address_text, key::Account as Signer, tx::Tx, wire::Writer},
    deed::Deed,
};

/// Eight bytes of the number, then 24 of the header's hash.
pub(in crate::tron) type BlockId = [u8; 32];
/// The version that java-tron 4.8 writes into headers.
const VERSION: i64 = 32;
const NO_ROOT: [u8; 32] = [0; 32];

/// An executed transaction.
#[derive(Debug, Clone)]
pub(in crate::tron) struct Included {
    pub(in crate::tron) tx: Arc<Tx>,
    pub(in crate::tron) receipt: Receipt,
}

impl Included {
    /// What blocks say became of it.
    pub(in crate::tron) fn ret(&self) -> Value {
        json!({ "contractRet": self.receipt.outcome.name() })
    }

    /// The hash of the transaction with its result, of which the block's root is made.
    fn hash(&self) -> [u8; 32] {
        let mut result = Writer::default();
        result.number(3, self.receipt.outcome.wire());
        let mut whole = Writer::default();
        whole.element(5, &result.finish());
        let mut bytes = self.tx.bytes();
        bytes.extend(whole.finish());
        Sha256::digest(&bytes).into()
    }
}

/// A block.
#[derive(Debug)]
pub(in crate::tron) struct Block {
    pub(in crate::tron) number: u64,
    pub(in crate::tron) id: BlockId,
    pub(in crate::tron) parent: BlockId,
    pub(in crate::tron) time_ms: i64,
    root: [u8; 32],
    /// Who makes it; nobody makes the first one.
    witness: Option<Signer>,
    /// Made when it is first shown: most blocks of a long chain never are.
    signature: OnceLock<[u8; 65]>,
    pub(in crate::tron) included: Vec<Included>,
    /// What was ordered from outside, to be done again on another branch.
    pub(super) deeds: Vec<Deed>,
}

impl Block {
    /// The first block. Its last four bytes are the chain id, as on the real networks; there they are part of a hash,
    /// here they are put there.
    pub(super) fn genesis(chain_id: u32, seed: u64, time_ms: i64) -> Self {
        let mut id: BlockId = Sha256::digest(format!("sluice tron-sim genesis {seed}").as_bytes()).into();
        if let Some(number) = id.get_mut(..8) {
            number.fill(0);
        }
        if let Some(last) = id.get_mut(28..) {
            last.copy_from_slice(&chain_id.to_be_bytes());
        }
        Self {
            number: 0,
            id,
            parent: [0; 32],
            time_ms,
            root: NO_ROOT,
            witness: None,
            signature: OnceLock::new(),
            included: Vec::new(),
            deeds: Vec::new(),
        }
    }

    pub(super) fn make(
        parent: &Self,
        time_ms: i64,
        witness: Option<&Signer>,
        included: Vec<Included>,
        deeds: Vec<Deed>,
    ) -> Self {
        let mut block = Self {
            number: parent.number.saturating_add(1),
            id: [0; 32],
            parent: parent.id,
            time_ms,
            root: root(included.iter().map(Included::hash).collect()),
            witness: witness.cloned(),
            signature: OnceLock::new(),
            included,
            deeds,
        };
        block.id = id(block.number, &block.hash());
        block
    }

    /// What the witness signs.
    fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.header()).into()
    }

    fn witness_wire(&self) -> [u8; 21] {
        self.witness.as_ref().map_or([0x41; 21], |witness| witness.address().wire())
    }

    /// A hash over what the receipts say, none of which is part of the id.
    pub(super) fn receipts(&self) -> [u8; 8] {
        let mut all = Sha256::new();
        self.included.iter().for_each(|one| one.receipt.digest_into(&mut all));
        let hash: [u8; 32] = all.finalize().into();
        let mut first = [0; 8];
        first.copy_from_slice(hash.get(..8).unwrap_or(&[0; 8]));
        first
    }

    fn header(&self) -> Vec<u8> {
        let mut header = Writer::default();
        header.number(1, self.time_ms);
        header.bytes(2, &self.root);
        header.bytes(3, &self.parent);
        header.number(7, i64::try_from(self.number).unwrap_or(i64::MAX));
        header.bytes(9, &self.witness_wire());
        header.number(10, VERSION);
        header.finish()
    }

    /// As the node shows it, with its transactions or without.
    pub(in crate::tron) fn json(&self, visible: bool, with_transactions: bool) -> Map<String, Value> {
        let mut raw = json!({
            "txTrieRoot": hex::encode(self.root),
            "parentHash": hex::encode(self.parent),
            "timestamp": self.time_ms,
        });
        if let (Some(raw), true) = (raw.as_object_mut(), self.number > 0) {
            raw.insert("number".to_owned(), json!(self.number));
            raw.insert("version".to_owned(), json!(VERSION));
            raw.insert("witness_address".to_owned(), json!(address_text(&self.witness_wire(), visible)));
        }
        let mut header = Map::from_iter([("raw_data".to_owned(), raw)]);
        if let Some(witness) = &self.witness {
            let signature = self.signature.get_or_init(|| witness.sign(&self.hash()));
            header.insert("witness_signature".to_owned(), json!(hex::encode(signature)));
        }
        let mut shown = Map::from_iter([
            ("blockID".to_owned(), json!(hex::encode(self.id))),
            ("block_header".to_owned(), Value::Object(header)),
        ]);
        if with_transactions && !self.included.is_empty() {
            let transactions = self.included.iter();
            let transactions = transactions.map(|one| Value::Object(one.tx.json(visible, Some(one.ret()))));
            shown.insert("transactions".to_owned(), transactions.collect());
        }
        shown
    }
}

/// A block's id from its number and its header's hash.
pub(in crate::tron) fn id(number: u64, hash: &[u8; 32]) -> BlockId {
    let mut id = *hash;
    if let Some(first) = id.get_mut(..8) {
        first.copy_from_slice(&number.to_be_bytes());
    }
    id
}

/// The root of a tree of hashes; an odd one goes up as it is.
fn root(mut hashes: Vec<[u8; 32]>) -> [u8; 32] {
    while hashes.len() > 1 {
        let pairs = hashes.chunks(2).map(|pair| match pair {
            [left, right] => Sha256::digest([left.as_slice(), right.as_slice()].concat()).into(),
            rest => rest.first().copied().unwrap_or(NO_ROOT),
        });
        hashes = pairs.collect();
    }
    hashes.first().copied().unwrap_or(NO_ROOT)
}
