//! `core::port::reader::Reader`: reading for people and partners.
//!
//! Every answer comes from one moment. Every statement is narrowed to the tenant, bounded, and made of fixed fragments;
//! pages go on after a key and never skip rows; what belongs to a slice is fetched for the whole slice at once. A row
//! that this version cannot read is left out of a list and reported; asked for by name, it is an error, because "there
//! is none" would be a lie.

mod commands;
mod credit;
pub(crate) mod energy;
mod feed;
mod filter;
mod prices;
pub(crate) mod query;
mod reconciliations;
mod requests;
mod signature_requests;
mod standing;
mod statement;
pub(crate) mod stats;
mod stops;
mod view;
mod wallets;
mod went_back;
mod withdrawals;

use sluice_core::alert::Alert;
use sluice_core::amount::Amount;
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
use sluice_core::partner::Limit;
use sluice_core::port::Fut;
use sluice_core::port::market::VendorId;
use sluice_core::port::reader::{
    AlertFilter, By, ChainStatus, CreditEntry, EnergyCredit, FeedEvent, Filter, Position, PriceFilter,
    Reader, ReconciliationFilter, RequestFilter, StatRow, WalletView, WentBackView, WithdrawalView,
};
use sluice_core::port::store::StoreError;
use sluice_core::reconciliation::Reconciliation;
use sluice_core::signature_request::{SignatureFilter, SignatureRequest};
use sluice_core::statement::Line;
use sluice_core::stop::Scope;
use sluice_core::time::Timestamp;
use sluice_core::transfer::Transfer;

use crate::db::Db;
use crate::engine::outlook;
use crate::engine::unread::Found;
use crate::sql::{Conn, SqlError};
use crate::{args, sql};

impl Db {
    /// Like `reading`, for one thing asked for by name: when it is there and does not read, that is the answer.
    pub(crate) async fn reading_one<T, W>(&self, work: W) -> Result<Option<T>, StoreError>
    where
        T: Send + 'static,
        W: for<'a, 'c> FnOnce(&'a mut Conn<'c>) -> Fut<'a, Result<Found<Option<T>>, SqlError>>
            + Send
            + 'static,
    {
        let (found, unread) = self.read(work).await?;
        let first = unread.first().cloned();
        self.report(unread).await?;
        match (found, first) {
            (None, Some(unread)) => Err(unread.into()),
            (found, _) => Ok(found),
        }
    }
}

