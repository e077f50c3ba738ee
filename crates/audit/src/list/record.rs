//! One line of a list as it is written, and as it is read.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{Explained, Life, REASONS, Slot, Withdrawal};
use crate::amount::Decimal;
use crate::chain::{Address, Chain, Family, Hash};

/// The most bytes of an external id.
const EXTERNAL_ID_BYTES_MAX: usize = 512;
/// The most transactions of one withdrawal.
const TRANSACTIONS_MAX: usize = 10_000;

/// Everything a line may say. Which of it is needed depends on what it is a record of.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Row {
    record: Option<String>,
    pub(super) external_id: Option<String>,
    pub(super) asset: Option<String>,
    #[serde(alias = "recipient")]
    pub(super) address: Option<String>,
    pub(super) amount: Option<String>,
    pub(super) status: Option<String>,
    pub(super) txid: Option<String>,
    #[serde(default)]
    transactions: Vec<Signed>,
    chain: Option<String>,
    sender: Option<String>,
    nonce: Option<u64>,
    #[serde(rename = "type")]
    kind: Option<String>,
    reason: Option<String>,
    version: Option<u64>,
    count: Option<u64>,
    sha256: Option<String>,
}

/// A transaction that was signed for a withdrawal.
#[derive(Clone, Debug, Deserialize)]
struct Signed {
    txid: String,
    chain: Option<String>,
    sender: Option<String>,
    nonce: Option<u64>,
    reference_block: Option<u64>,
    expires_at_ms: Option<u64>,
}

/// What a line is a record of.
#[derive(Debug)]
pub(super) enum Record {
    Withdrawal(Box<Withdrawal>),
    Wallet(Chain, Address),
    Transaction(Chain, Hash, Explained),
    Nonce(Chain, Address, u64, Explained),
}

/// A record, or the first or last line of an export.
#[derive(Debug)]
pub(super) enum Mark {
    Record(Record),
    Begin,
    End { count: u64, sha256: String },
}

impl Row {
    pub(super) fn read(line: &str) -> Result<Self, String> {
        serde_json::from_str(line).map_err(|error| {
            let hint = if error.is_data() { "; amounts are strings, as in \"12.50\"" } else { "" };
            format!("is no such JSON object: {error}{hint}")
        })
    }

    pub(super) fn read_record(self) -> Result<Mark, String> {
        match self.record.as_deref() {
            None | Some("withdrawal" | "order") => {
                self.withdrawal().map(|it| Mark::Record(Record::Withdrawal(Box::new(it))))
            }
            Some("wallet") => {
                let address = needed("address", self.address.as_deref())?;
                let chain = self.chain_id()?;
                Ok(Mark::Record(Record::Wallet(chain, account("address", address, chain)?)))
            }
            Some("explained") => self.explained().map(Mark::Record),
            Some("export") => {
                match self.version {
                    Some(1) => Ok(Mark::Begin),
                    _ => Err("this version of export is not known here; use the auditor of the same release"
                        .into()),
                }
            }
            Some("end") => Ok(Mark::End {
                count: self.count.ok_or("`count` is missing")?,
                sha256: self.sha256.ok_or("`sha256` is missing")?,
            }),
            Some(other) => Err(format!(
                "`{other}` is no kind of record; withdrawal, order, wallet, explained, export and end are"
            )),
        }
    }

