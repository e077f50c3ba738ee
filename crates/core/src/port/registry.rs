//! Partners, keys, assets, stops and acknowledgements: rows without a money movement behind them.

use super::Fut;
use super::store::StoreError;
use crate::asset::Asset;
use crate::command::Command;
use crate::event::Cause;
use crate::id::{AlertId, KeyId, PartnerId};
use crate::moved::Moved;
use crate::partner::{ApiKey, Limit, Partner};
use crate::stop::{Scope, Stop};
use crate::time::Timestamp;

/// What became of lifting a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifted {
    /// It is lifted.
    Now,
    /// There was none; nothing was written.
    None,
    /// The command had moved on since it was read; nothing was written.
    Moved,
}

/// Rows without a money movement behind them. Every write is an event (M15).
pub trait Registry: Send + Sync {
    /// Makes a partner with its limits; `false` when the id exists.
    fn create_partner(
        &self,
        partner: Partner,
        limits: Vec<Limit>,
        cause: Cause,
    ) -> Fut<'_, Result<bool, StoreError>>;

    /// Partners, oldest first.
    fn partners(&self) -> Fut<'_, Result<Vec<Partner>, StoreError>>;

    /// One partner.
    fn partner(&self, id: PartnerId) -> Fut<'_, Result<Option<Partner>, StoreError>>;

    /// Sets a limit; the version rises.
    fn set_limit(&self, partner: PartnerId, limit: Limit, cause: Cause) -> Fut<'_, Result<(), StoreError>>;

    /// Limits of a partner.
    fn limits(&self, partner: PartnerId) -> Fut<'_, Result<Vec<Limit>, StoreError>>;

    /// Stores a key; `false` when the key that makes it is revoked, also at this very moment.
    fn create_key(&self, key: ApiKey, cause: Cause) -> Fut<'_, Result<bool, StoreError>>;

    /// A key by its public half, of any partner: authentication does not know the tenant yet.
    fn key(&self, id: KeyId) -> Fut<'_, Result<Option<ApiKey>, StoreError>>;

    /// Keys of a partner.
    fn keys(&self, partner: PartnerId) -> Fut<'_, Result<Vec<ApiKey>, StoreError>>;

    /// Keys that a key made, and that those made, as far as they are not revoked; oldest first.
    fn keys_made_by(&self, id: KeyId) -> Fut<'_, Result<Vec<ApiKey>, StoreError>>;

    /// Revokes a key of a partner; `false` when there is none.
    fn revoke_key(&self, partner: PartnerId, id: KeyId, cause: Cause) -> Fut<'_, Result<bool, StoreError>>;

    /// Notes when a key was last used. Told at most once a minute for each key: a figure for people, not a count.
    fn key_used(&self, id: KeyId, at: Timestamp) -> Fut<'_, Result<(), StoreError>>;

    /// Remembers a nonce until `until`; `false` when it was used before (replay).
    fn use_nonce<'a>(
        &'a self,
        key: KeyId,
        nonce: &'a str,
        until: Timestamp,
        now: Timestamp,
    ) -> Fut<'a, Result<bool, StoreError>>;

    /// Forgets nonces that ended before `now`.
    fn sweep_nonces(&self, now: Timestamp) -> Fut<'_, Result<u64, StoreError>>;

    /// Configures an asset, or updates its symbol; decimals and precision never change.
    fn put_asset(&self, asset: Asset) -> Fut<'_, Result<(), StoreError>>;

    /// Puts a stop in force; `false` when its holder's was already.
    fn stop(&self, stop: Stop) -> Fut<'_, Result<bool, StoreError>>;

    /// Lifts a holder's stop in the commit that stores the second person's word. Another holder's of the same scope stays.
    fn lift(
        &self,
        scope: Scope,
        holder: PartnerId,
        word: Moved<Command>,
        cause: Cause,
    ) -> Fut<'_, Result<Lifted, StoreError>>;

    /// Takes an alert; `false` when there is none of that id for that tenant.
    fn acknowledge(
        &self,
        partner: Option<PartnerId>,
        id: AlertId,
        cause: Cause,
    ) -> Fut<'_, Result<bool, StoreError>>;
}
