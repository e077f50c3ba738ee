//! Stops and acknowledgements.

use std::sync::Arc;

use sluice_core::access::Actor;
use sluice_core::canonical::Canonical;
use sluice_core::command::{Command, Kind, Order, Person};
use sluice_core::event::Cause;
use sluice_core::id::{AlertId, OperatorId, WalletId};
use sluice_core::moved::Moved;
use sluice_core::partner::PLATFORM;
use sluice_core::port::reader::{AlertFilter, Reader};
use sluice_core::port::registry::{Lifted, Registry};
use sluice_core::port::store::Store;
use sluice_core::stop::{Scope, Stop};

use super::commands::{asked, persons};
use crate::reader::{Tenant, raise, seal};
use crate::world::World;

promises! {
    a_stop_is_in_force_once_and_lifted_once;
    of_concurrent_stops_one_is_the_first;
    a_stop_of_the_platform_stays_when_a_partner_lifts_its_own;
    a_stop_is_told_in_the_feed_of_whom_it_concerns;
    an_alert_is_taken_by_the_first_who_takes_it;
}

fn stop(world: &World, scope: Scope, reason: &str) -> Stop {
    Stop { scope, holder: PLATFORM, actor: Actor::Console, reason: reason.into(), at: world.now() }
}

/// The second person's word for lifting it, with the first one's stored.
async fn word(world: &World, scope: Scope, first: &Person, second: &Person) -> Moved<Command> {
    let (kind, subject) = scope.parts();
    let order =
        Order::new(Kind::StopLift, format!("{kind} {subject}"), &Canonical::map([]), &Canonical::map([]));
    let open = world.db.open_command(order.kind, &order.subject).await.unwrap();
    let asked = match open {
        Some(open) => open,
        None => asked(world, first, order.clone()).await,
    };
    let cause = Cause { actor: Actor::Key(second.key), reason: "over".into(), at: world.now() };
    asked.complete(&order, first, second, &cause).unwrap()
}

async fn lift(world: &World, scope: Scope, (first, second): &(Person, Person)) -> Lifted {
    let word = word(world, scope, first, second).await;
    world.db.lift(scope, PLATFORM, word, world.cause()).await.unwrap()
}

async fn a_stop_is_in_force_once_and_lifted_once(world: World) {
    let scopes = [
        Scope::All,
        Scope::Partner(world.partner.id),
        Scope::Chain(world.wallet.chain),
        Scope::Asset(world.asset.id),
        Scope::Wallet(world.wallet.id),
    ];
    let people = persons(&world).await;
    for scope in scopes {
        assert_eq!(lift(&world, scope, &people).await, Lifted::None, "there is none");
        assert!(world.db.stop(stop(&world, scope, "first")).await.unwrap());
        world.turn(1_000);
        assert!(!world.db.stop(stop(&world, scope, "second")).await.unwrap());
    }
    let stops = world.db.stops().await.unwrap();
    assert_eq!(stops.len(), 5);
    assert!(stops.iter().all(|stop| stop.reason == "first" && stop.actor == Actor::Console));
    for scope in scopes {
        assert_eq!(lift(&world, scope, &people).await, Lifted::Now);
        assert_eq!(lift(&world, scope, &people).await, Lifted::None);
    }
    assert_eq!(world.db.stops().await.unwrap(), []);
    assert!(world.db.stop(stop(&world, Scope::All, "again")).await.unwrap());
    assert_eq!(world.number("select count(*) from event where kind = 'stop.set'").await, 6);
    assert_eq!(world.number("select count(*) from event where kind = 'stop.lifted'").await, 5);
    let done = "select count(*) from event where kind = 'command.done'";
    assert_eq!(world.number(done).await, 5, "no word is spent on a stop that is not there");
}

async fn of_concurrent_stops_one_is_the_first(world: World) {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (db, stop) = (Arc::clone(&world.db), stop(&world, Scope::All, "drill"));
        tasks.spawn(async move { db.stop(stop).await.unwrap() });
    }
    assert_eq!(tasks.join_all().await.into_iter().filter(|first| *first).count(), 1);
    let (first, second) = persons(&world).await;
    let word = word(&world, Scope::All, &first, &second).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (db, word, cause) = (Arc::clone(&world.db), word.clone(), world.cause());
        tasks.spawn(async move { db.lift(Scope::All, PLATFORM, word, cause).await.unwrap() });
    }
    let lifted = tasks.join_all().await;
    assert_eq!(lifted.into_iter().filter(|lifted| *lifted == Lifted::Now).count(), 1);
    assert_eq!(world.number("select count(*) from event where kind like 'stop.%'").await, 2);
    // A word that was spent lifts no other stop.
    assert!(world.db.stop(stop(&world, Scope::All, "again")).await.unwrap());
    assert_eq!(world.db.lift(Scope::All, PLATFORM, word, world.cause()).await.unwrap(), Lifted::Moved);
    assert_eq!(world.db.stops().await.unwrap().len(), 1);
}

