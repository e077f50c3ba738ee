//! The store as a process sees it: with faults, and with a witness on what is committed.

use std::sync::Arc;

use sluice_core::alert::{Alert, Code};
use sluice_core::asset::{Asset, AssetId};
use sluice_core::attempt::{Attempt, Durable};
use sluice_core::chain::{BlockRef, ChainId};
use sluice_core::command::{Command, Kind, Person};
use sluice_core::id::{AlertId, AttemptId, KeyId, PartnerId, TransferId, WalletId, WithdrawalId};
use sluice_core::intent::PaymentKey;
use sluice_core::journal::{Known, LostPayment, Unheld};
use sluice_core::lane::{Fence, Lease};
use sluice_core::port::Fut;
use sluice_core::port::store::{
    Accepted, Books, Change, Cursor, Intake, IntakeFacts, LaneView, Outcome, Store, StoreError, Undelivered,
    Wanted,
};
use sluice_core::proof::Proof;
use sluice_core::slot::Slot;
use sluice_core::stop::Stop;
use sluice_core::time::Timestamp;
use sluice_core::transfer::Transfer;
use sluice_core::wallet::Wallet;
use sluice_core::withdrawal::Withdrawal;

use super::Site;
use crate::oracle::Witness;

/// The store behind faults.
pub struct ChaosStore {
    /// The one that ships, or a mutant of it.
    pub inner: Arc<dyn Store>,
    /// Where calls come from.
    pub site: Site,
    /// Sees what is really committed.
    pub witness: Witness,
}

macro_rules! ask {
    ($self:ident, $method:literal, $make:expr) => {
        Box::pin($self.site.ask($method, move || $make, StoreError::Down, StoreError::Unknown))
    };
}

type Answer<'a, T> = Fut<'a, Result<T, StoreError>>;

