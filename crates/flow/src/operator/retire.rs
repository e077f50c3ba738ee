//! Taking a wallet out of service: idle, proven empty at a final block, its key barred at the signer, then retired.
//!
//! Barred before it is stored: a wallet that says `retired` has no key any more. Should somebody resume its lane in this very moment,
//! the signer refuses its payments, and retiring it again is the only way on. A crash between the two is the same.

use sluice_core::amount::Units;
use sluice_core::asset::Asset;
use sluice_core::chain::ChainProfile;
use sluice_core::id::WalletId;
use sluice_core::moved::Moved;
use sluice_core::port::Ports;
use sluice_core::port::store::LaneView;
use sluice_core::transfer::State;
use sluice_core::wallet::Wallet;

use super::OrderError;

/// The step of a wallet that may go.
pub(super) async fn examine(
    ports: &Ports,
    view: &LaneView,
    reason: &str,
) -> Result<Moved<Wallet>, OrderError> {
    // The state first: an open lane says so in its own words, and loses no key.
    let step = view.wallet.clone().retire(reason)?;
    must_be_empty(ports, view).await?;
    Ok(step)
}

/// Bars its key, once the persons it takes have spoken: the first word alone bars nothing. The place in the signer's
/// journal.
pub(super) async fn bar(ports: &Ports, wallet: WalletId, reason: &str) -> Result<u64, OrderError> {
    let barred = ports.signer.bar(wallet, reason).await?;
    barred.map_err(|refusal| OrderError::Evidence(format!("the signer does not bar its key: {refusal}")))
}

async fn must_be_empty(ports: &Ports, view: &LaneView) -> Result<(), OrderError> {
    let wallet = &view.wallet;
    if view.transfers.iter().any(|(it, _)| !matches!(it.state, State::Dropped { .. })) {
        return Err(OrderError::NotEmpty("the lane still holds work; drain it first".into()));
    }
    let chain =
        ports.chains.get(&wallet.chain).ok_or_else(|| OrderError::NotConfigured(wallet.chain.to_string()))?;
    let mut assets = ports.store.assets(Some(wallet.chain)).await?;
    let native = Asset::native(chain.profile());
    if !assets.iter().any(|asset| asset.id == native.id) {
        assets.push(native);
    }
    let standing = chain.standing(wallet.address, &assets).await?;
    let (latest, now) = chain.balances(wallet.address, &assets).await?;
    for (block, balances) in [(standing.head(), &standing.reading().units), (latest, &now)] {
        for (asset, units) in assets.iter().zip(balances) {
            if *units > dust(chain.profile(), asset) {
                return Err(OrderError::NotEmpty(format!(
                    "at block {} it still holds {units} units of {}; move them away first",
                    block.number, asset.symbol
                )));
            }
        }
    }
    let nonces = chain.nonces(wallet.address).await?;
    if nonces.pending != standing.reading().nonce {
        return Err(OrderError::NotEmpty(format!(
            "its nonce is {} with the pool and {} at the final block; wait until they are equal",
            nonces.pending,
            standing.reading().nonce
        )));
    }
    Ok(())
}

/// What may be left behind: nothing of a token; of the coin, what one transaction may cost, for moving the last of it
/// would cost that.
fn dust(profile: &ChainProfile, asset: &Asset) -> Units {
    match asset.contract() {
        Some(_) => Units::ZERO,
        None => Units::from(profile.transfer_cost_cap_wei),
    }
}
