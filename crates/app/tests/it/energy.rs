//! Energy of TRON, bought from vendors that lose replies, deliver late, short, elsewhere or never, and with an engine that is
//! killed around each call: each payment is made once, no order is doubled, and what is burned stays within its caps.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use sluice_api::text::Decimal;
use sluice_devnet::market::{
    Delegation, Delegator, Desk, Fault, Market, MarketConfig, Refused, Rule, VendorName,
};
use sluice_devnet::tron::{Address, Control, Tron, TronConfig};

use crate::harness::{Auditor, Database, Engine, Order, PATIENCE, Shape, SignerProcess, World, until};
use crate::on_both;

/// Whole dollars of the one lane.
const FUNDS: u64 = 10_000;
/// TRX that its wallet is given, sun.
pub const COINS: i64 = 200_000_000_000;
/// Orders that may be made besides while a kill is waited for: one each four seconds of the patience.
const SPARES: u64 = 31;
/// Where the engine is killed.
pub const POINTS: [&str; 13] = [
    "store.energy:before",
    "store.energy:after",
    "store.apply/fuelling:before",
    "store.apply/fuelling:after",
    "market.quote:before",
    "market.quote:after",
    "store.asks:before",
    "store.asks:after",
    "market.lookup:after",
    "chain.lent:after",
    "market.place:before",
    // From here on the vendor is closed for the wallet, until account and chain explain what it took.
    "market.place:after",
    "market.balance:after",
];
/// Bandwidth of a payout and some more, sun: what is burned although energy was bought.
pub const BANDWIDTH_SUN: i64 = 360_000;
/// What a payout burns without energy, at most, sun.
const BURNED_SUN: i64 = 14_000_000;

/// Lends what vendors sell.
pub struct Bank(pub Control);

impl Delegator for Bank {
    fn delegate<'a>(
        &'a self,
        delegation: Delegation,
    ) -> Pin<Box<dyn Future<Output = Result<String, Refused>> + Send + 'a>> {
        Box::pin(async move {
            let to = delegation.to.parse().map_err(|_| Refused { why: "no address".to_owned() })?;
            let lent = self.0.lend_energy(to, delegation.energy);
            lent.map(hex::encode).map_err(|refused| Refused { why: refused.to_string() })
        })
    }
}

/// A network, two vendors, and a world beside them.
pub struct Payments {
    pub control: Control,
    market: Market,
    pub world: World,
    signer: SignerProcess,
    pub orders: Vec<Order>,
    /// Those of them that were asked for while an engine died: one may have reached nobody.
    doubtful: Vec<Order>,
    /// Who saw where the wallet stood before anything was ordered, where a test has one.
    auditor: Option<Auditor>,
    tron: Tron,
}

impl Payments {
    pub async fn begin(database: Database) -> Self {
        let config = TronConfig { nodes: 2, chain_id: 31_337, solid_lag: 2, ..TronConfig::default() };
        let tron = Tron::start(config).await.expect("a network");
        let bank = Arc::new(Bank(tron.control()));
        let market = Market::start(MarketConfig::machine(7), bank).await.expect("a market");
        let shape = Shape { lanes: 1, funds: FUNDS, ..Shape::default() };
        let nodes = vec![tron.node_url(0), tron.node_url(1)];
        let world = World::beside_vendors(database, shape, nodes, market.url()).await;
        let signer = world.signer().await;
        Self {
            control: tron.control(),
            market,
            world,
            signer,
            orders: vec![],
            doubtful: vec![],
            auditor: None,
            tron,
        }
    }

    pub async fn engine(&self) -> Engine {
        self.world.engine_beside(&self.signer, "dev").await
    }

    /// From here on an auditor knows where the wallet stood.
    pub async fn is_audited(&mut self, engine: &Engine) {
        let node = self.tron.node_url(0);
        self.auditor = Some(Auditor::once_funded(node, &engine.tron_caller(), FUNDS * 1_000_000).await);
    }

