//! The lane loop: one hot wallet, or a desk, one stream of transfers, one process at a time.
//!
//! A turn runs its stages in an order in which whatever an earlier turn, or a crashed process, left behind is finished
//! before anything new is begun.

mod broadcast;
mod build;
mod cancel;
mod close;
mod desk;
mod fill;
mod free;
mod fuel;
mod fund;
mod give_back;
mod lapse;
mod loans;
mod plan;
pub(crate) mod recipient;
mod sign;
mod startup;

pub use desk::DESK_WINDOW;

use std::collections::BTreeMap;
use std::sync::Arc;

use sluice_core::access::Actor;
use sluice_core::alert::{Code, Raise, Raiser};
use sluice_core::asset::Asset;
use sluice_core::attempt::{Attempt, Durable};
use sluice_core::chain::{ChainProfile, EvmRules};
use sluice_core::event::Cause;
use sluice_core::fee;
use sluice_core::id::{AttemptId, WalletId};
use sluice_core::journal::Seen;
use sluice_core::lane::{Fence, LEASE_MARGIN_MS, LEASE_MS, RENEW_MS};
use sluice_core::port::chain::Chain;
use sluice_core::port::signer::FeeCap;
use sluice_core::port::store::{Change, LaneView, Outcome};
use sluice_core::port::world::Topic;
use sluice_core::port::{Fut, Ports};
use sluice_core::sighting::hold_up;
use sluice_core::stop::stopped;
use sluice_core::time::Timestamp;
use sluice_core::transfer::Transfer;
use sluice_core::wallet::{REVERTS_MAX, Wallet};
use sluice_core::withdrawal::Waiting;

pub(crate) use fill::LOOK_MAX;

use crate::told::Told;
use crate::{Done, StageError, Turn, measured};

/// Longest a lane sleeps without looking, milliseconds.
const SWEEP_MS: u64 = 500;
/// A trouble that no turn met for so long is over, milliseconds: longer than work that was given back waits for its next
/// try, so that waiting is not taken for an end.
const QUIET_MS: i64 = 15_000;

/// What a lane's process remembers between turns. Losing it costs a resend, never a decision.
#[derive(Default)]
pub struct Memory {
    sent: BTreeMap<AttemptId, broadcast::Sent>,
    compared: bool,
    /// The epoch under which every nonce that was given out was seen to belong to a transfer, or to be past.
    filled: Option<i64>,
    /// Since when a node has counted more nonces than were given out.
    ahead_since: Option<Timestamp>,
    told: Told,
    journal_seq: u64,
    looked_at: Option<Timestamp>,
    fee_cap: Option<FeeCap>,
    /// The last look at the queue did not see its end.
    crowded: bool,
    looks: u32,
}

/// Runs a lane for ever.
pub async fn run(ports: Ports, wallet: WalletId, owner: String) {
    let mut work = Work { ports: ports.clone(), wallet, owner, memory: Memory::default() };
    crate::keep(&ports, Topic::Lane(wallet), "lane", &mut work).await;
}

struct Work {
    ports: Ports,
    wallet: WalletId,
    owner: String,
    memory: Memory,
}

impl Turn for Work {
    fn turn(&mut self) -> Fut<'_, Result<Done, StageError>> {
        Box::pin(turn(&self.ports, self.wallet, &self.owner, &mut self.memory))
    }
}

/// One turn of a lane.
///
/// # Errors
/// [`StageError`]: what the turn could not do; everything committed stays, everything else is done by the next turn.
pub async fn turn(
    ports: &Ports,
    wallet: WalletId,
    owner: &str,
    memory: &mut Memory,
) -> Result<Done, StageError> {
    let held = hold(ports, wallet, owner).await?;
    let read_under = held.fence.epoch();
    // Whoever starts loops starts them for lanes; one that is started for another wallet does nothing for it.
    let Some(view) = ports.store.lane(wallet).await?.filter(|view| view.wallet.gets_slots()) else {
        return Err(StageError::NotConfigured(format!("lane of wallet {wallet}")));
    };
    let chain = ports
        .chains
        .get(&view.wallet.chain)
        .cloned()
        .ok_or_else(|| StageError::NotConfigured(format!("chain {}", view.wallet.chain)))?;
    let mut lane = Lane {
        ports,
        chain,
        owner,
        held,
        read_under,
        overtaken: false,
        view,
        obstacle: None,
        found: vec![],
        looked_at: memory.looked_at,
        fee_cap: memory.fee_cap,
    };
    let took = stages(&mut lane, memory).await;
    memory.journal_seq = memory.journal_seq.max(lane.view.journal_seq);
    (memory.fee_cap, memory.looked_at) = (lane.fee_cap, lane.looked_at);
    // What was met is told even where the turn ended early; what was not met is over only after a whole one.
    let told = lane.tell(&mut memory.told, took.is_ok()).await;
    let took = took?;
    told?;
    Ok(Done::more_if(took, SWEEP_MS))
}

