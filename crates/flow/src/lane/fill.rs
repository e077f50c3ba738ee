//! In: nonces that were given out and belong to no transfer of this store: what the signer's journal knows of them was
//! signed in a life that the store has lost (M17). Out: each is filled by a void of our own, so that the nonces above it
//! move. No withdrawal is ever paid in such a slot. A crash leaves nothing, or all of it: slot and bytes are one commit.
//!
//! Only on a lane that works: as long as it is frozen, two persons have yet to say that what was lost is explained.

use sluice_codec::evm::{self, Decoded};
use sluice_core::alert::Code;
use sluice_core::attempt::{Fees, Kind, Terms, Unsigned};
use sluice_core::chain::BlockRef;
use sluice_core::fee::{self, Market, Offer};
use sluice_core::id::{AttemptId, TransferId};
use sluice_core::journal::Unheld;
use sluice_core::port::store::Change;
use sluice_core::slot::Slot;
use sluice_core::transfer::Transfer;
use sluice_core::wallet::LaneState;
use sluice_core::withdrawal::Waiting;

use super::{Lane, Memory};
use crate::StageError;

/// Nonces below the next one that are looked at: many windows, since nothing above a hole is ever included.
pub(crate) const LOOK_MAX: u64 = 256;
/// Nonces filled in one turn.
const FILLS_MAX: usize = 16;

pub(super) async fn run(lane: &mut Lane<'_>, memory: &mut Memory) -> Result<(), StageError> {
    match lane.wallet().state {
        LaneState::Open | LaneState::Draining => {}
        LaneState::Paused => return Ok(()),
        LaneState::Frozen { .. } | LaneState::Retired => {
            memory.filled = None;
            return Ok(());
        }
    }
    // Under another lease somebody else may have imported what was lost.
    let epoch = Some(lane.held.fence.epoch());
    if memory.filled == epoch {
        return Ok(());
    }
    let unheld = unheld(lane).await?;
    if unheld.is_empty() {
        memory.filled = epoch;
        return Ok(());
    }
    let account = lane.wallet().address;
    let (standing, nonces) = match (
        lane.chain.standing(account, &[]).await,
        lane.chain.counted(account).await,
    ) {
        (Ok(standing), Ok(nonces)) => (standing, nonces),
        (Err(error), _) | (_, Err(error)) => {
            // Nothing else of the lane has to wait for an answer about nonces it does not use.
            tracing::info!(wallet = %lane.wallet().id, %error, "Nonces without a transfer are looked at later");
            return Ok(());
        }
    };
    let (settled, head) = (standing.reading().nonce, standing.head());
    let open: Vec<_> = unheld.into_iter().filter(|it| it.slot.nonce() >= Some(settled)).collect();
    if open.is_empty() {
        memory.filled = epoch;
        return Ok(());
    }
    // What is included needs no void: it is looked at again until it is final.
    let open = open.into_iter().filter(|it| it.slot.nonce() >= Some(nonces.latest)).take(FILLS_MAX);
    fill(lane, open.collect(), head).await
}

/// The lane's nonces, lowest first, that no transfer of this store has.
async fn unheld(lane: &Lane<'_>) -> Result<Vec<Unheld>, StageError> {
    let (chain, sender, next) = (lane.wallet().chain, lane.wallet().address, lane.wallet().next_nonce);
    let nonces = next.saturating_sub(LOOK_MAX)..next;
    let slots: Vec<_> = nonces.filter_map(|nonce| Slot::of_nonce(chain, sender, nonce)).collect();
    Ok(lane.ports.store.unheld(&slots).await?)
}

async fn fill(lane: &mut Lane<'_>, holes: Vec<Unheld>, head: BlockRef) -> Result<(), StageError> {
    if holes.is_empty() {
        return Ok(());
    }
    let market = lane.chain.market().await?;
    let mut changes = Vec::new();
    for hole in holes {
        let Some(fees) = dearer(lane, &market, &hole) else {
            lane.blocked_by(Waiting::FeeCap);
            lane.found(Code::FeeAtCap, format!("filling slot {} needs more than the caps allow", hole.slot));
            break;
        };
        changes.push(void(lane, hole.slot, fees, head)?);
    }
    lane.apply(changes).await?;
    Ok(())
}

/// Fees of a void that replaces what the signer is known to have signed in the slot. Where that is beyond the caps, the
/// market's own: what was never sent need not be outbid, and if it was sent it ends the slot itself.
fn dearer(lane: &Lane<'_>, market: &Market, hole: &Unheld) -> Option<Fees> {
    let rules = lane.evm().ok()?;
    let gas = rules.void_gas;
    let cap = lane.cap_wei(&rules, gas);
    let known = hole.signed.iter().filter_map(|raw| evm::decode(raw).ok());
    let fees = |it: Decoded| Fees { gas_limit: gas, max_fee_wei: it.max_fee_wei, tip_wei: it.tip_wei };
    let above = known.map(fees).reduce(|one, other| Fees {
        gas_limit: gas,
        max_fee_wei: one.max_fee_wei.max(other.max_fee_wei),
        tip_wei: one.tip_wei.max(other.tip_wei),
    });
    let outbid = above.map(|old| fee::outbid(&rules, &old, gas, market, cap));
    match outbid {
        Some(Offer::At(fees)) => Some(fees),
        Some(Offer::AboveCap { .. }) | None => match fee::offer(&rules, market, gas, cap) {
            Offer::At(fees) => Some(fees),
            Offer::AboveCap { .. } => None,
        },
    }
}

/// A transfer that pays nobody, from its plan to its slot.
fn void(lane: &Lane<'_>, slot: Slot, fees: Fees, head: BlockRef) -> Result<Change, StageError> {
    let now = lane.now();
    let bytes = evm::void(&slot, &fees).map_err(|error| StageError::Encode(error.to_string()))?;
    let budget = fees.worst().ok_or_else(|| StageError::Encode("its cost is no number".into()))?;
    let transfer = TransferId::new(lane.ports.entropy.ulid(now));
    let attempt = Unsigned {
        id: AttemptId::new(lane.ports.entropy.ulid(now)),
        transfer,
        serial: 0,
        kind: Kind::Void,
        slot,
        terms: Terms::Evm(fees),
        bytes: bytes.unsigned,
        digest: bytes.digest,
        built_at: now,
    };
    let plan = Transfer::fill(transfer, lane.wallet().partner, lane.wallet().id, lane.native(), now);
    let fuelled =
        plan.then(|it| it.fund(head, now))?.then(|it| it.fuel(fees.gas_limit, budget, None, now))?;
    let mut attempts = Vec::with_capacity(1);
    let built = fuelled.then(|it| {
        let allotment = it.build(attempt, now)?;
        attempts.push(allotment.attempt);
        Ok(allotment.transfer)
    })?;
    Ok(Change { transfers: vec![built], attempts, cause: Some(lane.cause("fill")), ..Change::default() })
}
