//! Whose energy came. The chain shows that an account was lent so much, and by whom a stake is held; which order that was for it
//! does not show, and a vendor lends from accounts of others.
//!
//! What was proven stays proven, and what a vendor names is that order's. Anything else goes to one of the orders that still
//! want energy for that account, those that were given up among them: first to one that wants just so much, then to one that was
//! asked for before it came, then to one that waits, then to the oldest.
//!
//! That a late vendor's energy is taken for that of the order which followed is possible, and harmless: no price is known by it
//! ([`Order::prove`]). The oldest does not come first, for then who took money and delivered nothing would be cleared by
//! the next vendor that delivers, and that one would be blamed.

use std::collections::BTreeMap;

use super::evidence::{CLOCKS_MS, is_all};
use super::{Arrival, Order, State};
use crate::address::TronAddress;
use crate::id::EnergyOrderId;
use crate::port::chain::Lent;

/// What is known of transactions.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// Which orders they have proven.
    pub explained: &'a BTreeMap<[u8; 32], EnergyOrderId>,
    /// Whose vendor names them as its own.
    pub named: &'a BTreeMap<[u8; 32], EnergyOrderId>,
}

/// An order, and what it still wants.
struct Wants<'a> {
    order: &'a Order,
    energy: u64,
    waits: bool,
}

/// Everything that came to one account, in the order of the chain, each with the order that it is for. `orders` are oldest first,
/// all that are not ended among them; what is lent to other accounts is left out.
///
/// What came long ago is for none that was asked for since, and for none that has ended: an order ends [`super::SETTLES_MS`] after it was
/// asked for where nothing came of it, unless its own vendor says before that it gave up. What comes for it after that is
/// anybody's.
pub fn whose<'a>(
    receiver: TronAddress,
    orders: impl IntoIterator<Item = &'a Order>,
    lent: &[Lent],
    known: Known<'_>,
) -> Vec<(Lent, Option<EnergyOrderId>)> {
    let orders: Vec<&Order> = orders.into_iter().filter(|order| order.receiver == receiver).collect();
    let wants = |order: &&'a Order| wanted(order).map(|(energy, waits)| Wants { order, energy, waits });
    let mut open: Vec<Wants<'a>> = orders.iter().filter_map(wants).collect();
    let names = |id: EnergyOrderId| known.named.values().any(|named| *named == id);
    let came = lent.iter().filter(|lent| lent.receiver == receiver);
    came.map(|lent| {
        if let Some(owner) = known.explained.get(&lent.txid) {
            return (*lent, Some(*owner));
        }
        let named = known.named.get(&lent.txid);
        if let Some(owner) = orders.iter().find(|it| Some(&it.id) == named && after_ms(it, lent).is_some()) {
            if let Some(wants) = open.iter_mut().find(|it| it.order.id == owner.id) {
                wants.takes(lent.energy);
            }
            return (*lent, Some(owner.id));
        }
        let rank = |wants: &Wants<'_>| {
            let after_ms = after_ms(wants.order, lent)?;
            let may = wants.energy > 0 && !names(wants.order.id);
            may.then_some((!wants.fits(lent.energy), after_ms < 0, !wants.waits))
        };
        let ranked = open.iter_mut().filter_map(|wants| Some((rank(wants)?, wants)));
        let owner = ranked.min_by_key(|(rank, _)| *rank).map(|(_, wants)| {
            wants.takes(lent.energy);
            wants.order.id
        });
        (*lent, owner)
    })
    .collect()
}

/// How long after an order was asked for something came. `None`: long before, or it was never asked for.
fn after_ms(order: &Order, lent: &Lent) -> Option<i64> {
    let asked = order.state.asked()?;
    Some(lent.at.since_ms(asked.at)).filter(|after_ms| *after_ms >= -CLOCKS_MS)
}

impl Wants<'_> {
    /// Not less than all of it, and not more.
    fn fits(&self, energy: u64) -> bool {
        is_all(energy, self.energy) && is_all(self.energy, energy)
    }

    fn takes(&mut self, energy: u64) {
        self.energy = if is_all(energy, self.energy) { 0 } else { self.energy.saturating_sub(energy) };
    }
}

/// What of an order has not come, and whether its need waits for it.
fn wanted(order: &Order) -> Option<(u64, bool)> {
    match &order.state {
        State::Asked(_) | State::Unknown { .. } | State::Accepted(_) => Some((order.energy, true)),
        State::Failed(_) | State::Unresolved { .. } => Some((order.energy, false)),
        State::Short { arrival, .. } => Some((order.energy.saturating_sub(Arrival::energy(arrival)), false)),
        State::Planned
        | State::Dropped
        | State::Refused { .. }
        | State::Delivered { .. }
        | State::Refunded { .. }
        | State::Absent(_)
        | State::Lost { .. } => None,
    }
}
