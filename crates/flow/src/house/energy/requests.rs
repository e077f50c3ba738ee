//! Requests to get energy ahead whose time has passed. Everything else about them is their lane's, which may be out of service.

use sluice_core::port::store::Change;

use super::{Broker, Energy};
use crate::StageError;

impl Energy {
    /// Ends them.
    pub(super) async fn expire_requests(&self, broker: &mut Broker<'_>) -> Result<(), StageError> {
        let (now, mut requests) = (broker.now(), Vec::new());
        for request in &broker.view.requests {
            let need = request.asked_by();
            let open = broker.view.needs.iter().any(|it| Some(it.id) == need);
            requests.extend(request.clone().expire(open, now)?);
        }
        // Each by itself: one that its lane has just moved on holds up no other.
        for step in requests {
            let cause = Some(broker.cause("its time has passed"));
            broker.apply(self.chain, Change { requests: vec![step], cause, ..Change::default() }).await?;
        }
        Ok(())
    }
}
