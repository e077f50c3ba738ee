//! A signed transaction: its bytes as they came, and what they mean.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{
    address::Address,
    json::{self, NotTheMessage},
    key::{self, BadSignature},
    schema::{self, Schema, raw},
    wire::{Fields, Malformed, Writer},
};

/// What the network sets aside in each transaction for its result, in bytes.
pub(super) const RESULT_BYTES: i64 = 64;
/// Signatures for which a signer is looked for; what has more is refused anyway.
const SIGNATURES_MAX: usize = 5;
const TYPE_URL: &str = "type.googleapis.com/protocol.";

/// The id: SHA-256 of `raw_data`.
pub type Txid = [u8; 32];

/// What a transaction does.
#[derive(Debug)]
pub(super) struct Contract {
    /// The type's number, also of one that is not executed here.
    pub(super) kind: i64,
    /// Its table; `None` if it is not executed here.
    pub(super) schema: Option<&'static Schema>,
    pub(super) permission_id: i64,
    pub(super) type_url: String,
    /// The contract's own message.
    pub(super) value: Vec<u8>,
}

/// A transaction. Read once, then never changed.
#[derive(Debug)]
pub(super) struct Tx {
    pub(super) id: Txid,
    /// `raw_data`, byte for byte.
    pub(super) raw: Vec<u8>,
    pub(super) signatures: Vec<Vec<u8>>,
    /// Who made each signature.
    pub(super) signers: Vec<Result<Address, BadSignature>>,
    pub(super) contracts: usize,
    /// The first contract.
    pub(super) contract: Option<Contract>,
    pub(super) owner: Option<Address>,
    pub(super) ref_block_bytes: Vec<u8>,
    pub(super) ref_block_hash: Vec<u8>,
    pub(super) expiration_ms: i64,
    pub(super) fee_limit_sun: i64,
    pub(super) has_memo: bool,
    /// Length of the transaction without its result, in bytes.
    pub(super) size_bytes: i64,
}

impl Tx {
    /// Reads a transaction from the wire and looks for its signers.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        let fields = Fields::read(bytes)?;
        Self::new(fields.bytes(1).to_vec(), fields.each(2).map(<[u8]>::to_vec).collect())
    }

    /// A transaction of this `raw_data` and these signatures.
    pub(super) fn new(raw_data: Vec<u8>, signatures: Vec<Vec<u8>>) -> Result<Self, Malformed> {
        let id: Txid = Sha256::digest(&raw_data).into();
        let fields = Fields::read(&raw_data)?;
        let contract = fields.each(raw::CONTRACT).next().map(Contract::read).transpose()?;
        let owner = contract.as_ref().and_then(Contract::owner);
        let looked_for = signatures.iter().take(SIGNATURES_MAX);
        let signers = looked_for.map(|signature| key::signer(&id, signature)).collect();
        let mut tx = Self {
            id,
            signers,
            contracts: fields.each(raw::CONTRACT).count(),
            contract,
            owner,
            ref_block_bytes: fields.bytes(raw::REF_BLOCK_BYTES).to_vec(),
            ref_block_hash: fields.bytes(raw::REF_BLOCK_HASH).to_vec(),
            expiration_ms: fields.number(raw::EXPIRATION),
            fee_limit_sun: fields.number(raw::FEE_LIMIT),
            has_memo: !fields.bytes(raw::DATA).is_empty(),
            size_bytes: 0,
            raw: raw_data,
            signatures,
        };
        tx.size_bytes = i64::try_from(tx.bytes().len()).unwrap_or(i64::MAX);
        Ok(tx)
    }

    /// The transaction without its result.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.element(1, &self.raw);
        for signature in &self.signatures {
            writer.element(2, signature);
        }
        writer.finish()
    }

    /// The contract's message, if it is one that is executed here.
    pub(super) fn message(&self) -> Option<(i64, Fields<'_>)> {
        let contract = self.contract.as_ref().filter(|contract| contract.schema.is_some())?;
        Some((contract.kind, Fields::read(&contract.value).ok()?))
    }

    /// As the node shows it. `ret` is what became of it, where that is known.
    pub(super) fn json(&self, visible: bool, ret: Option<Value>) -> Map<String, Value> {
        let mut shown = Map::new();
        if let Some(ret) = ret {
            shown.insert("ret".to_owned(), json!([ret]));
        }
        if !self.signatures.is_empty() {
            shown.insert("signature".to_owned(), self.signatures.iter().map(hex::encode).collect());
        }
        shown.insert("txID".to_owned(), json!(hex::encode(self.id)));
        let mut raw_data = json::from_wire(&schema::RAW, &self.raw, visible).unwrap_or_default();
        let contracts = self.contract.iter().map(|contract| contract.json(visible));
        raw_data.insert("contract".to_owned(), contracts.collect());
        shown.insert("raw_data".to_owned(), Value::Object(raw_data));
        shown.insert("raw_data_hex".to_owned(), json!(hex::encode(&self.raw)));
        shown
    }

    /// A transaction from JSON. As the node does, `raw_data_hex` and `txID` are not looked at: `raw_data` is written
    /// anew.
    pub(super) fn from_json(value: &Value, visible: bool) -> Result<Self, NotTheMessage> {
        let wrong = |text: &str| NotTheMessage(text.to_owned());
        let raw_data = value.get("raw_data").ok_or_else(|| wrong("no raw_data"))?;
        let contracts = raw_data.get("contract").and_then(Value::as_array);
        let contracts = contracts.ok_or_else(|| wrong("no contract in raw_data"))?;
        let mut written = Vec::new();
        for contract in contracts {
            written.extend(Contract::wire_of(contract, visible)?);
        }
        let raw = raw_of(raw_data, &written, visible)?;
        let signatures = value.get("signature").and_then(Value::as_array).into_iter().flatten();
        let signatures: Option<Vec<Vec<u8>>> = signatures.map(json::from_hex).collect();
        let signatures = signatures.ok_or_else(|| wrong("signature: expected hex strings"))?;
        Self::new(raw, signatures).map_err(|Malformed| wrong("the transaction cannot be read back"))
    }
}

