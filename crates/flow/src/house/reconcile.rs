//! In: every wallet in service. Out: books equal to the chain at a named final block, or an alert with both figures.
//! More than the books say is a top-up and is booked as one; less is an alarm and is never booked away.
//!
//! A difference counts only at a block that the watcher has followed and that a quorum later calls final: on a node that
//! lags, or on a fork that dies, a payment that was made looks like a deposit. So a difference is first remembered with
//! its block, and told when that block is final. What is remembered dies with the lease: the next holder looks for
//! itself, and nothing is booked twice.

use std::collections::BTreeMap;

use sluice_core::access::Actor;
use sluice_core::alert::{Code, Raise};
use sluice_core::asset::{Asset, AssetId};
use sluice_core::chain::BlockRef;
use sluice_core::event::Cause;
use sluice_core::id::WalletId;
use sluice_core::lane::Fence;
use sluice_core::ledger::{Account, Posting};
use sluice_core::port::Ports;
use sluice_core::port::chain::Chain;
use sluice_core::port::store::{Change, LaneView};
use sluice_core::transfer::State;
use sluice_core::wallet::{Balance, Wallet};

use crate::StageError;

/// Differences that wait for their block to be final.
pub(super) type Candidates = BTreeMap<WalletId, Candidate>;

/// Differences of one wallet at one block.
pub(super) struct Candidate {
    epoch: i64,
    block: BlockRef,
    differences: Vec<Difference>,
}

/// What an asset's chain balance and its books say, in atoms of the books.
struct Difference {
    asset: AssetId,
    symbol: String,
    chain: i64,
    books: i64,
}

pub(super) async fn run(ports: &Ports, fence: &Fence, candidates: &mut Candidates) -> Result<(), StageError> {
    candidates.retain(|_, candidate| candidate.epoch == fence.epoch);
    for wallet in ports.store.wallets(None).await? {
        // A chain that does not answer must not keep the others from being looked at.
        match one(ports, fence, wallet, candidates).await {
            Ok(()) => {}
            Err(StageError::Chain(error)) => tracing::warn!(%error, "Reconciliation skipped a wallet"),
            Err(other) => return Err(other),
        }
    }
    Ok(())
}

async fn one(
    ports: &Ports,
    fence: &Fence,
    wallet: Wallet,
    candidates: &mut Candidates,
) -> Result<(), StageError> {
    let Some(chain) = ports.chains.get(&wallet.chain) else { return Ok(()) };
    let depth = chain.profile().settled_watch_blocks;
    if let Some(candidate) = candidates.remove(&wallet.id) {
        let cursor = ports.store.cursor(wallet.chain, depth).await?;
        if cursor.settle_after.is_some() {
            return Ok(()); // Finality was reversed: what was remembered is worth nothing.
        }
        if cursor.finalized.is_none_or(|head| head.number < candidate.block.number) {
            candidates.insert(wallet.id, candidate);
            return Ok(()); // Not final yet: it is remembered on.
        }
        let there = chain.still_final(&[candidate.block]).await?;
        if there.first().is_some_and(|there| *there.reading()) {
            tell(ports, fence, &wallet, &candidate).await?;
        }
        return Ok(());
    }
    if let Some((block, differences)) = compare(ports, chain.as_ref(), fence, &wallet, depth).await? {
        candidates.insert(wallet.id, Candidate { epoch: fence.epoch, block, differences });
    }
    Ok(())
}

