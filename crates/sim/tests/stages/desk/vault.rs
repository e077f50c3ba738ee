//! A cold wallet, whoever holds its key, and the engine beside them.

use std::collections::BTreeMap;

use sluice_codec::tron;
use sluice_core::access::Actor;
use sluice_core::address::{Address, TronAddress};
use sluice_core::amount::Amount;
use sluice_core::attempt::Unsigned;
use sluice_core::errand::Errand;
use sluice_core::event::Cause;
use sluice_core::hand_out::{LIFE_MS_MIN, Life};
use sluice_core::id::{KeyId, WalletId, WithdrawalId};
use sluice_core::wallet::{Tier, Wallet};
use sluice_core::withdrawal::{Type, Withdrawal};
use sluice_flow::errand::{self, ask};
use sluice_flow::intake::{Wanted, take};
use sluice_flow::lane;
use sluice_flow::operator::{
    AdoptError, HandOutError, HandedOut, Movement, MovementError, Register, Returned, SubmitError, hand_out,
    refill, register, show_key, statement, submit,
};
use sluice_mutant::{Mutant, signer};
use sluice_signer::Key as _;
use sluice_signer::key::MemoryKey;
use sluice_sim::model::chain::Shape;
use sluice_sim::model::tron::decode;
use sluice_sim::world::director::DUTY;

use crate::bench::{Bench, now};

pub const FIVE_ATOMS: i64 = 5_000_000;

/// A person with a key of a wallet that the signer does not hold.
pub struct Person {
    key: MemoryKey,
}

impl Person {
    pub fn new(secret: u8) -> Self {
        Self { key: MemoryKey::new(&[secret; 32]).unwrap() }
    }

    pub fn account(&self) -> TronAddress {
        TronAddress(self.key.address().0)
    }

    pub fn signs(&self, digest: &[u8; 32]) -> Vec<u8> {
        let raw = self.key.sign(digest).unwrap();
        let mut all = [raw.r.as_slice(), raw.s.as_slice()].concat();
        all.push(27 + u8::from(raw.y_parity));
        all
    }

    pub fn returns(&self, bytes: &Unsigned) -> Returned {
        Returned { raw: Some(bytes.bytes.clone()), signature: self.signs(&bytes.digest) }
    }
}

/// A cold wallet of the bench's partner that holds ten of the token, beside its hot one.
pub struct Desk {
    pub bench: Bench,
    pub person: Person,
    pub wallet: WalletId,
    pub memory: lane::Memory,
}

impl Desk {
    pub fn new() -> Self {
        Self::with(None)
    }

    /// One beside an engine with a rule of its signer off.
    pub fn with(broken: Option<Mutant>) -> Self {
        let mut bench = Bench::on(Shape::Expiry, |inner| signer(broken, inner, &BTreeMap::new()));
        let person = Person::new(0x77);
        for _ in 0..20 {
            bench.round();
        }
        // Before it is a wallet of the partner: nobody withdraws to one.
        let asset = bench.world.asset.clone();
        let wanted = Wanted {
            external_id: "to-the-vault".into(),
            user_id: "user-1".into(),
            asset: asset.id.to_string(),
            amount: "10".into(),
            address: person.account().to_string(),
            kind: Type::Immediate,
            memo: None,
            scheduled_for: None,
            metadata: BTreeMap::new(),
            idempotency_key: None,
        };
        now(take(&bench.ports, &bench.world.deployment, bench.partner, wanted, bench.cause())).unwrap();
        let trx = errand::Wanted {
            external_id: "trx-for-the-vault".into(),
            errand: Errand::TopUp { to: person.account().into() },
            amount: Amount::from_atoms(200_000_000).unwrap(),
        };
        let deployment = bench.world.deployment.clone();
        now(ask(&bench.ports, &deployment, bench.lane, trx, bench.cause())).unwrap();
        for _ in 0..60 {
            bench.round();
        }
        assert_eq!(bench.count("select id as what from withdrawal where status = 'completed'"), 2);
        let wanted = Register {
            partner: bench.partner,
            chain: bench.world.profile.id,
            address: person.account().into(),
            tier: Tier::Cold,
            label: "vault".into(),
            wait_ms: 1_000,
        };
        let by = |who: usize| cause(&bench, DUTY[who]);
        let _first = now(register(&bench.ports, &wanted, by(0))).unwrap();
        let wallet = now(register(&bench.ports, &wanted, by(1))).unwrap().done().unwrap().id;
        Self { bench, person, wallet, memory: lane::Memory::default() }
    }

    /// One whose key was shown.
    pub fn shown() -> Self {
        Self::shown_with(None)
    }

