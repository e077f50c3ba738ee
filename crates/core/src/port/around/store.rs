//! The store with something around each call.

use std::fmt::Debug;
use std::sync::Arc;

use crate::alert::{Alert, Code};
use crate::amount::Cost;
use crate::asset::{Asset, AssetId};
use crate::attempt::{Attempt, Durable};
use crate::chain::{BlockRef, ChainId};
use crate::command::{Command, Kind, Person};
use crate::energy;
use crate::energy::mode::Stood;
use crate::id::{AlertId, AttemptId, EnergyOrderId, KeyId, PartnerId, TransferId, WalletId, WithdrawalId};
use crate::intent::PaymentKey;
use crate::journal::{Known, LostPayment, LostTxid, Unheld};
use crate::lane::{Fence, Lease};
use crate::port::Fut;
use crate::port::market::Ask;
use crate::port::store::{
    Accepted, Books, Change, Cursor, Intake, IntakeFacts, LaneView, Outcome, PaidHours, Revived, Store,
    StoreError, Undelivered, Wanted,
};
use crate::proof::Proof;
use crate::slot::Slot;
use crate::stop::Stop;
use crate::time::Timestamp;
use crate::transfer::Transfer;
use crate::wallet::Wallet;
use crate::withdrawal::Withdrawal;

/// Every call of the store that something is around.
pub const CALLS: [&str; 45] = [
    "store.lease",
    "store.release",
    "store.accept",
    "store.apply",
    "store.lane",
    "store.wallets",
    "store.assets",
    "store.claimable",
    "store.withdrawals",
    "store.transfers",
    "store.attempts_by_txid",
    "store.cursor",
    "store.settleable",
    "store.included_in",
    "store.revived",
    "store.proof",
    "store.expired_holds",
    "store.overdue",
    "store.intake_facts",
    "store.seal",
    "store.open_alerts",
    "store.untold_attention",
    "store.undelivered_alerts",
    "store.alerts_delivered",
    "store.journal_seq",
    "store.journal_known",
    "store.lost_payments",
    "store.lost_txids",
    "store.unheld",
    "store.unended",
    "store.outbid",
    "store.stops",
    "store.is_adopted",
    "store.ended_since",
    "store.retired",
    "store.open_command",
    "store.expired_commands",
    "store.person",
    "store.energy",
    "store.stood",
    "store.paid_hours",
    "store.asks",
    "store.burned",
    "store.ending",
    "store.booked",
];

/// What a call of the store brings.
pub type Answer<'a, T> = Fut<'a, Result<T, StoreError>>;

/// What is done around the calls. Those that some wrapper looks into have a method of their own.
pub trait Around: Send + Sync {
    /// One call: `make` makes it, as often as it is run. Nothing is around it unless this is said anew.
    fn around<'a, T: Debug + Send + 'a>(
        &'a self,
        _call: &'static str,
        make: impl Fn() -> Answer<'a, T> + Send + 'a,
    ) -> Answer<'a, T> {
        make()
    }

    /// [`Store::lease`].
    fn lease<'a>(&'a self, inner: &'a dyn Store, name: &'a str, owner: &'a str) -> Answer<'a, Option<Lease>> {
        self.around("store.lease", move || inner.lease(name, owner))
    }

    /// [`Store::accept`].
    fn accept<'a>(&'a self, inner: &'a dyn Store, intake: Intake) -> Answer<'a, Accepted> {
        self.around("store.accept", move || inner.accept(intake.clone()))
    }

    /// [`Store::apply`].
    fn apply<'a>(
        &'a self,
        inner: &'a dyn Store,
        fence: Option<Fence>,
        changes: Vec<Change>,
    ) -> Answer<'a, Vec<Outcome>> {
        self.around("store.apply", move || inner.apply(fence.clone(), changes.clone()))
    }

    /// [`Store::lane`].
    fn lane<'a>(&'a self, inner: &'a dyn Store, wallet: WalletId) -> Answer<'a, Option<LaneView>> {
        self.around("store.lane", move || inner.lane(wallet))
    }

    /// [`Store::stops`].
    fn stops<'a>(&'a self, inner: &'a dyn Store) -> Answer<'a, Vec<Stop>> {
        self.around("store.stops", move || inner.stops())
    }
}

/// A store with something around it.
pub struct Wrapped<A> {
    /// The store.
    pub inner: Arc<dyn Store>,
    /// What is around it.
    pub by: A,
}