impl Store for ChaosStore {
    fn lease<'a>(&'a self, name: &'a str, owner: &'a str) -> Answer<'a, Option<Lease>> {
        let make = move || -> Answer<'a, _> {
            Box::pin(async move {
                let lease = self.inner.lease(name, owner).await;
                if let Ok(Some(lease)) = &lease {
                    self.witness.leased(self.site.process, lease);
                }
                lease
            })
        };
        Box::pin(self.site.ask("store.lease", make, StoreError::Down, StoreError::Unknown))
    }

    fn release<'a>(&'a self, owner: &'a str) -> Answer<'a, ()> {
        ask!(self, "store.release", self.inner.release(owner))
    }

    fn accept(&self, intake: Intake) -> Answer<'_, Accepted> {
        ask!(self, "store.accept", self.inner.accept(intake.clone()))
    }

    fn apply(&self, fence: Option<Fence>, changes: Vec<Change>) -> Answer<'_, Vec<Outcome>> {
        let changes = Arc::new(changes);
        let make = move || -> Answer<'_, _> {
            let (fence, changes) = (fence.clone(), Arc::clone(&changes));
            Box::pin(async move {
                let outcomes = self.inner.apply(fence.clone(), changes.to_vec()).await;
                if let Ok(outcomes) = &outcomes {
                    self.witness.applied(self.site.process, fence.as_ref(), &changes, outcomes);
                }
                outcomes
            })
        };
        Box::pin(self.site.ask("store.apply", make, StoreError::Down, StoreError::Unknown))
    }

    fn lane(&self, wallet: WalletId) -> Answer<'_, Option<LaneView>> {
        let make = move || -> Answer<'_, _> {
            Box::pin(async move {
                let lane = self.inner.lane(wallet).await;
                self.witness.read_stops();
                lane
            })
        };
        Box::pin(self.site.ask("store.lane", make, StoreError::Down, StoreError::Unknown))
    }

    fn wallets(&self, chain: Option<ChainId>) -> Answer<'_, Vec<Wallet>> {
        ask!(self, "store.wallets", self.inner.wallets(chain))
    }

    fn assets(&self, chain: Option<ChainId>) -> Answer<'_, Vec<Asset>> {
        ask!(self, "store.assets", self.inner.assets(chain))
    }

    fn claimable<'a>(
        &'a self,
        partner: PartnerId,
        wanted: &'a Wanted,
        now: Timestamp,
        limit: usize,
    ) -> Answer<'a, Vec<Withdrawal>> {
        ask!(self, "store.claimable", self.inner.claimable(partner, wanted, now, limit))
    }

    fn withdrawals<'a>(&'a self, ids: &'a [WithdrawalId]) -> Answer<'a, Vec<Withdrawal>> {
        ask!(self, "store.withdrawals", self.inner.withdrawals(ids))
    }

    fn transfers<'a>(&'a self, ids: &'a [TransferId]) -> Answer<'a, Vec<(Transfer, Vec<Durable<Attempt>>)>> {
        ask!(self, "store.transfers", self.inner.transfers(ids))
    }

    fn attempts_by_txid<'a>(
        &'a self,
        chain: ChainId,
        txids: &'a [[u8; 32]],
    ) -> Answer<'a, Vec<([u8; 32], TransferId)>> {
        ask!(self, "store.attempts_by_txid", self.inner.attempts_by_txid(chain, txids))
    }

    fn cursor(&self, chain: ChainId, depth: u64) -> Answer<'_, Cursor> {
        ask!(self, "store.cursor", self.inner.cursor(chain, depth))
    }

    fn settleable(
        &self,
        chain: ChainId,
        height: u64,
        after: Option<(u64, TransferId)>,
        limit: usize,
    ) -> Answer<'_, Vec<TransferId>> {
        ask!(self, "store.settleable", self.inner.settleable(chain, height, after, limit))
    }

    fn included_in<'a>(&'a self, chain: ChainId, blocks: &'a [BlockRef]) -> Answer<'a, Vec<TransferId>> {
        ask!(self, "store.included_in", self.inner.included_in(chain, blocks))
    }

    fn paid_by(&self, withdrawal: WithdrawalId) -> Answer<'_, Option<TransferId>> {
        ask!(self, "store.paid_by", self.inner.paid_by(withdrawal))
    }

    fn proof(&self, transfer: TransferId) -> Answer<'_, Option<Proof>> {
        ask!(self, "store.proof", self.inner.proof(transfer))
    }

    fn expired_holds(&self, now: Timestamp, limit: usize) -> Answer<'_, Vec<Withdrawal>> {
        ask!(self, "store.expired_holds", self.inner.expired_holds(now, limit))
    }

    fn overdue(&self, now: Timestamp, limit: usize) -> Answer<'_, Vec<Withdrawal>> {
        ask!(self, "store.overdue", self.inner.overdue(now, limit))
    }

    fn intake_facts(&self, partner: PartnerId, asset: AssetId) -> Answer<'_, Option<IntakeFacts>> {
        ask!(self, "store.intake_facts", self.inner.intake_facts(partner, asset))
    }

    fn seal<'a>(&'a self, fence: &'a Fence, limit: usize) -> Answer<'a, usize> {
        ask!(self, "store.seal", self.inner.seal(fence, limit))
    }

    fn open_alerts<'a>(
        &'a self,
        codes: &'a [Code],
        after: Option<AlertId>,
        limit: usize,
    ) -> Answer<'a, Vec<Alert>> {
        ask!(self, "store.open_alerts", self.inner.open_alerts(codes, after, limit))
    }

    fn untold_attention(&self, limit: usize) -> Answer<'_, Vec<Withdrawal>> {
        ask!(self, "store.untold_attention", self.inner.untold_attention(limit))
    }

    fn undelivered_alerts(&self, which: Undelivered, limit: usize) -> Answer<'_, Vec<Alert>> {
        ask!(self, "store.undelivered_alerts", self.inner.undelivered_alerts(which, limit))
    }

    fn alerts_delivered<'a>(&'a self, alerts: &'a [Alert], at: Timestamp) -> Answer<'a, ()> {
        ask!(self, "store.alerts_delivered", self.inner.alerts_delivered(alerts, at))
    }

    fn journal_seq(&self) -> Answer<'_, u64> {
        ask!(self, "store.journal_seq", self.inner.journal_seq())
    }

    fn journal_known<'a>(
        &'a self,
        attempts: &'a [AttemptId],
        payments: &'a [PaymentKey],
    ) -> Answer<'a, Known> {
        ask!(self, "store.journal_known", self.inner.journal_known(attempts, payments))
    }

    fn lost_payments<'a>(&'a self, payments: &'a [PaymentKey]) -> Answer<'a, Vec<LostPayment>> {
        ask!(self, "store.lost_payments", self.inner.lost_payments(payments))
    }

    fn lost_txids<'a>(&'a self, chain: ChainId, txids: &'a [[u8; 32]]) -> Answer<'a, Vec<[u8; 32]>> {
        ask!(self, "store.lost_txids", self.inner.lost_txids(chain, txids))
    }

    fn unheld<'a>(&'a self, slots: &'a [Slot]) -> Answer<'a, Vec<Unheld>> {
        ask!(self, "store.unheld", self.inner.unheld(slots))
    }

    fn unended(&self, after: Option<WithdrawalId>, limit: usize) -> Answer<'_, Vec<Withdrawal>> {
        ask!(self, "store.unended", self.inner.unended(after, limit))
    }

    fn outbid<'a>(&'a self, fence: &'a Fence, seen: i64) -> Answer<'a, Option<Lease>> {
        ask!(self, "store.outbid", self.inner.outbid(fence, seen))
    }

    fn stops(&self) -> Answer<'_, Vec<Stop>> {
        let make = move || -> Answer<'_, _> {
            Box::pin(async move {
                let stops = self.inner.stops().await;
                self.witness.read_stops();
                stops
            })
        };
        Box::pin(self.site.ask("store.stops", make, StoreError::Down, StoreError::Unknown))
    }

    fn ended_since(&self, wallet: WalletId, height: u64) -> Answer<'_, Option<u64>> {
        ask!(self, "store.ended_since", self.inner.ended_since(wallet, height))
    }

    fn retired(&self) -> Answer<'_, Vec<WalletId>> {
        ask!(self, "store.retired", self.inner.retired())
    }

    fn is_adopted(&self, wallet: WalletId, txid: [u8; 32]) -> Answer<'_, bool> {
        ask!(self, "store.is_adopted", self.inner.is_adopted(wallet, txid))
    }

    fn open_command<'a>(&'a self, kind: Kind, subject: &'a str) -> Answer<'a, Option<Command>> {
        ask!(self, "store.open_command", self.inner.open_command(kind, subject))
    }

    fn expired_commands(&self, now: Timestamp, limit: usize) -> Answer<'_, Vec<Command>> {
        ask!(self, "store.expired_commands", self.inner.expired_commands(now, limit))
    }

    fn person(&self, key: KeyId) -> Answer<'_, Option<Person>> {
        ask!(self, "store.person", self.inner.person(key))
    }

    fn booked(&self, wallet: WalletId, height: u64) -> Answer<'_, Option<Books>> {
        ask!(self, "store.booked", self.inner.booked(wallet, height))
    }
}
