//! A world with a lane of partner A on TRON, and a vendor.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;
use sluice_core::address::TronAddress;
use sluice_core::amount::{Amount, Cost};
use sluice_core::asset::{Asset, AssetId};
use sluice_core::attempt::Durable;
use sluice_core::chain::{BlockRef, ChainId, ChainProfile};
use sluice_core::energy::{Need, Order, Plan, Policy, Wanted};
use sluice_core::id::{EnergyNeedId, EnergyOrderId, WalletId};
use sluice_core::moved::Moved;
use sluice_core::partner::Limit;
use sluice_core::port::market::{
    Ask, Durations, Found, Market, NoAnswer, Placed, ProviderId, Quote, QuoteRequest, Recovery, VendorFacts,
    VendorId,
};
use sluice_core::port::reader::{AlertFilter, Reader as _};
use sluice_core::port::store::Change;
use sluice_core::port::{Fut, Supply};
use sluice_core::resource::{Conditions, Network, Resources};
use sluice_core::time::Timestamp;
use sluice_core::wallet::Wallet;

use crate::support::{FakeChain, Key, World};

pub const HOUR_MS: i64 = 3_600_000;
pub const DAY_MS: i64 = 24 * HOUR_MS;
/// What an order may cost.
const PRICE: Cost = Cost(10_422_800);

pub async fn read(world: &World, key: &Key, path: &str) -> Value {
    let reply = world.get(key, path).send(world).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    reply.json()
}

/// A vendor that asks 40 sun for each energy, and counts how often it was asked.
#[derive(Default)]
pub struct Shop {
    pub facts: Vec<VendorFacts>,
    pub each_sun: AtomicU64,
    pub asked: AtomicU64,
    /// What our account holds, sun.
    pub holds_sun: AtomicU64,
}

impl Market for Shop {
    fn vendors(&self) -> &[VendorFacts] {
        &self.facts
    }

    fn quote<'a>(
        &'a self,
        vendor: &'a VendorId,
        request: &'a QuoteRequest,
    ) -> Fut<'a, Result<Quote, NoAnswer>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let total = request.energy * self.each_sun.load(Ordering::Relaxed);
        let quote = Quote {
            vendor: vendor.clone(),
            energy: request.energy,
            duration_s: request.duration_s,
            total_sun: Cost(u128::from(total)),
            valid_until: Timestamp::default(),
        };
        Box::pin(std::future::ready(Ok(quote)))
    }

    fn place<'a>(&'a self, _: &'a Durable<Ask>) -> Fut<'a, Placed> {
        panic!("a quote orders nothing")
    }

    fn lookup<'a>(&'a self, _: &'a Ask, _: &'a ProviderId) -> Fut<'a, Found> {
        Box::pin(std::future::ready(Found::NotFound))
    }

    fn balance<'a>(&'a self, _: &'a VendorId) -> Fut<'a, Result<Cost, NoAnswer>> {
        Box::pin(std::future::ready(Ok(Cost(u128::from(self.holds_sun.load(Ordering::Relaxed))))))
    }
}

/// A world with a lane of partner A on TRON.
pub struct Tron {
    pub world: World,
    pub chain: Arc<FakeChain>,
    pub shop: Arc<Shop>,
    pub lane: WalletId,
    pub token: Asset,
}

pub fn chain_id() -> ChainId {
    ChainId::tron(31_337)
}

pub fn resources(energy: u64, energy_most: u64) -> Resources {
    Resources {
        energy,
        energy_most,
        bandwidth: 300,
        bandwidth_most: 1_000,
        free_bandwidth: 600,
        network: Network { energy: 180_000_000_000, stake_trx: 19_000_000_000 },
    }
}

fn conditions() -> Conditions {
    Conditions {
        reference: BlockRef { number: 1, hash: [1; 32] },
        head_time_ms: 0,
        energy_sun: 100,
        bandwidth_sun: 1_000,
        memo_sun: 1_000_000,
        account_sun: 1_000_000,
        account_bandwidth_sun: 100_000,
        at: Timestamp::default(),
    }
}

impl Tron {
    pub async fn new() -> Self {
        Box::pin(Self::make()).await
    }

