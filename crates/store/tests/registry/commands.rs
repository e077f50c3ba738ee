//! Commands that take two persons, and who a person is.

use std::sync::Arc;

use sluice_core::access::{Actor, Scope};
use sluice_core::canonical::Canonical;
use sluice_core::command::person::LINE_MAX;
use sluice_core::command::{Command, EXPIRY_MS, Kind, Order, Person};
use sluice_core::event::Cause;
use sluice_core::id::{CommandId, KeyId, PartnerId};
use sluice_core::partner::{ApiKey, Credential, PLATFORM};
use sluice_core::port::reader::Reader;
use sluice_core::port::registry::Registry;
use sluice_core::port::store::{Change, Outcome, Store};

use crate::reader::{Tenant, seal};
use crate::world::World;

promises! {
    a_command_reads_back_at_each_step;
    one_command_of_a_kind_and_subject_is_open;
    of_two_second_persons_one_acts;
    the_second_word_and_the_deed_commit_together_or_not_at_all;
    what_a_command_says_never_changes_and_it_ends_once;
    a_tenant_reads_its_own_commands_newest_first;
    each_step_is_an_event_with_its_person_and_reason;
    a_person_is_a_key_and_all_that_made_it;
    a_partners_key_never_manages_partners;
}

/// Stores a key made by somebody.
pub async fn key(world: &World, partner: PartnerId, by: Actor) -> KeyId {
    let key = ApiKey {
        id: KeyId::new(world.ulid()),
        partner,
        label: "person".into(),
        credential: Credential::Ed25519 { public: [9; 32] },
        scopes: vec![Scope::LanesOperate],
        networks: vec![],
        expires_at: None,
        revoked_at: None,
        created_at: world.now(),
        created_by: Some(by.clone()),
        last_used_at: None,
    };
    let id = key.id;
    let cause = Cause { actor: by, reason: "for a person".into(), at: world.now() };
    world.db.create_key(key, cause).await.unwrap();
    id
}

/// Two persons of the world's partner.
pub async fn persons(world: &World) -> (Person, Person) {
    let first = key(world, world.partner.id, Actor::Console).await;
    let second = key(world, world.partner.id, Actor::Console).await;
    (person(world, first).await, person(world, second).await)
}

async fn person(world: &World, key: KeyId) -> Person {
    world.db.person(key).await.unwrap().unwrap()
}

fn order(subject: &str) -> Order {
    let facts = Canonical::map([("frozen", Some(Canonical::text("a \"transfer\" of 출금")))]);
    Order::new(Kind::LaneUnfreeze, subject, &Canonical::map([]), &facts)
}

fn said(world: &World, by: &Person) -> Cause {
    Cause { actor: Actor::Key(by.key), reason: "looked at it".into(), at: world.now() }
}

/// Stores the first word.
pub async fn asked(world: &World, first: &Person, order: Order) -> Command {
    let id = CommandId::new(world.ulid());
    let step = Command::ask(id, world.partner.id, order, first, &said(world, first));
    let command = step.after().clone();
    let change = Change { commands: vec![step], cause: Some(said(world, first)), ..Change::default() };
    world.applied(change).await;
    command
}

fn second_word(world: &World, command: &Command, first: &Person, second: &Person) -> Change {
    let cause = said(world, second);
    let step = command.clone().complete(&command.order, first, second, &cause).unwrap();
    Change { commands: vec![step], cause: Some(cause), ..Change::default() }
}

async fn apply(world: &World, change: Change) -> Outcome {
    world.db.apply(None, vec![change]).await.unwrap().remove(0)
}

async fn a_command_reads_back_at_each_step(world: World) {
    let (first, second) = persons(&world).await;
    let command = asked(&world, &first, order("wa_1")).await;
    let open = world.db.open_command(Kind::LaneUnfreeze, "wa_1").await.unwrap();
    assert_eq!(open.as_ref(), Some(&command));
    assert_eq!(world.db.open_command(Kind::WalletRetire, "wa_1").await.unwrap(), None);
    world.turn(1_000);
    let change = second_word(&world, &command, &first, &second);
    let done = change.commands[0].after().clone();
    world.applied(change).await;
    assert_eq!(world.db.open_command(Kind::LaneUnfreeze, "wa_1").await.unwrap(), None);
    assert_eq!(world.db.command(None, command.id).await.unwrap(), Some(done));
    let back = asked(&world, &first, order("wa_1")).await;
    let step = back.clone().withdraw(&said(&world, &first)).unwrap();
    let withdrawn = step.after().clone();
    world.applied(Change { commands: vec![step], ..world.change() }).await;
    assert_eq!(world.db.command(None, back.id).await.unwrap(), Some(withdrawn));
    let late = asked(&world, &first, order("wa_1")).await;
    let ends = late.expires_at;
    assert_eq!(ends.since_ms(late.asked_at), EXPIRY_MS);
    assert_eq!(world.db.expired_commands(ends.plus_ms(-1), 10).await.unwrap(), []);
    assert_eq!(world.db.expired_commands(ends, 10).await.unwrap(), std::slice::from_ref(&late));
    let step = late.expire(&world.cause()).unwrap();
    world.applied(Change { commands: vec![step], ..world.change() }).await;
    assert_eq!(world.db.expired_commands(ends, 10).await.unwrap(), []);
}

