//! What people are asked to sign with keys that this installation does not hold, and what they hand in.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::body::{Body, Field, Shape};
use crate::command::REASON;
use crate::event::Actor;
use crate::problem::Code;
use crate::tag;
use crate::text::{Decimal, Time};
use crate::wallet::Balance;
use crate::withdrawal::{ASSET_CHARS_MAX, EXTERNAL_ID_CHARS_MAX};
use crate::words::words;

/// Shortest life of what is handed out, minutes.
pub const MINUTES_MIN: u64 = 10;
/// Longest, minutes.
pub const MINUTES_MAX: u64 = 60;
/// The most characters of the bytes that were signed, in hex.
pub const RAW_CHARS_MAX: usize = 2_048;
/// The most characters of a signature in hex, with `0x`.
pub const SIGNATURE_CHARS_MAX: usize = 132;
/// The most characters of an id.
const ID_CHARS_MAX: usize = 64;

words! {
    /// Where a signature request stands.
    SignatureStatus {
        /// Nobody has asked for its bytes, or what was made came to nothing and may be made anew.
        Waiting = "waiting",
        /// Somebody asked; the bytes are being made, and told to nobody yet.
        Making = "making",
        /// The bytes are with a person, and no signature came back.
        HandedOut = "handed_out",
        /// Their time is over; the chain has yet to show that they were not used.
        Expired = "expired",
        /// A signature came back, or the transaction was seen: it goes its way.
        Submitted = "submitted",
        /// Paid and final.
        Completed = "completed",
        /// Called off.
        Cancelled = "cancelled",
        /// It ended without being paid.
        Failed = "failed",
        /// A person has to look at it.
        NeedsAttention = "needs_attention",
    }
}

words! {
    /// Where a hand-out stands.
    HandOutState {
        /// Somebody wants the bytes; there are none.
        Wished = "wished",
        /// They are stored and in flight; nobody has been told of them.
        Made = "made",
        /// They may have been told.
        Told = "told",
        /// It came to nothing.
        Lapsed = "lapsed",
    }
}

/// A refill that a person signs. It has the id of its errand, which is a withdrawal of the kind `refill`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignatureRequest {
    /// `wd_...`
    pub id: String,
    /// Always `signature_request`.
    pub object: tag::SignatureRequest,
    /// Whose it is.
    pub partner_id: String,
    /// The name that was given with its order.
    pub external_id: String,
    /// Where it stands.
    pub status: SignatureStatus,
    /// CAIP-2 id of the chain.
    pub chain: String,
    /// The desk: the wallet it leaves.
    pub wallet_id: String,
    /// The desk's address: this account's key signs.
    pub from: String,
    /// The wallet that is refilled; `null` once nobody has it registered.
    pub to_wallet_id: Option<String>,
    /// Its address.
    pub to: String,
    /// CAIP-19 id of the token.
    pub asset: String,
    /// How much.
    pub amount: Decimal,
    /// What the desk holds of the token and of the coin that its chain takes, each with the block it was read at.
    pub balances: Vec<Balance>,
    /// Nothing of the desk is handed out before: the store went back in time. `null` otherwise.
    pub quiet_until: Option<Time>,
    /// The last time that its bytes were asked for; `null` where nobody ever did.
    pub hand_out: Option<HandOut>,
    /// When it was ordered.
    pub created_at: Time,
    /// By when it should be done.
    pub due_at: Time,
    /// Grows with every change of the errand.
    pub version: u64,
}

/// What was asked for, and what was made of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HandOut {
    /// `ho_...`
    pub id: String,
    /// Where it stands.
    pub state: HandOutState,
    /// Who wants the bytes, or has them in hand.
    pub holder: Actor,
    /// How long they were to live, minutes.
    pub minutes: u64,
    /// When they were asked for.
    pub wished_at: Time,
    /// Until when the wish stands, where nothing was made of it yet.
    pub wish_until: Time,
    /// Until when the holder has them alone; afterwards whoever asks is told the same ones. `null` before they are made.
    pub lease_until: Option<Time>,
    /// No block past this contains them, by the chain's clock. `null` before they are made.
    pub expires_at: Option<Time>,
    /// Why it came to nothing.
    pub code: Option<String>,
    /// The bytes to sign: told to the holder alone, and to nobody before the signer's journal knows of them.
    pub transaction: Option<HandedOutTransaction>,
}

/// The exact bytes, and what they say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HandedOutTransaction {
    /// Its id on chain, as TRON writes it: hex without `0x`. A wallet signs exactly this.
    pub txid: String,
    /// The raw data in hex, as tronweb's `raw_data_hex`. `deserializeTransaction` of tronweb makes of it what a wallet shows.
    pub raw_data_hex: String,
    /// What the bytes say, field by field. Together the fields are all of it.
    pub fields: Vec<TransactionField>,
}

