//! Energy of the platform's own stake, lent to a lane that needs it: payouts burn nothing for energy, a need is lent to once
//! whatever dies on the way, and nothing is taken back while something that counts on it is open.

pub mod credit;

use std::sync::Arc;

use sluice_api::command::Because;
use sluice_api::event::Event;
use sluice_api::query::WithdrawalQuery;
use sluice_api::status::Status;
use sluice_api::withdrawal::ErrandKind;
use sluice_chain::tron::http::{HttpConfig, HttpNode, client};
use sluice_chain::tron::node::{Api, Executed, Node, Stake};
use sluice_core::address::TronAddress;
use sluice_core::errand::{Errand, Resource};
use sluice_devnet::market::{Market, MarketConfig, VendorName};
use sluice_devnet::tron::{Control, Tron, TronConfig};

use crate::energy::Bank;
use crate::harness::{Auditor, Database, Engine, Order, PATIENCE, Shape, SignerProcess, World, until};
use crate::on_both;

/// Whole dollars of each lane.
const FUNDS: u64 = 10_000;
/// TRX that each wallet is given, sun.
const COINS: i64 = 200_000_000_000;
/// TRX that the pool stakes: energy for ten payouts or so.
const STAKED: i64 = 150_000;
const SUN: i64 = 1_000_000;
/// Bandwidth of a payout and some more, sun.
const BANDWIDTH_SUN: i64 = 360_000;
/// `ContractType` of the chain: energy is lent, and taken back.
const LENDS: i32 = 57;
const TAKES_BACK: i32 = 58;
/// Payouts that may be asked for until a point is reached.
const SPARES: u64 = 40;
/// How long a loan stays, seconds: a lane asks for what it still lacks six seconds after it was served.
const STAY: &str = "12";
/// Where the engine is killed.
pub const POINTS: [&str; 16] = [
    "chain.lendable:after",
    "store.apply/loan_asked:before",
    "store.apply/loan_asked:after",
    "signer.sign:after",
    "chain.submit:before",
    "chain.submit:after",
    "store.apply/loan_lent:before",
    "store.apply/loan_lent:after",
    "store.apply/loan_ending:before",
    "store.apply/loan_ending:after",
    "store.apply/loan_free:before",
    "store.apply/loan_free:after",
    "store.apply/loan_returning:before",
    "store.apply/loan_returning:after",
    "store.apply/loan_returned:before",
    "store.apply/loan_returned:after",
];
/// Where it is killed while a loan that does not come in time is called off.
pub const LATE: [&str; 4] = [
    "store.apply/loan_late:before",
    "store.apply/loan_late:after",
    "store.apply/loan_absent:before",
    "store.apply/loan_absent:after",
];

/// A network, a lane, and a pool beside it.
struct Lending {
    control: Control,
    world: World,
    signer: SignerProcess,
    pool: TronAddress,
    lane: TronAddress,
    stay: &'static str,
    orders: Vec<Order>,
    /// Those of them that were asked for while an engine died: one may have reached nobody.
    doubtful: Vec<Order>,
    tron: Tron,
    market: Option<Market>,
}

impl Lending {
    async fn begin(database: Database, stay: &'static str) -> Self {
        Self::begin_beside(database, stay, false).await
    }

    /// The same, with vendors beside the pool if they are wanted.
    async fn begin_beside(database: Database, stay: &'static str, vendors: bool) -> Self {
        let config = TronConfig { nodes: 2, chain_id: 31_337, solid_lag: 2, ..TronConfig::default() };
        let tron = Tron::start(config).await.expect("a network");
        let shape = Shape { lanes: 2, funds: FUNDS, ..Shape::default() };
        let nodes = vec![tron.node_url(0), tron.node_url(1)];
        let (world, market) = match vendors {
            false => (World::beside_tron(database, shape, nodes).await, None),
            true => {
                let bank = Arc::new(Bank(tron.control()));
                let market = Market::start(MarketConfig::machine(7), bank).await.expect("a market");
                (World::beside_vendors(database, shape, nodes, market.url()).await, Some(market))
            }
        };
        let signer = world.signer().await;
        let engine = world.engine_beside(&signer, "dev").await;
        let lanes = engine.caller().client.lanes().take(9).await.expect("lanes");
        let mut lanes = lanes.iter().filter(|lane| lane.chain == "tron:31337");
        let mut next = || TronAddress::parse(&lanes.next().expect("a lane").address).expect("an address");
        let (pool, lane) = (next(), next());
        engine.kill().await;
        let (control, orders, doubtful) = (tron.control(), vec![], vec![]);
        let lending = Self { control, world, signer, pool, lane, stay, orders, doubtful, tron, market };
        lending.stakes().await;
        lending
    }

