//! One writer per lane, whoever is killed or stopped (M7).

use std::time::Duration;

use futures_util::future::join_all;

use crate::harness::{
    Auditor, Caller, Database, Engine, Order, Shape, SignerProcess, Stored, World, instant, since, within,
};
use crate::on_both;

/// Installations at work side by side; each plays every round.
const RIGS: usize = 5;
/// Three leases of two seconds.
const THREE_LEASES: Duration = Duration::from_secs(6);
/// What is not paid so long after the one who held the lane is gone hangs. It measures nothing: ten engines share the machine.
const OVER: Duration = Duration::from_secs(180);

/// What happens to the engine that holds the lanes.
#[derive(Clone, Copy, Debug)]
enum Fate {
    /// It ends at this point.
    Killed(&'static str),
    /// It halts at this point for three leases; when it wakes up, the call it was about to make is answered with this.
    Stopped(&'static str, Option<&'static str>),
    /// `kill -9` so many milliseconds after the orders, wherever it is.
    KilledAfter(u64),
    /// SIGSTOP so many milliseconds after the orders, wherever it is.
    StoppedAfter(u64),
}

/// Ten rounds. In five of them the old holder wakes up with a fence or an epoch in its hand and uses it.
const ROUNDS: [Fate; 10] = [
    Fate::Killed("store.apply/funded:after:1"),
    Fate::Stopped("store.apply/built:before:1", Some("Fenced")),
    Fate::Stopped("signer.sign:before:1", Some("epoch_stale")),
    Fate::KilledAfter(97),
    Fate::Stopped("store.apply/signed:before:1", Some("Fenced")),
    Fate::Stopped("chain.submit:before:1", None),
    Fate::Killed("signer.sign:after:1"),
    Fate::Stopped("signer.admit:before:1", Some("epoch_stale")),
    Fate::StoppedAfter(211),
    Fate::Killed("chain.submit:after:1"),
];

/// Two engines on one database, over one signer.
struct Rig {
    world: World,
    signer: SignerProcess,
    stored: Stored,
    auditor: Auditor,
    engines: Vec<Engine>,
    names: [String; 2],
    /// To be asked for where those of a round do not bring the holder to its fate.
    spares: Vec<Order>,
}

impl Rig {
    async fn new(database: Database) -> Self {
        let world = World::new(database, Shape { lanes: 3, ..Shape::default() }).await;
        let signer = world.signer().await;
        let names = ["a".to_owned(), "b".to_owned()];
        let mut engines = Vec::new();
        for name in &names {
            engines.push(world.engine_beside(&signer, name).await);
        }
        let stored = world.stored().await;
        let auditor = world.auditor(&engines[0].caller()).await;
        Self { world, signer, stored, auditor, engines, names, spares: Order::fresh("spare", 60) }
    }

    /// The engine that holds most of the lanes.
    async fn holder(&self) -> usize {
        let owners = self.stored.ask("select owner as answer from lease where name like 'lane:%'").await;
        let held = |engine: &Engine| {
            let process = format!("{}-", engine.pid());
            owners.iter().filter(|owner| owner.starts_with(&process)).count()
        };
        usize::from(held(&self.engines[1]) > held(&self.engines[0]))
    }

    /// Nobody but the other engine holds a lane: at the end of three leases, or soon after on a busy machine.
    async fn taken_from(&self, victim: usize) {
        tokio::time::sleep(THREE_LEASES).await;
        let process = format!("{}-", self.engines[victim].pid());
        within(OVER, "the other engine holds every lane", async || {
            let owners = self.stored.ask("select owner as answer from lease where name like 'lane:%'").await;
            !owners.iter().any(|owner| owner.starts_with(&process))
        })
        .await;
    }

    /// One round: orders, a fate for whoever holds the lanes, and everything paid all the same.
    async fn round(&mut self, fate: Fate, orders: &mut Vec<Order>) {
        let victim = self.holder().await;
        let caller: Caller = self.engines[1 - victim].caller();
        match fate {
            Fate::Killed(point) => {
                self.engines[victim].point.arm(&format!("{point}:kill"));
                caller.insist_on(orders).await;
                let gone = self.engines.remove(victim);
                let ((), besides) = caller.asking_more_until(&mut self.spares, gone.struck()).await;
                self.asked(&caller, orders, besides).await;
                self.settled(&caller, orders).await;
                self.engines
                    .insert(victim, self.world.engine_beside(&self.signer, &self.names[victim]).await);
            }
            Fate::KilledAfter(ms) => {
                caller.insist_on(orders).await;
                tokio::time::sleep(Duration::from_millis(ms)).await;
                self.engines.remove(victim).kill().await;
                self.settled(&caller, orders).await;
                self.engines
                    .insert(victim, self.world.engine_beside(&self.signer, &self.names[victim]).await);
            }
            Fate::Stopped(point, answer) => {
                let stopped = &self.engines[victim];
                stopped.point.arm(&format!("{point}:stop"));
                caller.insist_on(orders).await;
                let ((), besides) = caller.asking_more_until(&mut self.spares, stopped.point.strikes()).await;
                self.asked(&caller, orders, besides).await;
                self.taken_from(victim).await;
                stopped.signal("CONT");
                let told = stopped.point.answer().await;
                if let Some(expected) = answer {
                    assert!(told.contains(expected), "{point}: the old holder was told {told}");
                }
                self.settled(&caller, orders).await;
            }
            Fate::StoppedAfter(ms) => {
                caller.insist_on(orders).await;
                tokio::time::sleep(Duration::from_millis(ms)).await;
                self.engines[victim].signal("STOP");
                self.taken_from(victim).await;
                self.engines[victim].signal("CONT");
                self.settled(&caller, orders).await;
            }
        }
    }

    /// What was asked for besides belongs to the round. The last of them may have had no answer yet.
    async fn asked(&self, caller: &Caller, orders: &mut Vec<Order>, besides: Vec<Order>) {
        for order in &besides {
            caller.insist(order).await;
        }
        orders.extend(besides);
    }

    async fn settled(&self, caller: &Caller, orders: &[Order]) {
        within(OVER, "the other engine has taken over", async || {
            caller.all_completed(orders).await;
            true
        })
        .await;
    }
}

async fn play(database: Database, rig: usize) {
    let mut stage = Rig::new(database).await;
    let mut all = Vec::new();
    for turn in 0..ROUNDS.len() {
        // Each rig begins elsewhere, so that what comes before a round differs.
        let fate = ROUNDS[(turn + rig * 2) % ROUNDS.len()];
        let mut orders = Order::fresh("takeover", 10);
        let start = instant();
        stage.round(fate, &mut orders).await;
        eprintln!("rig {rig}, round {turn}: {fate:?}, over in {:?}", since(start));
        all.extend(orders);
    }
    let judge = stage.world.judge();
    judge.each_paid_once(&all).await;
    judge.nothing_else_left(&all).await;
    stage.auditor.proves(&stage.engines[0].caller(), &all).await;
}

on_both! {
    /// Two engines share lanes, store and signer. The one that works is killed, or stopped for three leases and
    /// continued: the other takes over, the one that wakes up is refused by epoch at the store and at the signer, and
    /// nothing is paid twice. Fifty rounds.
    async fn two_engines_take_over_from_each_other_fifty_times_and_pay_each_once(database: Database) {
        if matches!(database, Database::Sqlite) {
            return; // One process owns a SQLite file; several need PostgreSQL.
        }
        assert_eq!(RIGS * ROUNDS.len(), 50);
        join_all((0..RIGS).map(|rig| play(database.clone(), rig))).await;
    }
}
