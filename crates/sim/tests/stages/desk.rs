//! A desk: what is handed out to a person is paid once, whoever sends it, however often the engine dies, and never twice
//! (ADR 0027).

use sluice_codec::tron;
use sluice_core::access::Actor;
use sluice_core::address::{Address, TronAddress};
use sluice_core::amount::Amount;
use sluice_core::attempt::Unsigned;
use sluice_core::errand::Errand;
use sluice_core::event::Cause;
use sluice_core::hand_out::{LEASE_MS, LIFE_MS_MIN, Life, QUIET_MS};
use sluice_core::id::{KeyId, WalletId, WithdrawalId};
use sluice_core::partner::PLATFORM;
use sluice_core::port::store::Change;
use sluice_core::stop::{Scope, Stop};
use sluice_core::wallet::{LaneState, Tier, Wallet};
use sluice_core::withdrawal::{Type, Withdrawal};
use sluice_flow::errand::{self, ask};
use sluice_flow::intake::{Wanted, take};
use sluice_flow::lane;
use sluice_flow::operator::{
    AdoptError, Cancelled, HandOutError, HandedOut, LaneCommand, OrderError, Refill, RefillError, Register,
    Returned, SubmitError, cancel, command, hand_out, refill, register, show_key, statement, submit,
};
use sluice_signer::Key as _;
use sluice_signer::key::MemoryKey;
use sluice_sim::model::chain::Shape;
use sluice_sim::model::tron::decode;
use sluice_sim::world::director::DUTY;

use crate::bench::{Bench, now};

const FIVE_ATOMS: i64 = 5_000_000;

/// A person with a key of a wallet that the signer does not hold.
struct Person {
    key: MemoryKey,
}

impl Person {
    fn new(secret: u8) -> Self {
        Self { key: MemoryKey::new(&[secret; 32]).unwrap() }
    }

    fn account(&self) -> TronAddress {
        TronAddress(self.key.address().0)
    }

    fn signs(&self, digest: &[u8; 32]) -> Vec<u8> {
        let raw = self.key.sign(digest).unwrap();
        let mut all = [raw.r.as_slice(), raw.s.as_slice()].concat();
        all.push(27 + u8::from(raw.y_parity));
        all
    }

    fn returns(&self, bytes: &Unsigned) -> Returned {
        Returned { raw: Some(bytes.bytes.clone()), signature: self.signs(&bytes.digest) }
    }
}

/// A cold wallet of the bench's partner that holds ten of the token, beside its hot one.
struct Desk {
    bench: Bench,
    person: Person,
    wallet: WalletId,
    memory: lane::Memory,
}

