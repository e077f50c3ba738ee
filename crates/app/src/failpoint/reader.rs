//! Reading, each call a failpoint.

use std::sync::Arc;

use sluice_core::alert::Alert;
use sluice_core::asset::{Asset, AssetId};
use sluice_core::chain::ChainId;
use sluice_core::command::Command;
use sluice_core::energy::mode::Stood;
use sluice_core::energy::price::Span;
use sluice_core::energy::{Need, Order, Prepayment, Reference, Request, TopUp, VendorBooks};
use sluice_core::id::{
    AlertId, CommandId, EnergyOrderId, EnergyRequestId, FeedId, PartnerId, ReconciliationId, WalletId,
    WithdrawalId,
};
use sluice_core::lane::Holder;
use sluice_core::port::Fut;
use sluice_core::port::market::VendorId;
use sluice_core::port::reader::{
    AlertFilter, By, ChainStatus, CreditEntry, EnergyCredit, FeedEvent, Filter, LimitUse, Position,
    PriceFilter, Reader, ReconciliationFilter, RequestFilter, StatRow, WalletView, WentBackView,
    WithdrawalView,
};
use sluice_core::port::store::StoreError;
use sluice_core::reconciliation::Reconciliation;
use sluice_core::signature_request::{SignatureFilter, SignatureRequest};
use sluice_core::statement::Line;
use sluice_core::stop::Scope;
use sluice_core::time::Timestamp;
use sluice_core::transfer::Transfer;

use super::Failpoint;

/// Every call of it.
pub const CALLS: [&str; 39] = [
    "reader.withdrawal",
    "reader.by_external_id",
    "reader.list",
    "reader.attention",
    "reader.events",
    "reader.feed",
    "reader.timeline",
    "reader.stats",
    "reader.assets_of",
    "reader.wallets_of",
    "reader.wallet",
    "reader.signature_requests",
    "reader.signature_request",
    "reader.alerts",
    "reader.alert",
    "reader.statement",
    "reader.reconciliations",
    "reader.went_back",
    "reader.stood_of",
    "reader.needs_of",
    "reader.energy_orders",
    "reader.energy_order",
    "reader.energy_requests",
    "reader.energy_request",
    "reader.vendor_books",
    "reader.top_up",
    "reader.energy_credit",
    "reader.energy_credit_entries",
    "reader.energy_topup",
    "reader.energy_prices",
    "reader.paid_by",
    "reader.chain_status",
    "reader.commands",
    "reader.command",
    "reader.usage",
    "reader.irrevocable",
    "reader.holders",
    "reader.unsealed",
    "reader.ping",
];

pub(super) fn wrap(inner: Arc<dyn Reader>, point: &Arc<Failpoint>) -> Arc<dyn Reader> {
    Arc::new(Wrapped { inner, point: point.clone() })
}

struct Wrapped {
    inner: Arc<dyn Reader>,
    point: Arc<Failpoint>,
}

type Answer<'a, T> = Fut<'a, Result<T, StoreError>>;

