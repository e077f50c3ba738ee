//! Payments, transactions, receipts and questions of the tests.

use sluice_codec::evm::log;
use sluice_codec::tron::{self, Call, Reference, Terms, Unsigned};
use sluice_core::address::{EvmAddress, TronAddress};
use sluice_core::amount::{Amount, Units};
use sluice_core::asset::{Asset, AssetId, AssetKind};
use sluice_core::attempt::{Kind, TronTerms};
use sluice_core::chain::{BlockRef, ChainProfile};
use sluice_core::id::{AttemptId, PartnerId, Ulid, WithdrawalId};
use sluice_core::intent::{Payment, PaymentKey};
use sluice_core::port::chain::{Known, SlotQuestion};
use sluice_core::slot::Slot;
use sluice_core::time::Timestamp;

use super::fake::{THEM, TOKEN, US, hash_of, time_of};
use crate::tron::node::{Executed, Info, Log, Tx};

pub fn usdt() -> Asset {
    let id = AssetId::trc20(ChainProfile::tron_mainnet().id, TOKEN);
    Asset { id, symbol: "USDT".into(), precision: 6, decimals: 6, freezable: true }
}

pub fn trx() -> Asset {
    let id = AssetId { chain: ChainProfile::tron_mainnet().id, kind: AssetKind::Native(195) };
    Asset { id, symbol: "TRX".into(), precision: 6, decimals: 6, freezable: false }
}

pub fn payment(asset: &Asset, to: TronAddress, atoms: i64) -> Payment {
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

/// Leans on block 2 and expires with block 12; `made` sets equal ones apart.
pub fn terms(made: i64) -> TronTerms {
    TronTerms {
        reference: BlockRef { number: 2, hash: hash_of(2, 0xaa) },
        expires_at_ms: time_of(12),
        made_at_ms: time_of(3) + made,
        fee_limit_sun: 20_000_000,
        permission: 0,
    }
}

/// Our transaction that pays 100 of an asset to them.
pub fn ours(asset: &Asset, made: i64, executed: Option<Executed>) -> Tx {
    let bytes = tron::pay(US, &terms(made), &[payment(asset, THEM, 100)], asset).unwrap();
    Tx::read(&bytes.raw, executed)
}

/// A transaction of anybody.
pub fn theirs(owner: TronAddress, call: Call) -> Tx {
    ended(owner, call, Executed::Success)
}

/// The same, with another end.
pub fn ended(owner: TronAddress, call: Call, executed: Executed) -> Tx {
    let terms = Terms {
        reference: Reference { bytes: [0; 2], hash: [0; 8] },
        expiration_ms: time_of(12),
        timestamp_ms: time_of(3),
        fee_limit_sun: 1,
        memo: Vec::new(),
        permission_id: 0,
    };
    Tx::read(&tron::raw(&Unsigned { owner, call, terms }), Some(executed))
}

pub fn info(tx: &Tx, executed: Option<Executed>, logs: Vec<Log>) -> Info {
    let failed = matches!(executed, Some(Executed::Failed | Executed::OutOfEnergy));
    Info {
        txid: tx.txid(),
        number: 0,
        fee_sun: 6_428_500,
        collected_sun: 0,
        executed,
        failed,
        energy: 64_285,
        logs,
    }
}

pub fn moved(token: TronAddress, from: TronAddress, to: TronAddress, units: u64) -> Log {
    let topic = |address: TronAddress| log::topic_of(EvmAddress(address.0));
    let topics = vec![log::TRANSFER, topic(from), topic(to)];
    Log { address: token, topics, data: Units::from(units).to_be_bytes::<32>().to_vec() }
}

/// Our payment of 100 USDT to them, with its receipt.
pub fn paid(made: i64) -> (Tx, Info) {
    let tx = ours(&usdt(), made, Some(Executed::Success));
    let info = info(&tx, Some(Executed::Success), vec![moved(TOKEN, US, THEM, 100)]);
    (tx, info)
}

/// What has become of such a payment.
pub fn question(asset: &Asset, made: i64) -> SlotQuestion {
    let txid = ours(asset, made, None).txid();
    let attempt = AttemptId::new(Ulid::new(Timestamp::default(), made.unsigned_abs().into()));
    SlotQuestion {
        slot: Slot::TronTransaction { chain: ChainProfile::tron_mainnet().id, txid },
        attempts: vec![Known { attempt, txid, kind: Kind::Pay, tron: Some(terms(made)) }],
        pays: vec![payment(asset, THEM, 100)],
        strangers: vec![],
        asset: asset.clone(),
    }
}
