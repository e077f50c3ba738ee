//! Stores with a rule off.

use std::sync::Arc;

use sluice_core::alert::{Alert, Code};
use sluice_core::asset::{Asset, AssetId};
use sluice_core::attempt::{Attempt, Durable};
use sluice_core::chain::{BlockRef, ChainId};
use sluice_core::command::{Command, Kind, Person};
use sluice_core::id::{AlertId, AttemptId, KeyId, PartnerId, TransferId, WalletId, WithdrawalId};
use sluice_core::intent::{DeploymentId, PaymentKey};
use sluice_core::journal::{Known, LostPayment, Unheld};
use sluice_core::lane::{Fence, Lease};
use sluice_core::policy::Decision;
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
use sluice_core::withdrawal::{Record, Withdrawal};

use super::Mutant;

/// A store with a rule off.
pub struct BrokenStore {
    /// The one that ships.
    pub inner: Arc<dyn Store>,
    /// Which rule.
    pub mutant: Mutant,
}

type Answer<'a, T> = Fut<'a, Result<T, StoreError>>;

/// Asks under a made-up external id, and answers under the real one: nothing is ever recognised again.
fn unrecognised(intake: &mut Intake) -> String {
    let asked = intake.withdrawal.after().clone();
    let mut request = asked.request.clone();
    let real = request.external_id.clone();
    request.external_id = asked.id.to_string();
    let deployment = DeploymentId("forgets".into());
    intake.withdrawal =
        Withdrawal::request(asked.id, asked.partner, &deployment, request, false, asked.accepted_at);
    intake.idempotency_key = None;
    real
}

