//! Stops.

use sluice_api::stop::{CannotRecall, CannotRecallWhy, Stop as WireStop, StopScope};
use sluice_api::tag;
use sluice_core::attempt::{Attempt, Durable};
use sluice_core::lane::{Holder, LEASE_MS};
use sluice_core::stop::Stop;
use sluice_core::time::Timestamp;
use sluice_core::transfer::Transfer;

use super::{event, hex32, time};

/// What a stop cannot recall.
pub(crate) struct Out {
    /// The oldest of it.
    pub listed: Vec<CannotRecall>,
    /// How many transfers more.
    pub more: u64,
}

/// A stop in force; `unconfirmed` are those who have not looked at it.
pub(crate) fn stop(stop: &Stop, out: Out, unconfirmed: Vec<String>) -> WireStop {
    let (kind, subject) = stop.scope.parts();
    WireStop {
        id: stop.id().to_string(),
        object: tag::Stop::Is,
        scope: StopScope::parse(kind).unwrap_or(StopScope::All),
        subject: Some(subject).filter(|subject| !subject.is_empty()),
        partner_id: stop.holder.to_string(),
        reason: stop.reason.clone(),
        stopped_by: event::actor(&stop.actor.to_string()),
        since: time(stop.at),
        stopped: unconfirmed.is_empty(),
        cannot_recall: out.listed,
        cannot_recall_more: out.more,
        unconfirmed,
    }
}

/// The holder has not looked at a stop that was set then. Whoever renewed its lease since has: a turn reads the stops
/// after it took the lease, and again before each signature and each send.
pub(crate) fn has_not_looked(holder: &Holder, stopped_at: Timestamp, now: Timestamp) -> bool {
    now < holder.until && holder.until.plus_ms(-LEASE_MS) < stopped_at
}

/// What may still happen by this transfer.
pub(crate) fn cannot_recall(transfer: &Transfer, attempts: &[Durable<Attempt>]) -> Vec<CannotRecall> {
    let txid =
        attempts.iter().rev().find_map(|attempt| attempt.get().signed().map(|signed| hex32(&signed.txid)));
    let one = |withdrawal_id| CannotRecall {
        withdrawal_id,
        txid: txid.clone(),
        why: CannotRecallWhy::Broadcast,
        until: None, // an EVM transaction lasts until its nonce is used
    };
    transfer.items.iter().map(|item| one(item.withdrawal.to_string())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_looked_once_it_renewed_its_lease_and_counts_no_more_once_that_ended() {
        let at = |ms| Timestamp::default().plus_ms(ms);
        let renewed = |ms| Holder { owner: "a".into(), epoch: 1, until: at(ms).plus_ms(LEASE_MS) };
        assert!(has_not_looked(&renewed(900), at(1_000), at(1_001)), "it works on, knowing nothing");
        assert!(!has_not_looked(&renewed(1_000), at(1_000), at(1_001)), "it has looked");
        assert!(!has_not_looked(&renewed(900), at(1_000), at(900 + LEASE_MS)), "it lost the lane");
    }
}
