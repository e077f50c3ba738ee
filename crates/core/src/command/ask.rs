//! `-> pending`: the first person's word. Nothing is done on it.

use super::{Command, EXPIRY_MS, Order, Person, Record, State};
use crate::event::Cause;
use crate::id::{CommandId, PartnerId};
use crate::moved::Moved;

impl Command {
    /// Records the first person's word for an order about a thing of `partner`.
    pub fn ask(
        id: CommandId,
        partner: PartnerId,
        order: Order,
        first: &Person,
        cause: &Cause,
    ) -> Moved<Self> {
        Moved::born(Self(Record {
            id,
            partner,
            order,
            asked_by: first.key,
            reason: cause.reason.clone(),
            asked_at: cause.at,
            expires_at: cause.at.plus_ms(EXPIRY_MS),
            state: State::Pending,
            version: 1,
        }))
    }
}
