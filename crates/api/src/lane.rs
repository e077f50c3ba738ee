//! Lanes and desks: a wallet on one chain as an ordered stream of transfers, and what operators do with it.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::body::{Body, Field, Shape};
use crate::command::{REASON, VERSION};
use crate::problem::{Code, Reason};
use crate::status::Status;
use crate::tag;
use crate::text::{Decimal, Time, named_decimal};
use crate::wallet::WalletCustody;
use crate::words::words;

/// The most characters of a transaction id.
pub const TXID_CHARS_MAX: usize = 128;

words! {
    /// Whether a lane takes work.
    LaneState {
        /// It takes and does work.
        Open = "open",
        /// It signs and sends nothing new; what was sent is followed. A person resumes it.
        Paused = "paused",
        /// It finishes what has a slot and takes nothing new.
        Draining = "draining",
        /// Something its wallet did is unexplained. Two persons must adopt, resolve or unfreeze.
        Frozen = "frozen",
        /// A stop is in force.
        Stopped = "stopped",
    }
}

/// A lane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Lane {
    /// The id of its wallet: `wa_...`.
    pub id: String,
    /// Always `lane`.
    pub object: tag::Lane,
    /// Whose it is.
    pub partner_id: String,
    /// CAIP-2 id of its chain.
    pub chain: String,
    /// The paying address.
    pub address: String,
    /// Who signs what leaves it: the signer (`managed`), or a person who is handed the bytes (`external`).
    pub custody: WalletCustody,
    /// Whether it takes work.
    pub state: LaneState,
    /// Why it is not open, or what hinders it.
    pub reason: Option<Reason>,
    /// The words of the person who set its state.
    pub note: Option<String>,
    /// Since when it is in this state.
    pub since: Time,
    /// The next nonce it will use, where the chain has nonces.
    pub next_nonce: Option<u64>,
    /// Slots taken and not final yet.
    pub in_flight: u32,
    /// The most slots it may have in flight at once.
    pub window: u32,
    /// Withdrawals waiting for it that have no slot yet.
    pub queued: u32,
    /// What has waited longest.
    pub oldest: Option<OldestItem>,
    /// A fee cap set for a time.
    pub fee_cap: Option<FeeCap>,
    /// What its wallet did that nothing explains yet, lowest block first; at most 100. Each is to be adopted before the
    /// lane can be unfrozen.
    #[schema(max_items = 100)]
    pub unexplained: Vec<Unexplained>,
    /// The process that works it; `null` when none does.
    pub worked_by: Option<String>,
    /// Grows with each process that took it over.
    pub epoch: u64,
    /// Grows with every change of its settings.
    pub version: u64,
}

/// What has waited longest in a lane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OldestItem {
    /// The withdrawal; `null` for the lane's own transfers, such as a void.
    pub withdrawal_id: Option<String>,
    /// The transfer.
    pub transfer_id: String,
    /// Where it stands.
    pub status: Status,
    /// Its nonce, when it has one.
    pub nonce: Option<u64>,
    /// Since when it stands there.
    pub since: Time,
}

/// The most unexplained transactions that one lane shows.
pub const UNEXPLAINED_MAX: usize = 100;

words! {
    /// Whose word stands behind an unexplained transaction.
    SightingWord {
        /// One node alone shows it; other operators are asked.
        Claimed = "claimed",
        /// Another operator shows it too, or there is none to ask.
        Confirmed = "confirmed",
    }
}

/// A transaction of the wallet that no stored attempt explains.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Unexplained {
    /// The transaction.
    pub txid: String,
    /// Height of its block.
    pub block: u64,
    /// The nonce it used, when the wallet sent it.
    pub nonce: Option<u64>,
    /// What it did, in one English sentence.
    pub what: String,
    /// Whose word it is.
    pub word: SightingWord,
    /// The node that showed it.
    pub told_by: String,
    /// When it was first seen.
    pub seen_at: Time,
}

