//! In: wallets of which a quorum says that something left them, while the books know of nothing (an open alert). Out: the
//! final blocks that are remembered are read again, newest first, from every operator; what any of them shows and nothing explains
//! is recorded, and its lane frozen (M6). Blocks are read from one node as they come, and that node may have left it out. A
//! crash begins with the newest again.

use std::collections::{BTreeMap, BTreeSet};

use sluice_core::alert::{Alert, Code};
use sluice_core::id::{AlertId, WalletId};
use sluice_core::time::Timestamp;
use sluice_core::wallet::Wallet;

use super::{Watch, blocks};
use crate::StageError;

/// Time between two looks for such wallets, milliseconds.
const LOOK_MS: i64 = 1_000;
/// What is open for long is looked for again after this, milliseconds: an operator may not have answered.
const REST_MS: i64 = 60_000;
/// Blocks read again in one turn.
const BLOCKS_MAX: usize = 4;
/// Blocks are read again down to where the remembered ones began when an alert was first seen, though the chain goes on
/// meanwhile; at most so many times as many as are remembered.
const DEPTHS_MAX: u64 = 4;
/// Of so many readings the first goes as deep as that: while no quorum answered nothing was compared, and what left then is
/// older than what was remembered when the alert was seen.
const DEEP_EVERY: u32 = 8;
/// Open alerts read at once.
const PAGE: usize = 256;

/// Where the reading stands. Losing it costs a reading from the newest block on.
#[derive(Default)]
pub(super) struct Again {
    /// The alerts it is about.
    alerts: BTreeSet<AlertId>,
    /// Height of the last block that was read again; `None` before the first of them.
    below: Option<u64>,
    /// Lowest height that was remembered when the first of the alerts was seen.
    floor: Option<u64>,
    /// Readings that came to their end since the alerts are these.
    readings: u32,
    /// Until when nothing is done.
    rests_until: Option<Timestamp>,
}

pub(super) async fn run(watch: &mut Watch<'_>, again: &mut Again) -> Result<(), StageError> {
    let now = watch.now();
    if again.rests_until.is_some_and(|until| (1..=REST_MS).contains(&until.since_ms(now))) {
        return Ok(());
    }
    let mut wallets = watch.wallets().await?;
    let open = open(watch, &wallets).await?;
    // Only those: a block from before another one was adopted holds what it did in its own right.
    wallets.retain(|wallet| open.values().any(|subject| *subject == wallet.id));
    let alerts: BTreeSet<AlertId> = open.into_keys().collect();
    if !alerts.is_subset(&again.alerts) {
        (again.below, again.readings) = (None, 0);
    }
    again.alerts = alerts;
    let rest_ms = if again.alerts.is_empty() {
        again.floor = None;
        LOOK_MS
    } else {
        let lowest = watch.cursor().await?.blocks.last().map_or(0, |block| block.number);
        let floor = *again.floor.get_or_insert(lowest);
        let floor = if again.readings.is_multiple_of(DEEP_EVERY) { 0 } else { floor };
        again.below = read(watch, &wallets, floor, again.below).await?;
        match again.below {
            Some(_) => 0,
            None => {
                again.readings = again.readings.wrapping_add(1);
                REST_MS
            }
        }
    };
    again.rests_until = Some(now.plus_ms(rest_ms));
    Ok(())
}

/// Open alerts about the books of wallets of this chain, and whose they are.
async fn open(watch: &Watch<'_>, wallets: &[Wallet]) -> Result<BTreeMap<AlertId, WalletId>, StageError> {
    let (mut found, mut after) = (BTreeMap::new(), None);
    loop {
        let page = watch.ports.store.open_alerts(&[Code::ReconciliationDifference], after, PAGE).await?;
        let whose = |alert: &Alert| {
            let wallet = WalletId::parse(&alert.raise.subject).ok()?;
            wallets.iter().any(|known| known.id == wallet).then_some((alert.id, wallet))
        };
        found.extend(page.iter().filter_map(whose));
        after = page.last().map(|alert| alert.id);
        if page.len() < PAGE {
            return Ok(found);
        }
    }
}

/// Reads the next blocks below a height again, down to `floor`; the lowest of them, `None` when there was none left.
async fn read(
    watch: &mut Watch<'_>,
    wallets: &[Wallet],
    floor: u64,
    below: Option<u64>,
) -> Result<Option<u64>, StageError> {
    let top = watch.cursor().await?.blocks.first().map_or(0, |block| block.number);
    let most = watch.chain.profile().settled_watch_blocks.saturating_mul(DEPTHS_MAX);
    let depth = top.saturating_sub(floor).saturating_add(1).min(most);
    let cursor = watch.ports.store.cursor(watch.id(), depth).await?;
    let addresses: Vec<_> = wallets.iter().map(|wallet| wallet.address).collect();
    // Balances are compared at final blocks: what is missing there left in one of them.
    let Some(top) = cursor.finalized else { return Ok(None) };
    let left = cursor.blocks.iter().filter(|block| match below {
        Some(below) => block.number < below,
        None => block.number <= top.number,
    });
    let mut lowest = None;
    for block in left.take(BLOCKS_MAX) {
        // One node after the other: what the first one shows is recorded by the time the next one shows it too.
        for shown in watch.chain.second_look("", *block, &addresses).await.unwrap_or_default() {
            blocks::explain(watch, wallets, &cursor.blocks, &[(*block, shown)]).await?;
        }
        lowest = Some(block.number);
    }
    Ok(lowest)
}
