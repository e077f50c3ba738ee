//! Leases, wallets, stops, the feed and alerts.

use std::sync::Arc;

use sluice_core::access::Actor;
use sluice_core::adoption::{Adopted, Kind as Adoption};
use sluice_core::alert::{Code, Raise};
use sluice_core::amount::{Cost, Units};
use sluice_core::lane::Lease;
use sluice_core::port::registry::Registry as _;
use sluice_core::port::store::{Change, Store as _};
use sluice_core::stop::{Scope, Stop};
use sluice_store::Db;

use super::intake::apply;
use super::pair::{Act, Pair};
use super::payments::settling;
use crate::world::{World, block};

pub const PAIRS: &[Pair] = &[
    Pair {
        name: "two take a lease that nobody ever had",
        over: |it| Box::pin(async move { (take(&it, "a"), take(&it, "b")) }),
        say: &[("epoch 1", "none"), ("none", "epoch 1")],
    },
    Pair {
        name: "two take a lease that was given up",
        over: |it| {
            Box::pin(async move {
                held(&it, "before").await;
                it.db.release("before").await.unwrap();
                (take(&it, "a"), take(&it, "b"))
            })
        },
        say: &[("epoch 2", "none"), ("none", "epoch 2")],
    },
    Pair {
        name: "a lane's turn and a takeover",
        over: |it| {
            Box::pin(async move {
                let turn = turn(&it, held(&it, "a").await);
                let (lane, wallet) = (lane(&it), it.wallet.id);
                let takeover: Act = Box::new(move |db| {
                    Box::pin(async move {
                        db.release("a").await.unwrap();
                        let lease = db.lease(&lane, "b").await.unwrap().unwrap();
                        let seen = db.lane(wallet).await.unwrap().unwrap().wallet;
                        format!("epoch {}, and sees it {}", lease.fence().epoch(), seen.state.as_str())
                    })
                });
                (turn, takeover)
            })
        },
        say: &[("Applied", "epoch 2, and sees it paused"), ("Fenced", "epoch 2, and sees it open")],
    },
    Pair {
        name: "a lane's turn and a higher epoch",
        over: |it| {
            Box::pin(async move {
                let lease = held(&it, "a").await;
                let fence = lease.fence().clone();
                let outbid: Act = Box::new(move |db| {
                    Box::pin(async move { granted(db.outbid(&fence, 8).await.unwrap().as_ref()) })
                });
                (turn(&it, lease), outbid)
            })
        },
        say: &[("Applied", "epoch 9"), ("Fenced", "epoch 9")],
    },
    Pair {
        name: "two sealers",
        over: |it| {
            Box::pin(async move {
                let old = held(&it, "a").await;
                let lane = lane(&it);
                let seal: Act = Box::new(move |db| {
                    Box::pin(async move { format!("{}", db.seal(old.fence(), 100).await.unwrap() > 0) })
                });
                let takeover: Act = Box::new(move |db| {
                    Box::pin(async move {
                        db.release("a").await.unwrap();
                        let lease = db.lease(&lane, "b").await.unwrap().unwrap();
                        format!("{}", db.seal(lease.fence(), 100).await.unwrap() > 0)
                    })
                });
                (seal, takeover)
            })
        },
        say: &[("true", "false"), ("false", "true")],
    },
    Pair {
        name: "a sealer and a payment that ends",
        over: |it| {
            Box::pin(async move {
                let settles = settling(&it, "one", 7).await;
                (seal(held(&it, "a").await), settles)
            })
        },
        say: &[("Ok(true)", "Applied")],
    },
    Pair {
        name: "a sealer and a request",
        over: |it| {
            Box::pin(async move {
                let asks: Act = {
                    let intake = it.intake("one", 5, 90);
                    Box::new(move |db| {
                        Box::pin(async move { format!("{}", db.accept(intake).await.is_ok()) })
                    })
                };
                (seal(held(&it, "a").await), asks)
            })
        },
        say: &[("Ok(true)", "true")],
    },
    Pair {
        name: "two operators step one wallet",
        over: |it| {
            Box::pin(async move {
                let pause = it.wallet.clone().pause("drill").unwrap();
                let drain = it.wallet.clone().drain("moving").unwrap();
                let step = |step| apply(Change { wallets: vec![step], ..it.change() });
                (step(pause), step(drain))
            })
        },
        say: &[("Applied", "Moved"), ("Moved", "Applied")],
    },
    Pair {
        name: "two explain one transaction",
        over: |it| {
            Box::pin(async move {
                (apply(adopted(&it, Adoption::Theft)), apply(adopted(&it, Adoption::ManualPayment)))
            })
        },
        say: &[("Applied", "Refused(\"m6_explained_once\")"), ("Refused(\"m6_explained_once\")", "Applied")],
    },
    Pair {
        name: "a transaction is explained and the wallet is frozen",
        over: |it| {
            Box::pin(async move {
                let freeze = it.wallet.clone().freeze("a stranger's transaction".into()).unwrap();
                let freeze = Change { wallets: vec![freeze], ..it.change() };
                (apply(adopted(&it, Adoption::Theft)), apply(freeze))
            })
        },
        say: &[("Applied", "Applied")],
    },
    Pair {
        name: "a transaction is explained and a payment is settled",
        over: |it| {
            Box::pin(async move {
                let settles = settling(&it, "one", 7).await;
                (apply(adopted(&it, Adoption::Theft)), settles)
            })
        },
        say: &[("Applied", "Applied")],
    },
    Pair {
        name: "two stops of one scope",
        over: |it| Box::pin(async move { (stop(&it, "first"), stop(&it, "second")) }),
        say: &[("true", "false"), ("false", "true")],
    },
    Pair {
        name: "a stop and a payment that is settled",
        over: |it| Box::pin(async move { (stop(&it, "drill"), settling(&it, "one", 7).await) }),
        say: &[("true", "Applied")],
    },
    Pair {
        name: "an alert is raised twice",
        over: |it| {
            Box::pin(async move {
                let raise = || apply(Change { raise: vec![alert(&it)], ..it.change() });
                (raise(), raise())
            })
        },
        say: &[("Applied", "Applied")],
    },
    Pair {
        name: "an alert is raised and closed",
        over: |it| {
            Box::pin(async move {
                it.applied(Change { raise: vec![alert(&it)], ..it.change() }).await;
                let close = vec![(Code::NeedsAttention, it.partner.id.to_string())];
                (
                    apply(Change { raise: vec![alert(&it)], ..it.change() }),
                    apply(Change { close, ..it.change() }),
                )
            })
        },
        say: &[("Applied", "Applied")],
    },
];

