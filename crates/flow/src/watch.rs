//! The chain loop: blocks are read, walked back on a reorg, and what is final is settled. It guards evidence; it never
//! allocates, signs or sends.

mod agreed;
mod blocks;
mod hidden;
mod inclusion;
mod reopen;
mod settle;
mod sightings;
mod stranger;

use std::sync::Arc;

use sluice_core::access::Actor;
use sluice_core::alert::{Code, Raise, Raiser};
use sluice_core::attempt::{Attempt, Durable, Unsigned};
use sluice_core::chain::{BlockRef, ChainId};
use sluice_core::event::Cause;
use sluice_core::id::{TransferId, WalletId};
use sluice_core::lane::{Fence, LEASE_MARGIN_MS, LEASE_MS, RENEW_MS};
use sluice_core::port::chain::{Chain, Known, SlotQuestion};
use sluice_core::port::store::{Change, Cursor, Outcome};
use sluice_core::port::world::Topic;
use sluice_core::port::{Fut, Ports};
use sluice_core::sighting::Sighting;
use sluice_core::slot::Slot;
use sluice_core::time::Timestamp;
use sluice_core::transfer::Transfer;
use sluice_core::wallet::{LaneState, Wallet};

use crate::told::Told;
use crate::{Done, StageError, Turn, measured};

/// What the loop remembers between turns. Losing it costs a look at what is open.
#[derive(Default)]
pub struct Memory {
    told: Told,
    /// A block that was agreed final before it was followed.
    awaited: Option<BlockRef>,
    swept: inclusion::Swept,
    again: hidden::Again,
    /// Where settlement goes on, when there was more than one slice.
    settled: Option<(u64, TransferId)>,
    /// The newest block, and when it was first seen.
    newest: Option<(BlockRef, Timestamp)>,
}

/// Tries to store something about a lane that moves meanwhile; afterwards the turn ends, and the next begins anew.
const TRIES_MAX: usize = 8;

/// Runs the chain loop for ever.
pub async fn run(ports: Ports, chain: ChainId, owner: String) {
    let mut work = Work { ports: ports.clone(), chain, owner, memory: Memory::default() };
    crate::keep(&ports, Topic::Chains, "chain", &mut work).await;
}

struct Work {
    ports: Ports,
    chain: ChainId,
    owner: String,
    memory: Memory,
}

impl Turn for Work {
    fn turn(&mut self) -> Fut<'_, Result<Done, StageError>> {
        Box::pin(turn(&self.ports, self.chain, &self.owner, &mut self.memory))
    }
}

/// One turn: new blocks, then settlement.
///
/// # Errors
/// [`StageError`]: what the turn could not do; the next one starts from what is stored.
pub async fn turn(
    ports: &Ports,
    chain: ChainId,
    owner: &str,
    memory: &mut Memory,
) -> Result<Done, StageError> {
    let port = ports
        .chains
        .get(&chain)
        .cloned()
        .ok_or_else(|| StageError::NotConfigured(format!("chain {chain}")))?;
    let asked_at = ports.clock.now();
    let fence = lease(ports, chain, owner).await?;
    let mut watch = Watch { ports, chain: port, owner, fence, asked_at, cursor: None, claims: vec![] };
    let heads = watch.chain.heads().await;
    watch.tell(&mut memory.told, heads.is_ok()).await?;
    let heads = heads?;
    if memory.newest.is_none_or(|(block, _)| block != heads.latest) {
        memory.newest = Some((heads.latest, watch.now()));
    }
    let more =
        measured(ports, "blocks", Box::pin(blocks::run(&mut watch, &heads, &mut memory.awaited))).await?;
    let absent =
        measured(ports, "inclusion", inclusion::sweep(&mut watch, &heads, &mut memory.swept)).await?;
    measured(ports, "hidden", Box::pin(hidden::run(&mut watch, &mut memory.again))).await?;
    measured(ports, "sightings", sightings::weigh(&mut watch, &heads)).await?;
    let behind =
        measured(ports, "settle", Box::pin(settle::run(&mut watch, &heads, absent, &mut memory.settled)))
            .await?;
    let waited_ms = memory.newest.map_or(0, |(_, at)| watch.now().since_ms(at));
    let idle_ms = until_next(waited_ms, watch.chain.profile().block_time_ms);
    Ok(Done::more_if(more || behind, idle_ms))
}

