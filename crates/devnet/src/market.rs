//! Two energy vendors to buy from, with the wires that CatFee and TronSave publish, on which things go wrong.
//!
//! Both stand behind one address: CatFee's paths begin with `/v1`, TronSave's with `/v2`. Each has an account that was paid
//! in advance, a price that moves, a least order, and orders that live: taken, delegating, delivered, or given up and
//! refunded. What they deliver goes through a [`Delegator`]: a [`Recorder`] in tests, a chain where there is one.
//! What goes wrong is said by [`Rule`]s, until they are lifted.
//!
//! ```no_run
//! # async fn drill() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use sluice_devnet::market::{Fault, Market, MarketConfig, Recorder, Rule, VendorName};
//!
//! let chain = Arc::new(Recorder::default());
//! let market = Market::start(MarketConfig::manual(7, 1_795_000_000_000), chain.clone()).await?;
//! market.desk(VendorName::Catfee).add(Rule::every(Fault::LoseReply).permille(300))?;
//! println!("buy at {}", market.url());
//! market.advance(10_000).await;
//! println!("{} sun were spent", market.desk(VendorName::Catfee).books().spent_sun);
//! # Ok(())
//! # }
//! ```
//!
//! # Invariants
//! - The same seed, the same rules in the same order and the same sequence of calls meet the same faults.
//! - What an account paid and what it got back is exact to the sun, whatever the vendor tells.
//! - Everything is bounded: connections, bodies, rules, orders, and how late anything comes.
//! - It listens on loopback only.

mod address;
mod book;
mod catfee;
mod delegate;
mod fault;
mod price;
mod script;
mod server;
mod tronsave;
mod vendor;

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::{net::TcpListener, task::JoinSet};

pub use book::{Delegated, Life, OrderFacts};
pub use delegate::{Delegation, Delegator, Recorder, Refused};
pub use fault::{Call, Fault, Rule, RuleError, names};
pub use script::{Counts, RuleId};
pub use vendor::{Books, Desk, Terms};

use vendor::Vendor;

/// How often a market that runs by the machine's clock looks what is due.
const TICK: Duration = Duration::from_millis(50);

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum VendorName {
    /// Orders carry the caller's own id, and the same id is the same order.
    Catfee,
    /// Orders carry no id of the caller: who loses the reply does not learn the order's name.
    Tronsave,
}

impl VendorName {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Catfee, Self::Tronsave];

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Catfee => "catfee",
            Self::Tronsave => "tronsave",
        }
    }
}

/// Who may buy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// CatFee's public half.
    pub catfee_key: String,
    /// CatFee's secret half.
    pub catfee_secret: String,
    /// TronSave's key.
    pub tronsave_key: String,
}

impl Default for Keys {
    fn default() -> Self {
        Self {
            catfee_key: "catfee-devnet-key".to_owned(),
            catfee_secret: "catfee-devnet-secret".to_owned(),
            tronsave_key: "tronsave-devnet-key".to_owned(),
        }
    }
}

/// Whose clock orders live by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// The machine's.
    Machine,
    /// It stands at these milliseconds since 1970 until it is moved by [`Market::advance`].
    Manual {
        /// Milliseconds since 1970-01-01T00:00:00Z.
        start_ms: i64,
    },
}

/// Where the market stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarketConfig {
    /// Where it listens: on loopback. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// What chance is made of.
    pub seed: u64,
    /// Whose clock.
    pub time: Time,
    /// Who may buy.
    pub keys: Keys,
    /// What each account was paid in advance, in sun.
    pub deposit_sun: u64,
    /// What both vendors sell and how.
    pub terms: Terms,
}

impl MarketConfig {
    /// By the machine's clock, with 1,000 TRX at each vendor.
    pub fn machine(seed: u64) -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            seed,
            time: Time::Machine,
            keys: Keys::default(),
            deposit_sun: 1_000_000_000,
            terms: Terms::default(),
        }
    }

    /// By a clock that stands still until it is moved.
    pub fn manual(seed: u64, start_ms: i64) -> Self {
        Self { time: Time::Manual { start_ms }, ..Self::machine(seed) }
    }
}

/// Why there is no market.
#[derive(Debug, thiserror::Error)]
pub enum MarketError {
    /// Open to the network.
    #[error(
        "{address} is not on loopback; listen on 127.0.0.1, for what is sold here is worth nothing elsewhere"
    )]
    NotLoopback {
        /// What was asked for.
        address: SocketAddr,
    },
    /// The port.
    #[error("cannot listen on {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Both vendors, gone when dropped.
pub struct Market {
    floor: Arc<Floor>,
    address: SocketAddr,
    _keepers: JoinSet<()>,
}

