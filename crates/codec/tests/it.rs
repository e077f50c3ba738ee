//! Promises of the codec: golden vectors of an independent implementation, and properties.

#[path = "it/golden.rs"]
mod golden;
#[path = "it/properties.rs"]
mod properties;
#[path = "it/refusals.rs"]
mod refusals;
#[path = "it/tron.rs"]
mod tron;

use sluice_core::address::EvmAddress;
use sluice_core::amount::Amount;
use sluice_core::asset::{Asset, AssetId};
use sluice_core::attempt::Fees;
use sluice_core::chain::ChainId;
use sluice_core::id::{PartnerId, Ulid, WithdrawalId};
use sluice_core::intent::{Payment, PaymentKey};
use sluice_core::slot::Slot;
use sluice_core::time::Timestamp;

fn usdc() -> Asset {
    let id = AssetId::erc20(ChainId::evm(137), EvmAddress([0x3c; 20]));
    Asset { id, symbol: "USDC".into(), precision: 6, decimals: 6, freezable: true }
}

fn payment(asset: &Asset, atoms: i64, to: EvmAddress) -> Payment {
    let ulid = Ulid::new(Timestamp::default(), 1);
    Payment {
        key: PaymentKey([9; 32]),
        partner: PartnerId::new(ulid),
        withdrawal: WithdrawalId::new(ulid),
        asset: asset.id,
        amount: Amount::from_atoms(atoms).unwrap(),
        precision: asset.precision,
        to: to.into(),
        memo: None,
        expires_at: None,
    }
}

fn slot(sender: EvmAddress, nonce: u64) -> Slot {
    Slot::EvmNonce { chain: ChainId::evm(137), sender, nonce }
}

const FEES: Fees = Fees { gas_limit: 65_000, max_fee_wei: 60_000_000_000, tip_wei: 30_000_000_000 };
