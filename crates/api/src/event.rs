//! The numbered feed of everything that happened.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::tag;
use crate::text::Time;
use crate::words::words;

/// One recorded change. Numbers are dense per partner: a reader that has seen number n and asks for what is after it
/// misses nothing, whoever wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// `ev_...`; the same in the feed, in webhooks and in live streams.
    pub id: String,
    /// Always `event`.
    pub object: tag::Event,
    /// Which life of the feed its number belongs to. It changes when the database was restored from a copy: numbers after
    /// the copy are given out a second time then. Keep it with the number, and send both.
    pub feed_id: String,
    /// Its place in the partner's feed, from 1 without gaps.
    pub number: u64,
    /// What happened, such as `withdrawal.completed`. New types may appear: skip what you do not know.
    #[serde(rename = "type")]
    #[schema(examples("withdrawal.completed"))]
    pub kind: String,
    /// Whose feed it is.
    pub partner_id: String,
    /// The withdrawal it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub withdrawal_id: Option<String>,
    /// When it was recorded.
    pub created_at: Time,
    /// Who caused it.
    pub actor: Actor,
    /// Why: a person's own words, or a stable reason code.
    pub reason: String,
    /// What changed. Its form belongs to the type; amounts in it are strings.
    #[schema(value_type = Object)]
    pub data: Map<String, Value>,
}

words! {
    /// What kind of actor it is.
    ActorKind {
        /// A part of the engine.
        System = "system",
        /// An API key.
        Key = "key",
        /// A person who logged in.
        Operator = "operator",
        /// Somebody with a shell on the engine's machine.
        Console = "console",
    }
}

/// Who caused something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Actor {
    /// What kind of actor.
    pub kind: ActorKind,
    /// Which: a key's or person's id, or the name of the part of the engine.
    pub id: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_survives_the_wire() {
        let json = r#"{"id":"ev_1","object":"event","feed_id":"fd_1","number":7,"type":"withdrawal.brand_new","partner_id":"pt_1",
            "created_at":"2026-11-21T01:02:03.000004Z","actor":{"kind":"system","id":"settle"},"reason":"final",
            "data":{"amount":"1.5"}}"#;
        let event: Event = serde_json::from_str(json).expect("types we do not know are read");
        assert_eq!(event.withdrawal_id, None);
        let there = serde_json::to_value(&event).expect("serialises");
        assert!(there.get("withdrawal_id").is_none());
        assert_eq!(serde_json::from_value::<Event>(there).ok(), Some(event));
    }
}