impl<A: Around> Store for Wrapped<A> {
    fn lease<'a>(&'a self, name: &'a str, owner: &'a str) -> Answer<'a, Option<Lease>> {
        self.by.lease(&*self.inner, name, owner)
    }

    fn release<'a>(&'a self, owner: &'a str) -> Answer<'a, ()> {
        self.by.around("store.release", move || self.inner.release(owner))
    }

    fn accept(&self, intake: Intake) -> Answer<'_, Accepted> {
        self.by.accept(&*self.inner, intake)
    }

    fn apply(&self, fence: Option<Fence>, changes: Vec<Change>) -> Answer<'_, Vec<Outcome>> {
        self.by.apply(&*self.inner, fence, changes)
    }

    fn lane(&self, wallet: WalletId) -> Answer<'_, Option<LaneView>> {
        self.by.lane(&*self.inner, wallet)
    }

    fn wallets(&self, chain: Option<ChainId>) -> Answer<'_, Vec<Wallet>> {
        self.by.around("store.wallets", move || self.inner.wallets(chain))
    }

    fn assets(&self, chain: Option<ChainId>) -> Answer<'_, Vec<Asset>> {
        self.by.around("store.assets", move || self.inner.assets(chain))
    }

    fn claimable<'a>(
        &'a self,
        partner: PartnerId,
        wanted: &'a Wanted,
        now: Timestamp,
        limit: usize,
    ) -> Answer<'a, Vec<Withdrawal>> {
        self.by.around("store.claimable", move || self.inner.claimable(partner, wanted, now, limit))
    }

    fn withdrawals<'a>(&'a self, ids: &'a [WithdrawalId]) -> Answer<'a, Vec<Withdrawal>> {
        self.by.around("store.withdrawals", move || self.inner.withdrawals(ids))
    }

    fn transfers<'a>(&'a self, ids: &'a [TransferId]) -> Answer<'a, Vec<(Transfer, Vec<Durable<Attempt>>)>> {
        self.by.around("store.transfers", move || self.inner.transfers(ids))
    }

    fn attempts_by_txid<'a>(
        &'a self,
        chain: ChainId,
        txids: &'a [[u8; 32]],
    ) -> Answer<'a, Vec<([u8; 32], TransferId)>> {
        self.by.around("store.attempts_by_txid", move || self.inner.attempts_by_txid(chain, txids))
    }

    fn cursor(&self, chain: ChainId, depth: u64) -> Answer<'_, Cursor> {
        self.by.around("store.cursor", move || self.inner.cursor(chain, depth))
    }

    fn settleable(
        &self,
        chain: ChainId,
        height: u64,
        after: Option<(u64, TransferId)>,
        limit: usize,
    ) -> Answer<'_, Vec<TransferId>> {
        self.by.around("store.settleable", move || self.inner.settleable(chain, height, after, limit))
    }

    fn included_in<'a>(&'a self, chain: ChainId, blocks: &'a [BlockRef]) -> Answer<'a, Vec<TransferId>> {
        self.by.around("store.included_in", move || self.inner.included_in(chain, blocks))
    }

    fn revived(&self, withdrawal: WithdrawalId) -> Answer<'_, Vec<Revived>> {
        self.by.around("store.revived", move || self.inner.revived(withdrawal))
    }

    fn proof(&self, transfer: TransferId) -> Answer<'_, Option<Proof>> {
        self.by.around("store.proof", move || self.inner.proof(transfer))
    }

    fn ended_since(&self, wallet: WalletId, height: u64) -> Answer<'_, Option<u64>> {
        self.by.around("store.ended_since", move || self.inner.ended_since(wallet, height))
    }

    fn retired(&self) -> Answer<'_, Vec<WalletId>> {
        self.by.around("store.retired", move || self.inner.retired())
    }

    fn is_adopted(&self, wallet: WalletId, txid: [u8; 32]) -> Answer<'_, bool> {
        self.by.around("store.is_adopted", move || self.inner.is_adopted(wallet, txid))
    }

    fn open_command<'a>(&'a self, kind: Kind, subject: &'a str) -> Answer<'a, Option<Command>> {
        self.by.around("store.open_command", move || self.inner.open_command(kind, subject))
    }

    fn expired_commands(&self, now: Timestamp, limit: usize) -> Answer<'_, Vec<Command>> {
        self.by.around("store.expired_commands", move || self.inner.expired_commands(now, limit))
    }

    fn person(&self, key: KeyId) -> Answer<'_, Option<Person>> {
        self.by.around("store.person", move || self.inner.person(key))
    }

    fn expired_holds(&self, now: Timestamp, limit: usize) -> Answer<'_, Vec<Withdrawal>> {
        self.by.around("store.expired_holds", move || self.inner.expired_holds(now, limit))
    }

    fn overdue(&self, now: Timestamp, limit: usize) -> Answer<'_, Vec<Withdrawal>> {
        self.by.around("store.overdue", move || self.inner.overdue(now, limit))
    }

    fn intake_facts(&self, partner: PartnerId, asset: AssetId) -> Answer<'_, Option<IntakeFacts>> {
        self.by.around("store.intake_facts", move || self.inner.intake_facts(partner, asset))
    }

    fn seal<'a>(&'a self, fence: &'a Fence, limit: usize) -> Answer<'a, usize> {
        self.by.around("store.seal", move || self.inner.seal(fence, limit))
    }

    fn open_alerts<'a>(
        &'a self,
        codes: &'a [Code],
        after: Option<AlertId>,
        limit: usize,
    ) -> Answer<'a, Vec<Alert>> {
        self.by.around("store.open_alerts", move || self.inner.open_alerts(codes, after, limit))
    }

    fn untold_attention(&self, limit: usize) -> Answer<'_, Vec<Withdrawal>> {
        self.by.around("store.untold_attention", move || self.inner.untold_attention(limit))
    }

    fn undelivered_alerts(&self, which: Undelivered, limit: usize) -> Answer<'_, Vec<Alert>> {
        self.by.around("store.undelivered_alerts", move || self.inner.undelivered_alerts(which, limit))
    }

    fn alerts_delivered<'a>(&'a self, alerts: &'a [Alert], at: Timestamp) -> Answer<'a, ()> {
        self.by.around("store.alerts_delivered", move || self.inner.alerts_delivered(alerts, at))
    }

    fn journal_seq(&self) -> Answer<'_, u64> {
        self.by.around("store.journal_seq", move || self.inner.journal_seq())
    }

    fn journal_known<'a>(
        &'a self,
        attempts: &'a [AttemptId],
        payments: &'a [PaymentKey],
    ) -> Answer<'a, Known> {
        self.by.around("store.journal_known", move || self.inner.journal_known(attempts, payments))
    }

    fn lost_payments<'a>(&'a self, payments: &'a [PaymentKey]) -> Answer<'a, Vec<LostPayment>> {
        self.by.around("store.lost_payments", move || self.inner.lost_payments(payments))
    }

    fn lost_txids<'a>(&'a self, chain: ChainId, txids: &'a [[u8; 32]]) -> Answer<'a, Vec<LostTxid>> {
        self.by.around("store.lost_txids", move || self.inner.lost_txids(chain, txids))
    }

    fn unheld<'a>(&'a self, slots: &'a [Slot]) -> Answer<'a, Vec<Unheld>> {
        self.by.around("store.unheld", move || self.inner.unheld(slots))
    }

    fn unended(&self, after: Option<WithdrawalId>, limit: usize) -> Answer<'_, Vec<Withdrawal>> {
        self.by.around("store.unended", move || self.inner.unended(after, limit))
    }

    fn outbid<'a>(&'a self, fence: &'a Fence, seen: i64) -> Answer<'a, Option<Lease>> {
        self.by.around("store.outbid", move || self.inner.outbid(fence, seen))
    }

    fn stops(&self) -> Answer<'_, Vec<Stop>> {
        self.by.stops(&*self.inner)
    }

    fn energy<'a>(
        &'a self,
        chain: ChainId,
        since: Timestamp,
        lent: &'a [[u8; 32]],
    ) -> Answer<'a, energy::View> {
        self.by.around("store.energy", move || self.inner.energy(chain, since, lent))
    }

    fn stood(&self, chain: ChainId, now: Timestamp) -> Answer<'_, Vec<Stood>> {
        self.by.around("store.stood", move || self.inner.stood(chain, now))
    }

    fn paid_hours<'a>(
        &'a self,
        chain: ChainId,
        assets: &'a [AssetId],
        from: Timestamp,
        to: Timestamp,
    ) -> Answer<'a, Vec<PaidHours>> {
        self.by.around("store.paid_hours", move || self.inner.paid_hours(chain, assets, from, to))
    }

    fn asks<'a>(&'a self, orders: &'a [EnergyOrderId]) -> Answer<'a, Vec<Durable<Ask>>> {
        self.by.around("store.asks", move || self.inner.asks(orders))
    }

    fn ending(&self, wallet: WalletId, from: Timestamp, until: Timestamp) -> Answer<'_, u64> {
        self.by.around("store.ending", move || self.inner.ending(wallet, from, until))
    }

    fn burned(&self, wallet: WalletId, since: Timestamp) -> Answer<'_, Cost> {
        self.by.around("store.burned", move || self.inner.burned(wallet, since))
    }

    fn booked(&self, wallet: WalletId, height: u64) -> Answer<'_, Option<Books>> {
        self.by.around("store.booked", move || self.inner.booked(wallet, height))
    }
}
