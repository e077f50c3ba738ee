//! Ordering a refill: so much of a token from a desk to another wallet of the same partner (ADR 0027). It is an errand, and waits
//! for somebody who takes its bytes to sign them.

use sluice_codec::scale::to_chain;
use sluice_core::event::Cause;
use sluice_core::id::WalletId;
use sluice_core::intent::DeploymentId;
use sluice_core::port::Ports;
use sluice_core::time::Timestamp;
use sluice_core::wallet::{Tier, Wallet};
use sluice_core::withdrawal::Request;

use super::movement::{Allowed, Movement, MovementError, order};
use crate::lane::recipient::may_receive;

/// Judges a refill by every rule that does not need its order. Nothing is stored.
///
/// # Errors
/// [`MovementError`]; whether the external id or the wallet's one open refill are taken, only its order finds out.
pub async fn allow_refill(ports: &Ports, wanted: &Movement, at: Timestamp) -> Result<Allowed, MovementError> {
    let Movement { partner, external_id, from, to, asset, amount } = wanted.clone();
    let wallets = ports.store.wallets(None).await?;
    let find = |id: WalletId| -> Result<&Wallet, MovementError> {
        wallets.iter().find(|it| it.id == id && it.partner == partner).ok_or(MovementError::Wallet(id))
    };
    let (desk, filled) = (find(from)?, find(to)?);
    if !desk.is_desk() {
        return Err(MovementError::NoDesk(from));
    }
    // Rescue is another thing, and who may order it another one.
    let stops = ports.store.stops().await?;
    if filled.chain != desk.chain || filled.tier == Tier::Safe || !may_receive(filled, asset, &stops, at) {
        return Err(MovementError::NotTrusted(to));
    }
    let assets = ports.store.assets(Some(desk.chain)).await?;
    let asset = assets.into_iter().find(|it| it.id == asset).ok_or(MovementError::Asset(asset))?;
    let request = Request::refill(external_id, desk, asset, filled.address, amount)?;
    let units = to_chain(request.amount, &request.asset);
    Ok(Allowed { wallet: desk.clone(), request, units })
}

/// Orders a refill; the errand. Ordered twice under one external id, it is the same one.
///
/// # Errors
/// [`MovementError`].
pub async fn refill(
    ports: &Ports,
    deployment: &DeploymentId,
    wanted: Movement,
    cause: Cause,
) -> Result<(), MovementError> {
    let Allowed { request, .. } = allow_refill(ports, &wanted, cause.at).await?;
    order(ports, deployment, &wanted, request, cause).await
}