impl Reader for Wrapped {
    fn withdrawal(&self, partner: Option<PartnerId>, id: WithdrawalId) -> Answer<'_, Option<WithdrawalView>> {
        Box::pin(self.point.around("reader.withdrawal", vec![], self.inner.withdrawal(partner, id)))
    }

    fn by_external_id<'a>(
        &'a self,
        partner: PartnerId,
        external_id: &'a str,
    ) -> Answer<'a, Option<WithdrawalView>> {
        Box::pin(self.point.around(
            "reader.by_external_id",
            vec![],
            self.inner.by_external_id(partner, external_id),
        ))
    }

    fn list<'a>(
        &'a self,
        partner: Option<PartnerId>,
        filter: &'a Filter,
        after: Option<Position>,
        limit: usize,
    ) -> Answer<'a, Vec<WithdrawalView>> {
        Box::pin(self.point.around("reader.list", vec![], self.inner.list(partner, filter, after, limit)))
    }

    fn attention(&self, partner: Option<PartnerId>, limit: usize) -> Answer<'_, Vec<WithdrawalView>> {
        Box::pin(self.point.around("reader.attention", vec![], self.inner.attention(partner, limit)))
    }

    fn events(&self, partner: PartnerId, after: i64, limit: usize) -> Answer<'_, Vec<FeedEvent>> {
        Box::pin(self.point.around("reader.events", vec![], self.inner.events(partner, after, limit)))
    }

    fn feed(&self) -> Answer<'_, FeedId> {
        Box::pin(self.point.around("reader.feed", vec![], self.inner.feed()))
    }

    fn timeline(&self, partner: Option<PartnerId>, id: WithdrawalId) -> Answer<'_, Vec<FeedEvent>> {
        Box::pin(self.point.around("reader.timeline", vec![], self.inner.timeline(partner, id)))
    }

    fn stats(&self, partner: Option<PartnerId>, from: Timestamp, to: Timestamp) -> Answer<'_, Vec<StatRow>> {
        Box::pin(self.point.around("reader.stats", vec![], self.inner.stats(partner, from, to)))
    }

    fn assets_of(&self, partner: Option<PartnerId>) -> Answer<'_, Vec<Asset>> {
        Box::pin(self.point.around("reader.assets_of", vec![], self.inner.assets_of(partner)))
    }

    fn wallets_of(&self, partner: Option<PartnerId>) -> Answer<'_, Vec<WalletView>> {
        Box::pin(self.point.around("reader.wallets_of", vec![], self.inner.wallets_of(partner)))
    }

    fn wallet(&self, partner: Option<PartnerId>, id: WalletId) -> Answer<'_, Option<WalletView>> {
        Box::pin(self.point.around("reader.wallet", vec![], self.inner.wallet(partner, id)))
    }

    fn signature_requests(
        &self,
        partner: Option<PartnerId>,
        filter: SignatureFilter,
        after: Option<Position>,
        limit: usize,
    ) -> Answer<'_, Vec<SignatureRequest>> {
        let found = self.inner.signature_requests(partner, filter, after, limit);
        Box::pin(self.point.around("reader.signature_requests", vec![], found))
    }

    fn signature_request(
        &self,
        partner: Option<PartnerId>,
        id: WithdrawalId,
    ) -> Answer<'_, Option<SignatureRequest>> {
        let found = self.inner.signature_request(partner, id);
        Box::pin(self.point.around("reader.signature_request", vec![], found))
    }

    fn alerts<'a>(
        &'a self,
        partner: Option<PartnerId>,
        filter: &'a AlertFilter,
        limit: usize,
    ) -> Answer<'a, Vec<Alert>> {
        Box::pin(self.point.around("reader.alerts", vec![], self.inner.alerts(partner, filter, limit)))
    }

    fn alert(&self, partner: Option<PartnerId>, id: AlertId) -> Answer<'_, Option<Alert>> {
        Box::pin(self.point.around("reader.alert", vec![], self.inner.alert(partner, id)))
    }

    fn statement(&self, partner: PartnerId, from: Timestamp, to: Timestamp) -> Answer<'_, Vec<Line>> {
        Box::pin(self.point.around("reader.statement", vec![], self.inner.statement(partner, from, to)))
    }

    fn reconciliations(
        &self,
        partner: Option<PartnerId>,
        filter: ReconciliationFilter,
        before: Option<ReconciliationId>,
        limit: usize,
    ) -> Answer<'_, Vec<Reconciliation>> {
        let answer = self.inner.reconciliations(partner, filter, before, limit);
        Box::pin(self.point.around("reader.reconciliations", vec![], answer))
    }

    fn went_back(&self, partner: Option<PartnerId>) -> Answer<'_, Option<WentBackView>> {
        Box::pin(self.point.around("reader.went_back", vec![], self.inner.went_back(partner)))
    }

    fn stood_of(&self, partner: Option<PartnerId>, now: Timestamp) -> Answer<'_, Vec<Stood>> {
        Box::pin(self.point.around("reader.stood_of", vec![], self.inner.stood_of(partner, now)))
    }

    fn needs_of(&self, partner: Option<PartnerId>) -> Answer<'_, Vec<Need>> {
        Box::pin(self.point.around("reader.needs_of", vec![], self.inner.needs_of(partner)))
    }

    fn energy_orders(
        &self,
        partner: Option<PartnerId>,
        wallet: Option<WalletId>,
        before: Option<EnergyOrderId>,
        limit: usize,
    ) -> Answer<'_, Vec<Order>> {
        let found = self.inner.energy_orders(partner, wallet, before, limit);
        Box::pin(self.point.around("reader.energy_orders", vec![], found))
    }

    fn energy_order(&self, id: EnergyOrderId) -> Answer<'_, Option<Order>> {
        Box::pin(self.point.around("reader.energy_order", vec![], self.inner.energy_order(id)))
    }

    fn energy_requests<'a>(
        &'a self,
        filter: &'a RequestFilter,
        before: Option<EnergyRequestId>,
        limit: usize,
    ) -> Answer<'a, Vec<Request>> {
        let found = self.inner.energy_requests(filter, before, limit);
        Box::pin(self.point.around("reader.energy_requests", vec![], found))
    }

    fn energy_request(&self, partner: Option<PartnerId>, id: EnergyRequestId) -> Answer<'_, Option<Request>> {
        let found = self.inner.energy_request(partner, id);
        Box::pin(self.point.around("reader.energy_request", vec![], found))
    }

    fn vendor_books(&self) -> Answer<'_, Vec<VendorBooks>> {
        Box::pin(self.point.around("reader.vendor_books", vec![], self.inner.vendor_books()))
    }

    fn top_up<'a>(&'a self, vendor: &'a VendorId, reference: &'a Reference) -> Answer<'a, Option<TopUp>> {
        Box::pin(self.point.around("reader.top_up", vec![], self.inner.top_up(vendor, reference)))
    }

    fn energy_credit(&self, partner: PartnerId, pool: WalletId) -> Answer<'_, EnergyCredit> {
        let found = self.inner.energy_credit(partner, pool);
        Box::pin(self.point.around("reader.energy_credit", vec![], found))
    }

    fn energy_credit_entries(
        &self,
        partner: PartnerId,
        pool: WalletId,
        before: Option<i64>,
        limit: usize,
    ) -> Answer<'_, Vec<CreditEntry>> {
        let found = self.inner.energy_credit_entries(partner, pool, before, limit);
        Box::pin(self.point.around("reader.energy_credit_entries", vec![], found))
    }

    fn energy_topup(&self, txid: [u8; 32]) -> Answer<'_, Option<Prepayment>> {
        Box::pin(self.point.around("reader.energy_topup", vec![], self.inner.energy_topup(txid)))
    }

    fn energy_prices<'a>(&'a self, filter: &'a PriceFilter, limit: usize) -> Answer<'a, Vec<Span>> {
        let found = self.inner.energy_prices(filter, limit);
        Box::pin(self.point.around("reader.energy_prices", vec![], found))
    }

    fn paid_by<'a>(
        &'a self,
        partner: PartnerId,
        by: By,
        assets: &'a [AssetId],
        from: Timestamp,
        to: Timestamp,
    ) -> Answer<'a, Vec<(Timestamp, u64)>> {
        let found = self.inner.paid_by(partner, by, assets, from, to);
        Box::pin(self.point.around("reader.paid_by", vec![], found))
    }

    fn chain_status(&self, chain: ChainId) -> Answer<'_, ChainStatus> {
        Box::pin(self.point.around("reader.chain_status", vec![], self.inner.chain_status(chain)))
    }

    fn commands(
        &self,
        partner: Option<PartnerId>,
        state: Option<&'static str>,
        before: Option<CommandId>,
        limit: usize,
    ) -> Answer<'_, Vec<Command>> {
        Box::pin(self.point.around(
            "reader.commands",
            vec![],
            self.inner.commands(partner, state, before, limit),
        ))
    }

    fn command(&self, partner: Option<PartnerId>, id: CommandId) -> Answer<'_, Option<Command>> {
        Box::pin(self.point.around("reader.command", vec![], self.inner.command(partner, id)))
    }

    fn usage(&self, partner: PartnerId, now: Timestamp) -> Answer<'_, Vec<LimitUse>> {
        Box::pin(self.point.around("reader.usage", vec![], self.inner.usage(partner, now)))
    }

    fn irrevocable(
        &self,
        partner: Option<PartnerId>,
        scope: Scope,
        limit: usize,
    ) -> Answer<'_, (Vec<Transfer>, u64)> {
        Box::pin(self.point.around(
            "reader.irrevocable",
            vec![],
            self.inner.irrevocable(partner, scope, limit),
        ))
    }

    fn holders(&self, scope: Scope) -> Answer<'_, Vec<Holder>> {
        Box::pin(self.point.around("reader.holders", vec![], self.inner.holders(scope)))
    }

    fn unsealed(&self, limit: usize) -> Answer<'_, usize> {
        Box::pin(self.point.around("reader.unsealed", vec![], self.inner.unsealed(limit)))
    }

    fn ping(&self) -> Answer<'_, ()> {
        Box::pin(self.point.around("reader.ping", vec![], self.inner.ping()))
    }
}
