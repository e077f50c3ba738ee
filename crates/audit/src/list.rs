//! What is judged: the caller's list of withdrawals, with what the caller was told about each; the wallets that pay; and
//! the transactions that somebody explained. `docs/audit.md` is the description of these files for their writers.

mod csv;
mod lines;
mod record;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::amount::Decimal;
use crate::chain::{Address, Chain, Hash};

pub use lines::{LINE_BYTES_MAX, LINES_MAX};

/// What the caller was told, as far as it matters to a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Claim {
    /// It is paid.
    Paid,
    /// It is over, and was not paid.
    Dead,
    /// Anything else: it may be paid, or not, or later.
    Open,
}

impl Claim {
    /// What a status word claims. A word that is not known claims nothing.
    pub fn of(status: &str) -> Self {
        match status {
            "completed" => Self::Paid,
            "failed" | "cancelled" | "rejected" | "refused" => Self::Dead,
            _ => Self::Open,
        }
    }
}

/// A place on chain that could execute, or could have executed, a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    /// Whose nonce; none when the list does not say.
    pub sender: Option<Address>,
    /// Which.
    pub nonce: u64,
}

/// Between what a transaction can be included, on a chain where transactions expire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Life {
    /// Height of the block it refers to: it is in none up to that one.
    pub reference: u64,
    /// Its expiration, in milliseconds since 1970: no block whose parent is of that time or later holds it.
    pub expires_at_ms: u64,
}

/// One withdrawal, and what the caller was told about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// The caller's own id.
    pub external_id: String,
    /// The chain.
    pub chain: Chain,
    /// The contract.
    pub token: Address,
    /// Who was to be paid.
    pub recipient: Address,
    /// How much, in whole units of the asset.
    pub amount: Decimal,
    /// The status as it was told.
    pub status: String,
    /// The transaction that paid it, as it was told.
    pub txid: Option<Hash>,
    /// Every transaction that was signed for it.
    pub txids: Vec<Hash>,
    /// Every slot that was given to it.
    pub slots: BTreeSet<Slot>,
    /// The life of each of its transactions, where the list tells it.
    pub lives: BTreeMap<Hash, Life>,
}

impl Withdrawal {
    /// What the caller was told.
    pub fn claim(&self) -> Claim {
        Claim::of(&self.status)
    }
}

/// One payment as the caller ordered it, before it was told anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The caller's own id.
    pub external_id: String,
    /// The chain.
    pub chain: Chain,
    /// The contract.
    pub token: Address,
    /// Who is to be paid.
    pub recipient: Address,
    /// How much, in whole units of the asset.
    pub amount: Decimal,
}

/// What somebody says a transaction was, or a nonce was used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// One of [`REASONS`].
    pub kind: &'static str,
    /// In words.
    pub reason: String,
}

/// Types of explanations.
pub const REASONS: [&str; 9] = [
    "internal_move",
    "manual_payment",
    "network_cost",
    "permission",
    "theft",
    "refill",
    "sweep",
    STAKE,
    DELEGATION,
];

const STAKE: &str = "stake";
const DELEGATION: &str = "delegation";

impl Explained {
    /// Whether it can be true of a transaction with this contract type of TRON, which a transfer and a call have none of: a
    /// stake or a loan pays nobody.
    /// <https://github.com/tronprotocol/protocol/blob/master/core/Tron.proto>, `ContractType`.
    pub fn fits(&self, contract: Option<u64>) -> bool {
        match self.kind {
            // Staked, given up, taken out when the chain has let go of it, kept after all.
            STAKE => matches!(contract, Some(54 | 55 | 56 | 59)),
            // Lent and taken back.
            DELEGATION => matches!(contract, Some(57 | 58)),
            _ => true,
        }
    }
}

/// Everything that one or several files say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    /// By the caller's own id, in the order of their bytes.
    pub withdrawals: BTreeMap<String, Withdrawal>,
    /// Paying wallets, each with its chain.
    pub wallets: BTreeSet<(Chain, Address)>,
    /// Explained transactions.
    pub transactions: BTreeMap<(Chain, Hash), Explained>,
    /// Explained nonces.
    pub nonces: BTreeMap<(Chain, Address, u64), Explained>,
}

/// What is wrong with a file. Each says where, and what to do.
#[derive(Debug)]
pub struct ListError {
    /// The file's name.
    pub file: String,
    /// The line, from 1; 0 for the file as a whole.
    pub line: u64,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for ListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.what),
            line => write!(f, "{} line {line}: {}", self.file, self.what),
        }
    }
}

impl std::error::Error for ListError {}

impl List {
    /// Reads a file into this list: a file that begins with a JSON object holds one in each line, any other is CSV.
    ///
    /// # Errors
    /// What is wrong, with its line. Nothing is passed over: an auditor that drops a line proves something else.
    pub fn add(&mut self, name: &str, from: impl std::io::Read) -> Result<(), ListError> {
        lines::each(name, from, &mut |record| match record {
            record::Record::Withdrawal(read) => {
                let id = read.external_id.clone();
                match self.withdrawals.insert(id.clone(), *read) {
                    None => Ok(()),
                    Some(_) => Err(format!(
                        "`{id}` is listed twice; an external id names one withdrawal. Take the older line out"
                    )),
                }
            }
            record::Record::Wallet(chain, address) => {
                self.wallets.insert((chain, address));
                Ok(())
            }
            record::Record::Transaction(chain, txid, explained) => {
                self.transactions.insert((chain, txid), explained);
                Ok(())
            }
            record::Record::Nonce(chain, sender, nonce, explained) => {
                self.nonces.insert((chain, sender, nonce), explained);
                Ok(())
            }
        })
    }

    /// The same text as a list.
    ///
    /// # Errors
    /// As [`List::add`].
    pub fn of(text: &str) -> Result<Self, ListError> {
        let mut list = Self::default();
        list.add("list", text.as_bytes())?;
        Ok(list)
    }
}

/// Reads the caller's own orders. What else a line says is not looked at.
///
/// # Errors
/// As [`List::add`].
pub fn orders(name: &str, from: impl std::io::Read) -> Result<Vec<Order>, ListError> {
    let mut list = List::default();
    list.add(name, from)?;
    let order = |it: Withdrawal| Order {
        external_id: it.external_id,
        chain: it.chain,
        token: it.token,
        recipient: it.recipient,
        amount: it.amount,
    };
    Ok(list.withdrawals.into_values().map(order).collect())
}

#[cfg(test)]
mod tests;
