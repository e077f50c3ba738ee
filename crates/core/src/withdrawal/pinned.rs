//! What the house asks one wallet for, and no other: errands, refills of a desk, and sweeps of a lane.

use std::collections::BTreeMap;

use super::request::{ID_MAX, Request, Type};
use crate::address::Address;
use crate::amount::Amount;
use crate::asset::Asset;
use crate::chain::ChainProfile;
use crate::errand::{self, Errand, ErrandError};
use crate::wallet::Wallet;

impl Request {
    /// An errand of the house, done by this wallet and no other. Its external id is in the names of the wallet's partner.
    ///
    /// # Errors
    /// [`ErrandError`]: what does not fit.
    pub fn errand(
        external_id: String,
        wallet: &Wallet,
        profile: &ChainProfile,
        errand: &Errand,
        amount: Amount,
    ) -> Result<Self, ErrandError> {
        let (asset, to, memo) = errand.payment(wallet, profile, amount)?;
        Self::pinned(external_id, wallet, (asset, to, amount), Type::Immediate, memo)
    }

    /// A refill: so much of a token from this wallet to another one of its partner, and from no other.
    ///
    /// # Errors
    /// [`ErrandError`]: what does not fit.
    pub fn refill(
        external_id: String,
        wallet: &Wallet,
        asset: Asset,
        to: Address,
        amount: Amount,
    ) -> Result<Self, ErrandError> {
        errand::refill(wallet, &asset, to, amount)?;
        // A person signs it: it is late only once a person is.
        Self::pinned(external_id, wallet, (asset, to, amount), Type::Regular, None)
    }

    /// A sweep: so much of a token from this lane to another wallet of its partner, and from no other.
    ///
    /// # Errors
    /// [`ErrandError`]: what does not fit.
    pub fn sweep(
        external_id: String,
        lane: &Wallet,
        asset: Asset,
        to: Address,
        amount: Amount,
    ) -> Result<Self, ErrandError> {
        errand::sweep(lane, &asset, to, amount)?;
        // The engine does it by itself, and at once: that is also what tells it from a refill.
        Self::pinned(external_id, lane, (asset, to, amount), Type::Immediate, None)
    }

    fn pinned(
        external_id: String,
        wallet: &Wallet,
        (asset, to, amount): (Asset, Address, Amount),
        kind: Type,
        memo: Option<String>,
    ) -> Result<Self, ErrandError> {
        if external_id.is_empty()
            || external_id.len() > ID_MAX
            || !external_id.bytes().all(|byte| byte.is_ascii_graphic())
        {
            return Err(ErrandError::ExternalId);
        }
        Ok(Self {
            external_id,
            user_id: "house".into(),
            asset,
            amount,
            fee: Amount::ZERO,
            to,
            kind,
            memo,
            scheduled_for: None,
            metadata: BTreeMap::new(),
            pinned_to: Some(wallet.id),
        })
    }
}