/// `raw_data` with its contract in its place between memo and timestamp.
fn raw_of(value: &Value, contracts: &[Vec<u8>], visible: bool) -> Result<Vec<u8>, NotTheMessage> {
    let plain = json::to_wire(&schema::RAW, value, visible)?;
    let broken = |Malformed| NotTheMessage("raw_data cannot be read back".to_owned());
    let fields = Fields::read(&plain).map_err(broken)?;
    let mut writer = Writer::default();
    for field in schema::RAW.fields {
        if field.number == raw::TIMESTAMP {
            contracts.iter().for_each(|contract| writer.element(raw::CONTRACT, contract));
        }
        writer.bytes(field.number, fields.bytes(field.number));
        writer.number(field.number, fields.number(field.number));
    }
    Ok(writer.finish())
}

impl Contract {
    fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        let fields = Fields::read(bytes)?;
        let kind = fields.number(1);
        let any = Fields::read(fields.bytes(2))?;
        let type_url = String::from_utf8_lossy(any.bytes(1)).into_owned();
        // The type and what it is said to be must agree, else the node cannot unpack it.
        let named = type_url.rsplit('/').next().and_then(|name| name.strip_prefix("protocol."));
        let schema = schema::contract(kind).filter(|schema| named == Some(schema.name));
        let value = any.bytes(2).to_vec();
        Fields::read(&value)?;
        Ok(Self { kind, schema, permission_id: fields.number(5), type_url, value })
    }

    /// The field that every contract has first.
    fn owner(&self) -> Option<Address> {
        Address::from_wire(Fields::read(&self.value).ok()?.bytes(1))
    }

    fn json(&self, visible: bool) -> Value {
        let value = self.schema.and_then(|schema| json::from_wire(schema, &self.value, visible).ok());
        let name = self.schema.map_or_else(|| json!(self.kind), |schema| json!(schema.name));
        let mut shown = json!({
            "parameter": { "value": value.map(Value::Object), "type_url": self.type_url },
            "type": name,
        });
        if self.permission_id > 0
            && let Some(shown) = shown.as_object_mut()
        {
            shown.insert("Permission_id".to_owned(), json!(self.permission_id));
        }
        shown
    }

    /// A contract's message from JSON; `None` for a type that the node passes over.
    fn wire_of(value: &Value, visible: bool) -> Result<Option<Vec<u8>>, NotTheMessage> {
        let named = value.get("type").and_then(Value::as_str).and_then(schema::contract_named);
        let Some((kind, schema)) = named else { return Ok(None) };
        let message = value.pointer("/parameter/value").unwrap_or(&Value::Null);
        let message = json::to_wire(schema, message, visible)?;
        let permission_id = value.get("Permission_id").and_then(Value::as_i64).unwrap_or(0);
        Ok(Some(contract_wire(kind, schema, &message, permission_id)))
    }
}

