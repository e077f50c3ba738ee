//! Who am I? What a credential proves, as the server sees it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::key::Scope;
use crate::partner::Mode;
use crate::tag;
use crate::text::Time;

/// The caller, as the server sees it. Any key may ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Me {
    /// Always `me`.
    pub object: tag::Me,
    /// The key that asked.
    pub key_id: String,
    /// What people call the key.
    pub key_name: String,
    /// Its partner.
    pub partner_id: String,
    /// What people call the partner.
    pub partner_name: String,
    /// What the key may do.
    pub scopes: Vec<Scope>,
    /// Whether it sees every partner's things: a key of the platform.
    pub platform: bool,
    /// Whether the partner moves real money.
    pub mode: Mode,
    /// The partner's time zone; days of limits begin there.
    pub timezone: String,
    /// Networks the key may be used from; empty means any.
    pub allowed_ips: Vec<String>,
    /// Where this request came from.
    pub ip: String,
    /// When the key ends by itself.
    pub expires_at: Option<Time>,
    /// The server's clock. Signatures are refused when clocks differ by minutes.
    pub now: Time,
    /// Version of the program.
    pub version: String,
}
