//! Taking a wallet out of service: idle for as long as settled blocks are watched, proven empty at a final block, retired,
//! then its key barred at the signer. A wallet whose key somebody else holds is looked at no longer, and keeps what it has.
//!
//! Retired before its key is barred. The other way round, an order to resume and a deposit in between left an open lane
//! without a key, whose slots nobody could fill. `retired` has no way back, and the commit refuses when the lane moved
//! since it was looked at; so the order decides alone. What a crash leaves between the two, the house finishes
//! ([`crate::house`]): it asks the signer to bar each retired wallet, which it may be asked any number of times.

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
    // What it holds is somebody else's to keep: it is looked at no longer, and that is all.
    if view.wallet.is_managed() {
        must_be_empty(ports, view).await?;
    } else if view.wallet.is_desk() {
        // But what is with a person is watched until the chain has ended it, and nobody watches what is retired.
        must_be_idle(ports, view).await?;
    }
    Ok(step)
}

/// Bars the key of a wallet that is retired by now. Whatever fails here is done by the house.
pub(super) async fn bar(ports: &Ports, wallet: WalletId, reason: &str) {
    match ports.signer.bar(wallet, reason).await {
        // Its place is not noted: nobody has compared what lies before it with this store (M17).
        Ok(Ok(_place)) => {}
        Ok(Err(refusal)) => {
            tracing::warn!(wallet = %wallet, %refusal, "The signer does not bar a retired key")
        }
        Err(error) => tracing::warn!(wallet = %wallet, %error, "A retired key is barred later"),
    }
}

/// Nothing of it is open, and what ended lately is settled for good.
async fn must_be_idle(ports: &Ports, view: &LaneView) -> Result<(), OrderError> {
    let wallet = &view.wallet;
    if view.transfers().any(|(it, _)| !matches!(it.state, State::Dropped { .. })) {
        return Err(OrderError::NotEmpty("the lane still holds work; drain it first".into()));
    }
    let chain =
        ports.chains.get(&wallet.chain).ok_or_else(|| OrderError::NotConfigured(wallet.chain.to_string()))?;
    // What ended lately may be taken back by a reorganisation below finality; then its slot needs the key once more.
    let watched = chain.profile().settled_watch_blocks;
    let since = view.height.saturating_sub(watched);
    if let Some(block) = ports.store.ended_since(wallet.id, since).await? {
        return Err(OrderError::NotEmpty(format!(
            "what it sent last is final in block {block} and watched for {watched} blocks more; ask again after block {}",
            block.saturating_add(watched)
        )));
    }
    Ok(())
}

async fn must_be_empty(ports: &Ports, view: &LaneView) -> Result<(), OrderError> {
    must_be_idle(ports, view).await?;
    let wallet = &view.wallet;
    let chain =
        ports.chains.get(&wallet.chain).ok_or_else(|| OrderError::NotConfigured(wallet.chain.to_string()))?;
    let assets = ports.store.assets(Some(wallet.chain)).await?;
    let assets = Asset::with_coin(assets, chain.profile());
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
        None => Units::from(profile.transfer_cost_cap().0),
    }
}
