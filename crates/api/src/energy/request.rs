//! Requests to get energy ahead, for withdrawals that no lane has taken yet.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ID_CHARS_MAX, WITHDRAWALS_MAX};
use crate::body::{Body, Field, Shape};
use crate::problem::Code;
use crate::tag;
use crate::text::Time;
use crate::withdrawal::EXTERNAL_ID_CHARS_MAX;
use crate::words::words;

words! {
    /// Where a request for energy stands.
    EnergyRequestStatus {
        /// Its lane has not asked for its energy, or not for all of it.
        Open = "open",
        /// Its lane asks for it.
        Asked = "asked",
        /// Its energy was there, or came.
        Served = "served",
        /// Nothing is got ahead for it: `why` says why.
        Burning = "burning",
        /// None of its withdrawals waits for energy any more.
        Dropped = "dropped",
        /// Its time passed.
        Expired = "expired",
        /// It was called off.
        Cancelled = "cancelled",
    }
}

words! {
    /// Why TRX is burned instead.
    EnergyBurnReason {
        /// Burning costs no more than any source asks.
        Cheaper = "cheaper",
        /// No source delivers in time within its caps.
        NoSource = "no_source",
    }
}

/// A request to get energy ahead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EnergyRequest {
    /// Always `energy_request`.
    pub object: tag::EnergyRequest,
    /// Name: `er_...`.
    pub id: String,
    /// Whose.
    pub partner_id: String,
    /// CAIP-2 id of the chain.
    pub chain: String,
    /// The lane that is to have it.
    pub wallet: String,
    /// The caller's name for it.
    pub external_id: String,
    /// Where it stands.
    pub status: EnergyRequestStatus,
    /// Why nothing is got ahead; `null` unless `burning`.
    pub why: Option<EnergyBurnReason>,
    /// What its lane asks for it by, as orders name it; `null` unless `asked`.
    pub need: Option<String>,
    /// What it is for.
    pub withdrawals: Vec<EnergyRequestItem>,
    /// Energy of all of them: it never asks for more.
    pub energy: u64,
    /// What was asked for of it and came.
    pub got: u64,
    /// Nothing is asked for before.
    pub not_before: Time,
    /// Nothing is asked for from then on.
    pub expires_at: Time,
    /// When it was made.
    pub requested_at: Time,
    /// When it came to stand there.
    pub changed_at: Time,
    /// Grows with every change of it.
    pub version: u64,
}

/// A withdrawal of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EnergyRequestItem {
    /// Which.
    pub id: String,
    /// Energy that it takes, as it was found when the request was made: simulated where it is decided on, and otherwise as a payment
    /// to an account that holds none of the token.
    pub energy: u64,
}

/// Asks to have energy got ahead for withdrawals that no lane has taken yet, such as those of a batch that is scheduled. Name them by
/// our ids, by yours, or both: between one and a hundred.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestEnergy {
    /// Your own name for it: 1 to 128 visible ASCII characters, unique for ever. The same name with the same content answers with the
    /// same request, with other content it is refused.
    #[schema(min_length = 1, max_length = 128, pattern = "^[!-~]+$")]
    pub external_id: String,
    /// Whose; the caller's own when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub partner_id: Option<String>,
    /// CAIP-2 id of the chain; the first one of TRON when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub chain: Option<String>,
    /// The lane that is to have it. May be left out where the partner has one on that chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub wallet: Option<String>,
    /// These withdrawals, by our ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 100)]
    pub withdrawals: Vec<String>,
    /// And these, by their `external_id`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 100)]
    pub external_ids: Vec<String>,
    /// Nothing is asked for before; at once when left out. Energy is rented for a time: not long before they are due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Time>,
    /// Nothing is asked for from then on; an hour after it begins when left out, and a day from now at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Time>,
}

impl Body for RequestEnergy {
    const FIELDS: &'static [Field] = &[
        Field::required("external_id", Shape::Name(EXTERNAL_ID_CHARS_MAX, Code::ExternalIdMalformed)),
        Field::optional("partner_id", Shape::Text(ID_CHARS_MAX)),
        Field::optional("chain", Shape::Text(ID_CHARS_MAX)),
        Field::optional("wallet", Shape::Text(ID_CHARS_MAX)),
        Field::optional("withdrawals", Shape::Texts(WITHDRAWALS_MAX, ID_CHARS_MAX)),
        Field::optional("external_ids", Shape::Texts(WITHDRAWALS_MAX, EXTERNAL_ID_CHARS_MAX)),
        Field::optional("not_before", Shape::Time),
        Field::optional("expires_at", Shape::Time),
    ];
}
