//! `core::port::registry::Registry`: partners, keys, limits, assets, stops and acknowledgements.
//!
//! Each write is one transaction that also holds its event, with who and why (M15). Doing a thing twice is the same as
//! once, and only the first time is an event.

mod alert;
mod asset;
mod key;
pub(crate) mod nonce;
mod partner;
pub(crate) mod stop;
mod told;

use sluice_core::asset::Asset;
use sluice_core::command::Command;
use sluice_core::event::Cause;
use sluice_core::id::{AlertId, KeyId, PartnerId};
use sluice_core::moved::Moved;
use sluice_core::partner::{ApiKey, Limit, Partner};
use sluice_core::port::Fut;
use sluice_core::port::registry::{Lifted, Registry};
use sluice_core::port::store::StoreError;
use sluice_core::stop::{Scope, Stop};
use sluice_core::time::Timestamp;

use self::nonce::Nonce;
use crate::db::Db;

impl Registry for Db {
    fn create_partner(
        &self,
        partner: Partner,
        limits: Vec<Limit>,
        cause: Cause,
    ) -> Fut<'_, Result<bool, StoreError>> {
        let context = self.context();
        Box::pin(self.write(move |conn| {
            Box::pin(async move { partner::create(conn, &context, &partner, &limits, &cause).await })
        }))
    }

    fn partners(&self) -> Fut<'_, Result<Vec<Partner>, StoreError>> {
        Box::pin(self.reading(move |conn| Box::pin(partner::all(conn))))
    }

    fn partner(&self, id: PartnerId) -> Fut<'_, Result<Option<Partner>, StoreError>> {
        Box::pin(self.reading_one(move |conn| Box::pin(partner::one(conn, id))))
    }

    fn set_limit(&self, partner: PartnerId, limit: Limit, cause: Cause) -> Fut<'_, Result<(), StoreError>> {
        let context = self.context();
        Box::pin(self.write(move |conn| {
            Box::pin(async move { partner::set_limit(conn, &context, partner, &limit, &cause).await })
        }))
    }

    fn limits(&self, partner: PartnerId) -> Fut<'_, Result<Vec<Limit>, StoreError>> {
        Box::pin(self.reading(move |conn| Box::pin(partner::limits(conn, partner))))
    }

    fn create_key(&self, key: ApiKey, cause: Cause) -> Fut<'_, Result<bool, StoreError>> {
        let context = self.context();
        Box::pin(
            self.write(move |conn| Box::pin(async move { key::create(conn, &context, &key, &cause).await })),
        )
    }

    fn key(&self, id: KeyId) -> Fut<'_, Result<Option<ApiKey>, StoreError>> {
        Box::pin(self.reading_one(move |conn| Box::pin(key::one(conn, id))))
    }

    fn keys(&self, partner: PartnerId) -> Fut<'_, Result<Vec<ApiKey>, StoreError>> {
        Box::pin(self.reading(move |conn| Box::pin(key::of(conn, partner))))
    }

    fn keys_made_by(&self, id: KeyId) -> Fut<'_, Result<Vec<ApiKey>, StoreError>> {
        Box::pin(self.reading(move |conn| Box::pin(key::made_by(conn, id))))
    }

    fn revoke_key(&self, partner: PartnerId, id: KeyId, cause: Cause) -> Fut<'_, Result<bool, StoreError>> {
        let context = self.context();
        Box::pin(self.write(move |conn| {
            Box::pin(async move { key::revoke(conn, &context, partner, id, &cause).await })
        }))
    }

    fn key_used(&self, id: KeyId, at: Timestamp) -> Fut<'_, Result<(), StoreError>> {
        Box::pin(self.write(move |conn| Box::pin(key::used(conn, id, at))))
    }

    fn use_nonce<'a>(
        &'a self,
        key: KeyId,
        nonce: &'a str,
        until: Timestamp,
        now: Timestamp,
    ) -> Fut<'a, Result<bool, StoreError>> {
        let one = Nonce { key, nonce: nonce.to_owned(), until, now };
        Box::pin(async move {
            if let Some(groups) = self.groups() {
                return groups.nonces.ask(one).await;
            }
            let firsts = self
                .write(move |conn| {
                    Box::pin(async move { nonce::first_uses(conn, std::slice::from_ref(&one)).await })
                })
                .await?;
            Ok(firsts.contains(&true))
        })
    }

    fn sweep_nonces(&self, now: Timestamp) -> Fut<'_, Result<u64, StoreError>> {
        Box::pin(async move {
            let mut swept: u64 = 0;
            loop {
                let some = self.write(move |conn| Box::pin(nonce::sweep(conn, now))).await?;
                swept = swept.saturating_add(some);
                if some < nonce::SWEEP {
                    return Ok(swept);
                }
            }
        })
    }

    fn put_asset(&self, asset: Asset) -> Fut<'_, Result<(), StoreError>> {
        let context = self.context();
        Box::pin(self.write(move |conn| Box::pin(async move { asset::put(conn, &context, &asset).await })))
    }

    fn stop(&self, stop: Stop) -> Fut<'_, Result<bool, StoreError>> {
        let context = self.context();
        Box::pin(self.write(move |conn| Box::pin(async move { stop::set(conn, &context, &stop).await })))
    }

    fn lift(
        &self,
        scope: Scope,
        holder: PartnerId,
        word: Moved<Command>,
        cause: Cause,
    ) -> Fut<'_, Result<Lifted, StoreError>> {
        let context = self.context();
        Box::pin(self.write(move |conn| {
            Box::pin(async move { stop::lift(conn, &context, (scope, holder), &word, &cause).await })
        }))
    }

    fn acknowledge(
        &self,
        partner: Option<PartnerId>,
        id: AlertId,
        cause: Cause,
    ) -> Fut<'_, Result<bool, StoreError>> {
        let context = self.context();
        Box::pin(self.write(move |conn| {
            Box::pin(async move { alert::acknowledge(conn, &context, partner, id, &cause).await })
        }))
    }
}