async fn a_stop_of_the_platform_stays_when_a_partner_lifts_its_own(world: World) {
    let (first, second) = persons(&world).await;
    let scope = Scope::Partner(world.partner.id);
    let theirs = Stop { holder: world.partner.id, ..stop(&world, scope, "theirs") };
    assert!(world.db.stop(theirs.clone()).await.unwrap());
    assert!(world.db.stop(stop(&world, scope, "the platform's")).await.unwrap(), "beside theirs");
    assert!(!world.db.stop(theirs).await.unwrap());
    let over = word(&world, scope, &first, &second).await;
    let lifted = world.db.lift(scope, world.partner.id, over, world.cause()).await.unwrap();
    assert_eq!(lifted, Lifted::Now);
    let left = world.db.stops().await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!((left[0].holder, left[0].reason.as_str()), (PLATFORM, "the platform's"));
    let again = word(&world, scope, &first, &second).await;
    assert_eq!(world.db.lift(scope, world.partner.id, again, world.cause()).await.unwrap(), Lifted::None);
    assert_eq!(lift(&world, scope, &(first, second)).await, Lifted::Now);
    assert_eq!(world.db.stops().await.unwrap(), []);
}

async fn a_stop_is_told_in_the_feed_of_whom_it_concerns(world: World) {
    let other = Tenant::new(&world, "other", "UTC").await;
    let unknown = Scope::Wallet(WalletId::new(world.ulid()));
    let told = [
        (Scope::All, PLATFORM),
        (Scope::Chain(world.wallet.chain), PLATFORM),
        (unknown, PLATFORM),
        (Scope::Partner(world.partner.id), world.partner.id),
        (Scope::Wallet(other.wallet.id), other.partner.id),
    ];
    for (scope, _) in told {
        world.db.stop(stop(&world, scope, "incident 7")).await.unwrap();
    }
    seal(&world).await;
    for (scope, partner) in told {
        let (kind, subject) = scope.parts();
        let kind = format!(r#""scope":"{kind}""#);
        let events = world.db.events(partner, 0, 100).await.unwrap();
        let of_it: Vec<_> = events
            .iter()
            .filter(|event| {
                event.kind == "stop.set" && event.data.contains(&kind) && event.data.contains(&subject)
            })
            .collect();
        assert_eq!(of_it.len(), 1, "{scope:?}: {events:?}");
        assert_eq!((of_it[0].actor.as_str(), of_it[0].reason.as_str()), ("console", "incident 7"));
    }
}

async fn an_alert_is_taken_by_the_first_who_takes_it(world: World) {
    let other = Tenant::new(&world, "other", "UTC").await.partner.id;
    let us = Some(world.partner.id);
    raise(&world, us, "ours").await;
    raise(&world, None, "the platform's").await;
    let alerts = world.db.alerts(None, &AlertFilter::any(false), 10).await.unwrap();
    let of = |subject: &str| alerts.iter().find(|alert| alert.raise.subject == subject).unwrap().id;
    let by = |actor| Cause { actor, reason: "on it".into(), at: world.now() };
    let operator = Actor::Operator(OperatorId::new(world.ulid()));
    assert!(
        !world.db.acknowledge(Some(other), of("ours"), by(operator.clone())).await.unwrap(),
        "not theirs"
    );
    assert!(!world.db.acknowledge(us, of("the platform's"), by(operator.clone())).await.unwrap());
    assert!(!world.db.acknowledge(None, AlertId::new(world.ulid()), by(operator.clone())).await.unwrap());
    assert!(world.db.acknowledge(us, of("ours"), by(operator.clone())).await.unwrap());
    assert!(world.db.acknowledge(None, of("ours"), by(Actor::Console)).await.unwrap(), "it is taken");
    assert!(world.db.acknowledge(None, of("the platform's"), by(Actor::Console)).await.unwrap());
    let taken = world.db.alert(us, of("ours")).await.unwrap().unwrap();
    assert_eq!(taken.acknowledged_by, Some(operator.to_string()));
    seal(&world).await;
    let events = world.db.events(world.partner.id, 0, 10).await.unwrap();
    let told: Vec<_> = events.iter().filter(|event| event.kind == "alert.acknowledged").collect();
    assert!(told.len() == 1 && told[0].actor == operator.to_string(), "{told:?}");
    assert_eq!(world.db.events(PLATFORM, 0, 10).await.unwrap().len(), 1);
}
