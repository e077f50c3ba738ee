//! What only a person may decide, and the three ways out.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::body::{Body, Field, Shape};
use crate::command::{REASON, VERSION};
use crate::lane::TXID_CHARS_MAX;
use crate::problem::Reason;
use crate::tag;
use crate::text::Time;
use crate::withdrawal::{Transaction, Withdrawal};
use crate::words::words;

words! {
    /// A way out of the attention list.
    WayOut {
        /// Try again: every gate runs again.
        Redrive = "redrive",
        /// Complete it, with evidence that it was paid.
        Resolve = "resolve",
        /// End it unpaid, with proof that nothing can pay it any more.
        GiveUp = "give_up",
    }
}

/// A withdrawal that needs a person. Its reservations are kept; it must not be refunded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Attention {
    /// The id of the withdrawal.
    pub id: String,
    /// Always `attention`.
    pub object: tag::Attention,
    /// The withdrawal itself.
    pub withdrawal: Withdrawal,
    /// Since when it needs a person.
    pub since: Time,
    /// Why.
    pub reason: Reason,
    /// Signed transactions without a proof of death: while there are any, it could still be paid.
    pub undead: Vec<Transaction>,
    /// What can be done now.
    pub ways_out: Vec<WayOutState>,
}

/// Whether a way out is open now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WayOutState {
    /// The way out.
    pub way: WayOut,
    /// Whether it is open.
    pub open: bool,
    /// Why not, as a problem code; `null` when it is open.
    pub closed_by: Option<String>,
    /// How many persons it takes.
    pub persons: u32,
}

/// Completes a withdrawal on evidence. Two persons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Resolve {
    /// The transaction that paid it. Recipient, asset and amount are checked on chain, and that it is final and explains
    /// no other withdrawal. When left out, only evidence that is already stored counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 128)]
    pub paid_by: Option<String>,
    /// Why, and who found out; 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
    /// The version the decision was made on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
}

impl Body for Resolve {
    const FIELDS: &'static [Field] =
        &[Field::optional("paid_by", Shape::Text(TXID_CHARS_MAX)), REASON, VERSION];
}
