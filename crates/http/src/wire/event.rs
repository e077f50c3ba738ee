//! Events and who caused them.

use serde_json::Value;
use sluice_api::event::{Actor, ActorKind, Event};
use sluice_api::tag;
use sluice_core::port::reader::FeedEvent;

use super::{count, time};

/// One event of the feed.
pub(crate) fn event(event: &FeedEvent) -> Event {
    let data = match serde_json::from_str(&event.data) {
        Ok(Value::Object(data)) => data,
        Ok(_) | Err(_) => serde_json::Map::new(),
    };
    Event {
        id: event.id.to_string(),
        object: tag::Event::Is,
        feed_id: event.feed.to_string(),
        number: count(event.number),
        kind: event.kind.clone(),
        partner_id: event.partner.to_string(),
        withdrawal_id: event.withdrawal.map(|id| id.to_string()),
        created_at: time(event.at),
        actor: actor(&event.actor),
        reason: event.reason.clone(),
        data,
    }
}

/// An actor from the text that is stored of it.
pub(crate) fn actor(text: &str) -> Actor {
    let (kind, id) = match text.split_once(':') {
        Some(("system", part)) => (ActorKind::System, part),
        _ if text.starts_with("key_") => (ActorKind::Key, text),
        _ if text.starts_with("op_") => (ActorKind::Operator, text),
        _ if text == "console" => (ActorKind::Console, text),
        _ => (ActorKind::System, text),
    };
    Actor { kind, id: id.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_core::access;
    use sluice_core::id::{KeyId, OperatorId, Ulid};
    use sluice_core::time::Timestamp;

    #[test]
    fn every_actor_of_the_engine_is_told_by_its_kind() {
        let ulid = Ulid::new(Timestamp::default(), 7);
        let (key, person) = (KeyId::new(ulid), OperatorId::new(ulid));
        for (of, kind, id) in [
            (access::Actor::System("settle"), ActorKind::System, "settle".to_owned()),
            (access::Actor::Key(key), ActorKind::Key, key.to_string()),
            (access::Actor::Operator(person), ActorKind::Operator, person.to_string()),
            (access::Actor::Console, ActorKind::Console, "console".to_owned()),
        ] {
            assert_eq!(actor(&of.to_string()), Actor { kind, id });
        }
    }
}
