//! In: a store that may have gone back in time. Out: signatures that its open transfers await, and that stand in the journal up
//! to a place, are recorded.
//!
//! A signature that was journaled and not recorded is an ordinary crash: the lane asks again and is given the same bytes.
//! In the lost time it was, and they may have left. A lane that is shut does not ask; its own transaction would stand on
//! the chain as a stranger's, be explained as one, and be booked a second time once the lane asks again.

use std::collections::BTreeSet;

use sluice_core::id::AttemptId;
use sluice_core::journal::{Fact, PAGE_MAX};
use sluice_core::port::Ports;
use sluice_core::transfer::State;

use super::{import, page};
use crate::StageError;

/// Records what the journal up to `base` has signed of what is awaited. Read from its end, until each is met.
pub(super) async fn run(ports: &Ports, base: u64) -> Result<(), StageError> {
    let (mut awaited, mut to) = (awaited(ports).await?, base);
    while to > 0 && !awaited.is_empty() {
        let from = to.saturating_sub(PAGE_MAX as u64 - 1).max(1);
        let entries = page(ports, from).await?.into_iter().filter(|entry| entry.seq <= to);
        for entry in entries.rev() {
            match entry.fact.clone() {
                Fact::Signed { attempt, raw, txid } if awaited.remove(&attempt) => {
                    import::signed(ports, &entry, attempt, raw, txid).await?;
                }
                // Its signature would have been met before.
                Fact::Reserved { attempt, .. } => {
                    awaited.remove(&attempt.id);
                }
                Fact::Signed { .. }
                | Fact::Closed { .. }
                | Fact::Marked { .. }
                | Fact::Admitted { .. }
                | Fact::Other => {}
            }
        }
        to = from.saturating_sub(1);
    }
    Ok(())
}

/// Attempts that the signer was asked for, as far as this store knows, and whose signature it has not.
async fn awaited(ports: &Ports) -> Result<BTreeSet<AttemptId>, StageError> {
    let mut awaited = BTreeSet::new();
    for wallet in ports.store.wallets(None).await?.into_iter().filter(|wallet| wallet.is_lane()) {
        let Some(lane) = ports.store.lane(wallet.id).await? else { continue };
        awaited.extend(lane.transfers().filter_map(|(transfer, _)| match &transfer.state {
            State::Built(built) => built.asked.then_some(built.attempt),
            State::Signed(signed) => signed.pending,
            State::Seen(seen) => seen.signed.pending,
            State::Planned
            | State::Funded(_)
            | State::Fuelling(_)
            | State::Fuelled(_)
            | State::Final(_)
            | State::Dropped { .. } => None,
        }));
    }
    Ok(awaited)
}
