//! In: what a partner's wallets hold by the books. Out: the same beside the chain, at a final block that is named, or why
//! the two cannot be compared now. Nothing is written.
//!
//! The rules are those of reconciliation: nonce and balance are read by quorum at one final block, the books are taken as
//! they stood after that very block, and only once everything whose nonce it has consumed is settled.

use std::collections::BTreeMap;

use sluice_core::amount::Units;
use sluice_core::asset::{Asset, AssetId};
use sluice_core::chain::BlockRef;
use sluice_core::id::WalletId;
use sluice_core::port::Ports;
use sluice_core::port::chain::ChainError;
use sluice_core::port::store::StoreError;
use sluice_core::wallet::Wallet;

/// What a quorum reads of a wallet at a final block, beside the books as they stood after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// The block.
    pub block: BlockRef,
    /// Transactions that the chain counts for the wallet there; zero on TRON.
    pub nonce: u64,
    /// What was compared, by asset.
    pub assets: BTreeMap<AssetId, Beside>,
}

/// An asset on chain and in the books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beside {
    /// What the chain holds, exact.
    pub on_chain: Units,
    /// The same at the precision of the books, rounded down, atoms.
    pub on_chain_atoms: i64,
    /// What the books said, atoms.
    pub books: i64,
}

/// Why books and chain cannot be compared now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotCompared {
    /// The wallet has left service.
    Retired,
    /// Its chain is not configured here, or too few of its nodes answer or agree.
    ChainUnavailable,
    /// Something that the final block has is not settled, or the watcher has not followed the chain to it yet.
    UnderWay,
    /// Finality was reversed: nothing is compared until it is past what it was.
    FinalityReversed,
}

/// Compares the books of a wallet with the chain.
///
/// # Errors
/// [`StoreError`].
pub async fn compare(ports: &Ports, wallet: WalletId) -> Result<Result<Compared, NotCompared>, StoreError> {
    let Some(view) = ports.store.lane(wallet).await? else { return Ok(Err(NotCompared::Retired)) };
    let wallet: Wallet = view.wallet;
    let Some(chain) = ports.chains.get(&wallet.chain) else { return Ok(Err(NotCompared::ChainUnavailable)) };
    let assets = Asset::with_coin(ports.store.assets(Some(wallet.chain)).await?, chain.profile());
    let standing = match chain.standing(wallet.address, &assets).await {
        Ok(standing) => standing,
        Err(
            ChainError::Down { .. }
            | ChainError::Disagree { .. }
            | ChainError::NoBlock
            | ChainError::Foreign { .. },
        ) => return Ok(Err(NotCompared::ChainUnavailable)),
    };
    let block = standing.head();
    let followed = async || {
        let cursor = ports.store.cursor(wallet.chain, chain.profile().settled_watch_blocks).await?;
        Ok::<_, StoreError>(match cursor.settle_after {
            Some(_) => Err(NotCompared::FinalityReversed),
            None if cursor.blocks.contains(&block) => Ok(()),
            None => Err(NotCompared::UnderWay),
        })
    };
    if let Err(why) = followed().await? {
        return Ok(Err(why));
    }
    // Read after the block: what it has consumed is settled, or stands open here.
    let Some(view) = ports.store.lane(wallet.id).await? else { return Ok(Err(NotCompared::Retired)) };
    let nonce = standing.reading().nonce;
    if view.transfers().any(|(transfer, _)| transfer.stands_in(nonce, block)) {
        return Ok(Err(NotCompared::UnderWay));
    }
    let Some(books) = ports.store.booked(wallet.id, block.number).await? else {
        return Ok(Err(NotCompared::UnderWay));
    };
    // A walk back between the two looks takes out of the books what the block still has.
    if let Err(why) = followed().await? {
        return Ok(Err(why));
    }
    let booked = |id: AssetId| books.iter().find(|(asset, _)| *asset == id).map_or(0, |(_, atoms)| *atoms);
    let beside = |(asset, on_chain): (&Asset, Units)| {
        let on_chain_atoms = sluice_codec::scale::from_chain(on_chain, asset).floor.atoms();
        (asset.id, Beside { on_chain, on_chain_atoms, books: booked(asset.id) })
    };
    let held = assets.iter().zip(standing.reading().units.iter().copied());
    Ok(Ok(Compared { block, nonce, assets: held.map(beside).collect() }))
}