impl Store for BrokenStore {
    fn lease<'a>(&'a self, name: &'a str, owner: &'a str) -> Answer<'a, Option<Lease>> {
        self.inner.lease(name, owner)
    }

    fn release<'a>(&'a self, owner: &'a str) -> Answer<'a, ()> {
        self.inner.release(owner)
    }

    fn accept(&self, mut intake: Intake) -> Answer<'_, Accepted> {
        match self.mutant {
            Mutant::NoLimit => {
                if let Decision::Pass { claims, .. } = &mut intake.decision {
                    claims.clear();
                }
                self.inner.accept(intake)
            }
            Mutant::NoIdentity => Box::pin(async move {
                let real = unrecognised(&mut intake);
                Ok(match self.inner.accept(intake).await? {
                    Accepted::New(withdrawal) => {
                        let mut record = Record::clone(&withdrawal);
                        record.request.external_id = real;
                        #[expect(clippy::disallowed_methods, reason = "what this mutant says is not so")]
                        let answer = Withdrawal::restored(record);
                        Accepted::New(Box::new(answer))
                    }
                    other => other,
                })
            }),
            _ => self.inner.accept(intake),
        }
    }

    fn apply(&self, fence: Option<Fence>, changes: Vec<Change>) -> Answer<'_, Vec<Outcome>> {
        let fence = if self.mutant == Mutant::NoFence { None } else { fence };
        self.inner.apply(fence, changes)
    }

    fn lane(&self, wallet: WalletId) -> Answer<'_, Option<LaneView>> {
        Box::pin(async move {
            let mut lane = self.inner.lane(wallet).await?;
            if let Some(lane) = &mut lane
                && self.mutant == Mutant::NoStop
            {
                lane.stops.clear();
            }
            Ok(lane)
        })
    }

    fn wallets(&self, chain: Option<ChainId>) -> Answer<'_, Vec<Wallet>> {
        self.inner.wallets(chain)
    }

    fn assets(&self, chain: Option<ChainId>) -> Answer<'_, Vec<Asset>> {
        self.inner.assets(chain)
    }

    fn claimable<'a>(
        &'a self,
        partner: PartnerId,
        wanted: &'a Wanted,
        now: Timestamp,
        limit: usize,
    ) -> Answer<'a, Vec<Withdrawal>> {
        self.inner.claimable(partner, wanted, now, limit)
    }

    fn withdrawals<'a>(&'a self, ids: &'a [WithdrawalId]) -> Answer<'a, Vec<Withdrawal>> {
        self.inner.withdrawals(ids)
    }

    fn transfers<'a>(&'a self, ids: &'a [TransferId]) -> Answer<'a, Vec<(Transfer, Vec<Durable<Attempt>>)>> {
        self.inner.transfers(ids)
    }

    fn attempts_by_txid<'a>(
        &'a self,
        chain: ChainId,
        txids: &'a [[u8; 32]],
    ) -> Answer<'a, Vec<([u8; 32], TransferId)>> {
        self.inner.attempts_by_txid(chain, txids)
    }

    fn cursor(&self, chain: ChainId, depth: u64) -> Answer<'_, Cursor> {
        self.inner.cursor(chain, depth)
    }

    fn settleable(
        &self,
        chain: ChainId,
        height: u64,
        after: Option<(u64, TransferId)>,
        limit: usize,
    ) -> Answer<'_, Vec<TransferId>> {
        self.inner.settleable(chain, height, after, limit)
    }

    fn included_in<'a>(&'a self, chain: ChainId, blocks: &'a [BlockRef]) -> Answer<'a, Vec<TransferId>> {
        self.inner.included_in(chain, blocks)
    }

    fn paid_by(&self, withdrawal: WithdrawalId) -> Answer<'_, Option<TransferId>> {
        self.inner.paid_by(withdrawal)
    }

    fn proof(&self, transfer: TransferId) -> Answer<'_, Option<Proof>> {
        self.inner.proof(transfer)
    }

    fn expired_holds(&self, now: Timestamp, limit: usize) -> Answer<'_, Vec<Withdrawal>> {
        self.inner.expired_holds(now, limit)
    }

    fn overdue(&self, now: Timestamp, limit: usize) -> Answer<'_, Vec<Withdrawal>> {
        self.inner.overdue(now, limit)
    }

    fn intake_facts(&self, partner: PartnerId, asset: AssetId) -> Answer<'_, Option<IntakeFacts>> {
        self.inner.intake_facts(partner, asset)
    }

    fn seal<'a>(&'a self, fence: &'a Fence, limit: usize) -> Answer<'a, usize> {
        self.inner.seal(fence, limit)
    }

    fn open_alerts<'a>(
        &'a self,
        codes: &'a [Code],
        after: Option<AlertId>,
        limit: usize,
    ) -> Answer<'a, Vec<Alert>> {
        self.inner.open_alerts(codes, after, limit)
    }

    fn untold_attention(&self, limit: usize) -> Answer<'_, Vec<Withdrawal>> {
        self.inner.untold_attention(limit)
    }

    fn undelivered_alerts(&self, which: Undelivered, limit: usize) -> Answer<'_, Vec<Alert>> {
        self.inner.undelivered_alerts(which, limit)
    }

    fn alerts_delivered<'a>(&'a self, alerts: &'a [Alert], at: Timestamp) -> Answer<'a, ()> {
        self.inner.alerts_delivered(alerts, at)
    }

    fn journal_seq(&self) -> Answer<'_, u64> {
        self.inner.journal_seq()
    }

    fn journal_known<'a>(
        &'a self,
        attempts: &'a [AttemptId],
        payments: &'a [PaymentKey],
    ) -> Answer<'a, Known> {
        self.inner.journal_known(attempts, payments)
    }

    fn lost_payments<'a>(&'a self, payments: &'a [PaymentKey]) -> Answer<'a, Vec<LostPayment>> {
        self.inner.lost_payments(payments)
    }

    fn unheld<'a>(&'a self, slots: &'a [Slot]) -> Answer<'a, Vec<Unheld>> {
        self.inner.unheld(slots)
    }

    fn lost_txids<'a>(&'a self, chain: ChainId, txids: &'a [[u8; 32]]) -> Answer<'a, Vec<[u8; 32]>> {
        self.inner.lost_txids(chain, txids)
    }

    fn unended(
        &self,
        after: Option<WithdrawalId>,
        limit: usize,
    ) -> Fut<'_, Result<Vec<Withdrawal>, StoreError>> {
        self.inner.unended(after, limit)
    }

    fn outbid<'a>(&'a self, fence: &'a Fence, seen: i64) -> Answer<'a, Option<Lease>> {
        self.inner.outbid(fence, seen)
    }

    fn stops(&self) -> Answer<'_, Vec<Stop>> {
        if self.mutant == Mutant::NoStop {
            return Box::pin(std::future::ready(Ok(vec![])));
        }
        self.inner.stops()
    }

    fn ended_since(&self, wallet: WalletId, height: u64) -> Answer<'_, Option<u64>> {
        self.inner.ended_since(wallet, height)
    }

    fn retired(&self) -> Answer<'_, Vec<WalletId>> {
        self.inner.retired()
    }

    fn is_adopted(&self, wallet: WalletId, txid: [u8; 32]) -> Answer<'_, bool> {
        self.inner.is_adopted(wallet, txid)
    }

    fn open_command<'a>(&'a self, kind: Kind, subject: &'a str) -> Answer<'a, Option<Command>> {
        self.inner.open_command(kind, subject)
    }

    fn expired_commands(&self, now: Timestamp, limit: usize) -> Answer<'_, Vec<Command>> {
        self.inner.expired_commands(now, limit)
    }

    fn person(&self, key: KeyId) -> Answer<'_, Option<Person>> {
        self.inner.person(key)
    }

    fn booked(&self, wallet: WalletId, height: u64) -> Answer<'_, Option<Books>> {
        self.inner.booked(wallet, height)
    }
}
