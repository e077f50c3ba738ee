//! Ordering a stake of a lane's TRX, or the end of one: an errand of that lane (ADR 0023). Nothing leaves the account, so it takes no
//! wallet that is trusted, and one person.

use sluice_codec::scale::to_chain;
use sluice_core::amount::Amount;
use sluice_core::chain::Family;
use sluice_core::errand::{Errand, ErrandError};
use sluice_core::event::Cause;
use sluice_core::id::{PartnerId, WalletId};
use sluice_core::intent::DeploymentId;
use sluice_core::port::Ports;
use sluice_core::port::store::StoreError;
use sluice_core::withdrawal::Request;

use super::movement::Allowed;
use crate::errand::{AskError, Wanted, ask};

/// A stake, or the end of one, that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedStake {
    /// Whose lane it is.
    pub partner: PartnerId,
    /// Names it among all that the partner ever asked for: wanted twice, it is done once.
    pub external_id: String,
    /// The lane.
    pub wallet: WalletId,
    /// What is done.
    pub errand: Errand,
    /// How much TRX.
    pub amount: Amount,
}

/// Why a stake is not ordered. Nothing was stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StakeError {
    /// No such wallet of this partner is in service on a chain that is configured.
    #[error("wallet {0} is none of this partner in service")]
    Wallet(WalletId),
    /// It does nothing now: it is no lane that takes work.
    #[error("nothing is staked by wallet {0}: it is no lane that takes work")]
    NoLane(WalletId),
    /// It is none.
    #[error(transparent)]
    Errand(#[from] ErrandError),
    /// The external id belongs to something else.
    #[error("external id {0} belongs to something else")]
    ExternalIdConflict(String),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<AskError> for StakeError {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Errand(error) => error.into(),
            AskError::Wallet(id) => Self::Wallet(id),
            AskError::ExternalIdConflict(name) => Self::ExternalIdConflict(name),
            AskError::Store(error) => error.into(),
        }
    }
}

/// Judges a stake by every rule that does not need its order. Nothing is stored.
///
/// # Errors
/// [`StakeError`]; whether the external id is taken, only its order finds out.
pub async fn allow_stake(ports: &Ports, wanted: &WantedStake) -> Result<Allowed, StakeError> {
    let wallets = ports.store.wallets(None).await?;
    let found = wallets.into_iter().find(|it| it.id == wanted.wallet && it.partner == wanted.partner);
    let found = found.and_then(|it| ports.chains.get(&it.chain).map(|chain| (chain.profile().clone(), it)));
    let (profile, lane) = found.ok_or(StakeError::Wallet(wanted.wallet))?;
    if lane.chain.family != Family::Tron {
        return Err(ErrandError::NotTron.into());
    }
    if !lane.takes_work() {
        return Err(StakeError::NoLane(lane.id));
    }
    let name = wanted.external_id.clone();
    let request = Request::errand(name, &lane, &profile, &wanted.errand, wanted.amount)?;
    let units = to_chain(request.amount, &request.asset);
    Ok(Allowed { wallet: lane, request, units })
}

/// Orders a stake. Ordered twice under one external id, it is the same one.
///
/// # Errors
/// [`StakeError`].
pub async fn stake(
    ports: &Ports,
    deployment: &DeploymentId,
    wanted: WantedStake,
    cause: Cause,
) -> Result<(), StakeError> {
    allow_stake(ports, &wanted).await?;
    let WantedStake { external_id, wallet, errand, amount, .. } = wanted;
    Ok(ask(ports, deployment, wallet, Wanted { external_id, errand, amount }, cause).await?)
}