/// The stages of a turn; whether there is more to take.
async fn stages(lane: &mut Lane<'_>, memory: &mut Memory) -> Result<bool, StageError> {
    let ports = lane.ports;
    if !measured(ports, "startup", Box::pin(startup::run(lane, memory))).await? {
        return Ok(false);
    }
    if lane.wallet().is_desk() {
        Box::pin(desk::run(lane, memory)).await?;
        return Ok(false);
    }
    measured(ports, "cancel", Box::pin(cancel::run(lane))).await?;
    measured(ports, "fill", Box::pin(fill::run(lane, memory))).await?;
    measured(ports, "sign", Box::pin(sign::run(lane))).await?;
    measured(ports, "broadcast", Box::pin(broadcast::run(lane, memory))).await?;
    let took = measured(ports, "plan", Box::pin(plan::run(lane, memory))).await?;
    measured(ports, "fund", Box::pin(fund::run(lane))).await?;
    measured(ports, "loans", Box::pin(loans::run(lane))).await?;
    measured(ports, "fuel", Box::pin(fuel::run(lane))).await?;
    measured(ports, "build", Box::pin(build::run(lane))).await?;
    measured(ports, "sign", Box::pin(sign::run(lane))).await?;
    measured(ports, "broadcast", Box::pin(broadcast::run(lane, memory))).await?;
    lane.note_obstacle().await?;
    Ok(took)
}

/// A lease and how long this process may rely on it, by its own clock: measured from before the database was asked, so
/// that a slow answer shortens it.
struct Held {
    fence: Fence,
    asked_at: Timestamp,
}

async fn hold(ports: &Ports, wallet: WalletId, owner: &str) -> Result<Held, StageError> {
    let asked_at = ports.clock.now();
    let lease = ports.store.lease(&format!("lane:{wallet}"), owner).await?.ok_or(StageError::LeaseLost)?;
    Ok(Held { fence: lease.into_fence(), asked_at })
}

/// A lane in the middle of a turn.
struct Lane<'a> {
    ports: &'a Ports,
    chain: Arc<dyn Chain>,
    owner: &'a str,
    held: Held,
    /// Epoch of the lease under which `view` was read.
    read_under: i64,
    /// Somebody else has held the lease since `view` was read.
    overtaken: bool,
    view: LaneView,
    obstacle: Option<Waiting>,
    /// Troubles met in this turn.
    found: Vec<Raise>,
    /// When this lane last compared store and journal; whatever the signer has written since may be of another store.
    looked_at: Option<Timestamp>,
    /// What the signer takes at most, as it last said.
    fee_cap: Option<FeeCap>,
}

