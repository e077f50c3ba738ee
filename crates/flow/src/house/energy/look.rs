//! Orders that are open: what vendors say of them, what the chain shows, what the clock says, and what accounts explain.

use sluice_core::energy::{Arrival, Order, SETTLES_MS, State};
use sluice_core::id::EnergyOrderId;
use sluice_core::port::market::Found;
use sluice_core::time::Timestamp;

use super::{Broker, Energy};
use crate::StageError;

/// Time between two questions about an order that is under way, milliseconds.
const LOOK_MS: i64 = 3_000;
/// Time between two questions about one that is not, milliseconds.
const LOOK_LATE_MS: i64 = 60_000;

/// What a vendor says that it has delivered of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Claim {
    Part,
    Whole,
}

impl Energy {
    /// Follows every open order by one step at most.
    pub(super) async fn follow_orders(&mut self, broker: &mut Broker<'_>) -> Result<(), StageError> {
        let ids: Vec<_> = broker.view.orders.iter().filter(|it| !it.is_ended()).map(|it| it.id).collect();
        for id in ids {
            let Some(order) = broker.view.orders.iter().find(|it| it.id == id).cloned() else { continue };
            self.follow(broker, order).await?;
        }
        Ok(())
    }

    async fn follow(&mut self, broker: &mut Broker<'_>, order: Order) -> Result<(), StageError> {
        if let Some(order) = self.hear_vendor(broker, order).await?
            && let Some(order) = self.read_chain(broker, order).await?
            && let Some(order) = self.expire(broker, order).await?
        {
            self.explain(broker, order).await?;
        }
        Ok(())
    }

    /// What the vendor shows of it, where it has named it. `None`: it moved on.
    async fn hear_vendor(
        &mut self,
        broker: &mut Broker<'_>,
        order: Order,
    ) -> Result<Option<Order>, StageError> {
        let named = order.state.bought().and_then(|bought| bought.provider_id.clone());
        let Some(provider_id) = named else { return Ok(Some(order)) };
        let now = broker.now();
        let every_ms = match &order.state {
            State::Accepted(_) => LOOK_MS,
            // Nothing but its word is lacking.
            State::Delivered { said_sun: Some(_), .. } if now < order.deadline => LOOK_MS,
            State::Delivered { .. } | State::Short { .. } | State::Failed(_) | State::Unresolved { .. } => {
                LOOK_LATE_MS
            }
            _ => return Ok(Some(order)),
        };
        if self.looked.get(&order.id).is_some_and(|at| now.since_ms(*at) < every_ms) {
            return Ok(Some(order));
        }
        self.looked.insert(order.id, now);
        let found = self.supply.market.lookup(&order.as_asked(), &provider_id).await;
        if let Found::Pending(shown)
        | Found::Delivered(shown)
        | Found::Partial(shown)
        | Found::Failed(shown) = &found
        {
            for txid in &shown.txids {
                // Who knew it first has sent it.
                self.named.entry(*txid).or_insert(order.id);
            }
        }
        self.claims(order.id, &found);
        match order.clone().look(&found)? {
            Some(step) => self.step(broker, step, "looked up").await.map(|_| None),
            None => Ok(Some(order)),
        }
    }

    /// Remembers what a vendor says that it has delivered; no answer takes nothing back.
    fn claims(&mut self, id: EnergyOrderId, found: &Found) {
        let claim = match found {
            Found::Delivered(_) => Claim::Whole,
            Found::Partial(_) => Claim::Part,
            Found::Unknown(_) => return,
            Found::Pending(_) | Found::Failed(_) | Found::Refunded | Found::NotFound => {
                self.claimed.remove(&id);
                return;
            }
        };
        self.claimed.insert(id, claim);
    }

    /// Whether its own vendor says that it delivered so much of it, or names all that came as its own.
    fn vouches(&self, order: &Order, arrival: &Arrival, least: Claim) -> bool {
        let named = |txid: &[u8; 32]| self.named.get(txid) == Some(&order.id);
        self.claimed.get(&order.id).is_some_and(|claim| *claim >= least) || arrival.txids().iter().all(named)
    }

    /// Whether its energy came. `None`: it moved on.
    async fn read_chain(
        &mut self,
        broker: &mut Broker<'_>,
        order: Order,
    ) -> Result<Option<Order>, StageError> {
        let waits = matches!(
            order.state,
            State::Unknown { .. }
                | State::Accepted(_)
                | State::Failed(_)
                | State::Short { .. }
                | State::Unresolved { .. }
        );
        let Some(arrival) = self.arrival(&broker.view, &order).filter(|_| waits) else {
            return Ok(Some(order));
        };
        let vouched = self.vouches(&order, &arrival, Claim::Whole);
        match order.clone().prove(arrival, vouched) {
            Ok(Some(step)) => self.step(broker, step, "proven on chain").await.map(|_| None),
            Ok(None) => Ok(Some(order)),
            Err(refusal) => {
                tracing::warn!(order = %order.id, %refusal, "What came is no evidence for an order");
                Ok(Some(order))
            }
        }
    }

    /// Whether its time is over, by solid blocks that were read. `None`: it moved on.
    async fn expire(&mut self, broker: &mut Broker<'_>, order: Order) -> Result<Option<Order>, StageError> {
        let waits = matches!(order.state, State::Unknown { .. } | State::Accepted(_));
        let now = broker.now();
        let read = self.read_through().is_some_and(|through| through >= order.deadline);
        // A chain that stands still keeps nobody waiting for ever: the need goes elsewhere, and the order stays open.
        let late = now >= order.deadline.plus_ms(SETTLES_MS);
        if !waits || now < order.deadline || !(read || late) {
            return Ok(Some(order));
        }
        let arrival = self.arrival(&broker.view, &order);
        let vouched = arrival.as_ref().is_some_and(|arrival| self.vouches(&order, arrival, Claim::Part));
        let step = order.expire(arrival, vouched, now)?;
        self.step(broker, step, "its deadline has passed").await.map(|_| None)
    }

    /// Account and chain: whether it may be asked again, or what became of its money.
    async fn explain(&mut self, broker: &mut Broker<'_>, order: Order) -> Result<(), StageError> {
        match &order.state {
            State::Unknown { .. } => self.ask_again(broker, order).await,
            State::Unresolved { bought, .. }
            | State::Failed(bought)
            | State::Delivered { bought, .. }
            | State::Short { bought, .. } => {
                let settled = bought.asked.at.plus_ms(SETTLES_MS);
                let read: Option<Timestamp> = self.read_through();
                if broker.now() < settled || read.is_none_or(|through| through < settled) {
                    return Ok(());
                }
                self.settle(broker, order).await
            }
            _ => Ok(()),
        }
    }
}
