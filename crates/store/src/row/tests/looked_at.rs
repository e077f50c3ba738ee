//! Wallets that are no lane, what a desk hands out, and what a comparison found.

use sluice_core::access::Actor;
use sluice_core::address::{EvmAddress, TronAddress};
use sluice_core::amount::Units;
use sluice_core::chain::ChainId;
use sluice_core::hand_out::{HandOut, Holder, Life, Wish};
use sluice_core::id::{
    AttemptId, HandOutId, KeyId, PartnerId, ReconciliationId, TransferId, WalletId, WithdrawalId,
};
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

/// One whose key was shown, and that is kept quiet.
pub(super) fn desk() -> Wallet {
    let wanted = Registration {
        id: WalletId::new(ulid(16)),
        partner: PartnerId::new(ulid(1)),
        chain: ChainId::tron(728_126_428),
        address: TronAddress([0x44; 20]).into(),
        label: "vault".into(),
        tier: Tier::Cold,
        custody: Custody::External,
        nonce: 0,
        trusted_from: at(86_400),
    };
    let shown = Wallet::register(wanted, "because".into(), at(0)).unwrap().into_after();
    let desk = shown.show_key("seen", at(1)).unwrap().into_after();
    desk.keep_quiet(at(4_200)).unwrap().into_after()
}

/// What is handed out, in every state.
pub(super) fn hand_outs() -> [HandOut; 4] {
    let desk = desk();
    let wish = Wish {
        id: HandOutId::new(ulid(17)),
        withdrawal: WithdrawalId::new(ulid(2)),
        partner: desk.partner,
        wallet: desk.id,
        chain: desk.chain,
        holder: Holder::of(&Actor::Key(KeyId::new(ulid(18)))).unwrap(),
        life: Life::from_ms(1_800_000).unwrap(),
    };
    let wished = HandOut::wish(wish, at(5)).into_after();
    let of = (TransferId::new(ulid(3)), AttemptId::new(ulid(4)), [0x61; 32]);
    let made = wished.clone().make(of, 1_790_001_806_000, at(6)).unwrap().into_after();
    let told = made.clone().tell().unwrap().into_after();
    let lapsed = wished.clone().lapse("not_in_time").unwrap().into_after();
    [wished, made, told, lapsed]
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
