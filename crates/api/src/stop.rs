//! Stopping payments, and the truth about what cannot be recalled (M12).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::body::{Body, Field, Shape};
use crate::command::REASON;
use crate::event::Actor;
use crate::problem::Code;
use crate::tag;
use crate::text::Time;
use crate::words::words;

/// The most characters of a stop's subject.
pub const SUBJECT_CHARS_MAX: usize = 160;

words! {
    /// How much is stopped.
    StopScope {
        /// Everything the caller may stop.
        All = "all",
        /// One partner; `subject` is its id.
        Partner = "partner",
        /// One chain; `subject` is its CAIP-2 id.
        Chain = "chain",
        /// One asset; `subject` is its CAIP-19 id.
        Asset = "asset",
        /// One wallet; `subject` is its id.
        Wallet = "wallet",
    }
}

/// Stops payments: no new signature for a payment, no fee bump, no first broadcast.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateStop {
    /// How much is stopped.
    pub scope: StopScope,
    /// What exactly; left out for `all`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 160)]
    pub subject: Option<String>,
    /// Why; 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

impl Body for CreateStop {
    const FIELDS: &'static [Field] = &[
        Field::required("scope", Shape::Word(StopScope::WORDS, Code::WordUnknown)),
        Field::optional("subject", Shape::Text(SUBJECT_CHARS_MAX)),
        REASON,
    ];
}

/// A stop in force, and what it could not stop any more. One that was lifted is no more; the feed of events tells of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Stop {
    /// `st_...`; a stop that is set again after it was lifted is another one.
    pub id: String,
    /// Always `stop`.
    pub object: tag::Stop,
    /// How much is stopped.
    pub scope: StopScope,
    /// What exactly.
    pub subject: Option<String>,
    /// Whose stop it is: a partner's, or the platform's. Nobody else lifts it, and the same may be stopped by both. The
    /// platform may also lift a partner's.
    pub partner_id: String,
    /// Why.
    pub reason: String,
    /// Who stopped it.
    pub stopped_by: Actor,
    /// Since when.
    pub since: Time,
    /// Whether it is in force everywhere: stored, and nobody is left under `unconfirmed`.
    pub stopped: bool,
    /// Payments that were out before the stop and may still happen.
    pub cannot_recall: Vec<CannotRecall>,
    /// How many transfers more there are, when they are too many to list: the oldest thousand are listed, and
    /// `GET /v1/withdrawals?status=broadcast` and `confirming` go through all of them.
    pub cannot_recall_more: u64,
    /// Processes that work a lane of its scope and have not looked at it since. Each loses its lanes at the latest when
    /// its lease ends, two seconds after the stop; look at one that lets it come to that. And `signer`, while the signer
    /// has not put the stop in force itself: it is asked until it has.
    pub unconfirmed: Vec<String>,
}

words! {
    /// Why a payment cannot be recalled.
    CannotRecallWhy {
        /// It was sent, or may have been.
        Broadcast = "broadcast",
        /// Its bytes were handed to somebody outside to be signed.
        HandedOut = "handed_out",
    }
}

/// A payment that may still happen in spite of a stop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CannotRecall {
    /// The withdrawal.
    pub withdrawal_id: String,
    /// Its transaction, when it is known.
    pub txid: Option<String>,
    /// Why.
    pub why: CannotRecallWhy,
    /// Until when it may happen; `null` when only its slot's use ends it.
    pub until: Option<Time>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body;

    #[test]
    fn a_stop_names_its_scope_and_reason() {
        let read: CreateStop = body::read(br#"{"scope":"all","reason":"drill"}"#).expect("right");
        assert_eq!(read, CreateStop { scope: StopScope::All, subject: None, reason: "drill".into() });
        assert_eq!(
            body::read::<CreateStop>(br#"{"scope":"all"}"#).map_err(|r| r.code),
            Err(Code::FieldRequired)
        );
        let unknown = body::read::<CreateStop>(br#"{"scope":"everything","reason":"x"}"#);
        assert_eq!(unknown.map_err(|r| r.code), Err(Code::WordUnknown));
    }
}
