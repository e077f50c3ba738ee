//! Ordering a sweep: so much of a token from a lane to a warm or cold wallet of the same partner (ADR 0029). It is an errand of
//! that lane, and goes the way of a payment.

use sluice_codec::scale::to_chain;
use sluice_core::event::Cause;
use sluice_core::intent::DeploymentId;
use sluice_core::port::Ports;
use sluice_core::time::Timestamp;
use sluice_core::wallet::Tier;
use sluice_core::withdrawal::Request;

use super::movement::{Allowed, Movement, MovementError, order};
use crate::lane::recipient::may_receive;

/// Judges a sweep by every rule that does not need its order. Nothing is stored.
///
/// # Errors
/// [`MovementError`]; whether the external id or the one open movement into that wallet are taken, only its order finds out.
pub async fn allow_sweep(ports: &Ports, wanted: &Movement, at: Timestamp) -> Result<Allowed, MovementError> {
    let Movement { partner, external_id, from, to, asset, amount } = wanted.clone();
    let wallets = ports.store.wallets(None).await?;
    let find =
        |id| wallets.iter().find(|it| it.id == id && it.partner == partner).ok_or(MovementError::Wallet(id));
    let (lane, filled) = (find(from)?, find(to)?);
    if !lane.takes_work() {
        return Err(MovementError::NoLane(from));
    }
    // What is hot is there to pay: from lane to lane nothing is swept. Rescue is another thing.
    let keeps = matches!(filled.tier, Tier::Warm | Tier::Cold);
    if filled.chain != lane.chain || !keeps || !may_receive(filled, asset, &ports.store.stops().await?, at) {
        return Err(MovementError::NotTrusted(to));
    }
    let assets = ports.store.assets(Some(lane.chain)).await?;
    let asset = assets.into_iter().find(|it| it.id == asset).ok_or(MovementError::Asset(asset))?;
    let request = Request::sweep(external_id, lane, asset, filled.address, amount)?;
    let units = to_chain(request.amount, &request.asset);
    Ok(Allowed { wallet: lane.clone(), request, units })
}

/// Orders a sweep. Ordered twice under one external id, it is the same one.
///
/// # Errors
/// [`MovementError`].
pub async fn sweep(
    ports: &Ports,
    deployment: &DeploymentId,
    wanted: Movement,
    cause: Cause,
) -> Result<(), MovementError> {
    let Allowed { request, .. } = allow_sweep(ports, &wanted, cause.at).await?;
    order(ports, deployment, &wanted, request, cause).await
}
