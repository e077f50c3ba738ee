//! Stop means stop (M12): while a stop is in force no payment is signed, bumped or sent for the first time.

use crate::access::Actor;
use crate::asset::AssetId;
use crate::chain::ChainId;
use crate::id::{PartnerId, WalletId};
use crate::time::Timestamp;

/// How much is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everything of everybody.
    All,
    /// One partner.
    Partner(PartnerId),
    /// One chain.
    Chain(ChainId),
    /// One asset.
    Asset(AssetId),
    /// One wallet.
    Wallet(WalletId),
}

impl Scope {
    /// Kind and subject, as stored and shown.
    pub fn parts(&self) -> (&'static str, String) {
        match self {
            Self::All => ("all", String::new()),
            Self::Partner(id) => ("partner", id.to_string()),
            Self::Chain(id) => ("chain", id.to_string()),
            Self::Asset(id) => ("asset", id.to_string()),
            Self::Wallet(id) => ("wallet", id.to_string()),
        }
    }

    /// Reads kind and subject.
    pub fn from_parts(kind: &str, subject: &str) -> Option<Self> {
        match kind {
            "all" => subject.is_empty().then_some(Self::All),
            "partner" => PartnerId::parse(subject).ok().map(Self::Partner),
            "chain" => ChainId::parse(subject).ok().map(Self::Chain),
            "asset" => AssetId::parse(subject).ok().map(Self::Asset),
            "wallet" => WalletId::parse(subject).ok().map(Self::Wallet),
            _ => None,
        }
    }

    /// Whether a payment of this partner, asset and wallet falls under the stop.
    pub fn covers(&self, partner: PartnerId, asset: AssetId, wallet: Option<WalletId>) -> bool {
        match self {
            Self::All => true,
            Self::Partner(id) => *id == partner,
            Self::Chain(id) => *id == asset.chain,
            Self::Asset(id) => *id == asset,
            Self::Wallet(id) => Some(*id) == wallet,
        }
    }
}

/// A stop in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// How much.
    pub scope: Scope,
    /// Who.
    pub actor: Actor,
    /// Why.
    pub reason: String,
    /// Since.
    pub at: Timestamp,
}

/// Whether any stop covers the payment.
pub fn stopped(stops: &[Stop], partner: PartnerId, asset: AssetId, wallet: Option<WalletId>) -> bool {
    stops.iter().any(|stop| stop.scope.covers(partner, asset, wallet))
}
