//! One writer per lane, whoever is killed or stopped (M7).

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{join_all, select};

use crate::harness::{
    Auditor, Caller, Database, Engine, Order, Shape, SignerProcess, Stored, World, instant, signal, since,
    within,
};
use crate::on_both;

/// Installations at work side by side; each plays every round.
const RIGS: usize = 5;
/// Three leases of two seconds.
const THREE_LEASES: Duration = Duration::from_secs(6);
/// How often it is looked whether the victim still holds a lane.
const LOOK: Duration = Duration::from_secs(10);
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
        let held = [self.held(self.engines[0].pid()).await, self.held(self.engines[1].pid()).await];
        usize::from(held[1] > held[0])
    }

    /// How many lanes a process was the last to hold.
    async fn held(&self, pid: u32) -> usize {
        let owners = self.stored.ask("select owner as answer from lease where name like 'lane:%'").await;
        let process = format!("{pid}-");
        owners.iter().filter(|owner| owner.starts_with(&process)).count()
    }

    /// Waits for what is to happen to the victim. On a busy machine an engine loses its lanes without a fate, by a lease
    /// that ran out, and comes to no point of theirs any more: then the other one halts until they are back.
    async fn met(&self, victim: u32, other: u32, happened: impl Future<Output = ()>) {
        let back = async {
            loop {
                tokio::time::sleep(LOOK).await;
                if self.held(victim).await == 0 {
                    eprintln!("the victim holds no lane: the other halts until it does");
                    signal(other, "STOP");
                    tokio::time::sleep(THREE_LEASES).await;
                    signal(other, "CONT");
                }
            }
        };
        select(pin!(happened), pin!(back)).await;
        signal(other, "CONT");
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
                let mut spares = std::mem::take(&mut self.spares);
                let struck = self.met(gone.pid(), self.engines[0].pid(), gone.struck());
                let ((), besides) = caller.asking_more_until(&mut spares, struck).await;
                self.spares = spares;
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
                let mut spares = std::mem::take(&mut self.spares);
                let other = self.engines[1 - victim].pid();
                let strikes = self.met(stopped.pid(), other, stopped.point.strikes());
                let ((), besides) = caller.asking_more_until(&mut spares, strikes).await;
                self.spares = spares;
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
