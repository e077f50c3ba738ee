//! Partners, keys, stops: each call a failpoint.

use std::sync::Arc;

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

use super::Failpoint;

/// Every call of it.
pub const CALLS: [&str; 17] = [
    "registry.create_partner",
    "registry.partners",
    "registry.partner",
    "registry.set_limit",
    "registry.limits",
    "registry.create_key",
    "registry.key",
    "registry.keys",
    "registry.keys_made_by",
    "registry.revoke_key",
    "registry.key_used",
    "registry.use_nonce",
    "registry.sweep_nonces",
    "registry.put_asset",
    "registry.stop",
    "registry.lift",
    "registry.acknowledge",
];

pub(super) fn wrap(inner: Arc<dyn Registry>, point: &Arc<Failpoint>) -> Arc<dyn Registry> {
    Arc::new(Wrapped { inner, point: point.clone() })
}

struct Wrapped {
    inner: Arc<dyn Registry>,
    point: Arc<Failpoint>,
}

type Answer<'a, T> = Fut<'a, Result<T, StoreError>>;

impl Registry for Wrapped {
    fn create_partner(&self, partner: Partner, limits: Vec<Limit>, cause: Cause) -> Answer<'_, bool> {
        Box::pin(self.point.around(
            "registry.create_partner",
            vec![],
            self.inner.create_partner(partner, limits, cause),
        ))
    }

    fn partners(&self) -> Answer<'_, Vec<Partner>> {
        Box::pin(self.point.around("registry.partners", vec![], self.inner.partners()))
    }

    fn partner(&self, id: PartnerId) -> Answer<'_, Option<Partner>> {
        Box::pin(self.point.around("registry.partner", vec![], self.inner.partner(id)))
    }

    fn set_limit(&self, partner: PartnerId, limit: Limit, cause: Cause) -> Answer<'_, ()> {
        Box::pin(self.point.around("registry.set_limit", vec![], self.inner.set_limit(partner, limit, cause)))
    }

    fn limits(&self, partner: PartnerId) -> Answer<'_, Vec<Limit>> {
        Box::pin(self.point.around("registry.limits", vec![], self.inner.limits(partner)))
    }

    fn create_key(&self, key: ApiKey, cause: Cause) -> Answer<'_, bool> {
        Box::pin(self.point.around("registry.create_key", vec![], self.inner.create_key(key, cause)))
    }

    fn key(&self, id: KeyId) -> Answer<'_, Option<ApiKey>> {
        Box::pin(self.point.around("registry.key", vec![], self.inner.key(id)))
    }

    fn keys(&self, partner: PartnerId) -> Answer<'_, Vec<ApiKey>> {
        Box::pin(self.point.around("registry.keys", vec![], self.inner.keys(partner)))
    }

    fn keys_made_by(&self, id: KeyId) -> Answer<'_, Vec<ApiKey>> {
        Box::pin(self.point.around("registry.keys_made_by", vec![], self.inner.keys_made_by(id)))
    }

    fn revoke_key(&self, partner: PartnerId, id: KeyId, cause: Cause) -> Answer<'_, bool> {
        Box::pin(self.point.around("registry.revoke_key", vec![], self.inner.revoke_key(partner, id, cause)))
    }

    fn key_used(&self, id: KeyId, at: Timestamp) -> Answer<'_, ()> {
        Box::pin(self.point.around("registry.key_used", vec![], self.inner.key_used(id, at)))
    }

    fn use_nonce<'a>(
        &'a self,
        key: KeyId,
        nonce: &'a str,
        until: Timestamp,
        now: Timestamp,
    ) -> Answer<'a, bool> {
        Box::pin(self.point.around(
            "registry.use_nonce",
            vec![],
            self.inner.use_nonce(key, nonce, until, now),
        ))
    }

    fn sweep_nonces(&self, now: Timestamp) -> Answer<'_, u64> {
        Box::pin(self.point.around("registry.sweep_nonces", vec![], self.inner.sweep_nonces(now)))
    }

    fn put_asset(&self, asset: Asset) -> Answer<'_, ()> {
        Box::pin(self.point.around("registry.put_asset", vec![], self.inner.put_asset(asset)))
    }

    fn stop(&self, stop: Stop) -> Answer<'_, bool> {
        Box::pin(self.point.around("registry.stop", vec![], self.inner.stop(stop)))
    }

    fn lift(
        &self,
        scope: Scope,
        holder: PartnerId,
        word: Moved<Command>,
        cause: Cause,
    ) -> Answer<'_, Lifted> {
        Box::pin(self.point.around("registry.lift", vec![], self.inner.lift(scope, holder, word, cause)))
    }

    fn acknowledge(&self, partner: Option<PartnerId>, id: AlertId, cause: Cause) -> Answer<'_, bool> {
        Box::pin(self.point.around(
            "registry.acknowledge",
            vec![],
            self.inner.acknowledge(partner, id, cause),
        ))
    }
}
