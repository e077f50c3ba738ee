//! Requests, their counters and their nonces.

use std::sync::Arc;

use sluice_core::access::{Actor, Scope};
use sluice_core::id::KeyId;
use sluice_core::partner::{ApiKey, Credential, Limit};
use sluice_core::port::registry::Registry as _;
use sluice_core::port::store::{Accepted, Change, Intake, Store as _};
use sluice_core::withdrawal::Withdrawal;

use super::pair::{Act, Pair};
use crate::world::World;

pub const PAIRS: &[Pair] = &[
    Pair {
        name: "two requests of one id",
        over: |it| Box::pin(async move { (ask(it.intake("one", 5, 90)), ask(it.intake("one", 5, 90))) }),
        say: &[("new approved", "replay"), ("replay", "new approved")],
    },
    Pair {
        name: "two requests of one id that differ",
        over: |it| Box::pin(async move { (ask(it.intake("one", 5, 90)), ask(it.intake("one", 6, 90))) }),
        say: &[("new approved", "other id"), ("other id", "new approved")],
    },
    Pair {
        name: "two requests of one key",
        over: |it| {
            Box::pin(async move {
                let with = |id| ask(it.intake_with(id, 5, 90, Some("key")));
                (with("one"), with("two"))
            })
        },
        say: &[("new approved", "other key"), ("other key", "new approved")],
    },
    Pair {
        name: "the first two requests of a day",
        over: |it| Box::pin(async move { (ask(it.intake("one", 5, 90)), ask(it.intake("two", 7, 90))) }),
        say: &[("new approved", "new approved")],
    },
    Pair {
        name: "two requests at the limit",
        over: |it| {
            Box::pin(async move {
                it.db.accept(it.intake("before", 4, 10)).await.unwrap();
                (ask(it.intake("one", 5, 10)), ask(it.intake("two", 4, 10)))
            })
        },
        say: &[("new approved", "new rejected"), ("new rejected", "new approved")],
    },
    Pair {
        name: "a request and what gives back",
        over: |it| {
            Box::pin(async move {
                let before = accepted(&it, "before", 8).await;
                let failed = before.fail("given_up", None, true, it.now()).unwrap();
                let change = Change { withdrawals: vec![failed], ..it.change() };
                (ask(it.intake("one", 5, 10)), apply(change))
            })
        },
        say: &[("new approved", "Applied"), ("new rejected", "Applied")],
    },
    Pair {
        name: "two that give back",
        over: |it| {
            Box::pin(async move {
                let fails = async |id| {
                    let before = accepted(&it, id, 3).await;
                    let failed = before.fail("given_up", None, true, it.now()).unwrap();
                    apply(Change { withdrawals: vec![failed], ..it.change() })
                };
                (fails("one").await, fails("two").await)
            })
        },
        say: &[("Applied", "Applied")],
    },
    Pair {
        name: "two uses of one nonce",
        over: |it| {
            Box::pin(async move {
                let key = key(&it, "one", None).await;
                let (until, now) = (it.now().plus_ms(300_000), it.now());
                let act = || -> Act {
                    Box::new(move |db| {
                        Box::pin(async move { format!("{:?}", db.use_nonce(key, "n", until, now).await) })
                    })
                };
                (act(), act())
            })
        },
        say: &[("Ok(true)", "Ok(false)"), ("Ok(false)", "Ok(true)")],
    },
    Pair {
        name: "a key is revoked while it makes another",
        over: |it| {
            Box::pin(async move {
                let maker = key(&it, "maker", None).await;
                let made = a_key(&it, "made", Some(maker));
                let mut cause = it.cause();
                cause.actor = Actor::Key(maker);
                let (partner, why) = (it.partner.id, it.cause());
                let create: Act = Box::new(move |db| {
                    Box::pin(async move { format!("{:?}", db.create_key(made, cause).await) })
                });
                let revoke: Act = Box::new(move |db| {
                    Box::pin(async move {
                        db.revoke_key(partner, maker, why).await.unwrap();
                        format!("revoked beside {}", db.keys_made_by(maker).await.unwrap().len())
                    })
                });
                (create, revoke)
            })
        },
        say: &[("Ok(true)", "revoked beside 1"), ("Ok(false)", "revoked beside 0")],
    },
    Pair {
        name: "two limits are set",
        over: |it| {
            Box::pin(async move {
                let set = |atoms| -> Act {
                    let (partner, cause) = (it.partner.id, it.cause());
                    let amount = sluice_core::amount::Amount::from_atoms(atoms).unwrap();
                    let limit =
                        Limit { asset: it.asset.id, per_transaction: amount, daily: amount, version: 0 };
                    Box::new(move |db| {
                        Box::pin(async move { format!("{:?}", db.set_limit(partner, limit, cause).await) })
                    })
                };
                set(1)(Arc::clone(&it.db)).await;
                (set(2), set(2))
            })
        },
        say: &[("Ok(())", "Ok(())")],
    },
];

fn ask(intake: Intake) -> Act {
    Box::new(move |db| {
        Box::pin(async move {
            match db.accept(intake).await {
                Ok(Accepted::New(it)) => format!("new {}", it.state.as_str()),
                Ok(Accepted::Replay(_)) => "replay".into(),
                Ok(Accepted::ExternalIdConflict(_)) => "other id".into(),
                Ok(Accepted::IdempotencyKeyConflict(_)) => "other key".into(),
                Err(error) => format!("{error}"),
            }
        })
    })
}

/// Applies one change without a fence.
pub fn apply(change: Change) -> Act {
    Box::new(move |db| {
        Box::pin(async move {
            match db.apply(None, vec![change]).await {
                Ok(outcomes) => format!("{:?}", outcomes[0]),
                Err(error) => format!("{error}"),
            }
        })
    })
}

pub async fn accepted(it: &World, id: &str, atoms: i64) -> Withdrawal {
    match it.db.accept(it.intake(id, atoms, 10)).await.unwrap() {
        Accepted::New(withdrawal) => *withdrawal,
        other => panic!("{other:?}"),
    }
}

fn a_key(it: &World, label: &str, by: Option<KeyId>) -> ApiKey {
    ApiKey {
        id: KeyId::new(it.ulid()),
        partner: it.partner.id,
        label: label.into(),
        credential: Credential::Ed25519 { public: [9; 32] },
        scopes: vec![Scope::LanesOperate],
        networks: vec![],
        expires_at: None,
        revoked_at: None,
        created_at: it.now(),
        created_by: Some(by.map_or(Actor::Console, Actor::Key)),
        last_used_at: None,
    }
}

pub async fn key(it: &World, label: &str, by: Option<KeyId>) -> KeyId {
    let key = a_key(it, label, by);
    let id = key.id;
    assert!(it.db.create_key(key, it.cause()).await.unwrap());
    id
}
