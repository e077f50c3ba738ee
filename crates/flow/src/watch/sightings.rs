//! In: what a block holds of our wallets that nothing explains. Out: each such transaction is recorded, also while the
//! lane is frozen, and its lane frozen (M6). What one node alone shows is a claim first: the lane takes no new slot for a
//! bounded time, an alert names the node, and other operators decide. A crash leaves the record, or the block unread.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use sluice_core::address::Address;
use sluice_core::alert::{Code, Raise};
use sluice_core::chain::BlockRef;
use sluice_core::id::WalletId;
use sluice_core::port::chain::{Foreign, Heads, Shown};
use sluice_core::port::store::{Change, LaneView};
use sluice_core::sighting::{Sighting, Word};
use sluice_core::wallet::LaneState;

use super::{TRIES_MAX, Watch};
use crate::StageError;

/// Claims that are weighed in one turn, oldest first.
const WEIGHED_MAX: usize = 16;

/// What one node shows of a wallet in a block.
pub(super) struct Found {
    pub(super) wallet: WalletId,
    pub(super) txid: [u8; 32],
    pub(super) nonce: Option<u64>,
    pub(super) what: String,
    pub(super) block: BlockRef,
    pub(super) told_by: String,
}

/// Records what was found, by the word of whoever shows it.
pub(super) async fn run(
    watch: &mut Watch<'_>,
    wallets: &[Address],
    found: Vec<Found>,
) -> Result<(), StageError> {
    let mut lanes: BTreeMap<WalletId, Vec<Found>> = BTreeMap::new();
    for found in found {
        lanes.entry(found.wallet).or_default().push(found);
    }
    let mut shown: BTreeMap<BlockRef, Option<BTreeSet<[u8; 32]>>> = BTreeMap::new();
    for (wallet, found) in lanes {
        let Some(view) = watch.ports.store.lane(wallet).await? else { continue };
        let mut fresh: BTreeMap<[u8; 32], Sighting> = BTreeMap::new();
        for found in found {
            if watch.ports.store.is_adopted(wallet, found.txid).await? {
                continue;
            }
            let others = match shown.entry(found.block) {
                Entry::Occupied(looked) => looked.into_mut(),
                Entry::Vacant(unlooked) => {
                    let others = watch.chain.second_look(&found.told_by, found.block, wallets).await;
                    unlooked.insert(others.map(|all| all.iter().flat_map(Shown::txids).collect()))
                }
            };
            let word = match others {
                Some(others) if !others.contains(&found.txid) => Word::Claimed,
                Some(_) | None => Word::Confirmed,
            };
            let known = view.sightings.iter().find(|it| it.txid == found.txid);
            // What was confirmed stays so. In another block it is recorded anew: by that one's height it is judged.
            let word = known.filter(|it| it.word == Word::Confirmed).map_or(word, |it| it.word);
            if known.is_some_and(|it| it.block == found.block && it.word == word) {
                continue;
            }
            let one = fresh.entry(found.txid).or_insert_with(|| Sighting {
                wallet,
                partner: view.wallet.partner,
                chain: view.wallet.chain,
                txid: found.txid,
                block: found.block,
                nonce: found.nonce,
                what: String::new(),
                told_by: found.told_by.clone(),
                word,
                seen_at: known.map_or(watch.now(), |it| it.seen_at),
            });
            // One transaction may do several things.
            one.what = if one.what.is_empty() { found.what } else { format!("{}; {}", one.what, found.what) };
        }
        note(watch, &view, fresh.into_values().collect()).await?;
    }
    Ok(())
}

/// Asks again about what one node alone has shown: other operators, and a quorum once its block is final.
pub(super) async fn weigh(watch: &mut Watch<'_>, heads: &Heads) -> Result<(), StageError> {
    let mut claims = std::mem::take(&mut watch.claims);
    if claims.is_empty() {
        return Ok(());
    }
    claims.sort_by_key(|claim| claim.seen_at);
    let cursor = watch.cursor().await?;
    for claim in claims.into_iter().take(WEIGHED_MAX) {
        let Some(view) = watch.ports.store.lane(claim.wallet).await? else { continue };
        let wallet = view.wallet.address;
        let is_final = heads.finalized.as_ref().is_some_and(|head| head.head().number >= claim.block.number);
        let word = match is_final {
            true => match watch.chain.foreign(wallet, claim.txid).await {
                Ok(found) if found.reading().as_ref().is_some_and(Foreign::concerns) => Word::Confirmed,
                // Read under a lower block than that of the heads: it says nothing yet.
                Ok(found) if found.head().number < claim.block.number => continue,
                Ok(_) => {
                    // Both are about the same block, unless it has left the chain meanwhile.
                    if cursor.blocks.contains(&claim.block) {
                        watch.chain.disproved(&claim.told_by, &claim.line());
                    }
                    Word::Denied
                }
                Err(error) => {
                    tracing::warn!(%error, wallet = %claim.wallet, "No quorum on what one node shows");
                    continue;
                }
            },
            false => {
                let others = watch.chain.second_look(&claim.told_by, claim.block, &[wallet]).await;
                match others {
                    Some(others) if !others.iter().flat_map(Shown::txids).any(|it| it == claim.txid) => {
                        continue;
                    }
                    Some(_) | None => Word::Confirmed,
                }
            }
        };
        note(watch, &view, vec![Sighting { word, ..claim }]).await?;
    }
    Ok(())
}

/// Stores sightings of one lane, and what follows from them, in one commit. The lane moves its row with every slot, so it
/// is read again until they are stored: the cursor must not pass a block of which something is not.
async fn note(watch: &mut Watch<'_>, view: &LaneView, fresh: Vec<Sighting>) -> Result<(), StageError> {
    if fresh.is_empty() {
        return Ok(());
    }
    let mut again = None;
    for _ in 0..TRIES_MAX {
        let change = noted(watch, again.as_ref().unwrap_or(view), &fresh)?;
        if watch.apply(vec![change]).await?.iter().all(|applied| *applied) {
            return Ok(());
        }
        again = watch.ports.store.lane(view.wallet.id).await?;
    }
    Err(StageError::Overtaken)
}

fn noted(watch: &Watch<'_>, view: &LaneView, fresh: &[Sighting]) -> Result<Change, StageError> {
    let confirmed = fresh.iter().find(|it| it.word == Word::Confirmed);
    let mut change = match confirmed {
        Some(first) => match (watch.freezing(view.wallet.clone(), first.line())?, &view.wallet.state) {
            (Some(change), _) => change,
            // Whoever is about to open it has read what was seen of it before this: its row moves, so that they read again.
            (None, LaneState::Frozen { evidence, .. }) => {
                let wallets = vec![view.wallet.clone().freeze(evidence.clone())?];
                Change { wallets, ..Change::default() }
            }
            (None, _) => Change::default(),
        },
        None => Change::default(),
    };
    change.cause = Some(watch.cause(match confirmed {
        Some(_) => "unexplained_outgoing",
        None => "claimed_by_one_node",
    }));
    // One open alert tells of the oldest; the house closes it when none of the lane is a claim any more.
    let known = view.sightings.iter().filter(|it| !fresh.iter().any(|new| new.txid == it.txid));
    if let Some(claim) = known.chain(fresh).find(|it| it.word == Word::Claimed) {
        change.raise.push(Raise {
            code: Code::ClaimUnconfirmed,
            subject: view.wallet.id.to_string(),
            partner: Some(view.wallet.partner),
            detail: format!("{} alone shows, in {}", claim.told_by, claim.line()),
        });
    }
    change.sighted = fresh.to_vec();
    Ok(change)
}
