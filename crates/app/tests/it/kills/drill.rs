//! One world whose engine is killed again and again: database, chain and signer live on, and so does the work.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::json;
use sluice_api::query::WithdrawalQuery;
use sluice_api::status::Status;
use sluice_api::withdrawal::Withdrawal;
use sluice_devnet::chaos::{Chaos, Fault, PoolRules, Rule};

use super::Draw;
use super::deeds::{self, Deed};
use super::orders::Ledger;
use super::record::Kill;
use super::report;
use super::spares::{People, Spares};
use crate::harness::{Auditor, Database, Engine, Order, Shape, SignerProcess, World, instant, since, within};

/// A point that is not reached so long after the engine was started for it is not reached at all. This ends a hang and
/// measures nothing: a machine may be busy with other work.
const REACHED: Duration = Duration::from_secs(300);
/// What is not over after this time, undisturbed, is stuck. It, too, measures nothing.
const OVER: Duration = Duration::from_secs(600);
/// A restarted engine sends something new within this time, where something is to be sent.
const MOVES_AGAIN: Duration = Duration::from_secs(20);
/// Kills at a point, one after another, until one of them comes while something is in flight.
const TRIES_MAX: usize = 4;
/// Between two blocks. Several worlds share a machine, and each follows its chain block by block: where blocks come faster
/// than a busy machine can look at them, nothing is ever over.
const BLOCK: Duration = Duration::from_millis(500);
/// More withdrawals than a world has.
const ORDERS_MAX: usize = 100_000;
/// Unfinished withdrawals, below which more are ordered, and how many at once.
const BUSY: u64 = 12;
const MORE: u64 = 6;
/// What goes wrong on the way to the node, on so many of a thousand calls.
const CHAOS: [(Fault, &str, u64); 5] = [
    (Fault::LoseReply, "eth_sendRawTransaction", 40),
    (Fault::LoseRequest, "eth_sendRawTransaction", 40),
    (Fault::DuplicateRequest, "eth_sendRawTransaction", 60),
    (Fault::DelayReply { ms: 60 }, "eth_getBlockByNumber", 20),
    (Fault::LoseReply, "eth_getTransactionReceipt", 10),
];

/// A world under kills.
pub struct Drill {
    /// What its chance was made of.
    pub seed: u64,
    /// The world.
    pub world: World,
    /// The proxy before its node.
    pub chaos: Chaos,
    /// Who asks.
    pub people: People,
    /// What they ask about.
    pub spares: Spares,
    /// Addresses of the lanes.
    pub lanes: Vec<String>,
    /// Kills so far, each with work in flight.
    pub kills: Vec<Kill>,
    database: &'static str,
    signer: SignerProcess,
    auditor: Auditor,
    engine: AtomicU32,
    pub(super) tag: String,
    pub(super) ledger: Mutex<Ledger>,
    pub(super) wished: Mutex<Vec<Order>>,
    unfinished: u64,
    died: Option<Instant>,
    pub(super) next: AtomicU64,
}

impl Drill {
    /// A world with work under way and a dead engine.
    pub async fn begin(database: Database, seed: u64) -> Self {
        let name = database.name();
        let (world, chaos) =
            World::behind_chaos(database, Shape { block: BLOCK, ..Shape::default() }, seed).await;
        let signer = world.signer().await;
        let engine = world.engine_beside(&signer, "dev").await;
        world.mine(80).await;
        let people = People {
            first: engine.caller(),
            second: engine.second(),
            platform: engine.platform(),
            second_platform: engine.caller_with(&engine.dev.second_platform_api_key),
        };
        let wallets = people.first.client.wallets().take(9).await.expect("the wallets");
        let lanes = wallets.into_iter().map(|it| it.address).collect();
        let spares = Spares::of(&world, &signer, &engine, &people).await;
        let auditor = world.auditor(&people.first).await;
        chaos.enforce(Some(PoolRules::geth()));
        rules(&chaos);
        let mut drill = Self {
            seed,
            world,
            chaos,
            people,
            spares,
            lanes,
            kills: vec![],
            database: name,
            signer,
            auditor,
            engine: AtomicU32::new(0),
            tag: format!("kill-{seed:x}"),
            ledger: Mutex::default(),
            wished: Mutex::default(),
            unfinished: 0,
            died: None,
            next: AtomicU64::new(0),
        };
        engine.kill().await;
        drill.prime().await;
        drill
    }

    /// Work is under way, and the engine is dead.
    async fn prime(&mut self) {
        let engine = self.world.engine_beside(&self.signer, "dev").await;
        self.tops_up(MORE).await;
        self.buried(engine).await;
    }

    /// Kills an engine that did nothing to deserve it.
    async fn buried(&mut self, engine: Engine) {
        engine.kill().await;
        self.died = Some(instant());
        self.unfinished = self.counted().await.0;
    }

