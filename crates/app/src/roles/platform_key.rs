//! `sluice key create --platform`: a key of the platform, or of a partner, made in the database itself by somebody on the
//! engine's machine. The first key of an installation comes into being so. Each is the beginning of a line of keys: a
//! person of its own.

use std::path::Path;
use std::sync::Arc;

use sluice_core::access::{Actor, Scope};
use sluice_core::event::Cause;
use sluice_core::id::{KeyId, PartnerId};
use sluice_core::partner::{ApiKey, Credential};
use sluice_core::port::registry::Registry as _;
use sluice_core::port::world::{Clock as _, Entropy as _};
use sluice_core::time::Timestamp;
use sluice_http::Networks;
use sluice_store::Db;
use zeroize::Zeroizing;

use crate::config::{Both, Config};
use crate::error::StartError;
use crate::secrets::Sealer;
use crate::world::{SystemClock, SystemEntropy, random};

/// What the key is to be.
pub struct Wanted {
    /// Whose it is.
    pub partner: PartnerId,
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// From where it may be used; from anywhere when empty.
    pub networks: Vec<String>,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// Why it is made.
    pub reason: String,
}

/// Makes it. The secret is in the answer and, sealed, in the database; nowhere else.
///
/// # Errors
/// [`StartError`].
pub async fn create(config: &Path, wanted: Wanted) -> Result<(ApiKey, Zeroizing<String>), StartError> {
    Networks::parse(&wanted.networks).map_err(|_| {
        StartError::Other("--ips holds something that is no address and no CIDR range".into())
    })?;
    let config = Config::read(config)?;
    let sealer = Sealer::read(&config.server.sealing_key_file).map_err(StartError::Said)?;
    let db = Db::open(&config.database.url, Arc::new(SystemClock), Arc::new(SystemEntropy)).await?;
    if db.partner(wanted.partner).await?.is_none() {
        return Err(StartError::Said(Both::new(
            format!("there is no partner {}: `sluice partner list` names them", wanted.partner),
            format!("파트너 {}이(가) 없습니다. `sluice partner list`로 확인하세요", wanted.partner),
        )));
    }
    let now = SystemClock.now();
    let id = KeyId::new(SystemEntropy.ulid(now));
    let secret = Zeroizing::new(format!("sk_live_{}", hex::encode(random::<32>())));
    let cause = Cause { actor: Actor::Console, reason: wanted.reason, at: now };
    let key = ApiKey {
        id,
        partner: wanted.partner,
        label: wanted.name,
        credential: Credential::Hmac { sealed_secret: sealer.seal(&id.to_string(), secret.as_bytes()) },
        scopes: wanted.scopes,
        networks: wanted.networks,
        expires_at: wanted.expires_at,
        revoked_at: None,
        last_used_at: None,
        created_at: now,
        created_by: Some(cause.actor.clone()),
    };
    db.create_key(key.clone(), cause).await?;
    Ok((key, secret))
}
