//! Taking a wallet of the signer into service: the signer names its wallets, and shows that it holds the key of this one
//! by answering a challenge that was drawn just now.

use sluice_codec::Possession;
use sluice_core::address::Address;
use sluice_core::chain::ChainId;
use sluice_core::event::Cause;
use sluice_core::id::PartnerId;
use sluice_core::intent::DeploymentId;
use sluice_core::port::Ports;
use sluice_core::port::signer::Held;
use sluice_core::wallet::{Custody, Tier, Unfit, Wallet};

use super::OrderError;
use super::adopt::{AdoptError, Adoption, Check, Examination, Rule, adopt, examine};

/// A wallet that somebody wants in service.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// This installation, as this process knows it: a signer of another one shows nothing.
    pub deployment: &'a DeploymentId,
    /// Whose wallet it must be; `None` for the platform. Another partner's wallet is as if it were not there.
    pub partner: Option<PartnerId>,
    /// Chain.
    pub chain: ChainId,
    /// Account.
    pub address: Address,
    /// What it will be for.
    pub tier: Tier,
}

/// Every check of a wallet, met or not. Changes nothing.
///
/// # Errors
/// [`OrderError`]: it could not look. A key that the signer does not hold is a check that is not met, and the only one:
/// nothing is told about accounts that are nobody's here.
pub async fn examine_held(ports: &Ports, wanted: &Wanted<'_>) -> Result<Vec<Check>, OrderError> {
    let key = |unmet| vec![Check { rule: Rule::KeyHeld, unmet }];
    let held = match find(ports, wanted).await {
        Ok(held) => held,
        Err(AdoptError::Order(error)) => return Err(error),
        Err(unmet) => return Ok(key(Some(unmet))),
    };
    let mut checks = key(None);
    let unmet = match show(ports, wanted.deployment, &held).await {
        Ok(()) => None,
        Err(AdoptError::Order(error)) => return Err(error),
        Err(unmet) => Some(unmet),
    };
    checks.push(Check { rule: Rule::KeyShown, unmet });
    let Examination { checks: of_account, .. } = examine(ports, wanted.chain, wanted.address).await?;
    checks.extend(of_account);
    Ok(checks)
}

/// Takes it into service.
///
/// # Errors
/// [`AdoptError`]: the first check that is not met.
pub async fn adopt_held(ports: &Ports, wanted: &Wanted<'_>, cause: Cause) -> Result<Wallet, AdoptError> {
    if wanted.tier != Tier::Hot {
        Unfit::check(wanted.tier, Custody::Managed)?;
    }
    let held = find(ports, wanted).await?;
    show(ports, wanted.deployment, &held).await?;
    let account = held.address.key();
    let adoption = Adoption {
        wallet: held.wallet,
        partner: held.partner,
        chain: held.chain,
        address: held.address,
        label: format!("{} {}", wanted.tier.as_str(), account.get(..8).unwrap_or(&account)),
        tier: wanted.tier,
    };
    adopt(ports, adoption, cause).await
}

async fn find(ports: &Ports, wanted: &Wanted<'_>) -> Result<Held, AdoptError> {
    let held = ports.signer.held().await.map_err(OrderError::from)?;
    let this = held.into_iter().find(|held| {
        held.chain == wanted.chain
            && held.address == wanted.address
            && wanted.partner.is_none_or(|partner| held.partner == partner)
    });
    match this {
        None => Err(AdoptError::NotHeld),
        Some(held) if held.barred => Err(AdoptError::Barred),
        Some(held) => Ok(held),
    }
}

/// Asks for the proof and checks it here, against the address alone: what a signer says of itself proves nothing.
async fn show(ports: &Ports, deployment: &DeploymentId, held: &Held) -> Result<(), AdoptError> {
    let mut challenge = [0; 32];
    for half in challenge.chunks_exact_mut(16) {
        half.copy_from_slice(&ports.entropy.bits().to_be_bytes());
    }
    let shown = ports.signer.show(held.wallet, challenge).await.map_err(OrderError::from)?;
    let shown = shown.map_err(|refusal| AdoptError::NotShown(refusal.to_string()))?;
    let statement = Possession {
        deployment,
        wallet: held.wallet,
        partner: held.partner,
        chain: held.chain,
        address: held.address,
        challenge,
    };
    if statement.is_shown_by(&shown.r, &shown.s, shown.y_parity) {
        return Ok(());
    }
    Err(AdoptError::NotShown("the signature is not by this account over this challenge".into()))
}
