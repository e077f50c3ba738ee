//! What the registry did, as an event in the same commit (M15).

use sluice_core::canonical::Canonical;
use sluice_core::event::{Cause, Event};
use sluice_core::id::{PartnerId, WalletId};

use crate::engine::{Context, apply::events};
use crate::sql::{Conn, SqlError};

/// An event in the making.
pub(super) struct Told(Event);

impl Told {
    /// Something of a partner's; of [the platform](sluice_core::partner::PLATFORM) when it is nobody's in particular.
    pub fn new(kind: &str, partner: PartnerId, data: Canonical) -> Self {
        Self(Event { kind: kind.to_owned(), partner, withdrawal: None, transfer: None, wallet: None, data })
    }

    /// About a wallet.
    pub fn of_wallet(self, wallet: Option<WalletId>) -> Self {
        Self(Event { wallet, ..self.0 })
    }
}

pub(super) async fn tell(
    conn: &mut Conn<'_>,
    context: &Context,
    told: Told,
    cause: &Cause,
) -> Result<(), SqlError> {
    events::write(conn, context, vec![(0, told.0)], std::slice::from_ref(cause)).await
}
