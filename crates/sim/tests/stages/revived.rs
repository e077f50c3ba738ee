//! A reorganisation takes the death of a slot back while its withdrawal has another one, built and not signed: whichever
//! of them the chain ends how, the withdrawal is told to be what it is, and no nonce is held up (M1, M4, M16).

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use sluice_core::access::Actor;
use sluice_core::attempt::{Durable, Kind, Unsigned};
use sluice_core::event::Cause;
use sluice_core::id::{TransferId, WithdrawalId};
use sluice_core::intent::SigningRequest;
use sluice_core::port::around::signer::{Answer, Around, Wrapped};
use sluice_core::port::signer::{Signature, Signer, SignerError, SignerRefusal};
use sluice_core::port::store::Store as _;
use sluice_core::transfer::{Mode, State as TransferState, Transfer};
use sluice_core::withdrawal::{AttentionCode, State, Withdrawal};
use sluice_flow::operator::{self, give_up, redrive};
use sluice_sim::model::block::Tx;
use sluice_sim::oracle::store::{always, ask};
use sluice_sim::world::director::DUTY;

use crate::bench::{Bench, now};
use crate::fill::{COMPLETED, rounds_until};

const SIGNS: u8 = 0;
const DOWN: u8 = 1;
/// Refuses payments for good.
const REFUSES: u8 = 2;

/// A signer that signs, or does not; it always closes.
struct Moody(Arc<AtomicU8>);

impl Around for Moody {
    fn sign<'a>(
        &'a self,
        inner: &'a dyn Signer,
        requests: &'a [(SigningRequest, Durable<Unsigned>)],
    ) -> Answer<'a, Vec<Result<Signature, SignerRefusal>>> {
        Box::pin(async move {
            let mood = self.0.load(Ordering::Relaxed);
            if mood == DOWN {
                return Err(SignerError::Down("a test says so".into()));
            }
            let mut answers = Vec::new();
            for asked in requests {
                answers.push(match asked.0.kind {
                    Kind::Pay if mood == REFUSES => Err(SignerRefusal {
                        code: "not_this_one".into(),
                        detail: "a test says so".into(),
                        permanent: true,
                    }),
                    Kind::Pay | Kind::Void => inner.sign(std::slice::from_ref(asked)).await?.remove(0),
                });
            }
            Ok(answers)
        })
    }
}

/// The first slot of the only withdrawal has reverted, by proof; its second is built, and the signer is down. Then the
/// block of the first is gone.
struct Revived {
    bench: Bench,
    mood: Arc<AtomicU8>,
    withdrawal: WithdrawalId,
    /// What was signed for the first slot.
    payment: Arc<Tx>,
}

const BUILT: &str = "select id as what from transfer where state = 'built' limit 5";
const TRANSFERS: &str = "select id as what from transfer order by id limit 5";

impl Revived {
    fn new() -> Self {
        let mood = Arc::new(AtomicU8::new(SIGNS));
        let by = Moody(Arc::clone(&mood));
        let mut bench = Bench::new(|inner| Arc::new(Wrapped { inner, by }));
        bench.order(1, &bench.world.asset.clone());
        bench.turn().unwrap();
        let withdrawal = crate::restore::withdrawals(&bench).pop().unwrap().id;
        let payment = bench.world.chain().nodes[0].pool.all().next().cloned().unwrap();
        bench.world.chain().issuer.paused = true;
        rounds_until(&mut bench, "it reverts", |bench| !crate::restore::paid(bench).is_empty());
        bench.world.chain().issuer.paused = false;
        mood.store(DOWN, Ordering::Relaxed);
        rounds_until(&mut bench, "its second slot is built", |bench| bench.count(BUILT) == 1);
        let mut it = Self { bench, mood, withdrawal, payment };
        it.forget();
        assert!(matches!(it.withdrawal().state, State::Assigned(_)));
        it
    }

    /// The block of the first slot leaves the chain, and nothing of it is in a pool.
    fn forget(&mut self) {
        let time_s = self.bench.world.sim.now_us().div_euclid(1_000_000);
        let mut chain = self.bench.world.chain();
        chain.terms.returned_permille = 0;
        let at = chain.blocks.iter().position(|block| !block.txs.is_empty()).unwrap();
        let depth = (chain.blocks.len() - at) as u64;
        let finalized = chain.finalized();
        assert!(at as u64 <= finalized, "below finality");
        chain.reorg(depth, time_s, &[]);
        drop(chain);
        self.bench.final_again(finalized);
    }

    /// What was signed for the first slot lands after all.
    fn lands(&mut self) {
        let time_s = self.bench.world.sim.now_us().div_euclid(1_000_000);
        let mut chain = self.bench.world.chain();
        for node in 0..chain.nodes.len() {
            let _heard = chain.offer(node, &self.payment);
        }
        let landed = |chain: &sluice_sim::model::chain::Chain| {
            chain.blocks.iter().flat_map(|block| &block.txs).any(|done| done.tx.hash == self.payment.hash)
        };
        while !landed(&chain) {
            chain.produce(time_s);
        }
    }

