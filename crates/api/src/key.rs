//! API keys. A secret is shown once, when the key is created.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::body::{Body, Field, Shape};
use crate::command::REASON;
use crate::event::Actor;
use crate::partner::NAME_CHARS_MAX;
use crate::problem::Code;
use crate::tag;
use crate::text::Time;
use crate::words::words;

/// The most ranges in a key's address list.
pub const ALLOWED_IPS_MAX: usize = 50;
/// The most characters of one range.
pub const ALLOWED_IP_CHARS_MAX: usize = 50;
/// The most characters of a public key in base64.
pub const PUBLIC_KEY_CHARS_MAX: usize = 64;
/// The most characters of a partner's id.
pub const PARTNER_ID_CHARS_MAX: usize = 64;

words! {
    /// What a key may do. A route asks for exactly one.
    Scope {
        /// Read withdrawals, their events and statistics.
        WithdrawalsRead = "withdrawals:read",
        /// Create withdrawals.
        WithdrawalsCreate = "withdrawals:create",
        /// Ask for a cancellation.
        WithdrawalsCancel = "withdrawals:cancel",
        /// Read wallets, balances and lanes.
        WalletsRead = "wallets:read",
        /// Take wallets into service and out of it.
        WalletsManage = "wallets:manage",
        /// Pause, resume, drain, speed up, cap and unfreeze lanes.
        LanesOperate = "lanes:operate",
        /// Redrive, resolve or give up what needs a person.
        AttentionOperate = "attention:operate",
        /// Read and acknowledge alerts.
        AlertsOperate = "alerts:operate",
        /// Stop payments.
        StopSet = "stop:set",
        /// Lift a stop.
        StopLift = "stop:lift",
        /// Create, list and revoke API keys.
        KeysManage = "keys:manage",
        /// Read commands that wait for a second person; taking one back needs the command's own scope too.
        CommandsRead = "commands:read",
        /// Order refills of wallets.
        TreasuryOperate = "treasury:operate",
        /// Take what has to be signed outside into one's hands, and hand signatures in.
        SignaturesHandOut = "signatures:handout",
        /// Create and read partners: the platform's own keys only.
        PartnersManage = "partners:manage",
    }
}

words! {
    /// How a key proves its requests.
    KeyAlgorithm {
        /// HMAC-SHA256 with a shared secret.
        Hmac = "hmac",
        /// Ed25519: the server keeps the public key only.
        Ed25519 = "ed25519",
    }
}

/// A key, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApiKey {
    /// `key_...`: what `Sluice-Key` names.
    pub id: String,
    /// Always `api_key`.
    pub object: tag::ApiKey,
    /// Whose key it is.
    pub partner_id: String,
    /// What people call it.
    pub name: String,
    /// How it proves its requests.
    pub algorithm: KeyAlgorithm,
    /// The public key in base64; `null` for `hmac`.
    pub public_key: Option<String>,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// From where it may be used, as addresses or CIDR ranges; from anywhere when empty.
    pub allowed_ips: Vec<String>,
    /// When it was created.
    pub created_at: Time,
    /// Who made it. Two keys count as two persons only when no key stands in the line of both; `null` when it was not
    /// recorded.
    pub created_by: Option<Actor>,
    /// When it stops working by itself.
    pub expires_at: Option<Time>,
    /// When it was last used, give or take a minute.
    pub last_used_at: Option<Time>,
    /// When it was revoked.
    pub revoked_at: Option<Time>,
}

/// Creates a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateApiKey {
    /// What people call it, 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// Whose key it becomes; the caller's own partner when left out. Another one only for the platform's own keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub partner_id: Option<String>,
    /// How it proves its requests; `hmac` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<KeyAlgorithm>,
    /// The 32 bytes of the public key in base64, for `ed25519` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub public_key: Option<String>,
    /// What it may do; not more than the calling key may.
    pub scopes: Vec<Scope>,
    /// From where it may be used, at most 50 addresses or CIDR ranges within those of the calling key; as the calling key
    /// when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 50)]
    pub allowed_ips: Option<Vec<String>>,
    /// When it stops working by itself, not later than the calling key; with the calling key when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Time>,
    /// Why; 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

impl Body for CreateApiKey {
    const FIELDS: &'static [Field] = &[
        Field::required("name", Shape::Text(NAME_CHARS_MAX)),
        Field::optional("partner_id", Shape::Text(PARTNER_ID_CHARS_MAX)),
        Field::optional("algorithm", Shape::Word(KeyAlgorithm::WORDS, Code::WordUnknown)),
        Field::optional("public_key", Shape::Text(PUBLIC_KEY_CHARS_MAX)),
        Field::required("scopes", Shape::Words(Scope::WORDS.len(), Scope::WORDS, Code::WordUnknown)),
        Field::optional("allowed_ips", Shape::Texts(ALLOWED_IPS_MAX, ALLOWED_IP_CHARS_MAX)),
        Field::optional("expires_at", Shape::Time),
        REASON,
    ];
}

words! {
    /// What becomes of the keys that a revoked key made, and that those made.
    Children {
        /// They are revoked too.
        Revoke = "revoke",
        /// They stay.
        Keep = "keep",
    }
}

/// Revokes a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeApiKey {
    /// What becomes of the keys that it made, and that those made. Left out, the key is revoked only if none of them works
    /// any more; otherwise `key_has_children` lists them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub children: Option<Children>,
    /// Why; 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

impl Body for RevokeApiKey {
    const FIELDS: &'static [Field] =
        &[Field::optional("children", Shape::Word(Children::WORDS, Code::WordUnknown)), REASON];
}

/// A key that was just created, with its secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreatedApiKey {
    /// The key.
    pub key: ApiKey,
    /// The secret. It is shown this once and cannot be shown again; `null` for `ed25519`, where the caller has it.
    pub secret: Option<String>,
}

impl fmt::Debug for CreatedApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreatedApiKey").field("key", &self.key).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body;

    #[test]
    fn an_unknown_scope_is_refused_with_its_place() {
        let text = r#"{"name":"n","scopes":["withdrawals:read","money:print"],"reason":"r"}"#;
        let refusal = body::read::<CreateApiKey>(text.as_bytes()).expect_err("no such scope");
        assert_eq!((refusal.code, refusal.faults()[0].pointer.as_str()), (Code::WordUnknown, "/scopes/1"));
        assert!(refusal.is_complete());
    }

    #[test]
    fn a_secret_is_sent_once_and_never_printed() {
        let json = r#"{"key":{"id":"key_1","object":"api_key","partner_id":"pt_1","name":"n","algorithm":"hmac",
            "public_key":null,"scopes":["withdrawals:read"],"allowed_ips":[],"created_at":"2026-11-21T00:00:00Z",
            "created_by":null,"expires_at":null,"last_used_at":null,"revoked_at":null},"secret":"sk_test_very_secret"}"#;
        let created: CreatedApiKey = serde_json::from_str(json).expect("right");
        assert!(!format!("{created:?}").contains("very_secret"));
        assert!(serde_json::to_string(&created).is_ok_and(|text| text.contains("very_secret")));
    }
}
