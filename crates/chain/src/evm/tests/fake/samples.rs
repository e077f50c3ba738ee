//! Logs, receipts, a token, payments and slots that the tests speak of.

use sluice_codec::evm::log;
use sluice_core::address::EvmAddress;
use sluice_core::amount::{Amount, Units};
use sluice_core::asset::{Asset, AssetId};
use sluice_core::attempt::Kind;
use sluice_core::chain::{BlockRef, ChainProfile};
use sluice_core::id::{AttemptId, PartnerId, Ulid, WithdrawalId};
use sluice_core::intent::{Payment, PaymentKey};
use sluice_core::port::chain::{Known, SlotQuestion};
use sluice_core::slot::Slot;
use sluice_core::time::Timestamp;

use super::{Log, Receipt, THEM, TOKEN, US};

pub fn moved(token: EvmAddress, from: EvmAddress, to: EvmAddress, units: u64, index: u64) -> Log {
    let topics = vec![log::TRANSFER, log::topic_of(from), log::topic_of(to)];
    Log { address: token, topics, data: Units::from(units).to_be_bytes::<32>().to_vec(), index }
}

pub fn receipt(txid: u8, from: EvmAddress, success: bool, logs: Vec<Log>) -> Receipt {
    let block = BlockRef { number: 0, hash: [0; 32] };
    Receipt { txid: [txid; 32], block, from, success, gas_used: 45_000, gas_price_wei: 2, logs }
}

/// The receipt of a payment of 100 to them.
pub fn paid(txid: u8) -> Receipt {
    receipt(txid, US, true, vec![moved(TOKEN, US, THEM, 100, 3)])
}

pub fn usdc() -> Asset {
    let id = AssetId::erc20(ChainProfile::devnet().id, TOKEN);
    Asset { id, symbol: "TUSD".into(), precision: 6, decimals: 6, freezable: true }
}

pub fn payment(asset: &Asset, to: EvmAddress, atoms: i64) -> Payment {
    let name = Ulid::new(Timestamp::default(), 7);
    Payment {
        key: PaymentKey([7; 32]),
        partner: PartnerId::new(name),
        withdrawal: WithdrawalId::new(name),
        asset: asset.id,
        amount: Amount::from_atoms(atoms).unwrap(),
        precision: asset.precision,
        to: to.into(),
        memo: None,
        expires_at: None,
    }
}

/// A slot of ours that pays 100 to them, with these attempts.
pub fn question(nonce: u64, attempts: &[(u8, Kind)]) -> SlotQuestion {
    let known = |(txid, kind): &(u8, Kind)| Known {
        attempt: AttemptId::new(Ulid::new(Timestamp::default(), u128::from(*txid))),
        txid: [*txid; 32],
        kind: *kind,
        tron: None,
    };
    let asset = usdc();
    SlotQuestion {
        slot: Slot::EvmNonce { chain: ChainProfile::devnet().id, sender: US, nonce },
        attempts: attempts.iter().map(known).collect(),
        pays: vec![payment(&asset, THEM, 100)],
        strangers: vec![],
        asset,
    }
}