impl Reader for Db {
    fn withdrawal(
        &self,
        partner: Option<PartnerId>,
        id: WithdrawalId,
    ) -> Fut<'_, Result<Option<WithdrawalView>, StoreError>> {
        Box::pin(self.reading_one(move |conn| Box::pin(withdrawals::one(conn, partner, id))))
    }

    fn by_external_id<'a>(
        &'a self,
        partner: PartnerId,
        external_id: &'a str,
    ) -> Fut<'a, Result<Option<WithdrawalView>, StoreError>> {
        let external_id = external_id.to_owned();
        Box::pin(self.reading_one(move |conn| {
            Box::pin(async move { withdrawals::by_external_id(conn, partner, &external_id).await })
        }))
    }

    fn list<'a>(
        &'a self,
        partner: Option<PartnerId>,
        filter: &'a Filter,
        after: Option<Position>,
        limit: usize,
    ) -> Fut<'a, Result<Vec<WithdrawalView>, StoreError>> {
        let filter = filter.clone();
        Box::pin(self.reading(move |conn| {
            Box::pin(async move { withdrawals::list(conn, partner, &filter, after, limit).await })
        }))
    }

    fn attention(
        &self,
        partner: Option<PartnerId>,
        limit: usize,
    ) -> Fut<'_, Result<Vec<WithdrawalView>, StoreError>> {
        Box::pin(self.reading(move |conn| Box::pin(withdrawals::attention(conn, partner, limit))))
    }

    fn events(
        &self,
        partner: PartnerId,
        after: i64,
        limit: usize,
    ) -> Fut<'_, Result<Vec<FeedEvent>, StoreError>> {
        Box::pin(self.reading(move |conn| Box::pin(feed::after(conn, partner, after, limit))))
    }

    fn feed(&self) -> Fut<'_, Result<FeedId, StoreError>> {
        Box::pin(self.read(move |conn| Box::pin(feed::id(conn))))
    }

    fn timeline(
        &self,
        partner: Option<PartnerId>,
        id: WithdrawalId,
    ) -> Fut<'_, Result<Vec<FeedEvent>, StoreError>> {
        Box::pin(self.reading(move |conn| Box::pin(feed::timeline(conn, partner, id))))
    }

    fn stats(
        &self,
        partner: Option<PartnerId>,
        from: Timestamp,
        to: Timestamp,
    ) -> Fut<'_, Result<Vec<StatRow>, StoreError>> {
        Box::pin(self.reading(move |conn| Box::pin(stats::of(conn, partner, from, to))))
    }

    fn assets_of(&self, partner: Option<PartnerId>) -> Fut<'_, Result<Vec<Asset>, StoreError>> {
        Box::pin(self.reading(move |conn| Box::pin(standing::assets(conn, partner))))
    }

    fn wallets_of(&self, partner: Option<PartnerId>) -> Fut<'_, Result<Vec<WalletView>, StoreError>> {
        Box::pin(self.reading(move |conn| Box::pin(wallets::of(conn, partner))))
    }

    fn wallet(
        &self,
        partner: Option<PartnerId>,
        id: WalletId,
    ) -> Fut<'_, Result<Option<WalletView>, StoreError>> {
        Box::pin(self.reading_one(move |conn| Box::pin(wallets::one(conn, partner, id))))
    }

    fn signature_requests(
        &self,
        partner: Option<PartnerId>,
        filter: SignatureFilter,
        after: Option<Position>,
        limit: usize,
    ) -> Fut<'_, Result<Vec<SignatureRequest>, StoreError>> {
        Box::pin(self.reading(move |conn| {
            Box::pin(async move { signature_requests::list(conn, partner, filter, after, limit).await })
        }))
    }

    fn signature_request(
        &self,
        partner: Option<PartnerId>,
        id: WithdrawalId,
    ) -> Fut<'_, Result<Option<SignatureRequest>, StoreError>> {
        Box::pin(self.reading_one(move |conn| Box::pin(signature_requests::one(conn, partner, id))))
    }

    fn alerts<'a>(
        &'a self,
        partner: Option<PartnerId>,
        filter: &'a AlertFilter,
        limit: usize,
    ) -> Fut<'a, Result<Vec<Alert>, StoreError>> {
        let filter = filter.clone();
        Box::pin(self.reading(move |conn| {
            Box::pin(async move { standing::alerts(conn, partner, &filter, limit).await })
        }))
    }

    fn alert(&self, partner: Option<PartnerId>, id: AlertId) -> Fut<'_, Result<Option<Alert>, StoreError>> {
        Box::pin(self.reading_one(move |conn| Box::pin(standing::alert(conn, partner, id))))
    }

    fn statement(
        &self,
        partner: PartnerId,
        from: Timestamp,
        to: Timestamp,
    ) -> Fut<'_, Result<Vec<Line>, StoreError>> {
        Box::pin(self.read(move |conn| Box::pin(statement::of(conn, partner, from, to))))
    }

    fn reconciliations(
        &self,
        partner: Option<PartnerId>,
        filter: ReconciliationFilter,
        before: Option<ReconciliationId>,
        limit: usize,
    ) -> Fut<'_, Result<Vec<Reconciliation>, StoreError>> {
        Box::pin(
            self.reading(move |conn| Box::pin(reconciliations::list(conn, partner, filter, before, limit))),
        )
    }

    fn went_back(&self, partner: Option<PartnerId>) -> Fut<'_, Result<Option<WentBackView>, StoreError>> {
        Box::pin(self.reading_one(move |conn| Box::pin(went_back::last(conn, partner))))
    }

    fn stood_of(
        &self,
        partner: Option<PartnerId>,
        now: Timestamp,
    ) -> Fut<'_, Result<Vec<Stood>, StoreError>> {
        Box::pin(self.reading(move |conn| Box::pin(outlook::stood(conn, partner, None, now))))
    }

    fn needs_of(&self, partner: Option<PartnerId>) -> Fut<'_, Result<Vec<Need>, StoreError>> {
        Box::pin(self.reading(move |conn| Box::pin(energy::needs(conn, partner))))
    }

    fn energy_orders(
        &self,
        partner: Option<PartnerId>,
        wallet: Option<WalletId>,
        before: Option<EnergyOrderId>,
        limit: usize,
    ) -> Fut<'_, Result<Vec<Order>, StoreError>> {
        Box::pin(self.reading(move |conn| Box::pin(energy::orders(conn, partner, wallet, before, limit))))
    }

    fn energy_order(&self, id: EnergyOrderId) -> Fut<'_, Result<Option<Order>, StoreError>> {
        Box::pin(self.reading_one(move |conn| Box::pin(energy::order(conn, id))))
    }

    fn energy_requests<'a>(
        &'a self,
        filter: &'a RequestFilter,
        before: Option<EnergyRequestId>,
        limit: usize,
    ) -> Fut<'a, Result<Vec<Request>, StoreError>> {
        let filter = filter.clone();
        Box::pin(
            self.reading(move |conn| {
                Box::pin(async move { requests::list(conn, &filter, before, limit).await })
            }),
        )
    }

    fn energy_request(
        &self,
        partner: Option<PartnerId>,
        id: EnergyRequestId,
    ) -> Fut<'_, Result<Option<Request>, StoreError>> {
        Box::pin(self.reading_one(move |conn| Box::pin(requests::one(conn, partner, id))))
    }

    fn vendor_books(&self) -> Fut<'_, Result<Vec<VendorBooks>, StoreError>> {
        Box::pin(self.reading(move |conn| Box::pin(energy::vendor_books(conn))))
    }

    fn top_up<'a>(
        &'a self,
        vendor: &'a VendorId,
        reference: &'a Reference,
    ) -> Fut<'a, Result<Option<TopUp>, StoreError>> {
        let (vendor, reference) = (vendor.clone(), reference.clone());
        Box::pin(self.reading_one(move |conn| {
            Box::pin(async move { energy::top_up(conn, &vendor, &reference).await })
        }))
    }

    fn energy_credit(&self, partner: PartnerId, pool: WalletId) -> Fut<'_, Result<EnergyCredit, StoreError>> {
        Box::pin(self.reading(move |conn| Box::pin(credit::of(conn, partner, pool))))
    }

    fn energy_credit_entries(
        &self,
        partner: PartnerId,
        pool: WalletId,
        before: Option<i64>,
        limit: usize,
    ) -> Fut<'_, Result<Vec<CreditEntry>, StoreError>> {
        Box::pin(self.reading(move |conn| Box::pin(credit::entries(conn, partner, pool, before, limit))))
    }

    fn energy_topup(&self, txid: [u8; 32]) -> Fut<'_, Result<Option<Prepayment>, StoreError>> {
        Box::pin(self.reading(move |conn| Box::pin(credit::topup(conn, txid))))
    }

    fn energy_prices<'a>(
        &'a self,
        filter: &'a PriceFilter,
        limit: usize,
    ) -> Fut<'a, Result<Vec<Span>, StoreError>> {
        let filter = filter.clone();
        Box::pin(
            self.reading(move |conn| Box::pin(async move { energy::prices(conn, &filter, limit).await })),
        )
    }

    fn paid_by<'a>(
        &'a self,
        partner: PartnerId,
        by: By,
        assets: &'a [AssetId],
        from: Timestamp,
        to: Timestamp,
    ) -> Fut<'a, Result<Vec<(Timestamp, u64)>, StoreError>> {
        let assets = assets.to_vec();
        Box::pin(self.reading(move |conn| {
            Box::pin(async move { energy::paid_by(conn, partner, by, &assets, from, to).await })
        }))
    }

    fn chain_status(&self, chain: ChainId) -> Fut<'_, Result<ChainStatus, StoreError>> {
        Box::pin(self.reading(move |conn| Box::pin(standing::chain(conn, chain))))
    }

    fn commands(
        &self,
        partner: Option<PartnerId>,
        state: Option<&'static str>,
        before: Option<CommandId>,
        limit: usize,
    ) -> Fut<'_, Result<Vec<Command>, StoreError>> {
        Box::pin(self.reading(move |conn| Box::pin(commands::list(conn, partner, state, before, limit))))
    }

    fn command(
        &self,
        partner: Option<PartnerId>,
        id: CommandId,
    ) -> Fut<'_, Result<Option<Command>, StoreError>> {
        Box::pin(self.reading_one(move |conn| Box::pin(commands::one(conn, partner, id))))
    }

    fn usage(
        &self,
        partner: PartnerId,
        now: Timestamp,
    ) -> Fut<'_, Result<Vec<(Limit, Amount, Timestamp)>, StoreError>> {
        Box::pin(self.reading(move |conn| Box::pin(standing::usage(conn, partner, now))))
    }

    fn irrevocable(
        &self,
        partner: Option<PartnerId>,
        scope: Scope,
        limit: usize,
    ) -> Fut<'_, Result<(Vec<Transfer>, u64), StoreError>> {
        Box::pin(self.reading(move |conn| Box::pin(stops::irrevocable(conn, partner, scope, limit))))
    }

    fn holders(&self, scope: Scope) -> Fut<'_, Result<Vec<Holder>, StoreError>> {
        Box::pin(self.read(move |conn| Box::pin(stops::holders(conn, scope))))
    }

    fn unsealed(&self, limit: usize) -> Fut<'_, Result<usize, StoreError>> {
        Box::pin(self.read(move |conn| Box::pin(feed::unsealed(conn, limit))))
    }

    fn ping(&self) -> Fut<'_, Result<(), StoreError>> {
        Box::pin(self.read(move |conn| {
            Box::pin(async move { conn.rows(sql!("select 1 as n"), args![]).await.map(|_answer| ()) })
        }))
    }
}