/// Compares now. `None` when there is no difference, or when work under way makes the comparison meaningless.
async fn compare(
    ports: &Ports,
    chain: &dyn Chain,
    fence: &Fence,
    wallet: &Wallet,
    depth: u64,
) -> Result<Option<(BlockRef, Vec<Difference>)>, StageError> {
    let Some(before) = ports.store.lane(wallet.id).await? else { return Ok(None) };
    // While bytes are out the chain and the books may rightly differ by what is under way.
    if before.transfers.iter().any(|(it, _)| matches!(it.state, State::Signed(_) | State::Seen(_))) {
        return Ok(None);
    }
    let mut assets = ports.store.assets(Some(wallet.chain)).await?;
    let native = Asset::native(chain.profile());
    if !assets.iter().any(|asset| asset.id == native.id) {
        assets.push(native);
    }
    let (block, balances) = chain.balances(wallet.address, &assets).await?;
    // Only at a block the watcher has followed: whatever the store calls final is then an ancestor of it.
    if !ports.store.cursor(wallet.chain, depth).await?.blocks.contains(&block) {
        return Ok(None);
    }
    let booked = ports.store.booked(wallet.id).await?;
    let Some(after) = ports.store.lane(wallet.id).await? else { return Ok(None) };
    if !unchanged(&before, &after) {
        return Ok(None); // Work began meanwhile; the next turn looks again.
    }
    let now = ports.clock.now();
    let cause = Cause { actor: Actor::System("house"), reason: format!("reconciled at {block:?}"), at: now };
    let mut change = Change { cause: Some(cause), ..Change::default() };
    let mut differences = Vec::new();
    for (asset, units) in assets.iter().zip(balances) {
        change.balances.push(Balance { wallet: wallet.id, asset: asset.id, units, block, at: now });
        // At the precision of the books. Gas is booked rounded up, so the books may say less by an atom for every
        // transaction; that comes back as a top-up and is never hidden.
        let on_chain = sluice_codec::scale::from_chain(units, asset).floor.atoms();
        let books = booked.iter().find(|(id, _)| *id == asset.id).map_or(0, |(_, atoms)| *atoms);
        if on_chain != books {
            let symbol = asset.symbol.clone();
            differences.push(Difference { asset: asset.id, symbol, chain: on_chain, books });
        }
    }
    if differences.is_empty() {
        change.close.push((Code::ReconciliationDifference, wallet.id.to_string()));
    }
    ports.store.apply(Some(fence.clone()), vec![change]).await?;
    Ok((!differences.is_empty()).then_some((block, differences)))
}

fn unchanged(before: &LaneView, after: &LaneView) -> bool {
    before.transfers.len() == after.transfers.len()
        && before
            .transfers
            .iter()
            .zip(&after.transfers)
            .all(|((a, _), (b, _))| a.id == b.id && a.version == b.version)
}

/// The block is final: books what came in, raises what is missing.
async fn tell(
    ports: &Ports,
    fence: &Fence,
    wallet: &Wallet,
    candidate: &Candidate,
) -> Result<(), StageError> {
    let now = ports.clock.now();
    let reason = format!("reconciled at final {:?}", candidate.block);
    let mut change =
        Change { cause: Some(Cause { actor: Actor::System("house"), reason, at: now }), ..Change::default() };
    let mut missing = Vec::new();
    for difference in &candidate.differences {
        let surplus = difference.chain.saturating_sub(difference.books);
        if surplus > 0 {
            change.postings.extend(top_up(wallet, difference.asset, surplus));
        } else {
            missing.push(format!(
                "{}: chain {}, books {}",
                difference.symbol, difference.chain, difference.books
            ));
        }
    }
    if !missing.is_empty() {
        change.raise.push(Raise {
            code: Code::ReconciliationDifference,
            subject: wallet.id.to_string(),
            partner: Some(wallet.partner),
            detail: format!("at final block {}: {}", candidate.block.number, missing.join("; ")),
        });
    }
    ports.store.apply(Some(fence.clone()), vec![change]).await?;
    Ok(())
}

fn top_up(wallet: &Wallet, asset: AssetId, atoms: i64) -> [Posting; 2] {
    let line = |account, atoms| Posting { partner: wallet.partner, wallet: wallet.id, asset, account, atoms };
    [line(Account::Available, atoms), line(Account::Adjustment, atoms.saturating_neg())]
}