async fn one_command_of_a_kind_and_subject_is_open(world: World) {
    let (first, _) = persons(&world).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let id = CommandId::new(world.ulid());
        let step = Command::ask(id, world.partner.id, order("wa_1"), &first, &said(&world, &first));
        let (db, change) = (Arc::clone(&world.db), Change { commands: vec![step], ..world.change() });
        tasks.spawn(async move { db.apply(None, vec![change]).await.unwrap().remove(0) });
    }
    let outcomes = tasks.join_all().await;
    assert_eq!(outcomes.iter().filter(|it| **it == Outcome::Applied).count(), 1, "{outcomes:?}");
    let refused = Outcome::Refused("command_one_open".into());
    assert!(outcomes.iter().all(|it| *it == Outcome::Applied || *it == refused), "{outcomes:?}");
    // One that is over makes room in the same call.
    let open = world.db.open_command(Kind::LaneUnfreeze, "wa_1").await.unwrap().unwrap();
    let over = open.expire(&world.cause()).unwrap();
    let id = CommandId::new(world.ulid());
    let next = Command::ask(id, world.partner.id, order("wa_1"), &first, &said(&world, &first));
    let changes = vec![
        Change { commands: vec![over], ..world.change() },
        Change { commands: vec![next], ..world.change() },
    ];
    assert_eq!(world.db.apply(None, changes).await.unwrap(), [Outcome::Applied, Outcome::Applied]);
    assert_eq!(world.number("select count(*) from command").await, 2);
}

async fn of_two_second_persons_one_acts(world: World) {
    let (first, _) = persons(&world).await;
    let command = asked(&world, &first, order(&world.wallet.id.to_string())).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let second = person(&world, key(&world, world.partner.id, Actor::Console).await).await;
        let change = second_word(&world, &command, &first, &second);
        let db = Arc::clone(&world.db);
        tasks.spawn(async move { db.apply(None, vec![change]).await.unwrap().remove(0) });
    }
    let outcomes = tasks.join_all().await;
    assert_eq!(outcomes.iter().filter(|it| **it == Outcome::Applied).count(), 1, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|it| **it == Outcome::Moved).count(), 7, "{outcomes:?}");
    assert_eq!(world.number("select count(*) from event where kind = 'command.done'").await, 1);
}

async fn the_second_word_and_the_deed_commit_together_or_not_at_all(world: World) {
    let (first, second) = persons(&world).await;
    let command = asked(&world, &first, order(&world.wallet.id.to_string())).await;
    let paused = world.wallet.clone().pause("drill").unwrap();
    let moved_on = world.wallet.clone().drain("somebody was quicker").unwrap();
    world.applied(Change { wallets: vec![moved_on], ..world.change() }).await;
    let mut change = second_word(&world, &command, &first, &second);
    change.wallets.push(paused);
    assert_eq!(apply(&world, change).await, Outcome::Moved);
    let open = world.db.open_command(command.order.kind, &command.order.subject).await.unwrap();
    assert_eq!(open.as_ref(), Some(&command), "the word waits for a deed");
    // The other way round: a word that came too late takes the deed with it.
    world
        .applied(Change {
            commands: vec![command.clone().withdraw(&world.cause()).unwrap()],
            ..world.change()
        })
        .await;
    let wallet = world.db.wallet(None, world.wallet.id).await.unwrap().unwrap().wallet;
    let mut change = second_word(&world, &command, &first, &second);
    change.wallets.push(wallet.clone().pause("drill").unwrap());
    assert_eq!(apply(&world, change).await, Outcome::Moved);
    assert_eq!(world.db.wallet(None, world.wallet.id).await.unwrap().unwrap().wallet, wallet);
}

async fn what_a_command_says_never_changes_and_it_ends_once(world: World) {
    let (first, second) = persons(&world).await;
    let command = asked(&world, &first, order("wa_1")).await;
    for set in ["says = 'x'", "facts = 'x'", "reason = 'x'", "subject = 'wa_2'", "expires_at = 0"] {
        let by_hand = format!("update command set {set}, version = version + 1 where id = '{}'", command.id);
        assert!(world.refused_by(&by_hand).await.contains("command_ends_once"), "{set}");
    }
    let alone = format!(
        "update command set state = 'done', ended_by = asked_by, ended_reason = 'me', ended_at = 1 where id = '{}'",
        command.id
    );
    assert!(world.refused_by(&alone).await.contains("command_two_persons"));
    let gone = format!("delete from command where id = '{}'", command.id);
    assert!(world.refused_by(&gone).await.contains("command_is_kept"));
    world.applied(second_word(&world, &command, &first, &second)).await;
    let undone = format!(
        "update command set state = 'pending', ended_by = null, ended_reason = null, ended_at = null where id = '{}'",
        command.id
    );
    assert!(world.refused_by(&undone).await.contains("command_ends_once"));
}