/// A field of a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TransactionField {
    /// Its stable name.
    pub name: String,
    /// What it says: amounts in the smallest unit, addresses in base58, bytes in hex, times in milliseconds.
    pub value: String,
}

/// Takes the bytes in hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOutRequest {
    /// How long they may live, 10 to 60 minutes; 30 when left out. What is made already keeps its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 10, maximum = 60)]
    pub minutes: Option<u64>,
    /// Why; 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

impl Body for HandOutRequest {
    const FIELDS: &'static [Field] = &[Field::optional("minutes", Shape::Whole), REASON];
}

/// Hands a signature in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmitSignature {
    /// 65 bytes `r`, `s` and `v` in hex: tronweb's `signature[0]`.
    #[schema(min_length = 1, max_length = 132)]
    pub signature: String,
    /// What was signed, in hex: tronweb's `raw_data_hex`. Where it is there, each field that differs from what was handed out is
    /// named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2048)]
    pub raw_data_hex: Option<String>,
    /// Why; 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

impl Body for SubmitSignature {
    const FIELDS: &'static [Field] = &[
        Field::required("signature", Shape::Text(SIGNATURE_CHARS_MAX)),
        Field::optional("raw_data_hex", Shape::Text(RAW_CHARS_MAX)),
        REASON,
    ];
}

/// Orders a refill, or a sweep: so much of a token from a desk, or a lane, to another wallet of the same partner and chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderMovement {
    /// Names it among everything that the partner ever asked for: ordered twice, it is done once.
    #[schema(min_length = 1, max_length = 128)]
    pub external_id: String,
    /// The desk; for a sweep the lane.
    #[schema(max_length = 64)]
    pub from_wallet_id: String,
    /// The wallet that it is sent to.
    #[schema(max_length = 64)]
    pub to_wallet_id: String,
    /// CAIP-19 id of the token.
    #[schema(max_length = 160)]
    pub asset: String,
    /// How much.
    pub amount: Decimal,
    /// Why; 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

impl Body for OrderMovement {
    const FIELDS: &'static [Field] = &[
        Field::required("external_id", Shape::Name(EXTERNAL_ID_CHARS_MAX, Code::ExternalIdMalformed)),
        Field::required("from_wallet_id", Shape::Text(ID_CHARS_MAX)),
        Field::required("to_wallet_id", Shape::Text(ID_CHARS_MAX)),
        Field::required("asset", Shape::Text(ASSET_CHARS_MAX)),
        Field::required("amount", Shape::Amount),
        REASON,
    ];
}

/// What an order of a refill or a sweep would find. Nothing was ordered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MovementCheck {
    /// Always `movement_check`.
    pub object: tag::MovementCheck,
    /// Whose it would be.
    pub partner_id: String,
    /// The desk; for a sweep the lane.
    pub from_wallet_id: String,
    /// Its address.
    pub from: String,
    /// The wallet that it is sent to.
    pub to_wallet_id: String,
    /// Its address.
    pub to: String,
    /// CAIP-19 id of the token.
    pub asset: String,
    /// How much.
    pub amount: Decimal,
    /// Whether books and chain both have it now: it can wait until they do.
    pub covered: bool,
    /// What it holds of the token and of the coin that its chain takes, each with the block it was read at.
    pub balances: Vec<Balance>,
    /// Nothing of a desk is handed out before: the store went back in time. `null` otherwise.
    pub quiet_until: Option<Time>,
}

/// What the holder of a wallet's key signs as a text to show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeyStatement {
    /// Always `key_statement`.
    pub object: tag::KeyStatement,
    /// The wallet.
    pub wallet_id: String,
    /// Its address: this account's key signs.
    pub address: String,
    /// The text to sign as a message (tronweb's `signMessageV2`), to the letter. It is no transaction and never can be one.
    pub text: String,
    /// The time in it: sent along with the signature.
    pub at: Time,
    /// Until when the signature is taken.
    pub valid_until: Time,
}

/// Shows the key of a wallet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowKey {
    /// The time of the statement that was signed.
    pub at: Time,
    /// The signature of its text, 65 bytes in hex.
    #[schema(min_length = 1, max_length = 132)]
    pub signature: String,
    /// Why; 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

impl Body for ShowKey {
    const FIELDS: &'static [Field] = &[
        Field::required("at", Shape::Time),
        Field::required("signature", Shape::Text(SIGNATURE_CHARS_MAX)),
        REASON,
    ];
}