impl Market {
    /// Starts to listen and, by the machine's clock, to deliver.
    ///
    /// # Errors
    /// [`MarketError`]: one sentence.
    pub async fn start(config: MarketConfig, chain: Arc<dyn Delegator>) -> Result<Self, MarketError> {
        let address = config.listen;
        if !address.ip().is_loopback() {
            return Err(MarketError::NotLoopback { address });
        }
        let failed = |source| MarketError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let floor = Arc::new(Floor::new(config, chain));
        let mut keepers = JoinSet::new();
        keepers.spawn(server::keep(listener, Arc::clone(&floor)));
        if floor.clock.runs() {
            let floor = Arc::clone(&floor);
            keepers.spawn(async move {
                loop {
                    tokio::time::sleep(TICK).await;
                    floor.settle().await;
                }
            });
        }
        Ok(Self { floor, address, _keepers: keepers })
    }

    /// Its address: the base URL of both vendors.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its port on loopback.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Milliseconds since 1970, by its clock.
    pub fn now_ms(&self) -> i64 {
        self.floor.clock.now_ms()
    }

    /// The levers of one vendor.
    pub fn desk(&self, name: VendorName) -> Desk<'_> {
        Desk::of(&self.floor, name)
    }

    /// Begins anew: empty books, no rules, another seed. Prices move by it, and a manual clock stands where it stood.
    pub fn renew(&self, seed: u64) {
        self.floor.renew(seed);
    }

    /// Moves a manual clock by so many milliseconds and delivers what became due, in order. By the machine's clock it
    /// only delivers what is due.
    pub async fn advance(&self, ms: u32) {
        self.floor.clock.advance(ms);
        self.floor.settle().await;
    }
}

impl std::fmt::Debug for Market {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Market").field("address", &self.address).finish_non_exhaustive()
    }
}

/// The clock of the market.
struct Clock(Option<AtomicI64>);

impl Clock {
    fn new(time: Time) -> Self {
        match time {
            Time::Machine => Self(None),
            Time::Manual { start_ms } => Self(Some(AtomicI64::new(start_ms))),
        }
    }

    const fn runs(&self) -> bool {
        self.0.is_none()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a vendor has a clock of its own, and nothing of ours rests on it"
    )]
    fn now_ms(&self) -> i64 {
        match &self.0 {
            Some(at) => at.load(Ordering::Acquire),
            None => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
            }
        }
    }

    fn advance(&self, ms: u32) {
        if let Some(at) = &self.0 {
            at.fetch_add(i64::from(ms), Ordering::AcqRel);
        }
    }
}

/// What connections and levers share.
struct Floor {
    clock: Clock,
    keys: Keys,
    vendors: Mutex<[Vendor; 2]>,
    deposit_sun: u64,
    terms: Terms,
    chain: Arc<dyn Delegator>,
    /// One delivers at a time: an order is handed to the chain once.
    delivering: tokio::sync::Mutex<()>,
}

impl Floor {
    fn new(config: MarketConfig, chain: Arc<dyn Delegator>) -> Self {
        let MarketConfig { seed, time, keys, deposit_sun, terms, .. } = config;
        let vendors = VendorName::ALL.map(|name| Vendor::new(name, seed, deposit_sun, terms));
        Self {
            clock: Clock::new(time),
            keys,
            vendors: Mutex::new(vendors),
            deposit_sun,
            terms,
            chain,
            delivering: tokio::sync::Mutex::default(),
        }
    }

    fn renew(&self, seed: u64) {
        let vendors = VendorName::ALL.map(|name| Vendor::new(name, seed, self.deposit_sun, self.terms));
        *self.vendors.lock().unwrap_or_else(PoisonError::into_inner) = vendors;
    }

    fn with<T>(&self, name: VendorName, act: impl FnOnce(&mut Vendor, i64) -> T) -> T {
        let now_ms = self.clock.now_ms();
        let mut vendors: MutexGuard<'_, [Vendor; 2]> =
            self.vendors.lock().unwrap_or_else(PoisonError::into_inner);
        let [catfee, tronsave] = &mut *vendors;
        match name {
            VendorName::Catfee => act(catfee, now_ms),
            VendorName::Tronsave => act(tronsave, now_ms),
        }
    }

    /// Hands what is due to the chain, and gives up and refunds what is due for that.
    async fn settle(&self) {
        let _alone = self.delivering.lock().await;
        for name in VendorName::ALL {
            let due = self.with(name, |vendor, now_ms| vendor.book.due(now_ms));
            for (order, delegation) in due {
                let done = self.chain.delegate(delegation.clone()).await;
                self.with(name, |vendor, now_ms| vendor.book.delegated(&order, &delegation, done, now_ms));
            }
            self.with(name, |vendor, now_ms| vendor.book.close_out(now_ms));
        }
    }
}