    /// A need of the lane, and the order of its energy that the vendor is asked for now; neither is stored.
    pub fn order(&self) -> (Moved<Need>, Moved<Order>) {
        let (world, now) = (&self.world, self.world.clock.now_at());
        let ulid = || world.api.ports.entropy.ulid(now);
        let wanted = Wanted {
            id: EnergyNeedId::new(ulid()),
            partner: world.a.id,
            wallet: self.lane,
            chain: chain_id(),
            receiver: TronAddress([7; 20]),
            energy: 260_570,
            burning_sun: Cost(26_057_000),
            deadline: now.plus_ms(180_000),
        };
        let need = Need::open(wanted, now);
        let open = need.after();
        let facts = &self.shop.facts[0];
        let quote = Quote {
            vendor: facts.id.clone(),
            energy: 260_570,
            duration_s: 3_600,
            total_sun: PRICE,
            valid_until: now.plus_ms(15_000),
        };
        let plan = Plan {
            id: EnergyOrderId::new(ulid()),
            need: open.id,
            wallet: self.lane,
            receiver: open.receiver,
            deadline: now.plus_ms(150_000),
        };
        let order = Order::plan(plan, facts, &quote, now).unwrap().then(|order| order.ask(now)).unwrap();
        (need, order)
    }

    async fn make() -> Self {
        let mut world = World::new().await;
        let chain = Arc::new(FakeChain::new(ChainProfile::tron_devnet()));
        *chain.tron.lock().unwrap() = Some((conditions(), resources(0, 0)));
        let facts = VendorFacts {
            id: VendorId::parse("shop").unwrap(),
            recovery: Recovery::Repeat,
            caps_price: true,
            energy_min: 65_000,
            energy_max: 10_000_000,
            durations: Durations::Of(vec![3_600]),
            delivers_ms: 1_000,
        };
        let shop = Arc::new(Shop {
            facts: vec![facts],
            each_sun: AtomicU64::new(40),
            asked: AtomicU64::new(0),
            holds_sun: AtomicU64::new(1_000_000_000),
        });
        world.api.ports.chains.insert(chain_id(), chain.clone());
        let supply = Supply { market: shop.clone(), policy: Policy::usual(), pool: None };
        world.api.ports.energy.insert(chain_id(), supply);
        world.router = sluice_http::router(world.api.clone());
        let id = AssetId::trc20(chain_id(), TronAddress([0xcc; 20]));
        let token = Asset { id, symbol: "USDT".into(), precision: 6, decimals: 6, freezable: true };
        world.api.registry.put_asset(token.clone()).await.unwrap();
        let amount = |atoms| Amount::from_atoms(atoms).unwrap();
        let limit = Limit {
            asset: id,
            per_transaction: amount(1_000_000_000),
            daily: amount(1_000_000_000_000),
            version: 1,
        };
        let now = world.clock.now_at();
        world.api.registry.set_limit(world.a.id, limit, crate::support::cause(now)).await.unwrap();
        let lane = WalletId::new(world.api.ports.entropy.ulid(now));
        let address = TronAddress([7; 20]).into();
        let step = Wallet::adopt(lane, world.a.id, chain_id(), address, "tron".into(), 0, "test".into(), now);
        world.apply(Change { wallets: vec![step], ..Change::default() }).await;
        Self { world, chain, shop, lane, token }
    }

    /// The chain says so, and the house looks.
    pub async fn has(&self, energy: u64, most: u64) {
        *self.chain.tron.lock().unwrap() = Some((conditions(), resources(energy, most)));
        self.world.clock.forward_ms(20_000);
        let mut memory = sluice_flow::house::Memory::new(&self.world.api.ports);
        sluice_flow::house::turn(&self.world.api.ports, "test", &mut memory).await.unwrap();
    }

    /// What payments an hour or a day had, as their ends would have been counted.
    pub async fn paid(&self, span_ms: i64, at: Timestamp, count: u64) {
        let script = format!(
            "insert into withdrawal_tally (partner_id, span, start, status, type, asset, count, high, low)
             values ('{}', {}, {}, 'completed', 'regular', '{}', {count}, 0, 0)",
            self.world.a.id,
            span_ms * 1_000,
            at.micros(),
            self.token.id
        );
        self.world.db.tamper(&script, &script).await.unwrap();
    }

    pub async fn energy(&self) -> Value {
        read(&self.world, &self.world.a.key, "/v1/energy").await["wallets"][0].clone()
    }

    pub async fn low(&self) -> Vec<String> {
        let alerts = self.world.db.alerts(None, &AlertFilter::any(false), 100).await.unwrap();
        let low = alerts.into_iter().filter(|it| it.raise.code.as_str() == "energy_low");
        low.map(|it| it.raise.detail).collect()
    }
}