    /// The pool stakes, by an errand.
    async fn stakes(&self) {
        let stored = self.world.stored().await;
        let id = stored.errand(self.pool, "stake", &Errand::Stake(Resource::Energy), STAKED).await;
        drop(stored);
        let engine = self.engine().await;
        let client = engine.caller().client;
        until("the pool has staked", async || {
            client.withdrawal(&id.to_string()).await.expect("it is told").status == Status::Completed
        })
        .await;
        engine.kill().await;
    }

    async fn engine(&self) -> Engine {
        self.engine_with(&[]).await
    }

    async fn engine_with(&self, more: &[&str]) -> Engine {
        let pool = self.pool.to_string();
        self.world.engine_with(&self.signer, &[&self.told(&pool), more].concat()).await
    }

    fn told<'a>(&self, pool: &'a str) -> [&'a str; 4] {
        ["--energy-pool", pool, "--energy-stay-s", self.stay]
    }

    /// Starts an engine that kills itself at its failpoint, which it may come to before it serves anybody.
    async fn kill_begun(&self, point: &str) {
        let pool = self.pool.to_string();
        let mut engine = self.world.engine_begun(&self.signer, &self.told(&pool));
        engine.point.arm(&format!("{point}:1:kill"));
        let signal = tokio::time::timeout(PATIENCE, engine.gone()).await;
        let signal = signal.unwrap_or_else(|_| panic!("{point}\n{}", self.world.tail(40)));
        assert!(signal == Some(9) && engine.point.fired(), "{point}: {signal:?}\n{}", self.world.tail(40));
    }

    /// What vendors have sold.
    fn sold(&self) -> usize {
        let market = self.market.as_ref().expect("vendors");
        VendorName::ALL.iter().map(|name| market.desk(*name).orders().len()).sum()
    }

    /// Orders more, each to somebody who holds nothing yet.
    async fn order(&mut self, engine: &Engine, count: u64) {
        let fresh = Order::fresh_on_tron("tron", count);
        engine.tron_caller().insist_on(&fresh).await;
        self.orders.extend(fresh);
    }

    /// Orders until the engine has killed itself at its failpoint: what an earlier loan brought may be enough for some.
    async fn order_until_killed(&mut self, engine: &mut Engine, point: &str) {
        let (caller, mut spares) = (engine.tron_caller(), Order::fresh_on_tron("tron", SPARES));
        engine.point.arm(&format!("{point}:1:kill"));
        let gone = tokio::time::timeout(PATIENCE, engine.gone());
        let (signal, asked) = caller.asking_more_until(&mut spares, gone).await;
        self.doubtful.extend(asked.clone());
        self.orders.extend(asked);
        let signal = signal.unwrap_or_else(|_| panic!("{point}\n{}", self.world.tail(40)));
        assert!(signal == Some(9) && engine.point.fired(), "{point}: {signal:?}\n{}", self.world.tail(40));
    }

    /// A loan is asked for, and the pool's lane is paused before it does anything. Nobody runs afterwards.
    async fn asks_a_pool_that_does_nothing(&mut self) {
        let mut engine = self.engine().await;
        engine.point.arm("store.apply/loan_asked:after:1:kill");
        self.order(&engine, 2).await;
        let signal = tokio::time::timeout(PATIENCE, engine.gone()).await;
        assert_eq!(signal.expect("it is reached"), Some(9), "{}", self.world.tail(40));
        let engine = self.engine_with(&["--role", "api"]).await;
        let client = engine.caller().client;
        let lanes = client.lanes().take(9).await.expect("lanes");
        let pool = lanes.iter().find(|lane| lane.address == self.pool.to_string()).expect("the pool");
        client.pause_lane(&pool.id, &Because::of("a drill")).await.expect("it pauses");
        engine.kill().await;
    }

    /// Everything that was ordered is paid once, by the lane alone. Answers what both wallets burned, in sun.
    async fn judge(&self, engine: &Engine) -> i64 {
        let caller = engine.tron_caller();
        caller.insist_on(&self.doubtful).await;
        caller.all_completed(&self.orders).await;
        for order in &self.orders {
            let held = self.control.usdt_units(order.address.parse().expect("an address"));
            assert_eq!(held, u128::from(order.atoms), "{}", order.external_id);
        }
        let paid: u64 = self.orders.iter().map(|order| order.atoms).sum();
        let units = |of: TronAddress| self.control.usdt_units(of.to_string().parse().expect("an address"));
        assert_eq!(units(self.lane), u128::from(FUNDS * 1_000_000 - paid));
        assert_eq!(units(self.pool), u128::from(FUNDS * 1_000_000), "the pool pays nobody");
        let sun = |of: TronAddress| {
            self.control.balance_sun(of.to_string().parse().expect("an address")).expect("an account")
        };
        2 * COINS - STAKED * SUN - sun(self.lane) - sun(self.pool)
    }

    fn node(&self) -> HttpNode {
        let node = HttpConfig::new("judge", self.tron.node_url(0));
        HttpNode::new(client().expect("a client"), node).expect("a node")
    }

    /// What the pool has staked for energy, by the chain.
    async fn stake(&self) -> Stake {
        self.node().account(self.pool, Api::Full).await.expect("an answer").expect("an account").energy
    }

    /// How often the pool lent, and how often it took back, by every block of the chain.
    async fn lent_and_taken_back(&self) -> (usize, usize) {
        let (node, mut from, mut kinds) = (self.node(), 1, vec![]);
        loop {
            let blocks = node.blocks(from, 100).await.expect("blocks");
            let Some(last) = blocks.last() else { break };
            from = last.header.block.number + 1;
            let transactions = blocks.iter().flat_map(|block| &block.transactions);
            let done = transactions.filter(|tx| tx.executed() == Some(Executed::Success));
            kinds.extend(done.filter(|tx| tx.owner() == Some(self.pool)).map(|tx| tx.kind()));
        }
        let count = |kind| kinds.iter().filter(|it| **it == kind).count();
        (count(LENDS), count(TAKES_BACK))
    }

    /// Waits until everything that was lent is back. Each loan was lent once and taken back once.
    async fn all_is_back(&self, engine: &Engine) {
        let caller = engine.tron_caller();
        until("every loan is back", async || {
            let over = caller.told("energy.loan_returned").await.len()
                + caller.told("energy.loan_absent").await.len();
            over == caller.told("energy.loan_asked").await.len()
        })
        .await;
        assert_eq!(self.stake().await, Stake { own_sun: (STAKED * SUN).unsigned_abs(), lent_sun: 0 });
        let loans = caller.told("energy.loan_returned").await.len();
        assert_eq!(caller.told("energy.loan_lent").await.len(), loans);
        assert_eq!(self.lent_and_taken_back().await, (loans, loans), "once each");
        let mut needs: Vec<_> = caller.told("energy.loan_asked").await.iter().map(need).collect();
        let asked = needs.len();
        needs.sort();
        needs.dedup();
        assert_eq!(needs.len(), asked, "a need is lent to once");
    }
}

