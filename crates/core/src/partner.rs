//! Partners, their API keys and their limits.

use crate::access::{Actor, Scope};
use crate::amount::Amount;
use crate::asset::AssetId;
use crate::id::{KeyId, PartnerId, Ulid};
use crate::time::Timestamp;

/// The platform itself, `hq`: a row among the partners with the lowest id there is. Its keys act for every tenant, what
/// concerns no partner in particular is its own, and it orders no payments.
pub const PLATFORM: PartnerId = PartnerId::new(Ulid::new(Timestamp::from_micros(0), 0));

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partner {
    /// Name of the row.
    pub id: PartnerId,
    /// For people.
    pub name: String,
    /// IANA zone its days are counted in.
    pub zone: String,
    /// Test partners may use plain bearer keys; never on a production installation.
    pub test_mode: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What a partner may spend of an asset. The minimal policy of the spine; the policy engine replaces it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Asset.
    pub asset: AssetId,
    /// Most in one withdrawal.
    pub per_transaction: Amount,
    /// Most in one calendar day of the partner's zone.
    pub daily: Amount,
    /// Rises with every change; recorded with each decision.
    pub version: i64,
}

/// How a key proves itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// HMAC-SHA256. The secret is kept encrypted, because the server must recompute the signature.
    Hmac {
        /// Ciphertext with nonce and tag.
        sealed_secret: Vec<u8>,
    },
    /// Ed25519. Only the public half is kept.
    Ed25519 {
        /// Public key.
        public: [u8; 32],
    },
}

/// An API key. Its secret is shown once, at creation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Public half.
    pub id: KeyId,
    /// Tenant.
    pub partner: PartnerId,
    /// For people.
    pub label: String,
    /// How it proves itself.
    pub credential: Credential,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Networks it may come from, CIDR; empty means any.
    pub networks: Vec<String>,
    /// Ends by itself then.
    pub expires_at: Option<Timestamp>,
    /// Revoked at.
    pub revoked_at: Option<Timestamp>,
    /// Made at.
    pub created_at: Timestamp,
    /// Made by; the store writes the actor of the cause it was created with, whatever stands here. Decides who counts as
    /// [another person](crate::command::person). Unknown for a key of a time when it was not recorded.
    pub created_by: Option<Actor>,
    /// Last used, to the minute; `None` for a key nobody has used.
    pub last_used_at: Option<Timestamp>,
}