/// Shortest and longest pause between two looks for a block, milliseconds: a fast chain is not polled to death.
const LOOK_MS: (u64, u64) = (50, 2_000);

/// How long nothing new is to be expected, milliseconds, after the newest block was first seen so long ago: until nine
/// tenths of a block have passed, then a tenth at a time; and half a block at a time while a chain stands still. Lanes
/// whose nodes hold few transactions of a sender wait for each block; what is learned late of it is paid late.
fn until_next(waited_ms: i64, block_time_ms: u64) -> u64 {
    let waited_ms = u64::try_from(waited_ms).unwrap_or(0);
    let tenth_ms = block_time_ms / 10;
    let late = waited_ms > 2 * block_time_ms;
    let next_ms =
        if late { block_time_ms / 2 } else { (9 * tenth_ms).saturating_sub(waited_ms).max(tenth_ms) };
    next_ms.clamp(LOOK_MS.0, LOOK_MS.1)
}

async fn lease(ports: &Ports, chain: ChainId, owner: &str) -> Result<Fence, StageError> {
    let lease = ports.store.lease(&format!("chain:{chain}"), owner).await?.ok_or(StageError::LeaseLost)?;
    Ok(lease.into_fence())
}

/// A chain in the middle of a turn.
struct Watch<'a> {
    ports: &'a Ports,
    chain: Arc<dyn Chain>,
    owner: &'a str,
    fence: Fence,
    asked_at: Timestamp,
    /// What is followed, as this turn read it; `None` once the turn has written.
    cursor: Option<Cursor>,
    /// What one node alone has shown, as this turn found it stored.
    claims: Vec<Sighting>,
}

impl Watch<'_> {
    fn id(&self) -> ChainId {
        self.chain.profile().id
    }

    fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    /// Wallets of this chain that nothing may leave unexplained (M6): a desk's too, for what a store has forgotten handing out is
    /// seen by this alone. Whoever holds the key of another one uses it as they like; its books tell of it.
    async fn wallets(&self) -> Result<Vec<Wallet>, StageError> {
        let mut wallets = self.ports.store.wallets(Some(self.id())).await?;
        wallets.retain(|wallet| wallet.is_managed() || wallet.is_desk());
        Ok(wallets)
    }

    fn cause(&self, reason: &str) -> Cause {
        Cause { actor: Actor::System("chain"), reason: reason.into(), at: self.now() }
    }

    /// The watcher's place. Nobody but the holder of the lease moves it, so one reading serves until this turn writes.
    async fn cursor(&mut self) -> Result<Cursor, StageError> {
        if let Some(cursor) = &self.cursor {
            return Ok(cursor.clone());
        }
        let depth = self.chain.profile().settled_watch_blocks;
        let cursor = self.ports.store.cursor(self.id(), depth).await?;
        self.cursor = Some(cursor.clone());
        Ok(cursor)
    }

    async fn apply(&mut self, changes: Vec<Change>) -> Result<Vec<bool>, StageError> {
        if changes.is_empty() {
            return Ok(vec![]);
        }
        self.cursor = None;
        if !(0..RENEW_MS).contains(&self.now().since_ms(self.asked_at)) {
            self.asked_at = self.now();
            self.fence = lease(self.ports, self.id(), self.owner).await?;
        }
        if self.now().since_ms(self.asked_at) > LEASE_MS - LEASE_MARGIN_MS {
            return Err(StageError::LeaseLost);
        }
        let outcomes = self.ports.store.apply(Some(self.fence.clone()), changes).await?;
        if outcomes.contains(&Outcome::Fenced) {
            return Err(StageError::LeaseLost);
        }
        for outcome in &outcomes {
            if let Outcome::Refused(rule) = outcome {
                tracing::error!(rule, chain = %self.id(), "The store refused a change of this chain");
            }
        }
        self.ports.wake.signal(Topic::Lanes);
        self.ports.wake.signal(Topic::Events);
        Ok(outcomes.iter().map(|outcome| *outcome == Outcome::Applied).collect())
    }

    /// Raises what is wrong with the nodes and closes what is over. While the heads cannot be read nothing is over.
    async fn tell(&mut self, told: &mut Told, looked: bool) -> Result<(), StageError> {
        let chain = self.id().to_string();
        let mine = |subject: &str| {
            subject.strip_prefix(&chain).is_some_and(|node| node.is_empty() || node.starts_with(' '))
        };
        told.read(self.ports, self.fence.epoch(), &Code::looked_at_by(Raiser::Nodes), mine).await?;
        let news = told.hold(self.chain.troubles(), looked, 0, self.now());
        if news.is_empty() {
            return Ok(());
        }
        let change = Change {
            raise: news.raise,
            close: news.close,
            cause: Some(self.cause("nodes")),
            ..Change::default()
        };
        let done = self.apply(vec![change]).await;
        if done.as_ref().map_or(true, |applied| !applied.contains(&true)) {
            told.forget();
        }
        done.map(|_| ())
    }

    /// Freezes a wallet on evidence from the chain (M6). Its lane moves the row with every slot, so it is read again until
    /// the freeze is stored; whoever asked for it goes on only then.
    async fn freeze(&mut self, wallet: WalletId, evidence: &str) -> Result<(), StageError> {
        for _ in 0..TRIES_MAX {
            let Some(view) = self.ports.store.lane(wallet).await? else { return Ok(()) };
            let Some(change) = self.freezing(view.wallet, evidence.to_owned())? else { return Ok(()) };
            if self.apply(vec![change]).await?.iter().all(|applied| *applied) {
                return Ok(());
            }
        }
        Err(StageError::Overtaken)
    }

    /// The change that freezes a wallet; `None` when it is frozen or retired already.
    fn freezing(&self, wallet: Wallet, evidence: String) -> Result<Option<Change>, StageError> {
        if matches!(wallet.state, LaneState::Frozen { .. } | LaneState::Retired) {
            return Ok(None);
        }
        let raise = Raise {
            code: Code::LaneFrozen,
            subject: wallet.id.to_string(),
            partner: Some(wallet.partner),
            detail: evidence.clone(),
        };
        Ok(Some(Change {
            wallets: vec![wallet.freeze(evidence)?],
            raise: vec![raise],
            cause: Some(self.cause("unexplained_outgoing")),
            ..Change::default()
        }))
    }
}