    /// Orders more, each to somebody who holds nothing yet.
    async fn order(&mut self, engine: &Engine, count: u64) {
        let fresh = Order::fresh_on_tron("tron", count);
        engine.tron_caller().insist_on(&fresh).await;
        self.orders.extend(fresh);
    }

    /// Orders until the engine has killed itself at its failpoint: it may have passed the point with what was ordered before.
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

    /// The account of the lane.
    pub async fn account(&self, engine: &Engine) -> Address {
        let lanes = engine.tron_caller().client.lanes().take(9).await.expect("lanes");
        let lane = lanes.iter().find(|lane| lane.chain == "tron:31337").expect("the lane");
        lane.address.parse().expect("an address")
    }

    /// Everything that was ordered is paid once, and nothing else left the wallet. Answers what was burned, in sun.
    pub async fn judge(&self, engine: &Engine) -> i64 {
        let caller = engine.tron_caller();
        caller.insist_on(&self.doubtful).await;
        caller.all_completed(&self.orders).await;
        for order in &self.orders {
            let held = self.control.usdt_units(order.address.parse().expect("an address"));
            assert_eq!(held, u128::from(order.atoms), "{}", order.external_id);
        }
        let account = self.account(engine).await;
        let paid: u64 = self.orders.iter().map(|order| order.atoms).sum();
        assert_eq!(self.control.usdt_units(account), u128::from(FUNDS * 1_000_000 - paid));
        if let Some(auditor) = &self.auditor {
            auditor.proves_the_export(&self.world, engine, &self.orders).await;
        }
        COINS - self.control.balance_sun(account).expect("an account")
    }

    /// No order of ours reached a vendor twice, wherever it could tell.
    pub fn none_is_doubled(&self) {
        let orders = self.market.desk(VendorName::Catfee).orders();
        let mut named: Vec<_> = orders.iter().filter_map(|order| order.client_id.clone()).collect();
        assert_eq!(named.len(), orders.len(), "each carries our name for it");
        named.sort();
        named.dedup();
        assert_eq!(named.len(), orders.len(), "an order was sold twice");
    }

    /// What the receipts say is what the chain took and the vendors sold, to the sun.
    pub async fn each_has_its_receipt(&self, engine: &Engine) {
        let caller = engine.tron_caller();
        let sun = |trx: &Decimal| {
            let (whole, rest) = trx.as_str().split_once('.').unwrap_or((trx.as_str(), ""));
            format!("{whole}{rest:0<6}").parse::<i64>().expect("a number")
        };
        let (mut lent, mut shares) = (0, 0);
        for order in &self.orders {
            let mut paid = None;
            // A vendor's word is no price before a solid block shows the energy.
            until("energy has its price", async || {
                paid = caller.look(order).await;
                paid.as_ref().and_then(|it| it.receipt.as_ref()).is_some_and(|it| it.total.is_some())
            })
            .await;
            let paid = paid.expect("it is there");
            let receipt = paid.receipt.expect("a receipt");
            let [transaction] = paid.transactions.as_slice() else { panic!("{:?}", paid.transactions) };
            assert_eq!(receipt.network_fee, transaction.fee);
            let cost = receipt.energy_cost.as_ref().map(sun).expect("the vendor has said what it charged");
            let network = receipt.network_fee.as_ref().map(sun).expect("it is in a block");
            let (total, saved) = (receipt.total.as_ref().map(sun), receipt.saved.as_ref().map(sun));
            assert_eq!(total, Some(cost + network));
            assert_eq!(saved, Some(sun(&receipt.burning) - cost - network));
            assert!(cost > 0 && saved > Some(0), "{receipt:?}");
            // Bytes are counted with a permission's two, and the daily free ones are not counted on.
            assert!((cost + network..=cost + 347_000).contains(&sun(&receipt.estimated)), "{receipt:?}");
            lent += receipt.energy;
            shares += cost;
        }
        let orders: Vec<_> = self.desks().iter().flat_map(|desk| desk.orders()).collect();
        let sold: u64 = orders.iter().map(|order| order.energy).sum();
        let taken: u64 = orders.iter().map(|order| order.charged_sun).sum();
        assert!(lent <= sold, "{lent} of {sold}");
        let taken =
            i64::try_from(taken).expect("not so much") + i64::try_from(self.orders.len()).expect("few");
        assert!(shares <= taken, "{shares} of {taken}");
    }

