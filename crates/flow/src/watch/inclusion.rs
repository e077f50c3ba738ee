//! In: transfers that a block, a consumed nonce, a time that is up, or their age points at. Out: `seen` where the chain
//! holds one of their attempts.
//! Progress only: one node, not final. A crash leaves `signed`, and the next sweep sees it.

use std::collections::BTreeMap;

use sluice_core::attempt::{Attempt, Durable};
use sluice_core::chain::BlockRef;
use sluice_core::id::{TransferId, WalletId};
use sluice_core::port::chain::Heads;
use sluice_core::port::store::Change;
use sluice_core::proof::SlotReading;
use sluice_core::sighting::Word;
use sluice_core::time::Timestamp;
use sluice_core::transfer::{State, Transfer};

use super::{Watch, question};
use crate::StageError;

/// A slot that is signed for so many times the wait for a dearer attempt is shown to a quorum, whatever one node says.
const DOUBT_TIMES: u64 = 2;

/// Slots of one lane that a sweep asks about: more are never consumed at once, but may expire together.
const FOUND_MAX: usize = 256;

/// Longest between two sweeps while no other block is the latest, milliseconds: slots grow old in that time too.
const SWEEP_MS: i64 = 1_000;

/// When the oldest slot of each lane was last shown to a quorum for its age alone.
type Doubts = BTreeMap<WalletId, (TransferId, Timestamp)>;

/// What the last sweep came to. Losing it costs a sweep.
#[derive(Default)]
pub(super) struct Swept {
    /// The latest block it was made under, and when; `None` before the first, and after one that found something.
    under: Option<(BlockRef, Timestamp)>,
    doubts: Doubts,
}

/// Reads the slots of transfers and notes where an attempt of theirs is included. Answers the signed ones in whose slot
/// none was found. `read` are the blocks that were read: an inclusion in another one is one node's word about a block that
/// nobody followed, and could neither be walked back nor become final.
pub(super) async fn note(
    watch: &mut Watch<'_>,
    transfers: &[TransferId],
    read: &[BlockRef],
) -> Result<Vec<TransferId>, StageError> {
    if transfers.is_empty() {
        return Ok(vec![]);
    }
    let open: Vec<_> = watch
        .ports
        .store
        .transfers(transfers)
        .await?
        .into_iter()
        .filter(|(transfer, _)| matches!(transfer.state, State::Signed(_)))
        .filter_map(|(transfer, attempts)| {
            question(&transfer, &attempts).map(|question| (transfer, question))
        })
        .collect();
    if open.is_empty() {
        return Ok(vec![]);
    }
    let (transfers, questions): (Vec<_>, Vec<_>) = open.into_iter().unzip();
    let readings = watch.chain.progress(&questions).await?;
    let (now, top) = (watch.now(), read.iter().map(|block| block.number).max().unwrap_or_default());
    let (mut changes, mut absent) = (Vec::new(), Vec::new());
    for (transfer, reading) in transfers.into_iter().zip(readings) {
        match reading {
            // Its block is read first; the sweep after it looks again.
            SlotReading::Ours(inclusion) if inclusion.block.number > top => {}
            SlotReading::Ours(inclusion) if read.contains(&inclusion.block) => changes.push(Change {
                transfers: vec![transfer.see(inclusion, now)?],
                cause: Some(watch.cause("included")),
                ..Change::default()
            }),
            // In a block that was not read, or `Foreign`, is no news here by one node's word: settlement asks a quorum.
            SlotReading::Ours(_)
            | SlotReading::Open
            | SlotReading::Foreign(_)
            | SlotReading::Unaccounted
            | SlotReading::Absent(_) => {
                absent.push(transfer.id);
            }
        }
    }
    watch.apply(changes).await?;
    Ok(absent)
}

/// Looks at every lane of the chain for signed slots whose nonce is consumed: what a crash or a missed block left.
/// Answers those in which no attempt of ours was found, for settlement to ask a quorum; and of each lane the oldest slot
/// where that has been signed for long: the node that is read may hide that it is consumed.
/// Nonces are consumed by blocks: while there is no other one, lanes are looked at now and then.
pub(super) async fn sweep(
    watch: &mut Watch<'_>,
    heads: &Heads,
    swept: &mut Swept,
) -> Result<Vec<TransferId>, StageError> {
    let now = watch.now();
    let fresh =
        |(head, at): (BlockRef, Timestamp)| head == heads.latest && (0..SWEEP_MS).contains(&now.since_ms(at));
    if swept.under.is_some_and(fresh) {
        return Ok(vec![]);
    }
    swept.under = None;
    let doubts = &mut swept.doubts;
    let (mut found, mut old) = (Vec::new(), Vec::new());
    let wallets = watch.wallets().await?;
    doubts.retain(|wallet, _| wallets.iter().any(|known| known.id == *wallet));
    for wallet in wallets {
        let Some(view) = watch.ports.store.lane(wallet.id).await? else { continue };
        let claims = view.sightings.iter().filter(|it| it.word == Word::Claimed).cloned();
        watch.claims.extend(claims);
        let signed: Vec<_> =
            view.transfers().filter(|(transfer, _)| matches!(transfer.state, State::Signed(_))).collect();
        let Some((oldest, _)) = signed.first() else { continue };
        old.extend(doubtful(watch, oldest, doubts));
        let latest = watch.chain.nonces(wallet.address).await?.latest;
        found.extend(
            signed
                .iter()
                .filter(|(transfer, attempts)| {
                    let consumed =
                        transfer.slot().and_then(|it| it.nonce()).is_some_and(|nonce| nonce < latest);
                    consumed || expired(attempts, heads) || transfer.taken_by().is_some()
                })
                .map(|(transfer, _)| transfer.id)
                .take(FOUND_MAX),
        );
    }
    // What was found is asked about again until it is settled, and what one node alone shows until it is weighed.
    let quiet = found.is_empty() && old.is_empty() && watch.claims.is_empty();
    let mut absent = vec![];
    if !found.is_empty() {
        let cursor = watch.cursor().await?;
        absent = note(watch, &found, &cursor.blocks).await?;
    }
    old.retain(|id| !found.contains(id));
    absent.extend(old);
    swept.under = quiet.then_some((heads.latest, now));
    Ok(absent)
}

/// By the time of the latest block nothing of it is included any more.
fn expired(attempts: &[Durable<Attempt>], heads: &Heads) -> bool {
    let head_ms = heads.latest_time.saturating_mul(1_000);
    attempts.iter().any(|it| it.get().unsigned().terms.tron().is_some_and(|it| it.expires_at_ms <= head_ms))
}

/// The oldest slot of a lane, when it is time to show it to a quorum. If it is open there, so are those behind it.
fn doubtful(watch: &Watch<'_>, oldest: &Transfer, doubts: &mut Doubts) -> Option<TransferId> {
    let State::Signed(signed) = &oldest.state else { return None };
    let (profile, now) = (watch.chain.profile(), watch.now());
    let blocks = match profile.evm() {
        Some(rules) if rules.replaceable => rules.bump_after_blocks,
        Some(_) | None => profile.resend_after_blocks,
    };
    let wait_ms = blocks.saturating_mul(DOUBT_TIMES).saturating_mul(profile.block_time_ms);
    let asked_at = doubts.get(&oldest.wallet).filter(|(id, _)| *id == oldest.id).map(|(_, at)| *at);
    let since = asked_at.unwrap_or(signed.first_signed_at);
    if now.since_ms(since) < i64::try_from(wait_ms).unwrap_or(i64::MAX) {
        return None;
    }
    doubts.insert(oldest.wallet, (oldest.id, now));
    Some(oldest.id)
}
