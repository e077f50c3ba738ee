//! Three nodes of one simulated TRON network, a [`Tron`] over them as three operators, and a wallet whose key the test holds.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sluice_chain::tron::http::{HttpConfig, HttpNode, client};
use sluice_chain::tron::node::Node;
use sluice_chain::tron::{Quorum, Tron};
use sluice_codec::tron::{attach, pay};
use sluice_core::address::TronAddress;
use sluice_core::amount::Amount;
use sluice_core::asset::{Asset, AssetId, AssetKind};
use sluice_core::attempt::{Durable, Kind, Signed, Terms, TronTerms, Unsigned};
use sluice_core::chain::{ChainId, ChainProfile};
use sluice_core::id::{AttemptId, PartnerId, TransferId, Ulid, WithdrawalId};
use sluice_core::intent::{Payment, PaymentKey};
use sluice_core::port::chain::{Chain, Known, SlotQuestion, Trial};
use sluice_core::port::world::Clock;
use sluice_core::slot::Slot;
use sluice_core::time::Timestamp;
use sluice_devnet::tron::{Account, Address, Control, Tron as Sim, TronConfig};

/// Somebody who holds the token already.
pub const HOLDER: usize = 1;

pub struct Stage {
    pub sim: Sim,
    pub control: Control,
    pub tron: Tron,
    pub usdt: Asset,
    pub trx: Asset,
    names: AtomicU64,
}

struct SimTime(Control);

impl Clock for SimTime {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.head().now_ms * 1_000)
    }
}

pub fn address(of: Address) -> TronAddress {
    TronAddress(*of.bytes())
}

pub async fn stage() -> Stage {
    stage_of(TronConfig { nodes: 3, ..TronConfig::test(11) }).await
}

pub async fn stage_of(config: TronConfig) -> Stage {
    let sim = Sim::start(config).await.unwrap();
    let control = sim.control();
    control.mine(5).unwrap();
    let id = ChainId::tron(sim.chain_id().into());
    let profile = ChainProfile { id, ..ChainProfile::tron_mainnet() };
    let nodes = ["one", "two", "three"].iter().enumerate().map(|(place, operator)| -> Arc<dyn Node> {
        let config = HttpConfig::new(*operator, sim.node_url(place));
        Arc::new(HttpNode::new(client().unwrap(), config).unwrap())
    });
    let native = AssetKind::Native(profile.native_slip44);
    let trx = Asset {
        id: AssetId { chain: id, kind: native },
        symbol: "TRX".into(),
        precision: 6,
        decimals: 6,
        freezable: false,
    };
    let token = AssetId::trc20(id, address(sim.usdt()));
    let usdt = Asset { id: token, symbol: "USDT".into(), precision: 6, decimals: 6, freezable: true };
    let clock = Arc::new(SimTime(control.clone()));
    let tron = Tron::new(profile, nodes.collect(), Quorum { needed: 2 }, clock).unwrap();
    let tron = tron.believing(usdt.contract());
    Stage { sim, control, tron, usdt, trx, names: AtomicU64::new(1) }
}

impl Stage {
    fn name(&self) -> Ulid {
        Ulid::new(Timestamp::default(), u128::from(self.names.fetch_add(1, Ordering::SeqCst)))
    }

    pub fn account(&self, index: usize) -> &Account {
        &self.control.accounts()[index]
    }

    /// The wallet.
    pub fn us(&self) -> TronAddress {
        address(self.account(0).address())
    }

    pub fn them(&self) -> TronAddress {
        address(self.account(HOLDER).address())
    }

    pub fn payment(&self, asset: &Asset, to: TronAddress, atoms: i64) -> Payment {
        let name = self.name();
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

    pub fn trial(&self, asset: &Asset, to: TronAddress, atoms: i64) -> Trial {
        let payment = self.payment(asset, to, atoms);
        Trial { from: self.us().into(), asset: asset.clone(), to: to.into(), payment }
    }

    /// Terms by what the chain says now.
    pub async fn terms(&self, fee_limit_sun: u64) -> TronTerms {
        let conditions = self.tron.conditions().await.unwrap();
        TronTerms {
            reference: conditions.reference,
            expires_at_ms: conditions.head_time_ms + 60_000,
            made_at_ms: conditions.head_time_ms + i64::try_from(self.names.load(Ordering::SeqCst)).unwrap(),
            fee_limit_sun,
            permission: 0,
        }
    }

    /// Bytes that pay, signed.
    #[expect(clippy::disallowed_methods, reason = "an adapter's test has no store: the chain is thrown away")]
    pub fn signed(&self, asset: &Asset, payment: &Payment, terms: TronTerms) -> Durable<Signed> {
        let bytes = pay(self.us(), &terms, std::slice::from_ref(payment), asset).unwrap();
        let signature = self.account(0).sign(&bytes.txid);
        let (r, rest) = signature.split_first_chunk::<32>().unwrap();
        let (s, v) = rest.split_first_chunk::<32>().unwrap();
        let raw = attach(&bytes.raw, *r, *s, v[0] == 28).unwrap();
        let txid = bytes.txid;
        let unsigned = Unsigned {
            id: AttemptId::new(self.name()),
            transfer: TransferId::new(self.name()),
            serial: 0,
            kind: Kind::Pay,
            slot: Slot::TronTransaction { chain: self.tron.profile().id, txid },
            terms: Terms::Tron(terms),
            bytes: bytes.raw,
            digest: txid,
            built_at: Timestamp::default(),
        };
        Durable::stored(Signed { unsigned, raw, txid, journal_seq: 1, signed_at: Timestamp::default() })
    }

    pub fn question(&self, asset: &Asset, attempt: &Durable<Signed>, payment: &Payment) -> SlotQuestion {
        let signed = attempt.get();
        SlotQuestion {
            strangers: vec![],
            slot: signed.unsigned.slot.clone(),
            attempts: vec![Known {
                attempt: signed.unsigned.id,
                txid: signed.txid,
                tron: signed.unsigned.terms.tron().copied(),
                kind: signed.unsigned.kind,
            }],
            asset: asset.clone(),
            pays: vec![payment.clone()],
        }
    }

    /// A payment of USDT to somebody who holds some, its bytes, and the question what became of it.
    pub async fn paying(&self, atoms: i64, fee_limit_sun: u64) -> (Durable<Signed>, [SlotQuestion; 1]) {
        let payment = self.payment(&self.usdt, self.them(), atoms);
        let attempt = self.signed(&self.usdt, &payment, self.terms(fee_limit_sun).await);
        let question = self.question(&self.usdt, &attempt, &payment);
        (attempt, [question])
    }
}
