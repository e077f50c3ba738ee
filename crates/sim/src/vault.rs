//! The signer that ships, called directly: guard, journal in memory, real signatures by keys that everybody knows.

use std::sync::Arc;

use sluice_core::address::EvmAddress;
use sluice_core::amount::Amount;
use sluice_core::asset::Asset;
use sluice_core::attempt::{Durable, Unsigned};
use sluice_core::chain::ChainProfile;
use sluice_core::id::WalletId;
use sluice_core::intent::{Approved, DeploymentId, SigningRequest};
use sluice_core::journal::Entry;
use sluice_core::port::Fut;
use sluice_core::port::signer::{
    Held, Hello, Setter, Shown, Signature, Signer, SignerError, SignerRefusal, SlotRecord, Ticket,
};
use sluice_core::port::world::Clock;
use sluice_core::slot::Slot;
use sluice_core::stop::Scope;
use sluice_core::time::Timestamp;
use sluice_signer::key::MemoryKey;
use sluice_signer::{Ask, AssetCaps, Caps, Enrolled, JournalAt, JournalEntry, Key, KeyRing, SigningService};

use crate::world::Purse;

/// Most wallets a history has.
const KEYS: u8 = 4;

/// Keys and their accounts. Deriving an account takes longer than a small history's set-up, so it is done once.
pub struct Vault {
    keys: Vec<Arc<MemoryKey>>,
}

impl Vault {
    /// Derives the accounts.
    ///
    /// # Errors
    /// What the signer's key said.
    pub fn new() -> Result<Self, String> {
        let key = |n: u8| MemoryKey::new(&[n; 32]).map(Arc::new).map_err(|error| error.to_string());
        Ok(Self { keys: (1..=KEYS).map(key).collect::<Result<_, _>>()? })
    }

    /// Accounts, in order.
    pub fn accounts(&self) -> impl Iterator<Item = EvmAddress> {
        self.keys.iter().map(|key| key.address())
    }

    /// A signer with a fresh journal that holds the keys of these wallets.
    ///
    /// # Errors
    /// What the signer said.
    pub fn signer(
        &self,
        deployment: &DeploymentId,
        profile: &ChainProfile,
        asset: &Asset,
        purses: &[Purse],
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<dyn Signer>, String> {
        let mut ring = KeyRing::new();
        for purse in purses {
            let key =
                self.keys.iter().find(|key| key.address() == purse.address).ok_or("a purse without a key")?;
            let key = Arc::clone(key) as Arc<dyn Key>;
            ring.insert(Enrolled { wallet: purse.id, partner: purse.partner, chain: profile.id, key });
        }
        let most = Amount::from_atoms(i64::MAX / 4).unwrap_or(Amount::ZERO);
        let paid = [asset.clone(), Asset::native(profile)].into_iter().filter(Asset::pays_out);
        let assets = paid.map(|asset| AssetCaps::without_people(asset, most, most)).collect();
        let caps = Caps {
            // Histories are quicker than any real chain, and so is their proof of death.
            reslot_after_ms: 1_000,
            expired_after_ms: 1_000,
            ..Caps::of(std::slice::from_ref(profile), assets)
        };
        let service = SigningService::open(&JournalAt::Memory, deployment, caps, ring, clock.now());
        Ok(Arc::new(Direct { service: service.map_err(|error| error.to_string())?, clock }))
    }
}

/// The service behind its port, on the calling thread.
struct Direct {
    service: SigningService,
    clock: Arc<dyn Clock>,
}

impl Direct {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

fn done<'a, T: Send + 'a>(answer: T) -> Fut<'a, T> {
    Box::pin(std::future::ready(answer))
}

impl Signer for Direct {
    fn hello<'a>(&'a self, wallet: Option<WalletId>) -> Fut<'a, Result<Hello, SignerError>> {
        done(self.service.hello(wallet))
    }

    fn admit<'a>(
        &'a self,
        wallet: WalletId,
        epoch: i64,
        payments: &'a [Approved],
    ) -> Fut<'a, Result<Vec<Result<Ticket, SignerRefusal>>, SignerError>> {
        done(self.service.admit(wallet, epoch, payments, self.now()))
    }

    fn sign<'a>(
        &'a self,
        requests: &'a [(SigningRequest, Durable<Unsigned>)],
    ) -> Fut<'a, Result<Vec<Result<Signature, SignerRefusal>>, SignerError>> {
        let asks: Vec<_> =
            requests.iter().map(|(request, unsigned)| Ask { request, unsigned: unsigned.get() }).collect();
        done(self.service.sign(&asks, self.now()))
    }

    fn held(&self) -> Fut<'_, Result<Vec<Held>, SignerError>> {
        done(self.service.held())
    }

    fn show(
        &self,
        wallet: WalletId,
        challenge: [u8; 32],
    ) -> Fut<'_, Result<Result<Shown, SignerRefusal>, SignerError>> {
        done(self.service.show(wallet, challenge, self.now()))
    }

    fn bar<'a>(
        &'a self,
        wallet: WalletId,
        reason: &'a str,
    ) -> Fut<'a, Result<Result<u64, SignerRefusal>, SignerError>> {
        done(self.service.bar(wallet, reason, self.now()))
    }

    fn close<'a>(
        &'a self,
        wallet: WalletId,
        epoch: i64,
        slot: &'a Slot,
    ) -> Fut<'a, Result<Result<SlotRecord, SignerRefusal>, SignerError>> {
        done(self.service.close(wallet, epoch, slot, self.now()))
    }

    fn mark(&self, mark: u64) -> Fut<'_, Result<u64, SignerError>> {
        done(self.service.mark(mark, self.now()))
    }

    fn export<'a>(&'a self, from_seq: u64, limit: usize) -> Fut<'a, Result<Vec<Entry>, SignerError>> {
        done(self.service.export(from_seq, limit).and_then(|entries| {
            let told = entries.iter().map(JournalEntry::told).collect::<Result<_, _>>();
            told.map_err(|error| SignerError::Journal(error.to_string()))
        }))
    }

    fn stop<'a>(&'a self, scope: &'a Scope, reason: &'a str) -> Fut<'a, Result<u64, SignerError>> {
        done(self.service.stop(scope, Setter::Engine, reason, self.now()))
    }

    fn lift<'a>(&'a self, scope: &'a Scope, read_at: u64) -> Fut<'a, Result<u64, SignerError>> {
        done(self.service.lift(scope, Setter::Engine, Some(read_at), "lifted in the store", self.now()))
    }
}