impl Lane<'_> {
    fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    fn profile(&self) -> &ChainProfile {
        self.chain.profile()
    }

    /// Fees, pools and gas of this lane's chain. A stage that asks has nothing to do on another.
    fn evm(&self) -> Result<EvmRules, StageError> {
        let of = self.profile();
        of.evm()
            .copied()
            .ok_or_else(|| StageError::NotConfigured(format!("{} has no nonces and no gas", of.id)))
    }

    fn native(&self) -> Asset {
        Asset::native(self.profile())
    }

    fn wallet(&self) -> &Wallet {
        &self.view.wallet
    }

    fn transfers(&self) -> impl Iterator<Item = &Transfer> + Clone {
        self.view.transfers().map(|(transfer, _)| transfer)
    }

    fn cause(&self, reason: &str) -> Cause {
        Cause { actor: Actor::System("lane"), reason: reason.into(), at: self.now() }
    }

    /// One node alone says that something left the wallet: no new slot for a bounded time.
    fn doubted(&self) -> bool {
        hold_up(&self.view.sightings, self.now())
    }

    /// A stop covers this transfer: no payment is signed, bumped or sent (M12).
    fn stopped(&self, transfer: &Transfer) -> bool {
        stopped(&self.view.stops, transfer.partner, transfer.asset.id, Some(transfer.wallet))
    }

    /// The fence for a call that follows at once. Renews when due. A lease that ran out during a slow call comes back with the next
    /// epoch; with a later one, somebody else held it between. Every write names the versions it read, but what is planned anew
    /// names none of the lane: room and free funds were counted in what the other has used up since, so the turn ends, and the
    /// next one reads again (M8, M14).
    async fn fence(&mut self) -> Result<Fence, StageError> {
        let age_ms = self.now().since_ms(self.held.asked_at);
        if !(0..RENEW_MS).contains(&age_ms) {
            let before = self.held.fence.epoch();
            self.held = hold(self.ports, self.view.wallet.id, self.owner).await?;
            self.overtaken |= self.held.fence.epoch() > before.saturating_add(1);
        }
        if self.overtaken {
            return Err(StageError::LeaseLost);
        }
        // A process that was paused between the two lines above notices here, or at the store and the signer.
        if self.now().since_ms(self.held.asked_at) > LEASE_MS - LEASE_MARGIN_MS {
            return Err(StageError::LeaseLost);
        }
        Ok(self.held.fence.clone())
    }

    /// The last look before bytes leave: the lease is ours, and has been since the bytes were read. A process that slept
    /// past its lease may hold it again, and know nothing of the void that another signed meanwhile (M3, M7).
    fn may_send(&self) -> Result<(), StageError> {
        let age_ms = self.now().since_ms(self.held.asked_at);
        let ours = (0..=LEASE_MS - LEASE_MARGIN_MS).contains(&age_ms);
        if ours && self.held.fence.epoch() == self.read_under { Ok(()) } else { Err(StageError::LeaseLost) }
    }

    /// Commits changes and reads the lane again. Says whether each was applied.
    async fn apply(&mut self, changes: Vec<Change>) -> Result<Vec<bool>, StageError> {
        if changes.is_empty() {
            return Ok(vec![]);
        }
        let fence = self.fence().await?;
        let outcomes = self.ports.store.apply(Some(fence), changes).await?;
        if outcomes.contains(&Outcome::Fenced) {
            return Err(StageError::LeaseLost);
        }
        for outcome in &outcomes {
            if let Outcome::Refused(rule) = outcome {
                tracing::error!(rule, wallet = %self.view.wallet.id, "The store refused a change of this lane");
            }
        }
        self.reload().await?;
        self.ports.wake.signal(Topic::Events);
        Ok(outcomes.iter().map(|outcome| *outcome == Outcome::Applied).collect())
    }

    async fn reload(&mut self) -> Result<(), StageError> {
        (self.read_under, self.overtaken) = (self.held.fence.epoch(), false);
        let id = self.view.wallet.id;
        let view = self.ports.store.lane(id).await?;
        let view = view.ok_or_else(|| StageError::NotConfigured(format!("wallet {id}")))?;
        // Exchanged for an older store within the turn: the next one compares before it does anything (M17).
        if view.journal_seq < self.view.journal_seq {
            return Err(StageError::Overtaken);
        }
        self.view = view;
        Ok(())
    }

    /// A reply of the signer carried this place of its journal.
    fn seen(&self, journal_seq: u64) -> Seen {
        Seen { from: self.view.journal_seq, to: journal_seq }
    }

    /// The most that an attempt with this gas limit may offer, wei per gas: by the chain's cap, an operator's, and the
    /// signer's as it last told them.
    fn cap_wei(&self, rules: &EvmRules, gas_limit: u64) -> u128 {
        fee::cap(rules, self.wallet().cap_in_force(self.now()), self.fee_cap, gas_limit)
    }

    /// Remembers what keeps this lane from sending; the first reason of a turn is the one to be told.
    fn blocked_by(&mut self, waiting: Waiting) {
        self.obstacle.get_or_insert(waiting);
    }

    async fn note_obstacle(&mut self) -> Result<(), StageError> {
        let (obstacle, now) = (self.obstacle, self.now());
        if let Some(step) = self.view.wallet.clone().obstructed(obstacle, now) {
            let change =
                Change { wallets: vec![step], cause: Some(self.cause("obstacle")), ..Change::default() };
            self.apply(vec![change]).await?;
        }
        Ok(())
    }

    /// Notes a trouble of this lane; the first words of a turn are the ones that are told.
    fn found(&mut self, code: Code, detail: impl Into<String>) {
        if !self.found.iter().any(|found| found.code == code) {
            let (subject, partner) = (self.wallet().id.to_string(), Some(self.wallet().partner));
            self.found.push(Raise { code, subject, partner, detail: detail.into() });
        }
    }

    /// Raises what this turn met and closes what no turn meets any more.
    async fn tell(&mut self, told: &mut Told, looked: bool) -> Result<(), StageError> {
        let id = self.wallet().id.to_string();
        let epoch = self.held.fence.epoch();
        told.read(self.ports, epoch, &Code::looked_at_by(Raiser::Lane), |subject| subject == id).await?;
        if self.wallet().reverts.len() >= REVERTS_MAX {
            let what = format!(
                "{REVERTS_MAX} transfers of one asset to different recipients reverted in a row; it waits for `lane resume`"
            );
            self.found(Code::BreakerOpen, what);
        }
        if told.is_open(Code::SignerDown)
            && !self.found.iter().any(|found| found.code == Code::SignerDown)
            && let Err(error) = self.ports.signer.hello(None).await
        {
            // Nothing asked it for a signature in this turn: that is no answer.
            self.found(Code::SignerDown, error.to_string());
        }
        let news = told.hold(std::mem::take(&mut self.found), looked, QUIET_MS, self.now());
        if news.is_empty() {
            return Ok(());
        }
        let cause = Some(self.cause("told"));
        let change = Change { raise: news.raise, close: news.close, cause, ..Change::default() };
        let done = self.apply(vec![change]).await;
        if done.as_ref().map_or(true, |applied| !applied.contains(&true)) {
            told.forget();
        }
        done.map(|_| ())
    }

    fn signed_attempts(attempts: &[Durable<Attempt>]) -> impl Iterator<Item = &Durable<Attempt>> {
        attempts.iter().filter(|attempt| attempt.get().signed().is_some())
    }
}