async fn a_tenant_reads_its_own_commands_newest_first(world: World) {
    let (first, second) = persons(&world).await;
    let us = world.partner.id;
    let other = Tenant::new(&world, "other", "UTC").await.partner.id;
    let mut ids = vec![];
    for number in 0..5 {
        world.turn(1_000);
        ids.push(asked(&world, &first, order(&format!("wa_{number}"))).await.id);
    }
    let page = |before| world.db.commands(Some(us), Some("pending"), before, 2);
    let newest = page(None).await.unwrap();
    assert_eq!(newest.iter().map(|it| it.id).collect::<Vec<_>>(), [ids[4], ids[3]]);
    let next = page(Some(ids[3])).await.unwrap();
    assert_eq!(next.iter().map(|it| it.id).collect::<Vec<_>>(), [ids[2], ids[1]]);
    let command = world.db.command(Some(us), ids[0]).await.unwrap().unwrap();
    world.applied(second_word(&world, &command, &first, &second)).await;
    assert_eq!(world.db.commands(Some(us), Some("pending"), None, 10).await.unwrap().len(), 4);
    assert_eq!(world.db.commands(Some(us), Some("done"), None, 10).await.unwrap().len(), 1);
    assert_eq!(world.db.commands(None, None, None, 10).await.unwrap().len(), 5);
    assert_eq!(world.db.commands(Some(other), None, None, 10).await.unwrap(), []);
    assert_eq!(world.db.command(Some(other), ids[0]).await.unwrap(), None);
}

async fn each_step_is_an_event_with_its_person_and_reason(world: World) {
    let (first, second) = persons(&world).await;
    let command = asked(&world, &first, order(&world.wallet.id.to_string())).await;
    world.applied(second_word(&world, &command, &first, &second)).await;
    seal(&world).await;
    let events = world.db.events(world.partner.id, 0, 100).await.unwrap();
    let told: Vec<_> = events.iter().filter(|event| event.kind.starts_with("command.")).collect();
    let by: Vec<_> = told.iter().map(|it| (it.kind.as_str(), it.actor.clone(), it.reason.as_str())).collect();
    assert_eq!(
        by,
        [
            ("command.asked", first.key.to_string(), "looked at it"),
            ("command.done", second.key.to_string(), "looked at it"),
        ]
    );
    assert!(told[1].data.contains(&first.key.to_string()), "the second event names the first person");
    assert!(told[0].data.contains("lane.unfreeze") && told[0].data.contains("출금"), "{}", told[0].data);
}

async fn a_person_is_a_key_and_all_that_made_it(world: World) {
    let us = world.partner.id;
    let root = key(&world, PLATFORM, Actor::Console).await;
    let child = key(&world, us, Actor::Key(root)).await;
    let grandchild = key(&world, us, Actor::Key(child)).await;
    let sibling = key(&world, us, Actor::Key(root)).await;
    let stranger = key(&world, us, Actor::Console).await;
    let of = async |key| person(&world, key).await;
    let found = of(grandchild).await;
    assert_eq!((found.line.as_slice(), found.rooted), ([grandchild, child, root].as_slice(), true));
    assert_eq!((found.partner, found.created_at, found.ends_at), (us, world.now(), None));
    assert!(found.same_hand(&of(sibling).await) && !found.same_hand(&of(stranger).await));
    assert_eq!(world.db.person(KeyId::new(world.ulid())).await.unwrap(), None);
    let made_by = async |id| -> std::collections::BTreeSet<KeyId> {
        world.db.keys_made_by(id).await.unwrap().into_iter().map(|key| key.id).collect()
    };
    assert_eq!(made_by(root).await, [child, grandchild, sibling].into());
    assert_eq!((made_by(child).await, made_by(grandchild).await), ([grandchild].into(), [].into()));
    world.turn(1_000);
    assert!(world.db.revoke_key(us, grandchild, world.cause()).await.unwrap());
    assert_eq!(of(grandchild).await.ends_at, Some(world.now()));
    assert_eq!(made_by(root).await, [child, sibling].into(), "one that is revoked is not told");
    // A line too long to follow has no known beginning.
    let mut last = root;
    for _ in 0..=LINE_MAX {
        last = key(&world, us, Actor::Key(last)).await;
    }
    let long = of(last).await;
    assert!(!long.rooted && long.line.len() == LINE_MAX + 1, "{}", long.line.len());
    let by_hand = format!("update api_key set created_by = 'console' where id = '{child}'");
    assert!(world.refused_by(&by_hand).await.contains("api_key_maker_is_for_ever"));
}

async fn a_partners_key_never_manages_partners(world: World) {
    let scopes = |id| {
        format!(
            "insert into api_key (id, partner_id, label, kind, public_key, scopes, networks, created_at)
        values ('key_x', '{id}', 'x', 'ed25519', 'ab', '[\"keys:manage\",\"partners:manage\"]', '[]', 1)"
        )
    };
    assert!(world.refused_by(&scopes(world.partner.id)).await.contains("api_key_of_the_platform"));
    world.db.tamper(&scopes(PLATFORM), &scopes(PLATFORM)).await.unwrap();
}