fn lane(it: &World) -> String {
    format!("lane:of {}", it.partner.id)
}

async fn held(it: &World, owner: &str) -> Lease {
    it.db.lease(&lane(it), owner).await.unwrap().unwrap()
}

fn granted(lease: Option<&Lease>) -> String {
    lease.map_or("none".into(), |lease| format!("epoch {}", lease.fence().epoch()))
}

fn take(it: &World, owner: &'static str) -> Act {
    let lane = lane(it);
    Box::new(move |db| Box::pin(async move { granted(db.lease(&lane, owner).await.unwrap().as_ref()) }))
}

/// A write under a fence.
fn turn(it: &World, lease: Lease) -> Act {
    let pause = it.wallet.clone().pause("drill").unwrap();
    let change = Change { wallets: vec![pause], ..it.change() };
    Box::new(move |db| {
        Box::pin(async move {
            let outcomes = db.apply(Some(lease.into_fence()), vec![change]).await.unwrap();
            format!("{:?}", outcomes[0])
        })
    })
}

fn seal(lease: Lease) -> Act {
    Box::new(move |db: Arc<Db>| {
        Box::pin(async move { format!("{:?}", db.seal(lease.fence(), 100).await.map(|sealed| sealed > 0)) })
    })
}

fn stop(it: &World, reason: &str) -> Act {
    let stop = Stop {
        scope: Scope::Wallet(it.wallet.id),
        holder: it.partner.id,
        actor: Actor::Console,
        reason: reason.into(),
        at: it.now(),
    };
    Box::new(move |db| Box::pin(async move { db.stop(stop).await.unwrap().to_string() }))
}

fn alert(it: &World) -> Raise {
    Raise {
        code: Code::NeedsAttention,
        subject: it.partner.id.to_string(),
        partner: Some(it.partner.id),
        detail: "look".into(),
    }
}

fn adopted(it: &World, kind: Adoption) -> Change {
    let adopted = Adopted {
        wallet: it.wallet.id,
        partner: it.partner.id,
        chain: it.wallet.chain,
        txid: [0xcd; 32],
        kind,
        block: block(5),
        nonce: Some(6),
        cost: Cost(1),
        moved: vec![(it.asset.id, Units::from(5_u64))],
        head: block(9),
        operators: vec!["one".into(), "two".into()],
    };
    Change { adopted: vec![adopted], ..it.change() }
}
