//! Wallets of the partner that refills and sweeps are sent to. Judged when one is ordered, when it is planned, and once more right before
//! it gets a slot: the wallet may have been stopped, frozen or retired in between.

use sluice_core::address::Address;
use sluice_core::asset::{AssetId, AssetKind};
use sluice_core::policy::is_of_the_house;
use sluice_core::stop::{Stop, stopped};
use sluice_core::time::Timestamp;
use sluice_core::transfer::Transfer;
use sluice_core::wallet::Wallet;

use super::Lane;
use crate::StageError;

/// Whether a refill or a sweep of this asset may be sent to the wallet now.
pub(crate) fn may_receive(wallet: &Wallet, asset: AssetId, stops: &[Stop], now: Timestamp) -> bool {
    wallet.is_trusted(now) && wallet.gives_back() && !stopped(stops, wallet.partner, asset, Some(wallet.id))
}

/// Whether this account is a wallet of the lane's partner that may receive the asset now, by the stops that the lane has read.
pub(super) async fn fits(lane: &Lane<'_>, to: Address, asset: AssetId) -> Result<bool, StageError> {
    let (now, partner) = (lane.now(), lane.wallet().partner);
    let wallets = lane.ports.store.wallets(Some(lane.wallet().chain)).await?;
    let mut to = wallets.iter().filter(|it| it.partner == partner && it.address == to);
    Ok(to.any(|it| may_receive(it, asset, &lane.view.stops, now)))
}

/// Whether every refill and sweep of a transfer may still go where it was ordered to. What a partner asked for is none of this.
pub(super) async fn all_fit(lane: &Lane<'_>, transfer: &Transfer) -> Result<bool, StageError> {
    for item in transfer.live() {
        let payment = &item.approved.payment;
        let token = matches!(payment.asset.kind, AssetKind::Trc20(_) | AssetKind::Erc20(_));
        if token && is_of_the_house(&item.approved.decision) && !fits(lane, payment.to, payment.asset).await?
        {
            return Ok(false);
        }
    }
    Ok(true)
}
