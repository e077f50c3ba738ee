//! An order on its way: durable, then sent once by whoever made it durable, then heard.

use sluice_core::energy::Order;
use sluice_core::moved::Moved;

use super::{Broker, Energy};
use crate::StageError;

impl Energy {
    /// Commits that an order is asked, and asks. A crash in between leaves an order that the next turn doubts. Nothing is
    /// ordered on a view that was read under a lease which may be another's by now.
    pub(super) async fn put(
        &mut self,
        broker: &mut Broker<'_>,
        step: Moved<Order>,
        reason: &str,
    ) -> Result<(), StageError> {
        if !broker.may_send() {
            return Ok(());
        }
        let id = step.after().id;
        if !self.step(broker, step, reason).await? {
            return Ok(());
        }
        let asks = broker.ports.store.asks(&[id]).await?;
        // Read under the lease it was asked under: another process may have doubted it, and asked again, meanwhile.
        let Some(ask) = asks.first().filter(|_| broker.may_send()) else { return Ok(()) };
        let placed = self.supply.market.place(ask).await;
        let Some(order) = broker.view.orders.iter().find(|it| it.id == id).cloned() else { return Ok(()) };
        let heard = order.hear(placed)?;
        self.step(broker, heard, "the vendor answered").await.map(|_| ())
    }
}
