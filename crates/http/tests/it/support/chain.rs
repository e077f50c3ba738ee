//! A chain that answers what a test tells it to.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use sluice_core::address::Address;
use sluice_core::alert::Raise;
use sluice_core::amount::Units;
use sluice_core::asset::{Asset, AssetId};
use sluice_core::attempt::{Durable, Signed};
use sluice_core::chain::{BlockRef, ChainId, ChainProfile};
use sluice_core::energy::Lendable;
use sluice_core::fee::Market;
use sluice_core::port::Fut;
use sluice_core::port::chain::{
    BlockFacts, Chain, ChainError, CoinIn, Foreign, Heads, Heard, LentRun, NodeFacts, Nonces, PaidIn,
    Preflight, Shown, SlotQuestion, Standing, TransferLog, Trial,
};
use sluice_core::proof::{Final, SlotReading};
use sluice_core::resource::{Conditions, Resources};
use sluice_core::time::Timestamp;

/// See the module.
pub struct FakeChain {
    profile: ChainProfile,
    /// Asking for the market panics: a defect, for once wanted.
    pub panics: AtomicBool,
    /// What [`Chain::transfers_of`] finds.
    pub paid: Mutex<Option<(BlockRef, Vec<TransferLog>)>>,
    /// What [`Chain::foreign`] finds.
    pub foreign: Mutex<Option<Foreign>>,
    /// Nonce of every account at the final block.
    pub final_nonce: AtomicU64,
    /// Whether every account carries code.
    pub code: AtomicBool,
    /// What a chain of TRON asks, and what every account has there.
    pub tron: Mutex<Option<(Conditions, Resources)>>,
    /// Up to where [`Chain::lent`] has read, and found nothing.
    pub read_through: Mutex<Option<(BlockRef, Timestamp)>>,
    /// What a pool of energy finds there.
    pub pool: Mutex<Option<Pooled>>,
}

/// A chain as a pool of energy reads it.
pub struct Pooled {
    /// Height of the final block.
    pub top: u64,
    /// TRX that came to the pool's wallet, by the block it is in.
    pub coins: Vec<CoinIn>,
    /// What the pool could lend.
    pub lendable: Lendable,
}

impl Pooled {
    pub fn block(number: u64) -> BlockRef {
        BlockRef { number, hash: [u8::try_from(number).unwrap(); 32] }
    }
}

impl FakeChain {
    pub fn new(profile: ChainProfile) -> Self {
        Self {
            profile,
            panics: AtomicBool::new(false),
            paid: Mutex::default(),
            foreign: Mutex::default(),
            final_nonce: AtomicU64::new(3),
            code: AtomicBool::new(false),
            tron: Mutex::default(),
            read_through: Mutex::default(),
            pool: Mutex::default(),
        }
    }

    pub fn id(&self) -> ChainId {
        self.profile.id
    }

    fn down<T>(&self) -> Result<T, ChainError> {
        Err(ChainError::Down { chain: self.profile.id.to_string(), why: "a test".into() })
    }
}

/// The block everything is read at.
pub const HEAD: BlockRef = BlockRef { number: 100, hash: [0xab; 32] };

fn soon<'a, T: Send + 'a>(value: T) -> Fut<'a, T> {
    Box::pin(std::future::ready(value))
}

#[expect(clippy::disallowed_methods, reason = "a made-up chain agrees with itself")]
fn agreed<T>(reading: T) -> Final<T> {
    Final::by_quorum(reading, HEAD, vec!["one".into(), "two".into()], 2).unwrap()
}

impl Chain for FakeChain {
    fn profile(&self) -> &ChainProfile {
        &self.profile
    }

