//! Commands that take two persons, partners, and alerts that somebody takes.

use sluice_core::access::Actor;
use sluice_core::canonical::Canonical;
use sluice_core::command::{Command, Kind, Order, Person};
use sluice_core::event::Cause;
use sluice_core::id::CommandId;
use sluice_core::partner::Partner;
use sluice_core::port::registry::Registry as _;
use sluice_core::port::store::Change;
use sluice_core::stop::{Scope, Stop};

use super::intake::apply;
use super::pair::{Act, Pair};
use crate::registry::{asked, persons};
use crate::world::World;

pub const PAIRS: &[Pair] = &[
    Pair {
        name: "two persons ask for one thing",
        over: |it| {
            Box::pin(async move {
                let (one, two) = persons(&it).await;
                let ask = |person: &Person| {
                    let id = CommandId::new(it.ulid());
                    let step = Command::ask(id, it.partner.id, order(&it), person, &said(&it, person));
                    apply(Change { commands: vec![step], ..it.change() })
                };
                (ask(&one), ask(&two))
            })
        },
        say: &[("Applied", "Refused(\"command_one_open\")"), ("Refused(\"command_one_open\")", "Applied")],
    },
    Pair {
        name: "two second persons say their word",
        over: |it| {
            Box::pin(async move {
                let (first, second) = persons(&it).await;
                let (third, _) = persons(&it).await;
                let command = asked(&it, &first, order(&it)).await;
                let word = |by: &Person| {
                    let step = command.clone().complete(&order(&it), &first, by, &said(&it, by)).unwrap();
                    let deed = it.wallet.clone().pause("two persons").unwrap();
                    apply(Change { commands: vec![step], wallets: vec![deed], ..it.change() })
                };
                (word(&second), word(&third))
            })
        },
        say: &[("Applied", "Moved"), ("Moved", "Applied")],
    },
    Pair {
        name: "a second word and the first is taken back",
        over: |it| {
            Box::pin(async move {
                let (first, second) = persons(&it).await;
                let command = asked(&it, &first, order(&it)).await;
                let back = command.clone().withdraw(&said(&it, &first)).unwrap();
                let step = command.complete(&order(&it), &first, &second, &said(&it, &second)).unwrap();
                let deed = it.wallet.clone().pause("two persons").unwrap();
                (
                    apply(Change { commands: vec![step], wallets: vec![deed], ..it.change() }),
                    apply(Change { commands: vec![back], ..it.change() }),
                )
            })
        },
        say: &[("Applied", "Moved"), ("Moved", "Applied")],
    },
    Pair {
        name: "a second word and its thing moves on",
        over: |it| {
            Box::pin(async move {
                let (first, second) = persons(&it).await;
                let command = asked(&it, &first, order(&it)).await;
                let step = command.complete(&order(&it), &first, &second, &said(&it, &second)).unwrap();
                let deed = it.wallet.clone().pause("two persons").unwrap();
                let other = it.wallet.clone().drain("somebody was quicker").unwrap();
                (
                    apply(Change { commands: vec![step], wallets: vec![deed], ..it.change() }),
                    apply(Change { wallets: vec![other], ..it.change() }),
                )
            })
        },
        say: &[("Applied", "Moved"), ("Moved", "Applied")],
    },
    Pair {
        name: "two lift one stop",
        over: |it| {
            Box::pin(async move {
                let (first, second) = persons(&it).await;
                let (third, _) = persons(&it).await;
                it.db.stop(stop(&it)).await.unwrap();
                let command = asked(&it, &first, lifting(&it)).await;
                let lift = |by: &Person| lift(&it, &command, &first, by);
                (lift(&second), lift(&third))
            })
        },
        say: &[("Now", "None"), ("None", "Now")],
    },
    Pair {
        name: "a stop is lifted and put on again",
        over: |it| {
            Box::pin(async move {
                let (first, second) = persons(&it).await;
                it.db.stop(stop(&it)).await.unwrap();
                let command = asked(&it, &first, lifting(&it)).await;
                let again = stop(&it);
                let set: Act =
                    Box::new(move |db| Box::pin(async move { db.stop(again).await.unwrap().to_string() }));
                (lift(&it, &command, &first, &second), set)
            })
        },
        say: &[("Now", "true"), ("Now", "false")],
    },
    Pair {
        name: "a partner is made twice",
        over: |it| {
            Box::pin(async move {
                let made = Partner { id: sluice_core::id::PartnerId::new(it.ulid()), ..it.partner.clone() };
                let make = || -> Act {
                    let (made, cause) = (made.clone(), it.cause());
                    Box::new(move |db| {
                        Box::pin(
                            async move { db.create_partner(made, vec![], cause).await.unwrap().to_string() },
                        )
                    })
                };
                (make(), make())
            })
        },
        say: &[("true", "false"), ("false", "true")],
    },
];

fn said(it: &World, by: &Person) -> Cause {
    Cause { actor: Actor::Key(by.key), reason: "looked at it".into(), at: it.now() }
}

fn order(it: &World) -> Order {
    Order::new(Kind::LaneUnfreeze, it.wallet.id, &Canonical::map([]), &Canonical::map([]))
}

fn stop(it: &World) -> Stop {
    Stop {
        scope: Scope::Wallet(it.wallet.id),
        holder: it.partner.id,
        actor: Actor::Console,
        reason: "drill".into(),
        at: it.now(),
    }
}

fn lifting(it: &World) -> Order {
    let (kind, subject) = Scope::Wallet(it.wallet.id).parts();
    Order::new(Kind::StopLift, format!("{kind} {subject}"), &Canonical::map([]), &Canonical::map([]))
}

fn lift(it: &World, command: &Command, first: &Person, second: &Person) -> Act {
    let word = command.clone().complete(&lifting(it), first, second, &said(it, second)).unwrap();
    let (scope, holder, cause) = (Scope::Wallet(it.wallet.id), it.partner.id, it.cause());
    Box::new(move |db| {
        Box::pin(async move { format!("{:?}", db.lift(scope, holder, word, cause).await.unwrap()) })
    })
}
