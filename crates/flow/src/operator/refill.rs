//! Ordering a refill: so much of a token from a desk to another wallet of the same partner (ADR 0027). It is an errand, and waits
//! for somebody who takes its bytes to sign them.

use sluice_codec::scale::to_chain;
use sluice_core::amount::{Amount, Units};
use sluice_core::asset::AssetId;
use sluice_core::errand::ErrandError;
use sluice_core::event::Cause;
use sluice_core::id::{PartnerId, WalletId, WithdrawalId};
use sluice_core::intent::DeploymentId;
use sluice_core::policy::of_the_house;
use sluice_core::port::Ports;
use sluice_core::port::store::{Change, Intake, Outcome, StoreError};
use sluice_core::port::world::Topic;
use sluice_core::time::Timestamp;
use sluice_core::wallet::{Tier, Wallet};
use sluice_core::withdrawal::{Request, Withdrawal};

/// A refill, or a sweep, that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refill {
    /// Whose wallets they are.
    pub partner: PartnerId,
    /// Names it among all that the partner ever asked for: wanted twice, it is done once.
    pub external_id: String,
    /// The desk, or the lane.
    pub from: WalletId,
    /// The wallet that it is sent to.
    pub to: WalletId,
    /// The token.
    pub asset: AssetId,
    /// How much.
    pub amount: Amount,
}

/// Why a refill or a sweep is not ordered. Nothing was stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefillError {
    /// No such wallet of this partner is in service.
    #[error("wallet {0} is none of this partner in service")]
    Wallet(WalletId),
    /// Nothing is handed out of it: it is no external wallet on TRON whose key was shown.
    #[error("wallet {0} hands nothing out: it is no external wallet on TRON whose key was shown")]
    NoDesk(WalletId),
    /// Nothing is swept from it: it is no lane that takes work.
    #[error("nothing is swept from wallet {0}: it is no lane that takes work")]
    NoLane(WalletId),
    /// The recipient is on another chain, of a tier that nothing is sent to, frozen, or was registered too short a time ago.
    #[error(
        "nothing is sent to wallet {0}: it is on another chain, a place of rescue, not in service, or not trusted yet"
    )]
    NotTrusted(WalletId),
    /// No such asset is configured.
    #[error("asset {0} is not configured")]
    Asset(AssetId),
    /// It is none.
    #[error(transparent)]
    Errand(#[from] ErrandError),
    /// The external id belongs to something else.
    #[error("external id {0} belongs to something else")]
    ExternalIdConflict(String),
    /// A refill or a sweep of this asset to the wallet is open (M1).
    #[error("a movement of this asset to wallet {0} is open")]
    AlreadyOpen(WalletId),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What every rule allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// The wallet it leaves.
    pub wallet: Wallet,
    /// What would be ordered.
    pub request: Request,
    /// How much of the token that is on chain; `None` where no transaction can say it.
    pub units: Option<Units>,
}

/// Judges a refill by every rule that does not need its order. Nothing is stored.
///
/// # Errors
/// [`RefillError`]; whether the external id or the wallet's one open refill are taken, only its order finds out.
pub async fn allow(ports: &Ports, wanted: &Refill, at: Timestamp) -> Result<Allowed, RefillError> {
    let Refill { partner, external_id, from, to, asset, amount } = wanted.clone();
    let wallets = ports.store.wallets(None).await?;
    let find = |id: WalletId| -> Result<&Wallet, RefillError> {
        wallets.iter().find(|it| it.id == id && it.partner == partner).ok_or(RefillError::Wallet(id))
    };
    let (desk, filled) = (find(from)?, find(to)?);
    if !desk.is_desk() {
        return Err(RefillError::NoDesk(from));
    }
    // Rescue is another thing, and who may order it another one.
    if filled.chain != desk.chain || filled.tier == Tier::Safe || !filled.is_trusted(at) {
        return Err(RefillError::NotTrusted(to));
    }
    let assets = ports.store.assets(Some(desk.chain)).await?;
    let asset = assets.into_iter().find(|it| it.id == asset).ok_or(RefillError::Asset(asset))?;
    let request = Request::refill(external_id, desk, asset, filled.address, amount)?;
    let units = to_chain(request.amount, &request.asset);
    Ok(Allowed { wallet: desk.clone(), request, units })
}

/// Orders a refill; the errand. Ordered twice under one external id, it is the same one.
///
/// # Errors
/// [`RefillError`].
pub async fn refill(
    ports: &Ports,
    deployment: &DeploymentId,
    wanted: Refill,
    cause: Cause,
) -> Result<(), RefillError> {
    let Allowed { request, .. } = allow(ports, &wanted, cause.at).await?;
    let id = WithdrawalId::new(ports.entropy.ulid(cause.at));
    order(ports, deployment, id, &wanted, request, cause).await
}

/// Stores the errand.
pub(super) async fn order(
    ports: &Ports,
    deployment: &DeploymentId,
    id: WithdrawalId,
    wanted: &Refill,
    request: Request,
    cause: Cause,
) -> Result<(), RefillError> {
    let &Refill { partner, to, .. } = wanted;
    let decision = of_the_house(&request).ok_or(ErrandError::Token)?;
    let withdrawal = Withdrawal::request(id, partner, deployment, request, false, cause.at);
    let errand = Intake { withdrawal, idempotency_key: None, decision, cause: cause.clone() };
    let change = Change { errands: vec![errand], cause: Some(cause), ..Change::default() };
    match ports.store.apply(None, vec![change]).await?.pop() {
        Some(Outcome::Applied) => {
            ports.wake.signal(Topic::Events);
            Ok(())
        }
        Some(Outcome::Refused(rule)) if rule == "m1_one_open_refill" || rule == "m1_one_open_sweep" => {
            Err(RefillError::AlreadyOpen(to))
        }
        Some(Outcome::Refused(_)) => Err(RefillError::ExternalIdConflict(wanted.external_id.clone())),
        Some(Outcome::Moved | Outcome::Fenced) | None => {
            Err(StoreError::Statement("an errand that nothing fences was not stored".into()).into())
        }
    }
}
