//! The business object: one customer request to be paid, as it is asked for and as it is told.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::body::{Body, Field, REASON_CHARS_MAX, Shape};
use crate::problem::{Code, Lang, Reason, wait_text};
use crate::status::{Status, WaitKind, WithdrawalType};
use crate::tag;
use crate::text::{Decimal, Time, named_decimal};
use crate::words::words;

/// The most characters of an `external_id`.
pub const EXTERNAL_ID_CHARS_MAX: usize = 128;
/// The most characters of a `user_id`.
pub const USER_ID_CHARS_MAX: usize = 128;
/// The most characters of an asset as it is asked for: a CAIP-19 id fits.
pub const ASSET_CHARS_MAX: usize = 160;
/// The most characters of an address.
pub const ADDRESS_CHARS_MAX: usize = 128;
/// The most characters of a memo.
pub const MEMO_CHARS_MAX: usize = 255;

/// Asks for one payment. The partner is the caller's, never part of the body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateWithdrawal {
    /// Your own id of this payment: 1 to 128 visible ASCII characters. It is unique for ever, also after the withdrawal
    /// ended: the same id with the same content answers with the same withdrawal, with other content it is refused.
    #[schema(min_length = 1, max_length = 128, pattern = "^[!-~]+$", examples("payout-20261121-0001"))]
    pub external_id: String,
    /// Your own id of the user who is paid, at most 128 characters. Limits and risk rules count by it.
    #[schema(min_length = 1, max_length = 128, pattern = "^[!-~]+$", examples("user-81"))]
    pub user_id: String,
    /// The asset, as its id from `GET /v1/assets` (CAIP-19).
    #[schema(
        min_length = 1,
        max_length = 160,
        examples("eip155:137/erc20:0x3c499c542cef5e3811e1192ce70d8cc03d5c3359")
    )]
    pub asset: String,
    /// What the recipient gets: a decimal string in units of the asset, with no more decimals than the asset has.
    #[serde(deserialize_with = "amount")]
    pub amount: Decimal,
    /// Who is paid, on the asset's chain.
    #[schema(min_length = 1, max_length = 128, examples("0x52908400098527886E0F7030069857D2E4169EE7"))]
    pub address: String,
    /// How soon it is due; `regular` when left out.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<WithdrawalType>,
    /// A text kept with the withdrawal, at most 255 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 255)]
    pub memo: Option<String>,
    /// When to pay, for `scheduled` only: RFC 3339 with an offset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled_for: Option<Time>,
    /// Your own data, told back with the withdrawal: at most 20 entries, keys to 40 and values to 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<BTreeMap<String, String>>,
}

fn amount<'de, D: Deserializer<'de>>(from: D) -> Result<Decimal, D::Error> {
    named_decimal(from, "amount")
}

impl Body for CreateWithdrawal {
    const FIELDS: &'static [Field] = &[
        Field::required("external_id", Shape::Name(EXTERNAL_ID_CHARS_MAX, Code::ExternalIdMalformed)),
        Field::required("user_id", Shape::Name(USER_ID_CHARS_MAX, Code::NameMalformed)),
        Field::required("asset", Shape::Text(ASSET_CHARS_MAX)),
        Field::required("amount", Shape::Amount),
        Field::required("address", Shape::Text(ADDRESS_CHARS_MAX)),
        Field::optional("type", Shape::Word(WithdrawalType::WORDS, Code::TypeUnknown)),
        Field::optional("memo", Shape::Text(MEMO_CHARS_MAX)),
        Field::optional("scheduled_for", Shape::Time),
        Field::optional("metadata", Shape::Labels),
    ];
}

/// Asks to call a withdrawal off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelWithdrawal {
    /// Why, for the record; at most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500)]
    pub reason: Option<String>,
}

impl Body for CancelWithdrawal {
    const FIELDS: &'static [Field] = &[Field::optional("reason", Shape::Text(REASON_CHARS_MAX))];
}

/// One customer request and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Withdrawal {
    /// Always `withdrawal`.
    pub object: tag::Withdrawal,
    /// Our id: `wd_` and 26 letters and digits.
    #[schema(examples("wd_01JD2Q8XK5T7M3N9P4R6S8V0WA"))]
    pub id: String,
    /// The partner's own id.
    pub external_id: String,
    /// The partner's own id of the user.
    pub user_id: String,
    /// Whose withdrawal it is: `pt_...`.
    pub partner_id: String,
    /// Where it stands.
    pub status: Status,
    /// Why it is not sent or not finished yet; `null` when it waits for nothing or is over.
    pub waiting_for: Option<WaitingFor>,
    /// How soon it is due.
    #[serde(rename = "type")]
    pub kind: WithdrawalType,
    /// CAIP-19 id of the asset.
    pub asset: String,
    /// What the recipient gets, in units of the asset.
    pub amount: Decimal,
    /// What is charged for it, in units of the asset; beside the amount, never inside it.
    pub fee: Decimal,
    /// `amount` and `fee` together.
    pub total_debit: Decimal,
    /// Who is paid.
    pub address: String,
    /// The text kept with it.
    pub memo: Option<String>,
    /// The partner's own data.
    pub metadata: BTreeMap<String, String>,
    /// 1 for the first try; each further try needed proof that the one before can never pay. Going back to the queue before
    /// anything could be signed is no try: 0 until the first.
    pub attempt_no: u32,
    /// Somebody asked to call it off. It may still complete.
    pub cancel_requested: bool,
    /// Why it ended as it did, or why it needs a person.
    pub reason: Option<Reason>,
    /// What kind of errand of the house it is; `null` for what a partner ordered. An errand is no payment of the partner's:
    /// lists tell it where they are asked for (`errands=true`).
    #[serde(default)]
    pub errand: Option<ErrandKind>,
    /// What paying it cost, where energy has to be paid for: on TRON, from when its first transaction is prepared. `null`
    /// elsewhere.
    #[serde(default)]
    pub receipt: Option<Receipt>,
    /// What was or may be on chain for it, oldest first. Several may belong to one slot; at most one of them pays.
    pub transactions: Vec<Transaction>,
    /// When it was accepted.
    pub created_at: Time,
    /// By when it should be paid. The clock stands while partner, user or approver is awaited.
    pub due_at: Time,
    /// When it was asked to be paid, for `scheduled`.
    pub scheduled_for: Option<Time>,
    /// When it last changed.
    pub updated_at: Time,
    /// When its payment became final.
    pub completed_at: Option<Time>,
    /// Grows with every change.
    pub version: u64,
}

