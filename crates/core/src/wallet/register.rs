//! `-> open`: a wallet that is no lane comes into service, to be looked at and reconciled.

use super::{Custody, LaneState, Record, Tier, Wallet};
use crate::address::Address;
use crate::chain::ChainId;
use crate::id::{PartnerId, WalletId};
use crate::moved::Moved;
use crate::time::Timestamp;

/// A wallet that somebody wants looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// Name.
    pub id: WalletId,
    /// Owner.
    pub partner: PartnerId,
    /// Chain.
    pub chain: ChainId,
    /// Account.
    pub address: Address,
    /// For people.
    pub label: String,
    /// What it is for.
    pub tier: Tier,
    /// Who holds its key.
    pub custody: Custody,
    /// Its nonce at the final block; the signer's own wallets must not go past it (M6).
    pub nonce: u64,
    /// From when on money may be sent to it.
    pub trusted_from: Timestamp,
}

/// What cannot be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// A managed hot wallet is a lane, and comes into service by adoption.
    #[error("a managed hot wallet is adopted, not registered")]
    Lane,
    /// A rescue takes money away from the signer: its key must not be with the same signer.
    #[error("a safe wallet's key is not with the signer")]
    SafeIsManaged,
}

impl Unfit {
    /// Whether a wallet of this tier and custody is registered at all.
    ///
    /// # Errors
    /// [`Unfit`].
    pub const fn check(tier: Tier, custody: Custody) -> Result<(), Self> {
        match (tier, custody) {
            (Tier::Hot, Custody::Managed) => Err(Self::Lane),
            (Tier::Safe, Custody::Managed) => Err(Self::SafeIsManaged),
            (Tier::Warm | Tier::Cold, Custody::Managed) | (_, Custody::External) => Ok(()),
        }
    }
}

impl Wallet {
    /// Takes a wallet that is no lane into service.
    ///
    /// # Errors
    /// [`Unfit`].
    pub fn register(wanted: Registration, reason: String, at: Timestamp) -> Result<Moved<Self>, Unfit> {
        let Registration { id, partner, chain, address, label, tier, custody, nonce, trusted_from } = wanted;
        Unfit::check(tier, custody)?;
        Ok(Moved::born(Self(Record {
            id,
            partner,
            chain,
            address,
            label,
            tier,
            custody,
            trusted_from,
            state: LaneState::Open,
            reason,
            next_nonce: nonce,
            raised_cap: None,
            speed_up: None,
            obstacle: None,
            reverts: vec![],
            key_shown_at: None,
            quiet_until: None,
            adopted_at: at,
            version: 1,
        })))
    }
}
