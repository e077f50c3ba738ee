//! `kill -9` while USDT is paid on TRON, where nothing but time ends what was signed: each is paid exactly once (M1, M4).

use std::time::Duration;

use futures_util::future::join_all;
use sluice_api::status::Status;
use sluice_devnet::tron::{Control, Fault, Rule, Tron, TronConfig};

use crate::harness::{Auditor, Engine, Order, PATIENCE, Shape, SignerProcess, World};
use crate::{on_both, statement};

/// Where the engine is killed, in the order in which a payment comes by; with how much is ordered before.
pub const POINTS: [&str; 25] = [
    "store.apply/planned:after",
    "store.apply/funded:after",
    "chain.preflight:after",
    "chain.conditions:before",
    "chain.conditions:after",
    "chain.resources:before",
    "chain.resources:after",
    "store.ending:before",
    "store.ending:after",
    "store.burned:before",
    "store.burned:after",
    "store.apply/fuelled:after",
    "store.apply/built:before",
    "store.apply/built:after",
    "signer.sign:before",
    "signer.sign:after",
    "store.apply/signed:before",
    "store.apply/signed:after",
    "chain.submit:before",
    "chain.submit:after",
    "store.apply/seen:after",
    "chain.settle:after",
    "store.apply/final:before",
    "store.apply/final:after",
    // By the rungs of lanes, every 15 seconds.
    "store.stood:after",
];
/// How far the chain's clock is put ahead, milliseconds: with [`AWAY`] longer than anything that was signed may be included,
/// and less than what the engine takes for a node that tells of another time.
const AHEAD_MS: i64 = 45_000;
/// How long the engine is away.
const AWAY: Duration = Duration::from_secs(60);
/// Whole dollars of the one lane.
const FUNDS: u64 = 10_000;

/// A network of two nodes, and a world beside it.
pub struct Payments {
    /// What is done to the network.
    pub control: Control,
    /// Everything else.
    pub world: World,
    signer: SignerProcess,
    orders: Vec<Order>,
    /// Who saw where the wallet stood before anything was ordered.
    auditor: Option<Auditor>,
    tron: Tron,
}

impl Payments {
    async fn begin(database: crate::harness::Database) -> Self {
        Self::begin_on(database, TronConfig { solid_lag: 2, ..TronConfig::default() }).await
    }

    /// The same on a network of its own kind.
    pub async fn begin_on(database: crate::harness::Database, config: TronConfig) -> Self {
        let config = TronConfig { nodes: 2, chain_id: 31_337, ..config };
        let tron = Tron::start(config).await.expect("a network");
        let shape = Shape { lanes: 1, funds: FUNDS, ..Shape::default() };
        let world = World::beside_tron(database, shape, vec![tron.node_url(0), tron.node_url(1)]).await;
        let signer = world.signer().await;
        Self { control: tron.control(), world, signer, orders: vec![], auditor: None, tron }
    }

    /// Everything in one process.
    pub async fn engine(&self) -> Engine {
        self.world.engine_beside(&self.signer, "dev").await
    }

    /// Orders more, each to somebody who holds nothing yet.
    pub async fn order(&mut self, engine: &Engine, count: u64) -> Vec<Order> {
        if self.auditor.is_none() {
            let node = self.tron.node_url(0);
            self.auditor = Some(Auditor::once_funded(node, &engine.tron_caller(), FUNDS * 1_000_000).await);
        }
        let fresh = Order::fresh_on_tron("tron", count);
        engine.tron_caller().insist_on(&fresh).await;
        self.orders.extend(fresh.clone());
        fresh
    }

    /// Ends it: everything that was ordered is over, and the chain shows it once, and nothing else.
    pub async fn judge(&self, engine: &Engine) {
        let caller = engine.tron_caller();
        caller.all_completed(&self.orders).await;
        for order in &self.orders {
            let held = self.control.usdt_units(order.address.parse().expect("an address"));
            assert_eq!(held, u128::from(order.atoms), "{}", order.external_id);
        }
        let lanes = caller.client.lanes().take(9).await.expect("lanes");
        let lane = lanes.iter().find(|lane| lane.chain == "tron:31337").expect("the lane");
        let left = self.control.usdt_units(lane.address.parse().expect("an address"));
        let paid: u64 = self.orders.iter().map(|order| order.atoms).sum();
        assert_eq!(left, u128::from(FUNDS * 1_000_000 - paid), "nothing else left the wallet");
        statement::is_what_tron_holds(&caller, &self.control, FUNDS * 1_000_000, paid).await;
        let auditor = self.auditor.as_ref().expect("something was ordered");
        auditor.proves_the_export(&self.world, engine, &self.orders).await;
    }
}

/// Waits until the engine has killed itself.
async fn killed(world: &World, engine: &mut Engine, point: &str) {
    let signal = tokio::time::timeout(PATIENCE, engine.gone()).await;
    let signal = signal.unwrap_or_else(|_| panic!("{point} was not reached\n{}", world.tail(40)));
    assert!(signal == Some(9) && engine.point.fired(), "{point}: {signal:?}\n{}", world.tail(40));
}

on_both! {
    async fn killed_between_the_steps_of_payments_on_tron_each_is_paid_once(database: Database) {
        let mut payments = Payments::begin(database).await;
        for point in POINTS {
            let mut engine = payments.engine().await;
            payments.order(&engine, 2).await;
            engine.point.arm(&format!("{point}:1:kill"));
            killed(&payments.world, &mut engine, point).await;
        }
        let engine = payments.engine().await;
        payments.judge(&engine).await;
    }

    /// What nodes answered for and lost, what was signed and not sent, and what was built and not signed, with an engine that
    /// is away until the time of all of them is over: each is proven to be nowhere, and paid by another transaction. The
    /// signer waits by its own clock, so that this takes a minute and a half.
    async fn what_expired_while_the_engine_was_dead_is_paid_by_another_transaction(database: Database) {
        let mut payments = Payments::begin(database).await;
        let nowhere = payments.control.add(Rule::every(Fault::Swallowed).on("broadcasthex")).expect("a rule");
        let engine = payments.engine().await;
        for order in &payments.order(&engine, 2).await {
            engine.tron_caller().wait_for(order, Status::Broadcast).await;
        }
        engine.kill().await;
        for point in ["chain.submit:before", "signer.sign:before"] {
            let mut engine = payments.engine().await;
            payments.order(&engine, 2).await;
            engine.point.arm(&format!("{point}:1:kill"));
            killed(&payments.world, &mut engine, point).await;
        }
        // The signer waits by its own clock, most of it while nobody asks.
        payments.control.advance_ms(AHEAD_MS);
        tokio::time::sleep(AWAY).await;
        payments.control.lift(nowhere);
        let engine = payments.engine().await;
        payments.judge(&engine).await;
        let caller = engine.tron_caller();
        let looked: Vec<_> = join_all(payments.orders.iter().map(|order| caller.look(order))).await;
        let again = looked.iter().flatten().filter(|it| it.transactions.len() > 1).count();
        assert!(again >= 2, "at least what was swallowed went out a second time: {again}");
    }
}
