//! A desk: what is handed out to a person is paid once, whoever sends it, however often the engine dies, and never twice
//! (ADR 0027).

mod off;
mod vault;

use sluice_codec::tron;
use sluice_core::attempt::Unsigned;
use sluice_core::hand_out::{LEASE_MS, QUIET_MS};
use sluice_core::partner::PLATFORM;
use sluice_core::port::store::Change;
use sluice_core::stop::{Scope, Stop};
use sluice_core::wallet::LaneState;
use sluice_flow::operator::{
    AdoptError, Cancelled, HandOutError, HandedOut, LaneCommand, MovementError, OrderError, Returned,
    SubmitError, cancel, command, give_up,
};
use sluice_flow::{house, lane};
use sluice_sim::world::director::DUTY;

use crate::bench::now;
use crate::fill::{COMPLETED, rounds_until};
use crate::restore::{lift, rounds, unfreeze};

use self::vault::{Desk, FIVE_ATOMS, Person, cause};

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
fn a_refill_that_nobody_takes_in_hand_is_told_until_somebody_does() {
    let mut desk = Desk::shown();
    let mut memory = house::Memory::new(&desk.bench.ports);
    let mut told = |desk: &mut Desk, minutes: i64| {
        desk.bench.pass_us(minutes * 60_000_000);
        // Its lease has ended meanwhile: it reads what is open, and ten seconds later it closes what it does not find.
        for _ in 0..25 {
            desk.bench.pass_us(1_000_000);
            now(house::turn(&desk.bench.ports, "bench", &mut memory)).unwrap();
        }
        desk.bench
            .count("select code as what from alert where code = 'signature_awaited' and resolved_at is null")
    };
    let id = desk.order("refill-1").unwrap();
    assert_eq!((told(&mut desk, 0), told(&mut desk, 27), told(&mut desk, 3)), (0, 0, 1));
    desk.rounds(10);
    let bytes = desk.bytes(id, DUTY[0]);
    assert_eq!(told(&mut desk, 0), 0, "somebody has it in hand: {:?}", desk.withdrawal(id).state);
    desk.submits(id, &desk.person.returns(&bytes)).unwrap();
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

/// It was no desk in the copy, so that nothing of it could be kept quiet when everything was shut.
#[test]
fn a_desk_that_is_shown_after_a_restore_hands_nothing_out_until_what_was_forgotten_has_expired() {
    let mut desk = Desk::new();
    let copy = desk.bench.copy();
    desk.show(&desk.person).unwrap();
    let id = desk.order("refill-1").unwrap();
    let forgotten = desk.bytes(id, DUTY[0]);
    desk.bench.put_back(&copy);
    desk.bench.restart();
    desk.memory = lane::Memory::default();
    rounds(&mut desk.bench, 6);
    unfreeze(&desk.bench, &DUTY);
    lift(&desk.bench);
    let shown = desk.show(&desk.person).unwrap();
    let quiet_until = shown.quiet_until.expect("it is quiet");
    assert!(quiet_until.millis() >= forgotten.terms.tron().unwrap().expires_at_ms);
    let id = desk.order("refill-1").unwrap();
    assert_eq!(desk.wants(id, DUTY[0]), Err(HandOutError::Shut));
    desk.sends(&forgotten);
    for _ in 0..20 {
        let _frozen = now(lane::turn(&desk.bench.ports, desk.wallet, "bench", &mut desk.memory));
        desk.bench.round();
    }
    assert_eq!((desk.transfers(id), desk.spent()), (0, FIVE_ATOMS));
    assert!(matches!(desk.stored(desk.wallet).state, LaneState::Frozen { .. }), "it is to be explained");
}

/// What was handed out in the lost time may still be included.
#[test]
fn a_refill_is_not_given_up_while_what_was_forgotten_of_it_may_land() {
    let mut desk = Desk::shown();
    let id = desk.order("refill-1").unwrap();
    desk.rounds(10);
    let copy = desk.bench.copy();
    let forgotten = desk.bytes(id, DUTY[0]);
    desk.bench.put_back(&copy);
    desk.bench.restart();
    rounds(&mut desk.bench, 6);
    let gives_up = |desk: &Desk, who: usize| {
        now(give_up(&desk.bench.ports, None, id, cause(&desk.bench, DUTY[who])))
            .map(|given| given.done().is_some())
    };
    let refused = gives_up(&desk, 0);
    assert!(matches!(refused, Err(OrderError::Evidence(_))), "{refused:?}");
    desk.bench.pass_us(QUIET_MS * 1_000);
    rounds(&mut desk.bench, 6);
    assert_eq!((gives_up(&desk, 0), gives_up(&desk, 1)), (Ok(false), Ok(true)));
    desk.sends(&forgotten);
    rounds(&mut desk.bench, 20);
    assert_eq!((desk.status(id).as_str(), desk.spent()), ("failed", 0));
}

#[test]
fn a_key_is_shown_by_its_own_signature_and_nothing_is_ordered_before() {
    let desk = Desk::new();
    assert_eq!(desk.order("refill-1"), Err(MovementError::NoDesk(desk.wallet)));
    assert!(matches!(desk.show(&Person::new(0x78)), Err(AdoptError::NotShown(_))), "another key");
    let shown = desk.show(&desk.person).unwrap();
    assert!(shown.is_desk() && shown == desk.stored(desk.wallet));
    desk.order("refill-1").unwrap();
    assert_eq!(desk.order("refill-2"), Err(MovementError::AlreadyOpen(desk.bench.lane)));
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

/// The block of its death leaves the chain, and nothing but a person has its bytes.
#[test]
fn what_was_handed_out_and_lives_again_keeps_its_chain_from_nothing() {
    let mut desk = Desk::shown();
    let id = desk.order("refill-1").unwrap();
    let bytes = desk.bytes(id, DUTY[0]);
    let by = cause(&desk.bench, DUTY[0]);
    now(cancel(&desk.bench.ports, desk.bench.partner, id, by)).unwrap();
    while desk.bench.ports.clock.now().millis() <= bytes.terms.tron().unwrap().expires_at_ms {
        desk.round();
    }
    let below = desk.bench.world.chain().blocks.len();
    desk.rounds(60);
    assert_eq!(desk.status(id), "cancelled");
    let time_s = desk.bench.world.sim.now_us().div_euclid(1_000_000);
    let mut chain = desk.bench.world.chain();
    let (depth, finalized) = ((chain.blocks.len() - below) as u64, chain.finalized());
    assert!(below as u64 <= finalized, "below finality");
    chain.reorg(depth, time_s, &[]);
    drop(chain);
    desk.bench.final_again(finalized);
    let open = "select id as what from transfer where state = 'signed' limit 5";
    rounds_until(&mut desk.bench, "its slot is open again", |bench| bench.count(open) == 1);
    let before = desk.bench.count(COMPLETED);
    let asset = desk.bench.world.asset.clone();
    desk.bench.order(7, &asset);
    rounds_until(&mut desk.bench, "others are paid", |bench| bench.count(COMPLETED) > before);
    rounds_until(&mut desk.bench, "and it is dead again", |bench| bench.count(open) == 0);
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
