//! In: what the house wants a wallet to do. Out: an errand in its queue, once under its external id (ADR 0023). It goes the way of
//! any withdrawal from there: the same lane, the same signer, the same proofs.
//! A crash leaves nothing, or the errand; asked again, it is the same one.

use sluice_core::amount::Amount;
use sluice_core::chain::ChainProfile;
use sluice_core::errand::{Errand, ErrandError};
use sluice_core::event::Cause;
use sluice_core::id::{WalletId, WithdrawalId};
use sluice_core::intent::DeploymentId;
use sluice_core::policy::of_the_house;
use sluice_core::port::Ports;
use sluice_core::port::store::{Change, Intake, Outcome, StoreError};
use sluice_core::port::world::Topic;
use sluice_core::wallet::Wallet;
use sluice_core::withdrawal::{Request, Withdrawal};

/// An errand that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Names it among all that the wallet's partner ever asked for: wanted twice, it is done once.
    pub external_id: String,
    /// What is to be done.
    pub errand: Errand,
    /// How much of it, sun of TRX or of its stake.
    pub amount: Amount,
}

/// Why an errand was not asked for. Nothing was stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// It is none.
    #[error(transparent)]
    Errand(#[from] ErrandError),
    /// No such wallet is in service, or its chain is not configured here.
    #[error("wallet {0} is none in service here")]
    Wallet(WalletId),
    /// The external id belongs to something else.
    #[error("external id {0} belongs to something else")]
    ExternalIdConflict(String),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The errand as a [`Change`] carries it, for whoever asks for it in one commit with what made it necessary.
///
/// # Errors
/// [`ErrandError`]: what does not fit the wallet.
pub fn intake(
    ports: &Ports,
    deployment: &DeploymentId,
    (wallet, profile): (&Wallet, &ChainProfile),
    wanted: Wanted,
    cause: Cause,
) -> Result<Intake, ErrandError> {
    let Wanted { external_id, errand, amount } = wanted;
    let request = Request::errand(external_id, wallet, profile, &errand, amount)?;
    let decision = of_the_house(&request).ok_or(ErrandError::Account)?;
    let id = WithdrawalId::new(ports.entropy.ulid(cause.at));
    let withdrawal = Withdrawal::request(id, wallet.partner, deployment, request, false, cause.at);
    Ok(Intake { withdrawal, idempotency_key: None, decision, cause })
}

/// Asks for an errand by itself.
///
/// # Errors
/// [`AskError`].
pub async fn ask(
    ports: &Ports,
    deployment: &DeploymentId,
    wallet: WalletId,
    wanted: Wanted,
    cause: Cause,
) -> Result<(), AskError> {
    let found = ports.store.wallets(None).await?.into_iter().find(|it| it.id == wallet);
    let found = found.and_then(|it| ports.chains.get(&it.chain).map(|chain| (it, chain.profile().clone())));
    let (found, profile) = found.ok_or(AskError::Wallet(wallet))?;
    let external_id = wanted.external_id.clone();
    let errand = intake(ports, deployment, (&found, &profile), wanted, cause.clone())?;
    let change = Change { errands: vec![errand], cause: Some(cause), ..Change::default() };
    match ports.store.apply(None, vec![change]).await?.pop() {
        Some(Outcome::Applied) => {
            ports.wake.signal(Topic::Lane(wallet));
            ports.wake.signal(Topic::Events);
            Ok(())
        }
        Some(Outcome::Refused(rule)) if rule == "m1_one_external_id" => {
            Err(AskError::ExternalIdConflict(external_id))
        }
        Some(Outcome::Refused(rule)) => Err(StoreError::Statement(format!("an errand broke {rule}")).into()),
        Some(Outcome::Moved | Outcome::Fenced) | None => {
            Err(AskError::Store(StoreError::Statement("an errand that nothing fences was not stored".into())))
        }
    }
}