/// A fee cap set for a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FeeCap {
    /// The most that one unit of gas may cost, in wei.
    pub max_fee_wei: Decimal,
    /// Until when; then the configured cap is back.
    pub until: Time,
}

/// Replaces the oldest unfinished transaction with one that offers more, within the caps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SpeedUp {
    /// The most that one unit of gas may cost, in wei; the market price within the cap when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_fee_wei: Option<Decimal>,
    /// Why; 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
    /// The version the decision was made on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
}

impl Body for SpeedUp {
    const FIELDS: &'static [Field] = &[Field::optional("max_fee_wei", Shape::Amount), REASON, VERSION];
}

/// Raises or lowers the fee cap of a lane for a time, within the bound of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetCap {
    /// The most that one unit of gas may cost, in wei.
    #[serde(deserialize_with = "max_fee_wei")]
    pub max_fee_wei: Decimal,
    /// Until when; it must be in the future and within the bound of the configuration.
    pub until: Time,
    /// Why; 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
    /// The version the decision was made on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
}

impl Body for SetCap {
    const FIELDS: &'static [Field] = &[
        Field::required("max_fee_wei", Shape::Amount),
        Field::required("until", Shape::Time),
        REASON,
        VERSION,
    ];
}

fn max_fee_wei<'de, D: Deserializer<'de>>(from: D) -> Result<Decimal, D::Error> {
    named_decimal(from, "max_fee_wei")
}

words! {
    /// What an unexplained transaction of our wallet was.
    AdoptionType {
        /// Moved by hand between our own wallets.
        InternalMove = "internal_move",
        /// A payment made by hand outside the engine.
        ManualPayment = "manual_payment",
        /// Coin spent on network fees or on a nonce that was used up by hand.
        NetworkCost = "network_cost",
        /// A permission, allowance or delegation set on purpose.
        Permission = "permission",
        /// Taken by somebody else.
        Theft = "theft",
    }
}

/// Explains a transaction that no stored attempt explains, so that the books agree with the chain. Two persons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdoptTransaction {
    /// The transaction; it must be final.
    #[schema(max_length = 128)]
    pub txid: String,
    /// What it was.
    #[serde(rename = "type")]
    pub kind: AdoptionType,
    /// Why, and who found out; 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
    /// The version the decision was made on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
}

impl Body for AdoptTransaction {
    const FIELDS: &'static [Field] = &[
        Field::required("txid", Shape::Text(TXID_CHARS_MAX)),
        Field::required("type", Shape::Word(AdoptionType::WORDS, Code::WordUnknown)),
        REASON,
        VERSION,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body;

    #[test]
    fn a_fee_cap_as_a_number_is_refused_by_name_on_both_roads() {
        let text = r#"{"max_fee_wei":30000000000,"until":"2026-11-21T10:00:00Z","reason":"spike"}"#;
        let refusal = body::read::<SetCap>(text.as_bytes()).expect_err("a number");
        assert_eq!(
            (refusal.code, refusal.faults()[0].pointer.as_str()),
            (Code::AmountNotString, "/max_fee_wei")
        );
        let error = serde_json::from_str::<SetCap>(text).expect_err("a number").to_string();
        assert!(error.contains("`max_fee_wei`"), "{error}");
        assert!(body::read::<SpeedUp>(br#"{"max_fee_wei":1,"reason":"stuck"}"#).is_err());
    }

    #[test]
    fn a_speed_up_needs_a_reason_only() {
        let read: SpeedUp = body::read(br#"{"reason":"stuck"}"#).expect("right");
        assert_eq!(serde_json::to_string(&read).ok().as_deref(), Some(r#"{"reason":"stuck"}"#));
    }

    #[test]
    fn an_adoption_is_typed() {
        let read = body::read::<AdoptTransaction>(br#"{"txid":"0x1","type":"dunno","reason":"r"}"#);
        assert_eq!(read.map_err(|refusal| refusal.code), Err(Code::WordUnknown));
    }
}