    /// Starts an engine and kills it at a point; what it left is counted. With `settled` it must have sent something new
    /// before the point is armed, and then it dies at one of the first three calls, as drawn.
    pub async fn kill_at(&mut self, point: &str, settled: bool, draw: &mut Draw) {
        for _ in 0..TRIES_MAX {
            if self.killed_at(point, settled, draw).await {
                return;
            }
        }
        panic!("{point}: nothing was in flight, {TRIES_MAX} times");
    }

    /// Whether something was in flight at that moment; otherwise it does not count.
    async fn killed_at(&mut self, point: &str, settled: bool, draw: &mut Draw) -> bool {
        let deed = deeds::of(point);
        if deed == Deed::Close {
            self.leaves_built().await;
        }
        let in_signer = point.starts_with("key.");
        let early = matches!(deed, Deed::Start | Deed::Close);
        let later = deed.by_hand() || matches!(deed, Deed::NoNode | Deed::End) || (settled && !early);
        let often = settled && deed == Deed::Orders;
        let armed = format!("{point}:{}", if often { 1 + draw.below(3) } else { 1 });
        let more = if self.unfinished < BUSY { MORE } else { u64::from(self.unfinished < 4 * BUSY) };
        let start = instant();
        let mut engine = self.world.engine_begun(&self.signer, &[]);
        self.engine.store(engine.pid(), Ordering::Relaxed);
        let at = if in_signer { self.signer.point.clone() } else { engine.point.clone() };
        at.clear();
        if !later && !in_signer {
            at.arm(&format!("{armed}:kill"));
        }
        let recovered = Mutex::new(None);
        let watching = async {
            let sent = self.sends_again().await;
            *recovered.lock().unwrap_or_else(PoisonError::into_inner) = Some(sent);
            std::future::pending::<()>().await;
        };
        let working = async {
            self.tops_up(more).await;
            if later || in_signer {
                patiently("the engine serves", async || self.people.first.client.health().await.is_ok())
                    .await;
                let moved = async || recovered.lock().unwrap_or_else(PoisonError::into_inner).is_some();
                let _nothing_to_send = tokio::time::timeout(MOVES_AGAIN, patiently("it moves", moved)).await;
                if deed == Deed::Resolve {
                    self.strands().await;
                }
                self.tops_up(MORE / 2).await;
                at.arm(&format!("{armed}:kill"));
            }
            self.keep_doing(deed).await;
        };
        let dying = async {
            if !in_signer {
                return Some(engine.gone().await);
            }
            patiently("the signer dies", async || at.fired()).await;
            None
        };
        let ended = tokio::select! {
            ended = tokio::time::timeout(REACHED, dying) => ended,
            () = watching => unreachable!("it watches for ever"),
            () = working => unreachable!("it works for ever"),
        };
        let tail = || self.world.tail(40);
        let ended = ended.unwrap_or_else(|_| panic!("{point} was not reached in {REACHED:?}\n{}", tail()));
        if let Some(signal) = ended {
            assert!(signal == Some(9) && at.fired(), "{point}: the engine ended with {signal:?}\n{}", tail());
        }
        let lived = since(start);
        engine.kill().await;
        let died = instant();
        if in_signer {
            self.signer.struck().await;
            self.signer = self.world.signer().await;
        }
        rules(&self.chaos);
        let (unfinished, stages) = self.counted().await;
        let recovered = recovered.into_inner().unwrap_or_else(PoisonError::into_inner);
        let recovered_ms =
            recovered.zip(self.died).map(|(sent, dead): (Instant, _)| sent.duration_since(dead).as_millis());
        (self.died, self.unfinished) = (Some(died), unfinished);
        if unfinished > 0 {
            let (recovering, lived_ms) = (!later && !in_signer, lived.as_millis());
            let kill = Kill { point: armed, unfinished, recovering, lived_ms, recovered_ms };
            report::progress(self.database, &kill, &stages);
            self.kills.push(kill);
        }
        if deed.by_hand() {
            self.world.blocks().await;
            let engine = self.over().await;
            self.buried(engine).await;
            self.prime().await;
        }
        unfinished > 0
    }

    /// An engine with these roles alone.
    pub async fn engine_of(&self, roles: &[&str]) -> Engine {
        self.world.engine_on(self.world.database(), &self.signer, "dev", roles).await
    }

