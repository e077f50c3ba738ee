//! `core::port::store::Store`: what the engine asks of durable state, one module per subject.
//!
//! Reading: `lane`, `claim`, `commands`, `watch`, `facts`, over the loaders in `load`. Writing: `accept` (a request,
//! once), `apply` (everything else), `lease`, `seal`. A method here only moves its arguments into one transaction.
//!
//! Length: one trait is implemented in one place, a few lines for each of its questions.

mod accept;
mod alerts;
pub(crate) mod apply;
mod claim;
mod commands;
pub(crate) mod committer;
pub(crate) mod energy;
pub(crate) mod facts;
pub(crate) mod gather;
mod journal;
mod lane;
mod lease;
pub(crate) mod load;
pub(crate) mod memo;
pub(crate) mod outlook;
pub(crate) mod requests;
mod seal;
mod tally;
pub(crate) mod unread;
mod watch;

use std::future::ready;
use std::sync::Arc;

use sluice_core::alert::{Alert, Code};
use sluice_core::amount::Cost;
use sluice_core::asset::{Asset, AssetId};
use sluice_core::attempt::{Attempt, Durable};
use sluice_core::chain::{BlockRef, ChainId};
use sluice_core::command::{Command, Kind, Person};
use sluice_core::id::{
    AlertId, AttemptId, EnergyOrderId, EventId, KeyId, PartnerId, TransferId, Ulid, WalletId, WithdrawalId,
};
use sluice_core::intent::PaymentKey;
use sluice_core::journal::{Known, LostPayment, LostTxid, Unheld};
use sluice_core::lane::{Fence, Lease};
use sluice_core::port::Fut;
use sluice_core::port::market::Ask;
use sluice_core::port::store::{
    Accepted, Books, Change, Cursor, Intake, IntakeFacts, LaneView, Outcome, Revived, Store, StoreError,
    Undelivered, Wanted,
};
use sluice_core::port::world::{Clock, Entropy};
use sluice_core::proof::Proof;
use sluice_core::slot::Slot;
use sluice_core::stop::Stop;
use sluice_core::time::Timestamp;
use sluice_core::transfer::Transfer;
use sluice_core::wallet::Wallet;
use sluice_core::withdrawal::Withdrawal;

use crate::db::Db;
pub(crate) use crate::sql::LIST_MAX;

/// Time and names for what happens inside a transaction.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
}

impl Context {
    pub(crate) fn ulid(&self) -> Ulid {
        self.entropy.ulid(self.clock.now())
    }

    pub(crate) fn event_id(&self) -> EventId {
        EventId::new(self.ulid())
    }
}

impl Db {
    pub(crate) fn context(&self) -> Context {
        Context { clock: self.clock.clone(), entropy: self.entropy.clone() }
    }
}

/// A size asked for, as a statement takes it: shorter than what no statement may answer.
pub(crate) fn limit(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(LIST_MAX).min(LIST_MAX - 1)
}

type Attempts = Vec<Durable<Attempt>>;