/// The question about a transfer's slot: all its attempts that may be out, and what paying means. What was handed out may be signed
/// and sent by whoever has it; its slot is its id. `None` where nothing can be asked: the others of its chain go on.
pub(crate) fn question(transfer: &Transfer, attempts: &[Durable<Attempt>]) -> Option<SlotQuestion> {
    let slot = transfer.slot()?.clone();
    let attempts = attempts
        .iter()
        .filter_map(|attempt| {
            let Unsigned { id, kind, terms, slot, .. } = attempt.get().unsigned();
            let txid = match (attempt.get().signed(), slot) {
                (Some(signed), _) => signed.txid,
                (None, Slot::TronTransaction { txid, .. }) if transfer.handed_out() == Some(*id) => *txid,
                (None, _) => return None,
            };
            Some(Known { attempt: *id, txid, kind: *kind, tron: terms.tron().copied() })
        })
        .collect::<Vec<_>>();
    if attempts.is_empty() && matches!(slot, Slot::TronTransaction { .. }) {
        return None;
    }
    let pays = transfer.items.iter().map(|item| item.approved.payment.clone()).collect();
    let strangers = transfer.taken_by().map(|stranger| stranger.txid).into_iter().collect();
    Some(SlotQuestion { slot, attempts, asset: transfer.asset.clone(), pays, strangers })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_looked_for_shortly_before_it_is_due_and_then_often() {
        assert_eq!(until_next(0, 1_000), 900);
        assert_eq!(until_next(400, 1_000), 500);
        assert_eq!(until_next(900, 1_000), 100);
        assert_eq!(until_next(2_000, 1_000), 100);
        assert_eq!(until_next(60_000, 1_000), 500, "while the chain stands still");
        assert_eq!(until_next(-10_000, 1_000), 900, "a clock that went back");
        assert_eq!(until_next(0, 250), 225);
        assert_eq!(until_next(230, 250), 50);
        assert_eq!(until_next(0, 12_000), 2_000);
    }
}
