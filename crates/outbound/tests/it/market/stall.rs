//! Both vendors, simulated, and our way to them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use sluice_core::address::TronAddress;
use sluice_core::amount::Cost;
use sluice_core::attempt::Durable;
use sluice_core::id::{EnergyOrderId, Ulid};
use sluice_core::port::market::{Ask, Market as _, Quote, QuoteRequest, VendorFacts, VendorId};
use sluice_core::port::world::Clock;
use sluice_core::time::Timestamp;
use sluice_devnet::market::{Desk, Market, MarketConfig, Recorder, VendorName};
use sluice_outbound::Secret;
use sluice_outbound::client::Limits;
use sluice_outbound::market::{VendorSettings, Vendors, Wire};

pub const START_MS: i64 = 1_795_000_000_000;
pub const ENERGY: u64 = 65_000;

/// Our clock: the market's, and how far it is off.
pub struct OurClock {
    market: Arc<Market>,
    pub off_ms: AtomicI64,
}

impl Clock for OurClock {
    fn now(&self) -> Timestamp {
        let ms = self.market.now_ms() + self.off_ms.load(Ordering::Relaxed);
        Timestamp::from_micros(ms * 1_000)
    }
}

pub struct Stall {
    pub market: Arc<Market>,
    pub chain: Arc<Recorder>,
    pub vendors: Vendors,
    pub clock: Arc<OurClock>,
}

pub fn id(name: VendorName) -> VendorId {
    VendorId::parse(name.name()).unwrap()
}

pub fn limits() -> Limits {
    Limits { connect_ms: 500, total_ms: 2_000, request_bytes_max: 4_096, reply_bytes_max: 16_384 }
}

pub fn settings(name: VendorName, url: &str) -> VendorSettings {
    let secret = |text: &str| Secret::new(text.to_owned());
    VendorSettings {
        id: id(name),
        wire: match name {
            VendorName::Catfee => {
                Wire::Catfee { key: secret("catfee-devnet-key"), secret: secret("catfee-devnet-secret") }
            }
            VendorName::Tronsave => Wire::Tronsave { key: secret("tronsave-devnet-key") },
        },
        base_url: url.to_owned(),
        allow_private: true,
        limits: limits(),
        delivers_ms: 5_000,
    }
}

pub fn receiver(number: u8) -> TronAddress {
    TronAddress([number; 20])
}

impl Stall {
    pub async fn open(seed: u64) -> Self {
        Self::with(MarketConfig::manual(seed, START_MS)).await
    }

    pub async fn with(config: MarketConfig) -> Self {
        let chain = Arc::new(Recorder::default());
        let market = Arc::new(Market::start(config, chain.clone()).await.unwrap());
        let clock = Arc::new(OurClock { market: market.clone(), off_ms: AtomicI64::new(0) });
        let all = VendorName::ALL.map(|name| settings(name, &market.url()));
        let vendors = Vendors::open(all.to_vec(), clock.clone()).unwrap();
        Self { market, chain, vendors, clock }
    }

    pub fn desk(&self, name: VendorName) -> Desk<'_> {
        self.market.desk(name)
    }

    pub fn facts(&self, name: VendorName) -> &VendorFacts {
        self.vendors.vendors().iter().find(|facts| facts.id == id(name)).unwrap()
    }

    pub async fn quote(&self, name: VendorName) -> Quote {
        let request = QuoteRequest { receiver: receiver(1), energy: ENERGY, duration_s: 3_600 };
        self.vendors.quote(&id(name), &request).await.unwrap()
    }

    /// An order at the quoted price, as it goes out.
    pub async fn ask(&self, name: VendorName, number: u128) -> Durable<Ask> {
        let quote = self.quote(name).await;
        durable(Ask {
            order: EnergyOrderId::new(Ulid::new(self.clock.now(), number)),
            vendor: id(name),
            receiver: receiver(1),
            energy: quote.energy,
            duration_s: quote.duration_s,
            max_total_sun: quote.total_sun,
        })
    }

    pub async fn balance(&self, name: VendorName) -> Cost {
        self.vendors.balance(&id(name)).await.unwrap()
    }
}

#[expect(clippy::disallowed_methods, reason = "a test is the store here")]
pub fn durable(ask: Ask) -> Durable<Ask> {
    Durable::stored(ask)
}

pub fn sun(cost: Cost) -> u64 {
    u64::try_from(cost.0).unwrap()
}