fn need(event: &Event) -> String {
    event.data["need"].as_str().expect("a need").to_owned()
}

on_both! {
    /// Energy for all of a slice is lent, used, and taken back; nobody burns TRX for it.
    async fn energy_of_the_pool_powers_a_slice_and_goes_back(database: Database) {
        let mut lending = Lending::begin(database, STAY).await;
        let engine = lending.engine().await;
        let node = lending.tron.node_url(0);
        let auditor = Auditor::once_funded(node, &engine.tron_caller(), FUNDS * 1_000_000).await;
        lending.order(&engine, 6).await;
        let burned = lending.judge(&engine).await;
        lending.all_is_back(&engine).await;
        // What is lent and taken back is the house's, and the export says so.
        auditor.proves_the_export(&lending.world, &engine, &lending.orders).await;
        let caller = engine.tron_caller();
        let loans = caller.told("energy.loan_lent").await.len();
        assert!((1..=3).contains(&loans), "{loans} loans for six payouts");
        assert!(caller.told("energy.burning").await.is_empty());
        for loan in caller.told("energy.loan_lent").await {
            assert_eq!(loan.data["source"], "hq");
        }
        // Partners' lists tell errands where they are asked for.
        let mut kinds = vec![];
        for errands in [false, true] {
            let query = WithdrawalQuery { errands, ..WithdrawalQuery::default() };
            let listed = caller.client.withdrawals(query).take(99).await.expect("a list");
            kinds.push(listed.iter().map(|it| it.errand).collect::<Vec<_>>());
        }
        assert_eq!(kinds[0], [None; 6]);
        let count = |kind| kinds[1].iter().filter(|it| **it == kind).count();
        let of_kind = [ErrandKind::Stake, ErrandKind::Delegation, ErrandKind::Reclaim].map(|it| count(Some(it)));
        assert_eq!((of_kind, count(None)), ([1, loans, loans], 6));
        // The stake, six payouts, and the errands.
        let most = (1 + 6 + 2 * i64::try_from(loans).expect("few")) * BANDWIDTH_SUN;
        assert!(burned <= most, "{burned} sun");
    }

    /// What a transfer counts on stays while that transfer is open, however long ago the loan's time was over.
    async fn nothing_is_taken_back_while_something_counts_on_it(database: Database) {
        // A loan's time is over before what it powers can be final.
        let mut lending = Lending::begin(database, "1").await;
        let mut engine = lending.engine().await;
        lending.order(&engine, 2).await;
        // The first signature is that of the loan.
        engine.point.arm("store.apply/signed:after:2:kill");
        let signal = tokio::time::timeout(PATIENCE, engine.gone()).await;
        assert_eq!(signal.expect("it is reached"), Some(9), "{}", lending.world.tail(40));
        // The loan becomes final, and of the payouts, which nobody has sent yet, none before the loan's time is over.
        until("it is lent", async || lending.lent_and_taken_back().await == (1, 0)).await;
        let mined = lending.control.head().number;
        until("the loan is final", async || lending.control.head().solid >= mined).await;
        lending.control.stall(true);
        let engine = lending.engine().await;
        let caller = engine.tron_caller();
        until("a loan ends", async || !caller.told("energy.loan_ending").await.is_empty()).await;
        lending.control.stall(false);
        let burned = lending.judge(&engine).await;
        lending.all_is_back(&engine).await;
        let numbers = async |kind: &str| -> Vec<u64> {
            caller.told(kind).await.iter().map(|event| event.number).collect()
        };
        let (ending, free) = (numbers("energy.loan_ending").await, numbers("energy.loan_free").await);
        // Errands are the same partner's here, and no payouts.
        let mut paid = vec![];
        for order in &lending.orders {
            let id = caller.look(order).await.expect("it is told").id;
            let done = caller.told("withdrawal.completed").await;
            let done = done.iter().find(|event| event.withdrawal_id.as_ref() == Some(&id));
            paid.push(done.expect("it is paid").number);
        }
        let (first, last) = (paid.iter().min().expect("two"), paid.iter().max().expect("two"));
        assert!(ending.iter().any(|it| it < first), "no loan ended while a payout was open: {ending:?} {paid:?}");
        if ending.len() == 1 {
            assert!(free.iter().all(|it| it > last), "{free:?} {paid:?}");
        }
        assert!(burned <= 12 * BANDWIDTH_SUN, "{burned} sun");
    }

    /// The pool's lane does nothing: its errand is called off past the deadline, and vendors sell instead.
    async fn a_loan_that_does_not_come_in_time_is_called_off_and_a_vendor_sells(database: Database) {
        let mut lending = Lending::begin_beside(database, STAY, true).await;
        lending.asks_a_pool_that_does_nothing().await;
        let engine = lending.engine().await;
        let burned = lending.judge(&engine).await;
        lending.all_is_back(&engine).await;
        let caller = engine.tron_caller();
        let count = async |kind: &str| caller.told(kind).await.len();
        assert_eq!((count("energy.loan_late").await, count("energy.loan_absent").await), (1, 1));
        assert_eq!(lending.lent_and_taken_back().await, (0, 0));
        assert!(lending.sold() >= 1 && count("energy.burning").await == 0);
        assert!(burned <= 3 * BANDWIDTH_SUN, "{burned} sun");
    }

    /// Killed before and after both steps by which such a loan is called off. How long that takes decides who brings the energy:
    /// a vendor, or TRX that burns.
    async fn killed_while_a_late_loan_is_called_off_nothing_is_lent_and_each_is_paid_once(database: Database) {
        let mut lending = Lending::begin_beside(database, STAY, true).await;
        lending.asks_a_pool_that_does_nothing().await;
        for point in LATE {
            lending.kill_begun(point).await;
        }
        let engine = lending.engine().await;
        lending.judge(&engine).await;
        lending.all_is_back(&engine).await;
        let caller = engine.tron_caller();
        let count = async |kind: &str| caller.told(kind).await.len();
        let asked = count("energy.loan_asked").await;
        assert_eq!((count("energy.loan_late").await, count("energy.loan_absent").await), (asked, asked), "once each");
        assert_eq!(lending.lent_and_taken_back().await, (0, 0));
    }

    /// Killed before and after each step of a loan.
    async fn killed_around_each_step_of_a_loan_a_need_is_lent_to_once(database: Database) {
        let mut lending = Lending::begin(database, STAY).await;
        for point in POINTS {
            let mut engine = lending.engine().await;
            // Whoever asked last may have got no answer.
            engine.tron_caller().insist_on(&lending.orders).await;
            lending.order_until_killed(&mut engine, point).await;
        }
        let engine = lending.engine().await;
        engine.tron_caller().insist_on(&lending.orders).await;
        let burned = lending.judge(&engine).await;
        lending.all_is_back(&engine).await;
        assert!(engine.tron_caller().told("energy.burning").await.is_empty());
        let loans = engine.tron_caller().told("energy.loan_lent").await.len();
        let payouts = lending.orders.len();
        // A transaction that expired while the engine was away cost nothing, and is made again.
        let most = i64::try_from(1 + payouts + 2 * loans).expect("few") * BANDWIDTH_SUN;
        assert!(burned <= most, "{burned} sun for {payouts} payouts and {loans} loans");
    }
}