    fn market(&self) -> Fut<'_, Result<Market, ChainError>> {
        assert!(!self.panics.load(Ordering::Relaxed), "secret-internals");
        soon(Ok(Market { base_fee_wei: 30_000_000_000, tip_wei: 1, head: HEAD, at: Timestamp::default() }))
    }

    fn conditions(&self) -> Fut<'_, Result<Conditions, ChainError>> {
        soon(self.tron.lock().unwrap().map(|(asked, _)| asked).ok_or(ChainError::NoBlock))
    }

    fn resources(&self, _wallet: Address) -> Fut<'_, Result<(BlockRef, Resources), ChainError>> {
        soon(self.tron.lock().unwrap().map(|(_, has)| (HEAD, has)).ok_or(ChainError::NoBlock))
    }

    fn lendable(&self, _wallet: Address) -> Fut<'_, Result<Lendable, ChainError>> {
        soon(self.pool.lock().unwrap().as_ref().map(|it| it.lendable).ok_or(ChainError::NoBlock))
    }

    fn lent<'a>(&'a self, _: u64, _: u64, _: &'a [Address]) -> Fut<'a, Result<LentRun, ChainError>> {
        let through = *self.read_through.lock().unwrap();
        soon(match through {
            Some(_) => Ok(LentRun { through, lent: vec![] }),
            None => Err(ChainError::NoBlock),
        })
    }

    fn paid_in(
        &self,
        _: Address,
        from: u64,
        count: u64,
    ) -> Fut<'_, Result<Option<Final<PaidIn>>, ChainError>> {
        let pool = self.pool.lock().unwrap();
        let Some(pool) = pool.as_ref() else { return soon(Err(ChainError::NoBlock)) };
        if from > pool.top {
            return soon(Ok(None));
        }
        let through = pool.top.min(from + count - 1);
        let coins = pool.coins.iter().filter(|it| (from..=through).contains(&it.block.number));
        let run = PaidIn { through: Pooled::block(through), coins: coins.copied().collect() };
        soon(Ok(Some(agreed(run))))
    }

    fn heads(&self) -> Fut<'_, Result<Heads, ChainError>> {
        if let Some((block, at)) = *self.read_through.lock().unwrap() {
            let latest_time = at.millis() / 1_000;
            return soon(Ok(Heads { latest: block, latest_time, reached: None, finalized: None }));
        }
        let pool = self.pool.lock().unwrap();
        let Some(pool) = pool.as_ref() else { return soon(self.down()) };
        let latest = Pooled::block(pool.top);
        soon(Ok(Heads { latest, latest_time: 0, reached: Some(pool.top), finalized: Some(agreed(latest)) }))
    }

    fn block<'a>(&'a self, _: u64, _: &'a [Address]) -> Fut<'a, Result<BlockFacts, ChainError>> {
        soon(self.down())
    }

    fn second_look<'a>(&'a self, _: &'a str, _: BlockRef, _: &'a [Address]) -> Fut<'a, Option<Vec<Shown>>> {
        soon(None)
    }

    fn disproved(&self, _: &str, _: &str) {}

    fn contradicted(&self, _: &str) {}

    fn submit<'a>(&'a self, attempts: &'a [Durable<Signed>]) -> Fut<'a, Vec<Heard>> {
        soon(attempts.iter().map(|_| Heard::Unclear("a test".into())).collect())
    }

    fn preflight<'a>(&'a self, trials: &'a [Trial]) -> Fut<'a, Result<Vec<Preflight>, ChainError>> {
        if self.tron.lock().unwrap().is_none() {
            return soon(self.down());
        }
        soon(Ok(trials.iter().map(|_| Preflight::passes(64_285)).collect()))
    }

    fn balances<'a>(
        &'a self,
        _: Address,
        assets: &'a [Asset],
    ) -> Fut<'a, Result<(BlockRef, Vec<Units>), ChainError>> {
        let units = |asset: &Asset| {
            if asset.contract().is_some() { 2_500_000_000u64 } else { 4_000_000_000_000_000_000 }
        };
        soon(Ok((HEAD, assets.iter().map(|asset| Units::from(units(asset))).collect())))
    }

    fn counted(&self, wallet: Address) -> Fut<'_, Result<Nonces, ChainError>> {
        self.nonces(wallet)
    }

    fn nonces(&self, _: Address) -> Fut<'_, Result<Nonces, ChainError>> {
        soon(Ok(Nonces { pending: 3, latest: 3 }))
    }

    fn standing<'a>(
        &'a self,
        wallet: Address,
        assets: &'a [Asset],
    ) -> Fut<'a, Result<Final<Standing>, ChainError>> {
        Box::pin(async move {
            let (_, units) = self.balances(wallet, assets).await?;
            let nonce = self.final_nonce.load(Ordering::Relaxed);
            Ok(agreed(Standing { nonce, units }))
        })
    }

    fn progress<'a>(&'a self, _: &'a [SlotQuestion]) -> Fut<'a, Result<Vec<SlotReading>, ChainError>> {
        soon(self.down())
    }

    fn settle<'a>(&'a self, _: &'a [SlotQuestion]) -> Fut<'a, Result<Vec<Final<SlotReading>>, ChainError>> {
        soon(self.down())
    }

    fn still_final<'a>(&'a self, _: &'a [BlockRef]) -> Fut<'a, Result<Vec<Final<bool>>, ChainError>> {
        soon(self.down())
    }

    fn transfers_of<'a>(
        &'a self,
        _: AssetId,
        _: [u8; 32],
    ) -> Fut<'a, Result<Option<Final<(BlockRef, Vec<TransferLog>)>>, ChainError>> {
        let found = self.paid.lock().unwrap().clone();
        soon(Ok(found.map(agreed)))
    }

    fn foreign(&self, _: Address, _: [u8; 32]) -> Fut<'_, Result<Final<Option<Foreign>>, ChainError>> {
        let found = self.foreign.lock().unwrap().clone();
        soon(Ok(agreed(found)))
    }

    fn has_code(&self, _: Address) -> Fut<'_, Result<bool, ChainError>> {
        soon(Ok(self.code.load(Ordering::Relaxed)))
    }

    fn nodes(&self) -> Vec<NodeFacts> {
        vec![NodeFacts {
            name: "one/node".into(),
            operator: "one".into(),
            healthy: false,
            height: Some(HEAD.number),
            trouble: Some("breaker_open"),
        }]
    }

    fn troubles(&self) -> Vec<Raise> {
        vec![]
    }
}
