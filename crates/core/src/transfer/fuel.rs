//! `funded | fuelling -> fuelled`, and `funded -> fuelling` where energy is ordered.

use super::{Fuelled, Fuelling, State, Transfer};
use crate::amount::Cost;
use crate::attempt::Unsigned;
use crate::moved::{Moved, Refusal};
use crate::receipt::Estimate;
use crate::time::Timestamp;

impl Transfer {
    /// TRON: its energy is asked for, with that of others, as the need `order`; again where that one ended without it.
    ///
    /// # Errors
    /// [`Refusal`] unless funded or fuelling.
    pub fn order_energy(self, order: String, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        match &self.state {
            State::Funded(funded) | State::Fuelling(Fuelling { funded, .. }) => {
                let fuelling = Fuelling { funded: funded.clone(), order };
                Ok(self.moved(State::Fuelling(fuelling), at))
            }
            State::Planned
            | State::Fuelled(_)
            | State::Built(_)
            | State::Signed(_)
            | State::Seen(_)
            | State::Final(_)
            | State::Dropped { .. } => Err(self.not_from("order energy for")),
        }
    }

    /// Reserves its gas. On TRON `estimate` is what it is expected to cost.
    ///
    /// # Errors
    /// [`Refusal`] unless funded or fuelling.
    pub fn fuel(
        self,
        gas_limit: u64,
        gas_budget: Cost,
        estimate: Option<Estimate>,
        at: Timestamp,
    ) -> Result<Moved<Self>, Refusal> {
        let funded = match &self.state {
            State::Funded(funded) | State::Fuelling(Fuelling { funded, .. }) => funded.clone(),
            State::Planned
            | State::Fuelled(_)
            | State::Built(_)
            | State::Signed(_)
            | State::Seen(_)
            | State::Final(_)
            | State::Dropped { .. } => return Err(self.not_from("fuel")),
        };
        Ok(self.moved(
            State::Fuelled(Fuelled { funded, gas_limit, gas_budget, estimate: estimate.map(Box::new) }),
            at,
        ))
    }
}

impl Fuelled {
    /// The same, with a gas budget that covers the worst case of a new attempt. A budget never shrinks: any attempt of
    /// the slot may be the one that is included.
    pub(super) fn covering(mut self, attempt: &Unsigned) -> Self {
        self.gas_budget = self.gas_budget.max(attempt.terms.worst().unwrap_or(self.gas_budget));
        self
    }
}