impl Desk {
    fn new() -> Self {
        let mut bench = Bench::on(Shape::Expiry, |inner| inner);
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
            metadata: std::collections::BTreeMap::new(),
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
    fn shown() -> Self {
        let desk = Self::new();
        desk.show(&desk.person).unwrap();
        desk
    }

    fn show(&self, person: &Person) -> Result<Wallet, AdoptError> {
        let (ports, at) = (&self.bench.ports, self.bench.ports.clock.now());
        let deployment = self.bench.world.deployment.clone();
        let text = statement(&deployment, &self.stored(self.wallet), at).text();
        let signature = person.signs(&tron::text_digest(text.as_bytes()));
        let of = (self.bench.partner, self.wallet);
        now(show_key(ports, &deployment, of, (at, &signature), cause(&self.bench, DUTY[0])))
    }

    fn stored(&self, id: WalletId) -> Wallet {
        now(self.bench.ports.store.lane(id)).unwrap().unwrap().wallet
    }

    fn order(&self, external_id: &str) -> Result<WithdrawalId, RefillError> {
        let wanted = Refill {
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

    fn wants(&self, id: WithdrawalId, who: KeyId) -> Result<HandedOut, HandOutError> {
        let life = Life::from_ms(LIFE_MS_MIN).unwrap();
        now(hand_out(&self.bench.ports, self.bench.partner, id, life, cause(&self.bench, who)))
    }

    fn submits(&self, id: WithdrawalId, given: &Returned) -> Result<bool, SubmitError> {
        let by = cause(&self.bench, DUTY[0]);
        now(submit(&self.bench.ports, self.bench.partner, id, given, by)).map(|it| it.new)
    }

    /// The desk's turn, and everybody else's.
    fn round(&mut self) {
        now(lane::turn(&self.bench.ports, self.wallet, "bench", &mut self.memory)).unwrap();
        self.bench.round();
    }

    fn rounds(&mut self, count: usize) {
        (0..count).for_each(|_| self.round());
    }

    /// Wishes for the bytes and waits for them.
    fn bytes(&mut self, id: WithdrawalId, who: KeyId) -> Unsigned {
        for _ in 0..40 {
            match self.wants(id, who).unwrap() {
                HandedOut::Bytes(_, bytes) => return *bytes,
                HandedOut::Waiting(_) => self.round(),
            }
        }
        panic!("no bytes for {id}: {:?}", self.withdrawal(id).state)
    }

    fn withdrawal(&self, id: WithdrawalId) -> Withdrawal {
        now(self.bench.ports.store.withdrawals(&[id])).unwrap().remove(0)
    }

    fn status(&self, id: WithdrawalId) -> String {
        let question = format!("select status as what from withdrawal where id = '{id}'");
        sluice_sim::oracle::store::ask(&self.bench.db, &question).unwrap().remove(0)
    }

    /// What left the desk, atoms, by the chain.
    fn spent(&self) -> i64 {
        let asset = self.bench.world.asset.clone();
        let address: Address = self.person.account().into();
        let chain = self.bench.ports.chains.values().next().unwrap();
        let (_, units) = now(chain.balances(address, &[asset])).unwrap();
        2 * FIVE_ATOMS - i64::try_from(units[0]).unwrap()
    }

    /// The person's own wallet sends it.
    fn sends(&self, bytes: &Unsigned) {
        let raw =
            tron::returned(&bytes.bytes, self.person.account(), None, &self.person.signs(&bytes.digest));
        let tx = std::sync::Arc::new(decode(&raw.unwrap()).unwrap());
        let mut chain = self.bench.world.chain();
        let count = chain.nodes.len();
        (0..count).for_each(|node| drop(chain.offer(node, &tx)));
    }

    fn transfers(&self, id: WithdrawalId) -> usize {
        self.bench
            .count(&format!("select transfer_id as what from transfer_item where withdrawal_id = '{id}'"))
    }
}

fn cause(bench: &Bench, by: KeyId) -> Cause {
    Cause { actor: Actor::Key(by), reason: "seen it".into(), at: bench.ports.clock.now() }
}

#[test]
fn a_refill_is_handed_out_signed_and_paid_once() {
    let mut desk = Desk::shown();
    let id = desk.order("refill-1").unwrap();
    desk.rounds(10);
    assert_eq!(
        (desk.transfers(id), desk.status(id).as_str()),
        (0, "approved"),
        "nothing is built for nobody"
    );
    let bytes = desk.bytes(id, DUTY[0]);
    assert_eq!(desk.status(id), "signing");
    assert_eq!(desk.bytes(id, DUTY[0]), bytes, "again the same ones");
    assert_eq!(desk.submits(id, &desk.person.returns(&bytes)), Ok(true));
    assert_eq!(desk.submits(id, &desk.person.returns(&bytes)), Ok(false), "twice is once");
    desk.rounds(60);
    assert_eq!((desk.status(id).as_str(), desk.spent()), ("completed", FIVE_ATOMS));
    assert_eq!(desk.submits(id, &desk.person.returns(&bytes)), Ok(false), "and long after");
    assert_eq!(desk.order("refill-1"), Ok(id), "ordered again, it is the same one");
    desk.rounds(60);
    assert_eq!((desk.transfers(id), desk.spent()), (1, FIVE_ATOMS));
    assert_eq!(desk.stored(desk.wallet).state, LaneState::Open, "all of it is explained");
}

#[test]
fn what_a_person_sends_without_a_word_is_the_same_transaction_and_no_stranger() {
    let mut desk = Desk::shown();
    let id = desk.order("refill-1").unwrap();
    let bytes = desk.bytes(id, DUTY[0]);
    desk.sends(&bytes);
    desk.rounds(60);
    assert_eq!((desk.status(id).as_str(), desk.spent()), ("completed", FIVE_ATOMS));
    assert_eq!(desk.stored(desk.wallet).state, LaneState::Open);
    assert_eq!(
        desk.submits(id, &desk.person.returns(&bytes)),
        Ok(true),
        "the signature belongs to the record"
    );
    assert_eq!(desk.status(id), "completed");
}

#[test]
fn what_was_never_signed_dies_by_proof_and_is_made_anew_and_its_old_bytes_pay_nothing() {
    let mut desk = Desk::shown();
    let id = desk.order("refill-1").unwrap();
    let old = desk.bytes(id, DUTY[0]);
    let expires_at_ms = old.terms.tron().unwrap().expires_at_ms;
    while desk.bench.ports.clock.now().millis() <= expires_at_ms {
        desk.round();
        assert_eq!(desk.transfers(id), 1, "no other slot while it may be included");
    }
    assert_eq!(desk.submits(id, &desk.person.returns(&old)), Err(SubmitError::Expired));
    desk.rounds(60);
    assert_eq!(desk.status(id), "queued");
    let proofs = "select id as what from proof where verdict = 'dead'";
    assert_eq!(desk.bench.count(proofs), 1, "by a proof");
    let new = desk.bytes(id, DUTY[1]);
    assert_ne!(new.digest, old.digest);
    let other = desk.submits(id, &desk.person.returns(&old));
    assert!(matches!(other, Err(SubmitError::Returned(tron::ReturnedError::Differs(_)))), "{other:?}");
    desk.sends(&old);
    desk.submits(id, &desk.person.returns(&new)).unwrap();
    desk.rounds(60);
    assert_eq!((desk.status(id).as_str(), desk.transfers(id), desk.spent()), ("completed", 2, FIVE_ATOMS));
}

#[test]
fn two_persons_at_once_get_the_same_bytes_one_after_the_other() {
    let mut desk = Desk::shown();
    let id = desk.order("refill-1").unwrap();
    let HandedOut::Waiting(_) = desk.wants(id, DUTY[0]).unwrap() else { panic!("nothing is built yet") };
    assert!(matches!(desk.wants(id, DUTY[1]), Err(HandOutError::Held { .. })));
    let bytes = desk.bytes(id, DUTY[0]);
    assert!(matches!(desk.wants(id, DUTY[1]), Err(HandOutError::Held { .. })));
    let rounds = usize::try_from(LEASE_MS / 500).unwrap();
    let expires_at_ms = bytes.terms.tron().unwrap().expires_at_ms;
    for _ in 0..rounds {
        if desk.bench.ports.clock.now().millis() > expires_at_ms - 5_000 {
            break;
        }
        desk.round();
    }
    match desk.wants(id, DUTY[1]) {
        // Chains of the model are quick: here it may expire before the lease does.
        Err(HandOutError::Held { .. }) => {}
        Ok(HandedOut::Bytes(_, same)) => assert_eq!(*same, bytes),
        other => panic!("{other:?}"),
    }
    // Whoever has the signature: it is over these bytes, by this key.
    desk.submits(id, &desk.person.returns(&bytes)).unwrap();
    desk.rounds(60);
    assert_eq!((desk.transfers(id), desk.spent()), (1, FIVE_ATOMS));
}

#[test]
fn another_key_and_other_bytes_are_refused_and_change_nothing() {
    let mut desk = Desk::shown();
    let id = desk.order("refill-1").unwrap();
    assert_eq!(
        desk.submits(id, &Returned { raw: None, signature: vec![0; 65] }),
        Err(SubmitError::NotHandedOut)
    );
    let bytes = desk.bytes(id, DUTY[0]);
    let stranger = Person::new(0x78).returns(&bytes);
    let refused = desk.submits(id, &stranger);
    assert!(matches!(refused, Err(SubmitError::Returned(tron::ReturnedError::Key { .. }))), "{refused:?}");
    let mut read = tron::decode_raw(&bytes.bytes).unwrap();
    read.terms.fee_limit_sun += 1;
    let raw = tron::raw(&read);
    let signature = desk.person.signs(&tron::txid(&raw));
    let refused = desk.submits(id, &Returned { raw: Some(raw), signature });
    let Err(SubmitError::Returned(tron::ReturnedError::Differs(differences))) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(differences.iter().map(|it| it.field).collect::<Vec<_>>(), ["fee_limit_sun"]);
    desk.rounds(20);
    assert_eq!((desk.status(id).as_str(), desk.spent()), ("signing", 0));
}

#[test]
fn an_engine_that_dies_between_any_two_turns_pays_once() {
    let mut desk = Desk::shown();
    let id = desk.order("refill-1").unwrap();
    let HandedOut::Waiting(_) = desk.wants(id, DUTY[0]).unwrap() else { panic!("nothing is built yet") };
    let mut signed = false;
    for _ in 0..90 {
        desk.memory = lane::Memory::default();
        desk.bench.restart();
        desk.round();
        if let (false, Ok(HandedOut::Bytes(_, bytes))) = (signed, desk.wants(id, DUTY[0])) {
            signed = desk.submits(id, &desk.person.returns(&bytes)).unwrap();
        }
    }
    assert_eq!((desk.status(id).as_str(), desk.transfers(id), desk.spent()), ("completed", 1, FIVE_ATOMS));
}

#[test]
fn a_store_from_before_a_hand_out_is_found_out_and_hands_nothing_out_until_all_of_it_has_expired() {
    let mut desk = Desk::shown();
    let id = desk.order("refill-1").unwrap();
    desk.rounds(10);
    let copy = desk.bench.copy();
    // The person was told, the store is gone, and the person signs.
    let bytes = desk.bytes(id, DUTY[0]);
    desk.bench.put_back(&copy);
    let shut_at = desk.bench.ports.clock.now();
    let _turn = now(lane::turn(&desk.bench.ports, desk.wallet, "bench", &mut lane::Memory::default()));
    let shut = desk.stored(desk.wallet);
    assert!(matches!(shut.state, LaneState::Frozen { .. }), "{:?}", shut.state);
    assert!(shut.quiet_until.unwrap().since_ms(shut_at) >= QUIET_MS, "{:?}", shut.quiet_until);
    assert_eq!(
        desk.wants(id, DUTY[0]),
        Err(HandOutError::Order(OrderError::Stopped)),
        "with everything else"
    );
    // Even where somebody opens it at once.
    let open = shut.clone().unfreeze(0, "opened too soon").unwrap().into_after();
    let quiet_until = shut.quiet_until.unwrap();
    assert!(!open.hands_out(quiet_until.plus_ms(-1)) && open.hands_out(quiet_until));
    // What the person sends is no transaction of this store: it is seen, and two persons explain it before anything else.
    desk.sends(&bytes);
    for _ in 0..40 {
        let _turn = now(lane::turn(&desk.bench.ports, desk.wallet, "bench", &mut desk.memory));
        desk.bench.round();
    }
    let question = format!("select txid as what from sighting where wallet_id = '{}'", desk.wallet);
    assert_eq!((desk.bench.count(&question), desk.spent()), (1, FIVE_ATOMS));
    assert_eq!(desk.transfers(id), 0, "and the refill has no slot beside it");
}

#[test]
fn a_key_is_shown_by_its_own_signature_and_nothing_is_ordered_before() {
    let desk = Desk::new();
    assert_eq!(desk.order("refill-1"), Err(RefillError::NoDesk(desk.wallet)));
    assert!(matches!(desk.show(&Person::new(0x78)), Err(AdoptError::NotShown(_))), "another key");
    let shown = desk.show(&desk.person).unwrap();
    assert!(shown.is_desk() && shown == desk.stored(desk.wallet));
    desk.order("refill-1").unwrap();
    assert_eq!(desk.order("refill-2"), Err(RefillError::AlreadyOpen(desk.bench.lane)));
}

#[test]
fn what_leaves_a_desk_that_was_never_handed_out_freezes_it() {
    let mut desk = Desk::shown();
    let id = desk.order("refill-1").unwrap();
    let bytes = desk.bytes(id, DUTY[0]);
    let mut read = tron::decode_raw(&bytes.bytes).unwrap();
    read.terms.timestamp_ms += 1;
    let raw = tron::raw(&read);
    let forged = Unsigned { digest: tron::txid(&raw), bytes: raw, ..bytes };
    desk.sends(&forged);
    desk.rounds(40);
    let state = desk.stored(desk.wallet).state.clone();
    assert!(matches!(state, LaneState::Frozen { .. }), "{state:?}");
    assert_eq!(desk.wants(id, DUTY[0]), Err(HandOutError::Shut), "the same payment would be made twice");
}

#[test]
fn a_desk_stays_in_service_while_a_person_has_bytes_of_it_in_hand() {
    let mut desk = Desk::shown();
    let id = desk.order("refill-1").unwrap();
    let bytes = desk.bytes(id, DUTY[0]);
    let gives = |desk: &Desk, order: &LaneCommand, by: usize| {
        now(command(&desk.bench.ports, None, desk.wallet, order, cause(&desk.bench, DUTY[by])))
    };
    gives(&desk, &LaneCommand::Drain, 0).unwrap();
    let refused = gives(&desk, &LaneCommand::Retire, 0);
    assert!(matches!(refused, Err(OrderError::NotEmpty(_))), "{refused:?}");
    desk.sends(&bytes);
    desk.rounds(60);
    assert_eq!(desk.status(id), "completed", "and it is seen, though nothing new is handed out");
    let watched = gives(&desk, &LaneCommand::Retire, 0);
    assert!(matches!(watched, Err(OrderError::NotEmpty(_))), "it may still be taken back: {watched:?}");
    desk.rounds(200);
    gives(&desk, &LaneCommand::Retire, 0).unwrap();
    gives(&desk, &LaneCommand::Retire, 1).unwrap();
    assert_eq!(desk.stored(desk.wallet).state, LaneState::Retired, "with what it holds");
}

#[test]
fn what_is_called_off_while_a_person_has_it_is_told_to_nobody_else_and_ends_by_the_chain() {
    let mut desk = Desk::shown();
    let id = desk.order("refill-1").unwrap();
    let bytes = desk.bytes(id, DUTY[0]);
    let by = cause(&desk.bench, DUTY[0]);
    let called = now(cancel(&desk.bench.ports, desk.bench.partner, id, by)).unwrap();
    assert!(matches!(called, Cancelled::Requested(_)), "a signature may exist: {called:?}");
    assert_eq!(desk.wants(id, DUTY[0]), Err(HandOutError::NotDue("called off")));
    let expires_at_ms = bytes.terms.tron().unwrap().expires_at_ms;
    while desk.bench.ports.clock.now().millis() <= expires_at_ms {
        desk.round();
        assert_eq!(desk.status(id), "signing");
    }
    desk.rounds(60);
    assert_eq!((desk.status(id).as_str(), desk.spent()), ("cancelled", 0));
}

#[test]
fn a_stop_keeps_bytes_from_being_made_and_told_and_sent() {
    let mut desk = Desk::shown();
    let id = desk.order("refill-1").unwrap();
    let cause = cause(&desk.bench, DUTY[0]);
    let (actor, reason, at) = (cause.actor.clone(), "look first".to_owned(), cause.at);
    let stop = Stop { scope: Scope::Wallet(desk.wallet), holder: PLATFORM, actor, reason, at };
    let change = Change { stop: Some(stop), cause: Some(cause), ..Change::default() };
    now(desk.bench.ports.store.apply(None, vec![change])).unwrap();
    assert_eq!(desk.wants(id, DUTY[0]), Err(HandOutError::Order(OrderError::Stopped)));
    desk.rounds(10);
    assert_eq!(desk.transfers(id), 0);
}