    /// The same beside an engine with a rule of its signer off.
    pub fn shown_with(broken: Option<Mutant>) -> Self {
        let desk = Self::with(broken);
        desk.show(&desk.person).unwrap();
        desk
    }

    pub fn show(&self, person: &Person) -> Result<Wallet, AdoptError> {
        let (ports, at) = (&self.bench.ports, self.bench.ports.clock.now());
        let deployment = self.bench.world.deployment.clone();
        let text = statement(&deployment, &self.stored(self.wallet), at).text();
        let signature = person.signs(&tron::text_digest(text.as_bytes()));
        let of = (self.bench.partner, self.wallet);
        now(show_key(ports, &deployment, of, (at, &signature), cause(&self.bench, DUTY[0])))
    }

    pub fn stored(&self, id: WalletId) -> Wallet {
        now(self.bench.ports.store.lane(id)).unwrap().unwrap().wallet
    }

    pub fn order(&self, external_id: &str) -> Result<WithdrawalId, MovementError> {
        let wanted = Movement {
            partner: self.bench.partner,
            external_id: external_id.into(),
            from: self.wallet,
            to: self.bench.lane,
            asset: self.bench.world.asset.id,
            amount: Amount::from_atoms(FIVE_ATOMS).unwrap(),
        };
        let deployment = self.bench.world.deployment.clone();
        now(refill(&self.bench.ports, &deployment, wanted, cause(&self.bench, DUTY[0])))?;
        let question = format!("select id as what from withdrawal where external_id = '{external_id}'");
        let ids = sluice_sim::oracle::store::ask(&self.bench.db, &question).unwrap();
        Ok(WithdrawalId::parse(&ids[0]).unwrap())
    }

    pub fn wants(&self, id: WithdrawalId, who: KeyId) -> Result<HandedOut, HandOutError> {
        let life = Life::from_ms(LIFE_MS_MIN).unwrap();
        now(hand_out(&self.bench.ports, self.bench.partner, id, life, cause(&self.bench, who)))
    }

    pub fn submits(&self, id: WithdrawalId, given: &Returned) -> Result<bool, SubmitError> {
        let by = cause(&self.bench, DUTY[0]);
        now(submit(&self.bench.ports, self.bench.partner, id, given, by)).map(|it| it.new)
    }

    /// The desk's turn, and everybody else's.
    pub fn round(&mut self) {
        now(lane::turn(&self.bench.ports, self.wallet, "bench", &mut self.memory)).unwrap();
        self.bench.round();
    }

    pub fn rounds(&mut self, count: usize) {
        (0..count).for_each(|_| self.round());
    }

    /// Wishes for the bytes and waits for them.
    pub fn bytes(&mut self, id: WithdrawalId, who: KeyId) -> Unsigned {
        for _ in 0..40 {
            match self.wants(id, who).unwrap() {
                HandedOut::Bytes(_, bytes) => return *bytes,
                HandedOut::Waiting(_) => self.round(),
            }
        }
        panic!("no bytes for {id}: {:?}", self.withdrawal(id).state)
    }

    pub fn withdrawal(&self, id: WithdrawalId) -> Withdrawal {
        now(self.bench.ports.store.withdrawals(&[id])).unwrap().remove(0)
    }

    pub fn status(&self, id: WithdrawalId) -> String {
        let question = format!("select status as what from withdrawal where id = '{id}'");
        sluice_sim::oracle::store::ask(&self.bench.db, &question).unwrap().remove(0)
    }

    /// What left the desk, atoms, by the chain.
    pub fn spent(&self) -> i64 {
        let asset = self.bench.world.asset.clone();
        let address: Address = self.person.account().into();
        let chain = self.bench.ports.chains.values().next().unwrap();
        let (_, units) = now(chain.balances(address, &[asset])).unwrap();
        2 * FIVE_ATOMS - i64::try_from(units[0]).unwrap()
    }

    /// The person's own wallet sends it.
    pub fn sends(&self, bytes: &Unsigned) {
        let raw =
            tron::returned(&bytes.bytes, self.person.account(), None, &self.person.signs(&bytes.digest));
        let tx = std::sync::Arc::new(decode(&raw.unwrap()).unwrap());
        let mut chain = self.bench.world.chain();
        let count = chain.nodes.len();
        (0..count).for_each(|node| drop(chain.offer(node, &tx)));
    }

    pub fn transfers(&self, id: WithdrawalId) -> usize {
        self.bench
            .count(&format!("select transfer_id as what from transfer_item where withdrawal_id = '{id}'"))
    }
}

pub fn cause(bench: &Bench, by: KeyId) -> Cause {
    Cause { actor: Actor::Key(by), reason: "seen it".into(), at: bench.ports.clock.now() }
}
