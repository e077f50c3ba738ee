//! Keys, remembered for less than a second: a revoked key stops within one, and a busy one costs no reads.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};
use sluice_api::problem::Code;
use sluice_api::sign::VerifyingSecret;
use sluice_core::id::KeyId;
use sluice_core::partner::{ApiKey, Credential, PLATFORM};
use sluice_core::time::Timestamp;

use crate::api::Api;
use crate::network::Networks;
use crate::problem::Reject;

/// How long a key is remembered, milliseconds.
const FRESH_MS: i64 = 900;
/// The most keys that are remembered, unknown ones too.
const KEYS_MAX: usize = 10_000;

/// A key, ready to be checked against.
pub(super) struct Known {
    pub key: ApiKey,
    /// The tenant moves play money only.
    pub test_mode: bool,
    /// What its signatures are checked with; absent when its sealed secret does not open.
    pub secret: Option<VerifyingSecret>,
    /// SHA-256 of a shared secret.
    pub secret_sha256: Option<[u8; 32]>,
    networks: Option<Networks>,
}

impl Known {
    /// Whether it may be used from there.
    pub fn may_come_from(&self, address: IpAddr) -> bool {
        self.networks.as_ref().is_none_or(|networks| networks.contains(address))
    }
}

type Remembered = (Timestamp, Option<Arc<Known>>);

/// A key's last use is written at most so often, milliseconds.
const USED_MS: i64 = 60_000;

/// The keys that were asked for a moment ago.
#[derive(Default)]
pub(crate) struct Keys {
    known: Mutex<BTreeMap<KeyId, Remembered>>,
    /// When the last use of a key was written by this process.
    used: Mutex<BTreeMap<KeyId, Timestamp>>,
}

impl Keys {
    /// A key by its public half.
    pub(super) async fn find(&self, api: &Api, id: &str, now: Timestamp) -> Result<Arc<Known>, Reject> {
        let unknown = || Reject::new(Code::KeyUnknown);
        let id = KeyId::parse(id).map_err(|_| unknown())?;
        let found = match self.remembered(id, now) {
            Some(found) => found,
            None => {
                let found = load(api, id).await?.map(Arc::new);
                self.remember(id, found.clone(), now);
                found
            }
        };
        found.ok_or_else(unknown)
    }

    /// Whether a key may still be used: asked again and again by streams that outlive their first check.
    pub async fn still_in_force(&self, api: &Api, id: KeyId, now: Timestamp) -> bool {
        match self.find(api, &id.to_string(), now).await {
            Ok(known) => known.key.revoked_at.is_none() && known.key.expires_at.is_none_or(|end| now < end),
            Err(reject) => reject.refusal.code != Code::KeyUnknown,
        }
    }

    /// Notes that a proven key was used, once a minute. A note that cannot be written costs a figure, not the request.
    pub(super) async fn note_use(&self, api: &Api, known: &Known, now: Timestamp) {
        let fresh = |at: Timestamp| (0..USED_MS).contains(&now.since_ms(at));
        if known.key.last_used_at.is_some_and(fresh) {
            return;
        }
        {
            let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
            if used.get(&known.key.id).copied().is_some_and(fresh) {
                return;
            }
            if used.len() >= KEYS_MAX {
                used.clear(); // it is written once more for each
            }
            used.insert(known.key.id, now);
        }
        if let Err(error) = api.registry.key_used(known.key.id, now).await {
            tracing::warn!(key.id = %known.key.id, %error, "The last use of a key cannot be noted");
        }
    }

    /// Forgets a key whose row changed here.
    pub fn forget(&self, id: KeyId) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    fn remembered(&self, id: KeyId, now: Timestamp) -> Option<Option<Arc<Known>>> {
        let keys = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, found) = keys.get(&id)?;
        // A clock that went back makes a memory of the future: not fresh either.
        (0..FRESH_MS).contains(&now.since_ms(*at)).then(|| found.clone())
    }

    fn remember(&self, id: KeyId, found: Option<Arc<Known>>, now: Timestamp) {
        let mut keys = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= KEYS_MAX {
            keys.clear(); // strangers may fill it with made-up ids; known keys are back after one read
        }
        keys.insert(id, (now, found));
    }
}

async fn load(api: &Api, id: KeyId) -> Result<Option<Known>, Reject> {
    let Some(key) = api.registry.key(id).await? else { return Ok(None) };
    let Some(partner) = api.registry.partner(key.partner).await? else { return Ok(None) };
    let (secret, secret_sha256) = match &key.credential {
        Credential::Hmac { sealed_secret } => match api.secrets.open(key.id, sealed_secret) {
            Some(secret) => {
                let digest = Sha256::digest(&*secret).into();
                (Some(VerifyingSecret::Hmac(secret)), Some(digest))
            }
            None => {
                tracing::error!(key.id = %key.id, "The sealed secret of a key does not open; check the sealing key");
                (None, None)
            }
        },
        Credential::Ed25519 { public } => (Some(VerifyingSecret::Ed25519(*public)), None),
    };
    // A list that cannot be read allows nobody, not everybody.
    let networks = (!key.networks.is_empty())
        .then(|| Networks::parse(&key.networks).unwrap_or_else(|_| Networks::none()));
    // The platform moves no money of its own: whether play money is about is said by the installation.
    let test_mode = partner.test_mode || partner.id == PLATFORM;
    Ok(Some(Known { key, test_mode, secret, secret_sha256, networks }))
}
