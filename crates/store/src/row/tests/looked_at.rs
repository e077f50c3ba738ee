//! A wallet that is no lane, and what a comparison found.

use sluice_core::address::EvmAddress;
use sluice_core::amount::Units;
use sluice_core::chain::ChainId;
use sluice_core::id::{PartnerId, ReconciliationId, WalletId};
use sluice_core::reconciliation::{Line, Reconciliation};
use sluice_core::wallet::{Custody, Registration, Tier, Wallet};

use super::samples::{asset, at, block, ulid};

/// One that is no lane, and waits until money may be sent to it.
pub(super) fn registered() -> Wallet {
    let wanted = Registration {
        id: WalletId::new(ulid(14)),
        partner: PartnerId::new(ulid(1)),
        chain: ChainId::evm(137),
        address: EvmAddress([0x44; 20]).into(),
        label: "vault".into(),
        tier: Tier::Cold,
        custody: Custody::External,
        nonce: 3,
        trusted_from: at(86_400),
    };
    Wallet::register(wanted, "because".into(), at(0)).unwrap().into_after()
}

/// A comparison that found something of each kind.
pub(super) fn reconciliation() -> Reconciliation {
    let line = |on_chain, books| Line { asset: asset().id, units: Units::MAX, on_chain, books };
    Reconciliation {
        id: ReconciliationId::new(ulid(15)),
        partner: PartnerId::new(ulid(1)),
        wallet: WalletId::new(ulid(11)),
        block: block(90),
        lines: vec![line(5, 5), line(i64::MAX, -1), line(0, 7)],
        nonces: Some((9, 8)),
        asked_by: "system:house".into(),
        at: at(3),
    }
}
