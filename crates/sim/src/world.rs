//! One history: partners, wallets, callers, two engine processes, a chain with weather, and faults, all from one seed.

mod ahead;
pub mod client;
pub mod clocks;
pub mod director;
mod furnish;
pub mod history;
pub mod part;
pub mod process;
pub mod reply;
pub mod restore;
pub mod setup;
pub mod stranger;
pub mod vendors;
pub mod weather;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sluice_core::address::{Address, EvmAddress};
use sluice_core::asset::Asset;
use sluice_core::chain::ChainProfile;
use sluice_core::id::{PartnerId, WalletId};
use sluice_core::intent::DeploymentId;
use sluice_core::port::Ports;
use sluice_core::port::signer::Signer;
use sluice_mutant::Mutant;
use sluice_store::Db;

use self::restore::Restored;
use crate::executor::{ProcessId, Sim};
use crate::faults::Plan;
use crate::model::market::Stall;
use crate::model::node::SharedChain;
use crate::oracle::money::Order;
use crate::oracle::{Violation, Witness};
use crate::ports::{Hub, Pager};

/// Engine processes of a history.
pub const PROCESSES: std::ops::RangeInclusive<ProcessId> = 1..=2;

/// What a caller wants and how it went.
#[derive(Clone, Debug)]
pub struct Wish {
    /// What was ordered.
    pub order: Order,
    /// Virtual time of the first request, microseconds from the start.
    pub at_us: i64,
    /// Asks to cancel so long after the answer, microseconds.
    pub cancel_after_us: Option<i64>,
    /// Sends another amount under the same external id, which must be refused.
    pub conflicts: bool,
}

/// A managed wallet as the world knows it.
#[derive(Clone, Debug)]
pub struct Purse {
    /// Name.
    pub id: WalletId,
    /// Owner.
    pub partner: PartnerId,
    /// Account.
    pub address: EvmAddress,
}

/// What tells the oracle how a strange thing can have come about.
#[derive(Clone, Debug, Default)]
pub struct Chronicle {
    /// A final block left the chain.
    pub finality_reversed: bool,
    /// How far a clock may ever have been ahead, microseconds, where clocks go wrong by hours.
    pub clocks_ahead_us: i64,
    /// A stop was ever in force.
    pub stopped: bool,
    /// Token units that came from outside after the start, by wallet.
    pub deposits: BTreeMap<WalletId, u128>,
    /// Recipients the issuer ever refused.
    pub blacklisted: BTreeSet<EvmAddress>,
    /// The issuer paused the token.
    pub token_paused: bool,
    /// Transactions made with our keys by somebody else, by hash.
    pub strangers: BTreeMap<[u8; 32], WalletId>,
    /// Our own that moved another amount than they were made for, by hash, and whether they still do.
    pub differed: BTreeMap<[u8; 32], (WalletId, bool)>,
    /// The store was put back to an older copy of itself.
    pub restored: Option<Restored>,
    /// Everything asked of the world is done: callers answered, weather over, all healed.
    pub healed_at_us: Option<i64>,
    /// The history came to its end.
    pub finished: bool,
}

impl Chronicle {
    /// Transactions that a person explains: those of strangers, and our own that moved another amount.
    pub fn strange(&self) -> BTreeMap<[u8; 32], WalletId> {
        let differ =
            self.differed.iter().filter(|(_, (_, now))| *now).map(|(txid, (wallet, _))| (*txid, *wallet));
        self.strangers.iter().map(|(txid, wallet)| (*txid, *wallet)).chain(differ).collect()
    }

    /// Wallets of which a transaction had to be explained, on whatever branch.
    pub fn robbed(&self) -> BTreeSet<WalletId> {
        self.strangers.values().chain(self.differed.values().map(|(wallet, _)| wallet)).copied().collect()
    }
}

/// Everything the parts of a history share.
pub struct World {
    /// Time, processes, trace.
    pub sim: Sim,
    /// The chain.
    pub chain: SharedChain,
    /// What it is like.
    pub profile: ChainProfile,
    /// The token.
    pub asset: Asset,
    /// The one signer of all processes.
    pub signer: Arc<dyn Signer>,
    /// Which installation.
    pub deployment: DeploymentId,
    /// Faults.
    pub plan: Plan,
    /// Sees what passes the ports.
    pub witness: Witness,
    /// Signals.
    pub hub: Arc<Hub>,
    /// Takes alerts.
    pub pager: Arc<Pager>,
    /// Vendors of energy, where it is sold.
    pub stall: Option<Arc<Stall>>,
    /// Wallets.
    pub purses: Vec<Purse>,
    /// What is broken on purpose.
    pub mutant: Option<Mutant>,
    /// The one store of all processes.
    db: Mutex<Arc<Db>>,
    wishes: Mutex<Vec<Wish>>,
    /// Processes that run, with their ports once they serve.
    alive: Mutex<BTreeMap<ProcessId, Option<Ports>>>,
    chronicle: Mutex<Chronicle>,
    violations: Mutex<Vec<Violation>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    /// The one store of all processes. Another one after it was put back.
    pub fn db(&self) -> Arc<Db> {
        Arc::clone(&locked(&self.db))
    }

    /// What callers want.
    pub fn wishes(&self) -> MutexGuard<'_, Vec<Wish>> {
        locked(&self.wishes)
    }

    /// What happened that explains strange things.
    pub fn chronicle(&self) -> MutexGuard<'_, Chronicle> {
        locked(&self.chronicle)
    }

    /// The chain.
    pub fn chain(&self) -> MutexGuard<'_, crate::model::chain::Chain> {
        locked(&self.chain)
    }

    /// The coin that fees are paid in, and orders where its transfer runs nobody's code.
    pub fn coin(&self) -> Asset {
        Asset::native(&self.profile)
    }

    /// An account as the chain writes it.
    pub fn address(&self, account: EvmAddress) -> Address {
        Address::of(self.profile.id.family, account.0)
    }

    /// Something is wrong.
    pub fn accuse(&self, violation: Violation) {
        self.sim.note(crate::executor::WORLD, || format!("VIOLATION {violation}"));
        locked(&self.violations).push(violation);
    }

    /// What the store answers to a question; every row is a text `what`. A question that cannot be asked is no empty answer: the
    /// history is broken then.
    pub fn rows(&self, question: &str) -> Vec<String> {
        crate::oracle::store::ask(&self.db(), question).unwrap_or_else(|error| {
            self.accuse(Violation::new("the world can ask", error));
            Vec::new()
        })
    }

    /// The first thing that was found wrong.
    pub fn first_violation(&self) -> Option<Violation> {
        let witnessed = self.witness.violations();
        let mut all = locked(&self.violations);
        all.extend(witnessed);
        all.first().cloned()
    }
}
