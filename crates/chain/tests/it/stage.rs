//! An anvil with TestUSD, an [`Evm`] over it as two operators, and a wallet whose key the test holds.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use alloy_primitives::{Address, U256};
use k256::ecdsa::SigningKey;
use sluice_chain::evm::http::{HttpConfig, HttpNode, client};
use sluice_chain::evm::node::Node;
use sluice_chain::evm::{Evm, Quorum};
use sluice_codec::evm;
use sluice_core::address::EvmAddress;
use sluice_core::amount::{Amount, Units};
use sluice_core::asset::{Asset, AssetId};
use sluice_core::attempt::{Durable, Fees, Kind, Signed, Terms, Unsigned};
use sluice_core::chain::ChainProfile;
use sluice_core::id::{AttemptId, PartnerId, TransferId, Ulid, WithdrawalId};
use sluice_core::intent::{Payment, PaymentKey};
use sluice_core::port::chain::{Known, SlotQuestion, Trial};
use sluice_core::port::world::Clock;
use sluice_core::slot::Slot;
use sluice_core::time::Timestamp;
use sluice_devnet::anvil::{Anvil, AnvilConfig, AnvilError};
use sluice_devnet::control::Control;
use sluice_devnet::token::TestUsd;

use super::counted::Counted;

pub const GWEI: u128 = 1_000_000_000;
pub const THEM: EvmAddress = EvmAddress([0xee; 20]);

pub struct Stage {
    pub anvil: Anvil,
    pub control: Control,
    pub usd: TestUsd,
    pub evm: Evm,
    pub us: EvmAddress,
    pub asset: Asset,
    key: SigningKey,
    count: Arc<Mutex<BTreeMap<&'static str, usize>>>,
    names: AtomicU64,
}

struct Wall;

impl Clock for Wall {
    #[expect(clippy::disallowed_methods, reason = "anvil runs on the machine's clock")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap())
    }
}

pub fn address(of: EvmAddress) -> Address {
    Address::from(of.0)
}

/// `None` where anvil is not installed; its own tests, in `devnet`, insist on it.
pub async fn stage() -> Option<Stage> {
    let contracts = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../contracts");
    let anvil = match Anvil::start(AnvilConfig { tools_dir: Some(contracts), ..AnvilConfig::default() }).await
    {
        Ok(anvil) => anvil,
        Err(AnvilError::NotFound { looked }) => {
            eprintln!("skipped: no anvil in {looked}");
            return None;
        }
        Err(error) => panic!("{error}"),
    };
    let control = anvil.control();
    let usd = TestUsd::ensure(anvil.rpc()).await.unwrap();
    let key = SigningKey::from_slice(&[0x5a; 32]).unwrap();
    let public = key.verifying_key().to_encoded_point(false);
    let us = evm::address_of(public.as_bytes()[1..].try_into().unwrap());
    control.set_balance(address(us), U256::from(10).pow(U256::from(18))).await.unwrap();
    usd.mint(address(us), U256::from(1_000_000_000)).await.unwrap();
    // Finality follows two blocks behind.
    control.mine(3).await.unwrap();

    let count = Arc::new(Mutex::default());
    let nodes = ["one", "two"].map(|operator| -> Arc<dyn Node> {
        let node = HttpNode::new(client().unwrap(), HttpConfig::new(operator, anvil.url())).unwrap();
        Arc::new(Counted { node, count: Arc::clone(&count) })
    });
    let profile = ChainProfile::devnet();
    let id = AssetId::erc20(profile.id, EvmAddress(usd.address().into_array()));
    let asset = Asset { id, symbol: "TUSD".into(), precision: 6, decimals: 6, freezable: true };
    let evm = Evm::new(profile, nodes.into(), Quorum { needed: 2 }, Arc::new(Wall));
    Some(Stage { anvil, control, usd, evm: evm.unwrap(), us, asset, key, count, names: AtomicU64::new(1) })
}

impl Stage {
    fn name(&self) -> Ulid {
        Ulid::new(Timestamp::default(), u128::from(self.names.fetch_add(1, Ordering::SeqCst)))
    }

    /// What nodes were asked since this was last called.
    pub fn asked(&self) -> BTreeMap<&'static str, usize> {
        std::mem::take(&mut *self.count.lock().unwrap())
    }

    pub fn payment(&self, to: EvmAddress, atoms: i64) -> Payment {
        let name = self.name();
        Payment {
            key: PaymentKey([7; 32]),
            partner: PartnerId::new(name),
            withdrawal: WithdrawalId::new(name),
            asset: self.asset.id,
            amount: Amount::from_atoms(atoms).unwrap(),
            precision: 6,
            to: to.into(),
            memo: None,
            expires_at: None,
        }
    }

    pub fn trial(&self, to: EvmAddress, atoms: i64) -> Trial {
        Trial {
            from: self.us.into(),
            asset: self.asset.clone(),
            to: to.into(),
            payment: self.payment(to, atoms),
        }
    }

    pub fn slot(&self, nonce: u64) -> Slot {
        Slot::EvmNonce { chain: ChainProfile::devnet().id, sender: self.us, nonce }
    }

    /// Bytes that pay, or void, a nonce.
    #[expect(clippy::disallowed_methods, reason = "an adapter's test has no store: the chain is thrown away")]
    pub fn signed(&self, kind: Kind, nonce: u64, payment: &Payment, max_fee_gwei: u128) -> Durable<Signed> {
        let slot = self.slot(nonce);
        let fees = Fees { gas_limit: 100_000, max_fee_wei: max_fee_gwei * GWEI, tip_wei: GWEI };
        let bytes = evm::draft(kind, &slot, &fees, std::slice::from_ref(payment), &self.asset).unwrap();
        let (signature, recovery) = self.key.sign_prehash_recoverable(&bytes.digest).unwrap();
        let (r, s) = (signature.r().to_bytes().into(), signature.s().to_bytes().into());
        let (raw, txid) = evm::attach(&bytes.unsigned, r, s, recovery.is_y_odd()).unwrap();
        let unsigned = Unsigned {
            id: AttemptId::new(self.name()),
            transfer: TransferId::new(self.name()),
            serial: 0,
            kind,
            slot,
            terms: Terms::Evm(fees),
            bytes: bytes.unsigned,
            digest: bytes.digest,
            built_at: Timestamp::default(),
        };
        Durable::stored(Signed { unsigned, raw, txid, journal_seq: 1, signed_at: Timestamp::default() })
    }

    pub fn question(&self, attempts: &[&Durable<Signed>], payment: &Payment) -> SlotQuestion {
        let known = |attempt: &&Durable<Signed>| Known {
            attempt: attempt.get().unsigned.id,
            txid: attempt.get().txid,
            tron: None,
            kind: attempt.get().unsigned.kind,
        };
        SlotQuestion {
            strangers: vec![],
            slot: attempts[0].get().unsigned.slot.clone(),
            attempts: attempts.iter().map(known).collect(),
            asset: self.asset.clone(),
            pays: vec![payment.clone()],
        }
    }

    pub fn units(&self, units: u64) -> Units {
        Units::from(units)
    }
}
