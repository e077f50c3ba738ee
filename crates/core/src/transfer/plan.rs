//! `-> planned`: a lane takes withdrawals.

use super::{Item, Life, Purpose, Record, State, Transfer};
use crate::asset::Asset;
use crate::id::{PartnerId, TransferId, WalletId, WithdrawalId};
use crate::intent::Approved;
use crate::moved::Moved;
use crate::time::Timestamp;

impl Transfer {
    /// Plans a payout. It has no slot and may be dropped at any time.
    pub fn plan(
        id: TransferId,
        partner: PartnerId,
        wallet: WalletId,
        asset: Asset,
        pays: Vec<(WithdrawalId, Approved)>,
        at: Timestamp,
    ) -> Moved<Self> {
        let items = pays
            .into_iter()
            .map(|(withdrawal, approved)| Item { withdrawal, approved, life: Life::Live })
            .collect();
        Moved::born(Self(Record {
            id,
            partner,
            wallet,
            asset,
            purpose: Purpose::Payout,
            items,
            planned_at: at,
            changed_at: at,
            version: 1,
            state: State::Planned,
        }))
    }

    /// Plans the filling of a nonce that belongs to nothing (M4, M17). It pays nobody.
    pub fn fill(
        id: TransferId,
        partner: PartnerId,
        wallet: WalletId,
        native: Asset,
        at: Timestamp,
    ) -> Moved<Self> {
        Moved::born(Self(Record {
            id,
            partner,
            wallet,
            asset: native,
            purpose: Purpose::Fill,
            items: vec![],
            planned_at: at,
            changed_at: at,
            version: 1,
            state: State::Planned,
        }))
    }
}