    fn desks(&self) -> [Desk<'_>; 2] {
        VendorName::ALL.map(|name| self.market.desk(name))
    }

    pub fn sold(&self) -> usize {
        self.desks().iter().map(|desk| desk.orders().len()).sum()
    }
}

on_both! {
    /// Energy for all of a slice is bought at once, comes, and is used: no payout burns TRX for it.
    async fn energy_is_bought_for_a_slice_and_no_payout_burns_for_it(database: Database) {
        let mut payments = Payments::begin(database).await;
        let engine = payments.engine().await;
        payments.is_audited(&engine).await;
        payments.order(&engine, 12).await;
        let burned = payments.judge(&engine).await;
        assert!(burned <= 12 * BANDWIDTH_SUN, "{burned} sun");
        let opened = engine.tron_caller().told("energy.open").await.len();
        assert!((1..=4).contains(&opened), "{opened} needs for twelve payouts");
        assert!(engine.tron_caller().told("energy.burning").await.is_empty());
        assert_eq!(payments.sold(), opened, "one order for each");
        payments.none_is_doubled();
        payments.each_has_its_receipt(&engine).await;
    }

    /// Killed before and after each call to a vendor, and between them.
    async fn killed_around_each_call_to_a_vendor_each_is_paid_once_and_no_order_is_doubled(database: Database) {
        let mut payments = Payments::begin(database).await;
        // The other vendor is too dear: what is unknown is then at the one that is asked for its account, and again.
        payments.market.desk(VendorName::Tronsave).set_milli_sun(200_000);
        for point in POINTS {
            let mut engine = payments.engine().await;
            // What an earlier order brought would be enough: it is gone, also for what is on its way.
            payments.control.take_energy(payments.account(&engine).await);
            payments.order(&engine, 2).await;
            payments.order_until_killed(&mut engine, point).await;
        }
        let engine = payments.engine().await;
        let burned = payments.judge(&engine).await;
        payments.none_is_doubled();
        // While the vendor is closed for the wallet, TRX burns.
        let most = i64::try_from(payments.orders.len()).expect("few") * BURNED_SUN;
        assert!(burned <= most, "{burned} sun for {} payouts", payments.orders.len());
        let opened = engine.tron_caller().told("energy.open").await.len();
        assert!(payments.sold() <= 2 * opened, "{} orders for {opened} needs", payments.sold());
    }

    /// Vendors that lose replies before and after, deliver late, short, twice, elsewhere or never, forget, and raise prices.
    async fn whatever_vendors_do_each_is_paid_once_and_burning_stays_within_its_bounds(database: Database) {
        let mut payments = Payments::begin(database).await;
        let faults = [
            Fault::LoseRequest,
            Fault::LoseReply,
            Fault::ErrorAfter,
            Fault::Late { ms: 3_000 },
            Fault::Short { part: 500 },
            Fault::Twice,
            Fault::OtherAddress,
            Fault::Never,
            Fault::Fail,
            Fault::Forget,
            Fault::PriceJump { by: 500 },
        ];
        for desk in payments.desks() {
            for fault in faults {
                desk.add(Rule::every(fault).permille(120)).expect("a rule");
            }
        }
        let engine = payments.engine().await;
        for _ in 0..6 {
            payments.order(&engine, 3).await;
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
        let burned = payments.judge(&engine).await;
        assert!(burned <= 18 * BURNED_SUN, "{burned} sun");
        payments.none_is_doubled();
        until("no need is open", async || {
            let caller = engine.tron_caller();
            let mut ended = 0;
            for kind in ["energy.served", "energy.burning", "energy.dropped"] {
                ended += caller.told(kind).await.len();
            }
            ended == caller.told("energy.open").await.len()
        })
        .await;
    }
}
