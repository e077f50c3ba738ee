//! A token is moved from one wallet of a partner to another: a refill out of a desk (ADR 0027), or a sweep of a lane (ADR 0029). Both
//! are errands, ordered the same way.

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
use sluice_core::wallet::Wallet;
use sluice_core::withdrawal::{Request, Withdrawal};

/// A refill, or a sweep, that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
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
pub enum MovementError {
    /// No such wallet of this partner is in service.
    #[error("wallet {0} is none of this partner in service")]
    Wallet(WalletId),
    /// Nothing is handed out of it: it is no external wallet on TRON whose key was shown.
    #[error("wallet {0} hands nothing out: it is no external wallet on TRON whose key was shown")]
    NoDesk(WalletId),
    /// Nothing is swept from it: it is no lane that takes work.
    #[error("nothing is swept from wallet {0}: it is no lane that takes work")]
    NoLane(WalletId),
    /// The recipient is on another chain, of a tier that nothing is sent to, none that gives anything back, stopped, frozen, or was
    /// registered too short a time ago.
    #[error(
        "nothing is sent to wallet {0}: it is on another chain, a place of rescue, managed and no lane, stopped, not in service, or not trusted yet"
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
    /// How much of the token, or of the coin, that is on chain; `None` where no transaction can say it.
    pub units: Option<Units>,
}

/// The rule that one movement of a token to a wallet is ordered at a time.
const ONE_OPEN: &str = "m1_one_open_movement";

/// Stores the errand.
pub(super) async fn order(
    ports: &Ports,
    deployment: &DeploymentId,
    wanted: &Movement,
    request: Request,
    cause: Cause,
) -> Result<(), MovementError> {
    let &Movement { partner, from, to, .. } = wanted;
    let id = WithdrawalId::new(ports.entropy.ulid(cause.at));
    let decision = of_the_house(&request).ok_or(ErrandError::Token)?;
    let withdrawal = Withdrawal::request(id, partner, deployment, request, false, cause.at);
    let errand = Intake { withdrawal, idempotency_key: None, decision, cause: cause.clone() };
    let change = Change { errands: vec![errand], cause: Some(cause), ..Change::default() };
    match ports.store.apply(None, vec![change]).await?.pop() {
        Some(Outcome::Applied) => {
            ports.wake.signal(Topic::Events);
            ports.wake.signal(Topic::Lane(from));
            Ok(())
        }
        Some(Outcome::Refused(rule)) if rule == ONE_OPEN => Err(MovementError::AlreadyOpen(to)),
        Some(Outcome::Refused(rule)) if rule == "m1_one_external_id" => {
            Err(MovementError::ExternalIdConflict(wanted.external_id.clone()))
        }
        Some(Outcome::Refused(rule)) => Err(StoreError::Statement(format!("an errand broke {rule}")).into()),
        Some(Outcome::Moved | Outcome::Fenced) | None => {
            Err(StoreError::Statement("an errand that nothing fences was not stored".into()).into())
        }
    }
}
