//! How readings of a slot are judged where nodes give different ones.

use sluice_core::proof::SlotReading;

use crate::crew::{Dissent, Judge};

/// What is none of ours is believed only after everybody was asked: one of them may show that it is ours.
pub(super) const JUDGE: Judge<SlotReading> = Judge {
    weigh,
    absence: |said| matches!(said, SlotReading::Foreign(_) | SlotReading::Unaccounted),
    lacks: |said| match said {
        SlotReading::Ours(inclusion) => Some(inclusion.txid),
        SlotReading::Foreign(stranger) => Some(stranger.txid),
        SlotReading::Open | SlotReading::Unaccounted | SlotReading::Absent(_) => None,
    },
};

/// Two operators pinned to the same block cannot honestly differ, except that receipts may be missing on one of them.
fn weigh(agreed: &SlotReading, other: &SlotReading) -> Dissent {
    match (agreed, other) {
        (SlotReading::Foreign(_) | SlotReading::Unaccounted, SlotReading::Ours(_))
        | (SlotReading::Unaccounted, SlotReading::Foreign(_)) => Dissent::Veto,
        (SlotReading::Ours(_) | SlotReading::Foreign(_), SlotReading::Unaccounted) => Dissent::Lag,
        (
            SlotReading::Open
            | SlotReading::Ours(_)
            | SlotReading::Foreign(_)
            | SlotReading::Unaccounted
            | SlotReading::Absent(_),
            _,
        ) => Dissent::Lie,
    }
}