/// Why a withdrawal is not sent or not finished yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WaitingFor {
    /// What it waits for.
    #[serde(rename = "for")]
    pub kind: WaitKind,
    /// Since when.
    pub since: Time,
    /// When it should be over, as far as we know.
    pub expected_until: Option<Time>,
    /// What would release it, in one sentence in the caller's language.
    pub released_by: String,
}

impl WaitingFor {
    /// Puts a wait into words.
    pub fn new(kind: WaitKind, since: Time, expected_until: Option<Time>, lang: Lang) -> Self {
        Self { kind, since, expected_until, released_by: wait_text(lang, kind).released_by.clone() }
    }
}

words! {
    /// What a transaction is for.
    TransactionKind {
        /// It pays.
        Pay = "pay",
        /// It uses the slot up without paying, so that nothing of the slot can pay.
        Void = "void",
    }
}

words! {
    /// What the house has one of its wallets do.
    ErrandKind {
        /// Stake of its own TRX, for energy or bandwidth.
        Stake = "stake",
        /// Give up of that stake.
        Unstake = "unstake",
        /// Be paid what is due of stakes that it gave up.
        Collect = "collect",
        /// Lend the yield of its stake to another wallet.
        Delegation = "delegation",
        /// Take it back.
        Reclaim = "reclaim",
        /// Pay coin to a wallet that is short of it.
        TopUp = "top_up",
        /// Pay a token to another wallet of the same partner: a person signs it.
        Refill = "refill",
        /// Pay a token that a lane has too much to another wallet of the same partner.
        Sweep = "sweep",
    }
}

words! {
    /// Where one signed transaction stands. None of these says that the withdrawal is paid: its status does.
    TransactionStatus {
        /// Signed; perhaps not sent yet.
        Signed = "signed",
        /// Sent, or may have been.
        Sent = "sent",
        /// In a block that is not final yet.
        Included = "included",
        /// In a final block, and did what it was for.
        Final = "final",
        /// In a block, and the chain undid it.
        Reverted = "reverted",
        /// Another transaction of the same slot was included instead.
        Replaced = "replaced",
        /// Proven never to be executed.
        Dead = "dead",
    }
}

/// What paying a withdrawal cost, in units of the chain's coin. On TRON a transaction burns the coin for energy that its
/// sender has not got; energy that was bought for the sender costs less.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Receipt {
    /// Energy that its transaction needs.
    pub energy: u64,
    /// What it was expected to cost when its transaction was prepared: what is burned, and its share of the energy that was
    /// bought.
    pub estimated: Decimal,
    /// What the network took, exactly, for all of its transactions; `null` until one is in a block.
    pub network_fee: Option<Decimal>,
    /// Its share of the energy that was bought for it or lent by the pool; `null` while that has no price yet.
    pub energy_cost: Option<Decimal>,
    /// `network_fee` and `energy_cost` together.
    pub total: Option<Decimal>,
    /// What it would have cost to burn the coin for all of its energy, at the price of then.
    pub burning: Decimal,
    /// `burning` less `total`; negative where it was dearer.
    pub saved: Option<Decimal>,
}

/// One signed transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Transaction {
    /// The chain's id of it.
    pub txid: String,
    /// CAIP-2 id of the chain.
    #[schema(examples("eip155:137"))]
    pub chain: String,
    /// The account that sends it, and whose nonce it uses; `null` for a transaction that we did not sign.
    pub sender: Option<String>,
    /// The account nonce it uses, where the chain has nonces.
    pub nonce: Option<u64>,
    /// What it is for.
    pub kind: TransactionKind,
    /// Where it stands.
    pub status: TransactionStatus,
    /// The block it is in.
    pub block: Option<Block>,
    /// What the network took for it, in units of the chain's coin; `null` until it is in a block.
    pub fee: Option<Decimal>,
    /// The height of the block it refers to: it is in none up to that one. Left out where transactions do not expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_block: Option<u64>,
    /// When it expires, in milliseconds since 1970. Left out where transactions do not expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at_ms: Option<i64>,
}

/// A block. A height alone never names one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Block {
    /// Height.
    pub number: u64,
    /// Hash, as the chain's explorers print it.
    pub hash: String,
}

#[cfg(test)]
mod tests;