impl Store for Db {
    fn lease<'a>(&'a self, name: &'a str, owner: &'a str) -> Fut<'a, Result<Option<Lease>, StoreError>> {
        let (name, owner, context) = (name.to_owned(), owner.to_owned(), self.context());
        Box::pin(
            self.write(move |conn| Box::pin(async move { lease::take(conn, &context, &name, &owner).await })),
        )
    }

    fn release<'a>(&'a self, owner: &'a str) -> Fut<'a, Result<(), StoreError>> {
        let owner = owner.to_owned();
        Box::pin(self.write(move |conn| Box::pin(async move { lease::release(conn, &owner).await })))
    }

    fn accept(&self, intake: Intake) -> Fut<'_, Result<Accepted, StoreError>> {
        Box::pin(accept::one(self, intake))
    }

    fn apply(&self, fence: Option<Fence>, changes: Vec<Change>) -> Fut<'_, Result<Vec<Outcome>, StoreError>> {
        let (context, observer) = (self.context(), Arc::clone(&self.observer));
        Box::pin(async move {
            let (done, changes) = self
                .write(move |conn| {
                    Box::pin(async move {
                        let done = apply::run(conn, &context, fence.as_ref(), &changes).await?;
                        Ok((done, changes))
                    })
                })
                .await?;
            if let Some(meter) = observer.get() {
                meter.applied(&changes, &done);
            }
            Ok(done)
        })
    }

    fn lane(&self, wallet: WalletId) -> Fut<'_, Result<Option<LaneView>, StoreError>> {
        let memo = self.memo.clone();
        Box::pin(self.reading(move |conn| Box::pin(async move { lane::view(conn, &memo, wallet).await })))
    }

    fn wallets(&self, chain: Option<ChainId>) -> Fut<'_, Result<Vec<Wallet>, StoreError>> {
        Box::pin(self.reading(move |conn| Box::pin(facts::wallets(conn, chain))))
    }

    fn assets(&self, chain: Option<ChainId>) -> Fut<'_, Result<Vec<Asset>, StoreError>> {
        Box::pin(self.reading(move |conn| Box::pin(facts::assets(conn, chain))))
    }

    fn claimable<'a>(
        &'a self,
        partner: PartnerId,
        wanted: &'a Wanted,
        now: Timestamp,
        limit: usize,
    ) -> Fut<'a, Result<Vec<Withdrawal>, StoreError>> {
        let wanted = wanted.clone();
        Box::pin(self.reading(move |conn| {
            Box::pin(async move { claim::claimable(conn, partner, &wanted, now, limit).await })
        }))
    }

    fn withdrawals<'a>(&'a self, ids: &'a [WithdrawalId]) -> Fut<'a, Result<Vec<Withdrawal>, StoreError>> {
        if ids.is_empty() {
            return Box::pin(ready(Ok(vec![])));
        }
        let ids = ids.to_vec();
        Box::pin(self.reading(move |conn| Box::pin(async move { load::withdrawals(conn, &ids).await })))
    }

    fn transfers<'a>(
        &'a self,
        ids: &'a [TransferId],
    ) -> Fut<'a, Result<Vec<(Transfer, Attempts)>, StoreError>> {
        if ids.is_empty() {
            return Box::pin(ready(Ok(vec![])));
        }
        let ids = ids.to_vec();
        Box::pin(self.reading(move |conn| Box::pin(async move { load::transfers(conn, &ids).await })))
    }

    fn attempts_by_txid<'a>(
        &'a self,
        chain: ChainId,
        txids: &'a [[u8; 32]],
    ) -> Fut<'a, Result<Vec<([u8; 32], TransferId)>, StoreError>> {
        let txids = txids.to_vec();
        Box::pin(
            self.reading(move |conn| {
                Box::pin(async move { watch::attempts_by_txid(conn, chain, &txids).await })
            }),
        )
    }

    fn cursor(&self, chain: ChainId, depth: u64) -> Fut<'_, Result<Cursor, StoreError>> {
        Box::pin(self.reading(move |conn| Box::pin(watch::cursor(conn, chain, depth))))
    }

    fn settleable(
        &self,
        chain: ChainId,
        height: u64,
        after: Option<(u64, TransferId)>,
        limit: usize,
    ) -> Fut<'_, Result<Vec<TransferId>, StoreError>> {
        Box::pin(self.reading(move |conn| Box::pin(watch::settleable(conn, chain, height, after, limit))))
    }

    fn included_in<'a>(
        &'a self,
        chain: ChainId,
        blocks: &'a [BlockRef],
    ) -> Fut<'a, Result<Vec<TransferId>, StoreError>> {
        let blocks = blocks.to_vec();
        Box::pin(
            self.reading(move |conn| Box::pin(async move { watch::included_in(conn, chain, &blocks).await })),
        )
    }

    fn revived(&self, withdrawal: WithdrawalId) -> Fut<'_, Result<Vec<Revived>, StoreError>> {
        Box::pin(self.reading(move |conn| Box::pin(watch::revived(conn, withdrawal))))
    }

    fn proof(&self, transfer: TransferId) -> Fut<'_, Result<Option<Proof>, StoreError>> {
        Box::pin(self.reading(move |conn| Box::pin(watch::proof(conn, transfer))))
    }

    fn expired_holds(&self, now: Timestamp, limit: usize) -> Fut<'_, Result<Vec<Withdrawal>, StoreError>> {
        Box::pin(self.reading(move |conn| Box::pin(claim::expired_holds(conn, now, limit))))
    }

    fn overdue(&self, now: Timestamp, limit: usize) -> Fut<'_, Result<Vec<Withdrawal>, StoreError>> {
        Box::pin(self.reading(move |conn| Box::pin(claim::overdue(conn, now, limit))))
    }

    fn intake_facts(
        &self,
        partner: PartnerId,
        asset: AssetId,
    ) -> Fut<'_, Result<Option<IntakeFacts>, StoreError>> {
        Box::pin(async move {
            if let Some(groups) = self.groups() {
                let (facts, unread) = groups.facts.ask((partner, asset)).await?;
                self.report(unread).await?;
                return Ok(facts);
            }
            let asked = [(partner, asset)];
            let mut facts =
                self.reading(move |conn| Box::pin(async move { facts::intake(conn, &asked).await })).await?;
            Ok(facts.pop().flatten())
        })
    }

    fn seal<'a>(&'a self, fence: &'a Fence, limit: usize) -> Fut<'a, Result<usize, StoreError>> {
        let (fence, context) = (fence.clone(), self.context());
        Box::pin(
            self.write(move |conn| Box::pin(async move { seal::run(conn, &context, &fence, limit).await })),
        )
    }

    fn open_alerts<'a>(
        &'a self,
        codes: &'a [Code],
        after: Option<AlertId>,
        limit: usize,
    ) -> Fut<'a, Result<Vec<Alert>, StoreError>> {
        let codes = codes.to_vec();
        Box::pin(
            self.reading(move |conn| Box::pin(async move { alerts::open(conn, &codes, after, limit).await })),
        )
    }

    fn untold_attention(&self, limit: usize) -> Fut<'_, Result<Vec<Withdrawal>, StoreError>> {
        Box::pin(self.reading(move |conn| Box::pin(claim::untold_attention(conn, limit))))
    }

    fn undelivered_alerts(
        &self,
        which: Undelivered,
        limit: usize,
    ) -> Fut<'_, Result<Vec<Alert>, StoreError>> {
        Box::pin(self.reading(move |conn| Box::pin(alerts::undelivered(conn, which, limit))))
    }

    fn alerts_delivered<'a>(&'a self, alerts: &'a [Alert], at: Timestamp) -> Fut<'a, Result<(), StoreError>> {
        let alerts = alerts.to_vec();
        Box::pin(self.write(move |conn| Box::pin(async move { alerts::delivered(conn, &alerts, at).await })))
    }

    fn journal_seq(&self) -> Fut<'_, Result<u64, StoreError>> {
        Box::pin(self.read(move |conn| Box::pin(facts::journal_seq(conn))))
    }

    fn journal_known<'a>(
        &'a self,
        attempts: &'a [AttemptId],
        payments: &'a [PaymentKey],
    ) -> Fut<'a, Result<Known, StoreError>> {
        let (attempts, payments) = (attempts.to_vec(), payments.to_vec());
        Box::pin(
            self.reading(move |conn| {
                Box::pin(async move { journal::known(conn, &attempts, &payments).await })
            }),
        )
    }

    fn lost_payments<'a>(
        &'a self,
        payments: &'a [PaymentKey],
    ) -> Fut<'a, Result<Vec<LostPayment>, StoreError>> {
        let payments = payments.to_vec();
        Box::pin(
            self.read(move |conn| Box::pin(async move { journal::lost_payments(conn, &payments).await })),
        )
    }

    fn lost_txids<'a>(
        &'a self,
        chain: ChainId,
        txids: &'a [[u8; 32]],
    ) -> Fut<'a, Result<Vec<LostTxid>, StoreError>> {
        let txids = txids.to_vec();
        Box::pin(
            self.read(move |conn| Box::pin(async move { journal::lost_txids(conn, chain, &txids).await })),
        )
    }

    fn unheld<'a>(&'a self, slots: &'a [Slot]) -> Fut<'a, Result<Vec<Unheld>, StoreError>> {
        let slots = slots.to_vec();
        Box::pin(self.read(move |conn| Box::pin(async move { journal::unheld(conn, slots).await })))
    }

    fn unended(
        &self,
        after: Option<WithdrawalId>,
        limit: usize,
    ) -> Fut<'_, Result<Vec<Withdrawal>, StoreError>> {
        Box::pin(self.read(move |conn| Box::pin(journal::unended(conn, after, limit))))
    }

    fn outbid<'a>(&'a self, fence: &'a Fence, seen: i64) -> Fut<'a, Result<Option<Lease>, StoreError>> {
        let (fence, context) = (fence.clone(), self.context());
        Box::pin(
            self.write(move |conn| {
                Box::pin(async move { lease::outbid(conn, &context, &fence, seen).await })
            }),
        )
    }

    fn stops(&self) -> Fut<'_, Result<Vec<Stop>, StoreError>> {
        Box::pin(self.reading(move |conn| Box::pin(facts::stops(conn))))
    }

    fn ended_since(&self, wallet: WalletId, height: u64) -> Fut<'_, Result<Option<u64>, StoreError>> {
        Box::pin(self.read(move |conn| Box::pin(watch::ended_since(conn, wallet, height))))
    }

    fn retired(&self) -> Fut<'_, Result<Vec<WalletId>, StoreError>> {
        Box::pin(self.reading(move |conn| Box::pin(facts::retired(conn))))
    }

    fn is_adopted(&self, wallet: WalletId, txid: [u8; 32]) -> Fut<'_, Result<bool, StoreError>> {
        Box::pin(self.read(move |conn| Box::pin(commands::is_adopted(conn, wallet, txid))))
    }

    fn open_command<'a>(
        &'a self,
        kind: Kind,
        subject: &'a str,
    ) -> Fut<'a, Result<Option<Command>, StoreError>> {
        let subject = subject.to_owned();
        Box::pin(
            self.reading_one(move |conn| Box::pin(async move { commands::open(conn, kind, &subject).await })),
        )
    }

    fn expired_commands(&self, now: Timestamp, limit: usize) -> Fut<'_, Result<Vec<Command>, StoreError>> {
        Box::pin(self.reading(move |conn| Box::pin(commands::expired(conn, now, limit))))
    }

    fn person(&self, key: KeyId) -> Fut<'_, Result<Option<Person>, StoreError>> {
        Box::pin(self.reading_one(move |conn| Box::pin(commands::person(conn, key))))
    }

    fn energy<'a>(
        &'a self,
        chain: ChainId,
        since: Timestamp,
        lent: &'a [[u8; 32]],
    ) -> Fut<'a, Result<sluice_core::energy::View, StoreError>> {
        let lent = lent.to_vec();
        Box::pin(
            self.reading(move |conn| Box::pin(async move { energy::view(conn, chain, since, &lent).await })),
        )
    }

    fn stood(
        &self,
        chain: ChainId,
        now: Timestamp,
    ) -> Fut<'_, Result<Vec<sluice_core::energy::mode::Stood>, StoreError>> {
        Box::pin(self.reading(move |conn| Box::pin(outlook::stood(conn, None, Some(chain), now))))
    }

    fn paid_hours<'a>(
        &'a self,
        chain: ChainId,
        assets: &'a [sluice_core::asset::AssetId],
        from: Timestamp,
        to: Timestamp,
    ) -> Fut<'a, Result<Vec<sluice_core::port::store::PaidHours>, StoreError>> {
        let assets = assets.to_vec();
        Box::pin(self.reading(move |conn| {
            Box::pin(async move { outlook::paid_hours(conn, chain, &assets, from, to).await })
        }))
    }

    fn asks<'a>(&'a self, orders: &'a [EnergyOrderId]) -> Fut<'a, Result<Vec<Durable<Ask>>, StoreError>> {
        let orders = orders.to_vec();
        Box::pin(self.reading(move |conn| Box::pin(async move { energy::asks(conn, &orders).await })))
    }

    fn ending(
        &self,
        wallet: WalletId,
        from: Timestamp,
        until: Timestamp,
    ) -> Fut<'_, Result<u64, StoreError>> {
        Box::pin(self.read(move |conn| Box::pin(energy::ending(conn, wallet, from, until))))
    }

    fn burned(&self, wallet: WalletId, since: Timestamp) -> Fut<'_, Result<Cost, StoreError>> {
        Box::pin(self.read(move |conn| Box::pin(energy::burned(conn, wallet, since))))
    }

    fn booked(&self, wallet: WalletId, height: u64) -> Fut<'_, Result<Option<Books>, StoreError>> {
        Box::pin(self.reading(move |conn| Box::pin(facts::booked(conn, wallet, height))))
    }
}