    fn withdrawal(self) -> Result<Withdrawal, String> {
        let external_id = needed("external_id", self.external_id.as_deref())?;
        if external_id.len() > EXTERNAL_ID_BYTES_MAX || external_id.chars().any(char::is_control) {
            return Err(format!(
                "the external id is longer than {EXTERNAL_ID_BYTES_MAX} bytes or holds a control character"
            ));
        }
        let asset = needed("asset", self.asset.as_deref())?;
        let (chain, token) = Chain::of_asset(asset).ok_or_else(|| {
            format!(
                "`{asset}` is no asset that can be audited; write eip155:137/erc20:0x... or tron:728126428/trc20:T..."
            )
        })?;
        let amount = needed("amount", self.amount.as_deref())?;
        let amount = Decimal::parse(amount).filter(|amount| !amount.is_zero()).ok_or_else(|| {
            format!("`{amount}` is no amount above zero; write plain decimals such as 12.50")
        })?;
        if self.transactions.len() > TRANSACTIONS_MAX {
            return Err(format!("more than {TRANSACTIONS_MAX} transactions of one withdrawal"));
        }
        let (mut txids, mut slots, mut lives) = (Vec::new(), BTreeSet::new(), BTreeMap::new());
        for signed in &self.transactions {
            let other = signed.chain.as_deref().is_some_and(|of| Chain::parse(of) != Some(chain));
            if other {
                return Err(format!("the transaction {} is on another chain than the asset", signed.txid));
            }
            let id = txid(&signed.txid, chain)?;
            txids.push(id);
            let sender =
                signed.sender.as_deref().map(|sender| account("sender", sender, chain)).transpose()?;
            match (signed.reference_block, signed.expires_at_ms) {
                (Some(reference), Some(expires_at_ms)) => {
                    lives.insert(id, Life { reference, expires_at_ms });
                }
                (None, None) => {}
                _ => return Err(format!("{id}: `reference_block` and `expires_at_ms` belong together")),
            }
            slots.extend(signed.nonce.map(|nonce| Slot { sender, nonce }));
        }
        Ok(Withdrawal {
            external_id: external_id.to_owned(),
            chain,
            token,
            recipient: account("address", needed("address", self.address.as_deref())?, chain)?,
            amount,
            status: self.status.unwrap_or_default(),
            txid: self.txid.as_deref().map(|id| txid(id, chain)).transpose()?,
            txids,
            slots,
            lives,
        })
    }

    fn explained(self) -> Result<Record, String> {
        let chain = self.chain_id()?;
        let word = needed("type", self.kind.as_deref())?;
        let kind = REASONS
            .into_iter()
            .find(|kind| *kind == word)
            .ok_or_else(|| format!("`{word}` is no type of reason; choose {}", REASONS.join(", ")))?;
        let reason = needed("reason", self.reason.as_deref())?.to_owned();
        let explained = Explained { kind, reason };
        match (self.txid.as_deref(), self.sender.as_deref(), self.nonce) {
            (Some(id), ..) => Ok(Record::Transaction(chain, txid(id, chain)?, explained)),
            (None, Some(sender), Some(nonce)) if chain.family() == Family::Evm => {
                Ok(Record::Nonce(chain, account("sender", sender, chain)?, nonce, explained))
            }
            _ if chain.family() == Family::Tron => Err("an explanation on TRON names a `txid`".into()),
            _ => Err("an explanation names a `txid`, or a `sender` and a `nonce`".into()),
        }
    }

    fn chain_id(&self) -> Result<Chain, String> {
        let chain = needed("chain", self.chain.as_deref())?;
        Chain::parse(chain).ok_or_else(|| {
            format!("`{chain}` is no chain that can be audited; write eip155:137 or tron:728126428")
        })
    }
}

fn needed<'a>(name: &str, value: Option<&'a str>) -> Result<&'a str, String> {
    value.filter(|value| !value.trim().is_empty()).ok_or_else(|| format!("`{name}` is missing"))
}

fn account(name: &str, text: &str, chain: Chain) -> Result<Address, String> {
    let form = match chain.family() {
        Family::Evm => "0x and 40 hexadecimal digits",
        Family::Tron => "a base58 address with a right checksum",
    };
    let read = Address::parse(text).filter(|address| address.family() == chain.family());
    read.ok_or_else(|| format!("`{name}` `{text}` is not {form}"))
}

/// TRON's own tools write an id without `0x`, and everybody else with it.
fn txid(text: &str, chain: Chain) -> Result<Hash, String> {
    let read = match chain.family() {
        Family::Evm => Hash::parse(text),
        Family::Tron => Hash::parse_bare(text),
    };
    read.ok_or_else(|| format!("the transaction `{text}` is not 0x and 64 hexadecimal digits"))
}
