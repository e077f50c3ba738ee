//! How readings of a slot are judged where nodes give different ones.

use sluice_core::proof::SlotReading;

use crate::crew::{Dissent, Judge};

/// That it is nowhere is believed only after everybody was asked: one of them may show it.
pub(super) const JUDGE: Judge<SlotReading> = Judge {
    weigh,
    absence: |said| {
        matches!(said, SlotReading::Absent(_) | SlotReading::Unaccounted | SlotReading::Foreign(_))
    },
    lacks: |said| match said {
        SlotReading::Ours(inclusion) => Some(inclusion.txid),
        SlotReading::Open | SlotReading::Foreign(_) | SlotReading::Unaccounted | SlotReading::Absent(_) => {
            None
        }
    },
};

/// All have looked into the same blocks under the same solid one, so they cannot honestly differ, except that receipts may be
/// missing on one of them. Who shows the transaction is never outvoted by those who say that it is nowhere, nor by those who
/// have no receipt of it.
fn weigh(agreed: &SlotReading, other: &SlotReading) -> Dissent {
    match (agreed, other) {
        (SlotReading::Absent(_), SlotReading::Ours(_) | SlotReading::Unaccounted)
        | (SlotReading::Unaccounted, SlotReading::Ours(_)) => Dissent::Veto,
        (SlotReading::Ours(_), SlotReading::Unaccounted) => Dissent::Lag,
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