fn contract_wire(kind: i64, schema: &Schema, message: &[u8], permission_id: i64) -> Vec<u8> {
    let mut any = Writer::default();
    any.bytes(1, format!("{TYPE_URL}{}", schema.name).as_bytes());
    any.bytes(2, message);
    let mut contract = Writer::default();
    contract.number(1, kind);
    contract.element(2, &any.finish());
    contract.number(5, permission_id);
    contract.finish()
}

/// What an unsigned transaction says beside its contract.
#[derive(Debug, Clone, Default)]
pub(super) struct Terms {
    pub(super) ref_block_bytes: [u8; 2],
    pub(super) ref_block_hash: [u8; 8],
    pub(super) expiration_ms: i64,
    pub(super) timestamp_ms: i64,
    pub(super) fee_limit_sun: i64,
    pub(super) memo: Vec<u8>,
    pub(super) permission_id: i64,
}

/// An unsigned transaction of one contract.
pub(super) fn unsigned(schema: &'static Schema, message: &[u8], terms: &Terms) -> Result<Tx, Malformed> {
    let (kind, _) = schema::contract_named(schema.name).ok_or(Malformed)?;
    let mut writer = Writer::default();
    writer.bytes(raw::REF_BLOCK_BYTES, &terms.ref_block_bytes);
    writer.bytes(raw::REF_BLOCK_HASH, &terms.ref_block_hash);
    writer.number(raw::EXPIRATION, terms.expiration_ms);
    writer.bytes(raw::DATA, &terms.memo);
    writer.element(raw::CONTRACT, &contract_wire(kind, schema, message, terms.permission_id));
    writer.number(raw::TIMESTAMP, terms.timestamp_ms);
    writer.number(raw::FEE_LIMIT, terms.fee_limit_sun);
    Tx::new(writer.finish(), Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usdt_transfer() -> Tx {
        let value = json!({
            "owner_address": "TMVQGm1qAQYVdetCeGRRkTWYYrLXuHK2HC",
            "contract_address": "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
            "data": format!("a9059cbb{:064x}{:064x}", 1, 1_000_000),
        });
        let message = json::to_wire(&schema::TRIGGER, &value, true).unwrap();
        let terms = Terms {
            ref_block_bytes: [0xab, 0xcd],
            ref_block_hash: [7; 8],
            expiration_ms: 1_763_800_060_000,
            timestamp_ms: 1_763_800_000_000,
            fee_limit_sun: 30_000_000,
            ..Terms::default()
        };
        unsigned(&schema::TRIGGER, &message, &terms).unwrap()
    }

    #[test]
    fn a_signed_usdt_transfer_is_281_bytes_and_takes_345_of_bandwidth() {
        let plain = usdt_transfer();
        let tx = Tx::new(plain.raw, vec![vec![1; 65]]).unwrap();
        assert_eq!((tx.size_bytes, tx.size_bytes + RESULT_BYTES), (281, 345));
    }

    #[test]
    fn json_in_both_forms_leads_back_to_the_same_bytes() {
        let tx = usdt_transfer();
        for visible in [false, true] {
            let json = Value::Object(tx.json(visible, None));
            assert_eq!(Tx::from_json(&json, visible).unwrap().raw, tx.raw, "{json}");
            assert_eq!(json["txID"], hex::encode(tx.id));
            assert!(json.get("signature").is_none() && json["raw_data"].get("data").is_none(), "{json}");
        }
        assert_eq!(Tx::read(&tx.bytes()).unwrap().id, tx.id);
    }

    #[test]
    fn a_type_that_is_not_what_it_says_is_not_executed() {
        let tx = usdt_transfer();
        let lied: Vec<u8> = String::from_utf8_lossy(&tx.raw)
            .contains("TriggerSmartContract")
            .then(|| {
                let at = tx.raw.windows(7).position(|part| part == b"Trigger").unwrap();
                let mut raw = tx.raw.clone();
                raw[at..at + 7].copy_from_slice(b"Friggen");
                raw
            })
            .unwrap();
        assert!(Tx::new(lied, vec![]).unwrap().message().is_none());
    }
}
