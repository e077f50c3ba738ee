//! In: lanes that take work, and desks. Out: `lane_idle` for lanes that have due work and do not send, and no other alert says
//! why: nobody holds their lease, or their loop fails before it can name what it waits for; `signature_awaited` for desks whose
//! refills nobody takes in hand.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use sluice_core::access::Actor;
use sluice_core::alert::{Code, Raise};
use sluice_core::event::Cause;
use sluice_core::lane::Fence;
use sluice_core::port::Ports;
use sluice_core::port::store::{Change, LaneView, Wanted};
use sluice_core::stop::stopped;
use sluice_core::time::Timestamp;
use sluice_core::wallet::Wallet;
use sluice_core::withdrawal::{State, Withdrawal};

use super::due;
use crate::told::Told;
use crate::{StageError, may_replace};

/// Time between two looks, milliseconds.
const LOOK_MS: i64 = 10_000;
/// Work that waited for so long in front of a lane that says nothing, milliseconds.
const IDLE_MS: i64 = 60_000;
/// A refill that waited for so long to be taken in hand, milliseconds. Whoever ordered it takes it at once, or told somebody.
const AWAITED_MS: i64 = 30 * 60_000;
/// A lease that ended so long ago is held by nobody, milliseconds. Far more than a takeover takes.
const ORPHAN_MS: i64 = 15_000;
/// Withdrawals at the head of a queue that are looked at.
const LOOK_MAX: usize = 16;

/// What is remembered of idle lanes. Losing it costs an early look.
#[derive(Default)]
pub(super) struct Idle {
    told: Told,
    at: Option<Timestamp>,
}

impl Idle {
    /// Looks at the lanes where a look is due.
    pub(super) async fn keep(&mut self, ports: &Ports, fence: &Fence) -> Result<(), StageError> {
        let now = ports.clock.now();
        if !due(self.at, LOOK_MS, now) {
            return Ok(());
        }
        self.at = Some(now);
        look(ports, fence, &mut self.told).await
    }
}

async fn look(ports: &Ports, fence: &Fence, told: &mut Told) -> Result<(), StageError> {
    told.read(ports, fence.epoch(), &[Code::LaneIdle, Code::SignatureAwaited], |_| true).await?;
    let now = ports.clock.now();
    let (mut queues, mut found) = (BTreeMap::new(), Vec::new());
    let wallets = ports.store.wallets(None).await?;
    for desk in wallets.iter().filter(|wallet| wallet.hands_out(now)) {
        found.extend(awaited(ports, desk, now).await?);
    }
    for wallet in wallets.into_iter().filter(|wallet| wallet.takes_work()) {
        let queue = (wallet.partner, wallet.chain);
        let due = match queues.entry(queue) {
            Entry::Occupied(read) => read.into_mut(),
            Entry::Vacant(unread) => {
                let assets = ports.store.assets(Some(wallet.chain)).await?;
                let replacements = may_replace(ports, wallet.chain).await?;
                let wanted = Wanted {
                    assets: assets.iter().map(|it| it.id).collect(),
                    replacements,
                    pinned_to: None,
                    skip: 0,
                };
                unread.insert(ports.store.claimable(wallet.partner, &wanted, now, LOOK_MAX).await?)
            }
        };
        if !due.iter().any(|withdrawal| now.since_ms(since(withdrawal)) >= IDLE_MS) {
            continue;
        }
        let Some(view) = ports.store.lane(wallet.id).await? else { continue };
        if let Some(why) = idle(&view, due, now) {
            let (subject, partner) = (wallet.id.to_string(), Some(wallet.partner));
            found.push(Raise { code: Code::LaneIdle, subject, partner, detail: why });
        }
    }
    let news = told.hold(found, true, 0, now);
    if news.is_empty() {
        return Ok(());
    }
    let cause = Some(Cause { actor: Actor::System("house"), reason: "idle".into(), at: now });
    let change = Change { raise: news.raise, close: news.close, cause, ..Change::default() };
    if let Err(error) = ports.store.apply(Some(fence.clone()), vec![change]).await {
        told.forget();
        return Err(error.into());
    }
    Ok(())
}

/// Why the lane does not send what is due, where nothing else says it.
fn idle(view: &LaneView, due: &[Withdrawal], now: Timestamp) -> Option<String> {
    let wallet = &view.wallet;
    let waiting = due.iter().find(|it| {
        now.since_ms(since(it)) >= IDLE_MS
            && !stopped(&view.stops, it.partner, it.request.asset.id, Some(wallet.id))
    })?;
    let waited_s = now.since_ms(since(waiting)) / 1_000;
    let orphan = |until: Timestamp| now.since_ms(until) >= ORPHAN_MS;
    if view.holder.as_ref().is_none_or(|holder| orphan(holder.until)) {
        return Some(format!("{} waits for {waited_s} s and no processor works this lane", waiting.id));
    }
    let sending = view.transfers().any(|(transfer, _)| transfer.slot().is_some());
    (wallet.obstacle.is_none() && !sending)
        .then(|| format!("{} waits for {waited_s} s and the lane does not say for what", waiting.id))
}

/// What of a desk nobody takes in hand.
async fn awaited(ports: &Ports, desk: &Wallet, now: Timestamp) -> Result<Option<Raise>, StageError> {
    let replacements = may_replace(ports, desk.chain).await?;
    let pinned = Wanted { assets: vec![], replacements, pinned_to: Some(desk.id), skip: 0 };
    let due = ports.store.claimable(desk.partner, &pinned, now, LOOK_MAX).await?;
    let stops = ports.store.stops().await?;
    let waiting = due.iter().find(|it| {
        now.since_ms(since(it)) >= AWAITED_MS
            && !stopped(&stops, it.partner, it.request.asset.id, Some(desk.id))
    });
    let Some(waiting) = waiting else { return Ok(None) };
    let waited_min = now.since_ms(since(waiting)) / 60_000;
    Ok(Some(Raise {
        code: Code::SignatureAwaited,
        subject: desk.id.to_string(),
        partner: Some(desk.partner),
        detail: format!("{} waits for {waited_min} min to be taken in hand and signed", waiting.id),
    }))
}

/// Since when a withdrawal could have been taken.
fn since(withdrawal: &Withdrawal) -> Timestamp {
    let queued = match &withdrawal.state {
        State::Queued(queued) => queued.since.max(queued.not_before),
        _ => withdrawal.accepted_at,
    };
    withdrawal.request.scheduled_for.map_or(queued, |at| at.max(queued))
}
