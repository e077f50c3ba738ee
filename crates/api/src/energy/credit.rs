//! What partners pay ahead for energy of the platform's own stake.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ID_CHARS_MAX;
use crate::body::{Body, Field, Shape};
use crate::command::REASON;
use crate::tag;
use crate::text::{Decimal, Time};
use crate::withdrawal::Block;
use crate::words::words;

words! {
    /// When energy of the pool is paid.
    EnergyBilling {
        /// Before: who has not paid ahead what it costs is lent nothing.
        Prepaid = "prepaid",
        /// Afterwards, each loan by itself: nothing is lent after which more would be owed than may be.
        OnAccount = "on_account",
        /// Afterwards: what is owed holds up no loan.
        Postpaid = "postpaid",
    }
}

words! {
    /// What moved a credit.
    EnergyCreditEntryType {
        /// TRX that came to the pool's wallet.
        TopUp = "top_up",
        /// A loan was decided, each a charge of its own; or one that was late, and was given back, is there after all.
        Charge = "charge",
        /// A loan was not there in time, and its charge was given back.
        GiveBack = "give_back",
    }
}

/// What a partner has with the pool of a chain. Amounts are TRX.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EnergyCredit {
    /// Always `energy_credit`.
    pub object: tag::EnergyCredit,
    /// Whose.
    pub partner_id: String,
    /// CAIP-2 id of the chain.
    pub chain: String,
    /// When this partner pays.
    pub billing: EnergyBilling,
    /// Where TRX is sent to top up, from a wallet of the partner whose key the signer holds or it has shown.
    pub address: String,
    /// What is paid ahead; with a minus what is owed.
    pub balance: Decimal,
    /// What is owed; 0 while something is paid ahead. A top-up pays it.
    pub owed: Decimal,
    /// The most that may be owed once a loan is charged; `null` where nothing bounds it.
    pub owed_max: Option<Decimal>,
    /// All that was ever paid ahead.
    pub topped_up: Decimal,
    /// All that was ever charged, with what was given back of it. A late loan that came after all is charged twice and given back once.
    pub charged: Decimal,
    /// What was given back of it.
    pub given_back: Decimal,
    /// Sun for each energy now; 0 for the owner of the stake.
    pub price: Decimal,
    /// The partner is told when less than so much is left, of what is paid ahead and what may be owed; `null` where it never is.
    pub low_below: Option<Decimal>,
    /// It was told that its credit is low, and not yet that it is enough again.
    pub low: bool,
    /// Blocks below this height were read for top-ups; `null` where none was yet.
    pub read_below: Option<u64>,
    /// When it was read.
    pub at: Time,
}

/// One line of a credit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EnergyCreditEntry {
    /// Always `energy_credit_entry`.
    pub object: tag::EnergyCreditEntry,
    /// What it was.
    #[serde(rename = "type")]
    pub kind: EnergyCreditEntryType,
    /// TRX that it moved the balance by; with a minus for a charge.
    pub amount: Decimal,
    /// The transaction of a top-up; otherwise `null`.
    pub txid: Option<String>,
    /// The need that was lent to, which names the loan; `null` for a top-up.
    pub need: Option<String>,
    /// When it was booked.
    pub at: Time,
}

/// TRX that came to the pool's wallet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EnergyTopUp {
    /// Always `energy_topup`.
    pub object: tag::EnergyTopUp,
    /// The transaction, which is its name.
    pub txid: String,
    /// CAIP-2 id of the chain.
    pub chain: String,
    /// Who sent it.
    pub sender: String,
    /// TRX.
    pub amount: Decimal,
    /// Whose it is; `null` until a person has said so.
    pub partner_id: Option<String>,
    /// The solid block it is in.
    pub block: Block,
    /// That block's time.
    pub at: Time,
}

/// Says whose a top-up is that came from an account which nobody has shown to be its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignTopUp {
    /// Whose.
    #[schema(max_length = 64)]
    pub partner_id: String,
    /// Why, and who said so; 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

impl Body for AssignTopUp {
    const FIELDS: &'static [Field] = &[Field::required("partner_id", Shape::Text(ID_CHARS_MAX)), REASON];
}