    fn says(&self, mood: u8) {
        self.mood.store(mood, Ordering::Relaxed);
    }

    fn withdrawal(&self) -> Withdrawal {
        now(self.bench.db.withdrawals(&[self.withdrawal])).unwrap().pop().unwrap()
    }

    /// Its first, or its second.
    fn transfer(&self, place: usize) -> Transfer {
        let id = TransferId::parse(&ask(&self.bench.db, TRANSFERS).unwrap()[place]).unwrap();
        now(self.bench.db.transfers(&[id])).unwrap().pop().unwrap().0
    }

    fn until(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        for _ in 0..200 {
            if done(self) {
                return;
            }
            self.bench.round();
        }
        panic!("never: {what}; {:?}", self.withdrawal());
    }

    fn ended(&self, place: usize) -> bool {
        matches!(self.transfer(place).state, TransferState::Final(_))
    }

    /// The partner asks to cancel it.
    fn wish(&self) {
        let (partner, cause) = (self.bench.partner, self.bench.cause());
        now(operator::cancel(&self.bench.ports, partner, self.withdrawal, cause)).unwrap();
    }

    fn by(&self, key: usize) -> Cause {
        Cause { actor: Actor::Key(DUTY[key]), ..self.bench.cause() }
    }

    /// The only payment there is, and its withdrawal says so.
    fn is_paid_once(&self) {
        let withdrawal = self.withdrawal();
        let State::Paid(paid) = &withdrawal.state else { panic!("{withdrawal:?}") };
        assert_eq!(paid.txid, self.payment.hash);
        let chain = self.bench.world.chain();
        let events =
            chain.blocks.iter().flat_map(|block| &block.txs).filter(|done| done.event.is_some()).count();
        assert_eq!(events, 1);
        drop(chain);
        assert!(always(&self.bench.db).is_none(), "{:?}", always(&self.bench.db));
    }
}

fn is_void(transfer: &Transfer) -> bool {
    matches!(transfer.mode(), Some(Mode::Void { .. }))
}

#[test]
fn a_payment_proven_late_completes_a_withdrawal_whose_second_slot_is_closed_unsigned() {
    let mut it = Revived::new();
    it.lands();
    it.until("its payment is final, and it is asked back from the second", |it| it.ended(0));
    it.until("the second is closed", |it| is_void(&it.transfer(1)));
    it.is_paid_once();
    it.says(SIGNS);
    it.until("its nonce is filled", |it| it.ended(1));
    it.is_paid_once();
}

#[test]
fn the_void_of_a_second_slot_is_kept_while_the_first_is_alive() {
    let mut it = Revived::new();
    it.until("the first is alive again", |it| !it.ended(0));
    it.wish();
    it.says(SIGNS);
    it.bench.turn().unwrap();
    assert!(is_void(&it.transfer(1)), "closed and voided in one turn: {:?}", it.transfer(1));
    assert!(!it.ended(0));
    let asked = it.withdrawal();
    assert!(
        matches!(&asked.state, State::NeedsAttention(asked)
            if asked.code == AttentionCode::SlotsReopened && !asked.slots_dead),
        "not cancelled while the first may pay: {asked:?}"
    );
    let early = now(give_up(&it.bench.ports, None, it.withdrawal, it.by(0)));
    assert!(early.is_err(), "{early:?}");
    it.bench.order(2, &it.bench.world.asset.clone());
    rounds_until(&mut it.bench, "what comes after is paid", |bench| bench.count(COMPLETED) == 1);
    it.until("both are voided", |it| it.ended(0) && it.ended(1));
    let failed = now(give_up(&it.bench.ports, None, it.withdrawal, it.by(0))).unwrap();
    assert!(matches!(failed.done().expect("by one person").state, State::Failed(_)));
    assert!(always(&it.bench.db).is_none());
}

/// The first pays while a person is asked about the second, which the signer would not sign.
#[test]
fn a_payment_proven_late_completes_a_withdrawal_that_a_person_was_asked_about() {
    let mut it = Revived::new();
    it.until("the first is alive again", |it| !it.ended(0));
    it.says(REFUSES);
    it.bench.turn().unwrap();
    assert!(is_void(&it.transfer(1)), "{:?}", it.transfer(1));
    let asked = it.withdrawal();
    assert!(matches!(&asked.state, State::NeedsAttention(asked) if !asked.slots_dead), "{asked:?}");
    it.bench.world.chain().nodes.iter_mut().for_each(|node| node.pool.clear());
    it.lands();
    it.until("the first is final", |it| it.ended(0));
    for free in [
        now(give_up(&it.bench.ports, None, it.withdrawal, it.by(0))),
        now(redrive(&it.bench.ports, None, it.withdrawal, it.by(0))),
    ] {
        assert!(free.is_err(), "{free:?}");
    }
    it.until("the void of the second is final", |it| it.ended(1));
    it.is_paid_once();
}