    /// An engine is killed right after it gave nonces out; while only the API runs, what it left is cancelled.
    async fn leaves_built(&mut self) {
        let mut engine = self.world.engine_begun(&self.signer, &[]);
        engine.point.arm("store.apply/built:after:1:kill");
        let orders = self.write_down(4);
        let working = async {
            for order in orders.iter().cycle() {
                let _no_answer = self.asks(order).await;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::select! {
            _ = tokio::time::timeout(REACHED, engine.gone()) => {}
            () = working => unreachable!("it asks for ever"),
        }
        assert!(engine.point.fired(), "nothing was built\n{}", self.world.tail(40));
        let engine = self.engine_of(&["api"]).await;
        let open = self.people.first.client.withdrawals(WithdrawalQuery::default()).take(200).await;
        for one in open.expect("the withdrawals").iter().filter(|it| !it.status.is_terminal()) {
            let known = self.ledger().all.iter().find(|it| it.external_id == one.external_id).cloned();
            self.wish(&known.expect("one of ours"));
            let wish = deeds::body(json!({}));
            let _over = self.people.first.client.cancel_withdrawal(&one.id, &wish).await;
        }
        self.buried(engine).await;
    }

    /// Everything comes to its end, undisturbed; and the judges say what became of it. `strict` where nothing was done by
    /// hand.
    pub async fn judged(&mut self, strict: bool) -> serde_json::Value {
        let engine = self.over().await;
        let (all, wished) = (self.ledger().all.clone(), self.wished().clone());
        let (mut paid, mut cancelled) = (vec![], vec![]);
        let told = self.people.first.client.withdrawals(WithdrawalQuery::default()).take(ORDERS_MAX).await;
        let told: BTreeMap<String, Status> =
            told.expect("the withdrawals").into_iter().map(|it| (it.external_id, it.status)).collect();
        for order in &all {
            match told.get(&order.external_id) {
                Some(Status::Completed) => paid.push(order.clone()),
                Some(Status::Cancelled) if wished.contains(order) => cancelled.push(order.clone()),
                other => panic!("{} ended as {other:?}", order.external_id),
            }
        }
        let judge = self.world.judge();
        judge.each_paid_once(&paid).await;
        judge.none_paid(&cancelled).await;
        let mut said = json!({ "orders": all.len(), "paid": paid.len(), "cancelled": cancelled.len() });
        if strict {
            judge.nothing_else_left(&all).await;
            let report = self.auditor.judges_the_api(&self.people.first, &all).await;
            assert_eq!(report.exit_code(), 0, "{}\n{:#?}", report.text(false), report.findings);
            assert_eq!((report.counts.proven, report.counts.dead), (paid.len(), cancelled.len()));
            said["audit"] = json!(report.verdict);
        }
        self.buried_for_good(engine).await;
        self.prime().await;
        said
    }

    /// Runs an engine until nothing is unfinished.
    async fn over(&mut self) -> Engine {
        let engine = self.world.engine_beside(&self.signer, "dev").await;
        self.tops_up(0).await;
        let mut left = vec![];
        let ended = tokio::time::timeout(OVER, async {
            let client = &self.people.first.client;
            loop {
                self.lifts_all().await;
                self.explains_all().await;
                self.redrives_all().await;
                // The oldest is asked about until it is over; who asks for the whole list again and again is the load that
                // everybody waits behind.
                let oldest: Option<&Withdrawal> = left.last();
                let waited_for = oldest.map(|it| it.id.clone());
                match waited_for {
                    Some(id) if client.withdrawal(&id).await.is_ok_and(|it| it.status.is_terminal()) => {
                        left.pop();
                        continue;
                    }
                    Some(_) => {}
                    None => match client.withdrawals(WithdrawalQuery::default()).take(ORDERS_MAX).await {
                        Ok(all) => {
                            left = all.into_iter().filter(|it| !it.status.is_terminal()).collect();
                            if left.is_empty() {
                                break;
                            }
                        }
                        // A server that is too busy to answer now has not said that all is over.
                        Err(error) => eprintln!("asked how all stands: {error}"),
                    },
                }
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
        });
        let ended = ended.await.is_ok();
        assert!(
            ended,
            "stuck: {} are not over after {OVER:?}: {left:#?}\n{}",
            left.len(),
            self.world.tail(60)
        );
        engine
    }

    async fn buried_for_good(&mut self, engine: Engine) {
        self.buried(engine).await;
        assert_eq!(self.unfinished, 0, "everything was over");
    }

    /// Asks the engine to end.
    pub fn ends(&self) {
        crate::harness::signal(self.engine.load(Ordering::Relaxed), "INT");
    }

    /// Waits until the node holds more of the lanes' transactions than it does now; when that was.
    async fn sends_again(&self) -> Instant {
        let before = self.sent().await;
        loop {
            tokio::time::sleep(Duration::from_millis(40)).await;
            if self.sent().await > before {
                return instant();
            }
        }
    }

    async fn sent(&self) -> u64 {
        let mut sent = 0;
        for lane in &self.lanes {
            let asked = json!([lane, "pending"]);
            let count: String = self
                .world
                .anvil
                .rpc()
                .call("eth_getTransactionCount", asked)
                .await
                .expect("the node answers");
            sent += u64::from_str_radix(count.trim_start_matches("0x"), 16).expect("a number");
        }
        sent
    }

    async fn counted(&self) -> (u64, BTreeMap<&'static str, usize>) {
        let stored = self.world.stored().await;
        (stored.unfinished().await, stored.in_flight().await)
    }
}

/// Waits longer than any point may take: the bound that fails is the one that knows what it waits for.
pub async fn patiently(what: &str, ask: impl AsyncFnMut() -> bool) {
    within(2 * REACHED, what, ask).await;
}

/// What goes wrong, and nothing that was added for a while.
fn rules(chaos: &Chaos) {
    chaos.lift_all();
    for (fault, method, permille) in CHAOS {
        chaos.add(Rule::every(fault).on(method).permille(permille)).expect("a rule within its bounds");
    }
}
