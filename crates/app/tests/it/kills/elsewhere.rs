//! Points that the drill does not reach: where each of them is, or why it is nowhere.

use std::collections::BTreeSet;

use sluice_app::failpoint::list;

use super::restored;
use crate::energy_pool::credit;
use crate::{energy, energy_pool, energy_requests, signature_requests, tron_kills};

/// What becomes of a point that the drill does not reach.
#[derive(Clone, Copy, Debug)]
pub enum Reached {
    /// It is among these points, each of which is armed there.
    In(&'static [&'static str]),
    /// Nobody dies at it, for this reason.
    Nowhere(&'static str),
}

use Reached::{In, Nowhere};

/// An answer to a person or to a program of the caller: it is asked for again, and nothing was to be written.
const FOR_PEOPLE: Reached = Nowhere("read for whoever asks the API: nothing waits for it");

/// Points that this drill does not reach.
pub const ELSEWHERE: [(&str, Reached); 44] = [
    // Only a store that went back is outbid, and doubts what has no slot.
    ("store.outbid", In(&restored::POINTS)),
    ("store.unended", In(&restored::POINTS)),
    // On TRON alone.
    ("chain.conditions", In(&tron_kills::POINTS)),
    ("chain.resources", In(&tron_kills::POINTS)),
    ("store.burned", In(&tron_kills::POINTS)),
    ("store.ending", In(&tron_kills::POINTS)),
    ("store.stood", In(&tron_kills::POINTS)),
    ("store.paid_hours", Nowhere("read for an alert alone (`energy_unusual`), which the next look raises")),
    ("reader.paid_by", FOR_PEOPLE),
    // Where a desk is.
    ("store.apply/hand_out_wished", In(&signature_requests::POINTS)),
    ("store.apply/hand_out_made", In(&signature_requests::POINTS)),
    ("store.apply/hand_out_told", In(&signature_requests::POINTS)),
    (
        "store.apply/hand_out_lapsed",
        Nowhere("a wish of which no bytes were made: whoever looks next ends it"),
    ),
    ("reader.signature_requests", FOR_PEOPLE),
    ("reader.signature_request", FOR_PEOPLE),
    (
        "reader.by_external_id",
        Nowhere("read around an order that is one commit: who asks again is told the same one"),
    ),
    // Where energy is ordered.
    ("store.energy", In(&energy::POINTS)),
    ("store.asks", In(&energy::POINTS)),
    ("store.apply/fuelling", In(&energy::POINTS)),
    ("chain.lent", In(&energy::POINTS)),
    ("market.quote", In(&energy::POINTS)),
    ("market.place", In(&energy::POINTS)),
    ("market.lookup", In(&energy::POINTS)),
    ("market.balance", In(&energy::POINTS)),
    ("reader.energy_prices", FOR_PEOPLE),
    // Where it is got ahead.
    ("store.apply/ahead_open", In(&energy_requests::POINTS)),
    ("store.apply/ahead_asked", In(&energy_requests::POINTS)),
    ("store.apply/ahead_ended", In(&energy_requests::POINTS)),
    ("reader.energy_requests", FOR_PEOPLE),
    ("reader.energy_request", FOR_PEOPLE),
    // Where the pool lends.
    ("chain.lendable", In(&energy_pool::POINTS)),
    ("store.apply/loan_asked", In(&energy_pool::POINTS)),
    ("store.apply/loan_lent", In(&energy_pool::POINTS)),
    ("store.apply/loan_ending", In(&energy_pool::POINTS)),
    ("store.apply/loan_free", In(&energy_pool::POINTS)),
    ("store.apply/loan_returning", In(&energy_pool::POINTS)),
    ("store.apply/loan_returned", In(&energy_pool::POINTS)),
    ("store.apply/loan_late", In(&energy_pool::LATE)),
    ("store.apply/loan_absent", In(&energy_pool::LATE)),
    // Where it lends what was paid ahead.
    ("chain.paid_in", In(&credit::POINTS)),
    ("store.apply/topup", In(&credit::POINTS)),
    ("reader.energy_credit", FOR_PEOPLE),
    ("reader.energy_credit_entries", FOR_PEOPLE),
    ("reader.energy_topup", FOR_PEOPLE),
];

/// Whether a point is of this place, on either side of it.
pub fn is_of(point: &str, place: &str) -> bool {
    point.strip_prefix(place).is_some_and(|side| side.starts_with(':'))
}

#[test]
fn what_is_said_to_be_reached_elsewhere_is_armed_there_and_the_rest_nowhere() {
    let (all, mut seen) = (list::points(), BTreeSet::new());
    let lists = ELSEWHERE.iter().filter_map(|(_, reached)| match reached {
        In(points) => Some(*points),
        Nowhere(_) => None,
    });
    let armed: BTreeSet<&str> = lists.flatten().copied().collect();
    for (place, reached) in ELSEWHERE {
        assert!(seen.insert(place), "{place} stands here twice");
        assert!(all.iter().any(|point| is_of(point, place)), "{place} is no place");
        match reached {
            In(points) => {
                assert!(points.iter().any(|point| is_of(point, place)), "{place} is not among {points:?}");
            }
            Nowhere(why) => {
                assert!(!armed.iter().any(|point| is_of(point, place)), "{place} is armed, and here: {why}");
            }
        }
    }
    for point in armed {
        assert!(all.iter().any(|known| is_of(point, known) || point == known), "{point} is no point");
    }
}
