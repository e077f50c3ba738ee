//! What the signer's journal has of a life that the store has lost comes to an end, whatever became of it there, and what
//! lands after its withdrawal was given up is told (M4, M6, M17).

use std::sync::Arc;

use sluice_core::access::{Actor, Scope as Scopes};
use sluice_core::address::EvmAddress;
use sluice_core::alert::Code;
use sluice_core::amount::Amount;
use sluice_core::asset::Asset;
use sluice_core::event::Cause;
use sluice_core::id::KeyId;
use sluice_core::partner::{ApiKey, Credential, Limit, PLATFORM, Partner};
use sluice_core::port::registry::Registry as _;
use sluice_core::port::store::Store as _;
use sluice_core::wallet::{LaneState, Wallet};
use sluice_core::withdrawal::{AttentionCode, State, Withdrawal};
use sluice_flow::operator::{self, OrderError, Ordered, Wanted};
use sluice_sim::model::block::Tx;
use sluice_sim::ports::Chance;
use sluice_sim::world::director::DUTY;
use sluice_store::{Db, Template};

use crate::bench::{Bench, now};
use crate::fill::{COMPLETED, FILLED, opened, rounds_until, signed_and_never_sent};
use crate::restore::{asked, frozen, is_final, lift, paid, rounds, withdrawals};
use crate::strangers::steal;

fn give_up(bench: &Bench, waiting: &Withdrawal, by: KeyId) -> Result<Ordered<Withdrawal>, OrderError> {
    let cause = Cause { actor: Actor::Key(by), ..bench.cause() };
    now(operator::give_up(&bench.ports, None, waiting.id, cause))
}

/// Two persons give it up, and it is.
fn given_up(bench: &Bench, waiting: &Withdrawal) {
    let first = give_up(bench, waiting, DUTY[0]);
    assert!(matches!(first, Ok(Ordered::Awaiting(_))), "{first:?}");
    let failed = give_up(bench, waiting, DUTY[1]).unwrap().done().expect("two persons");
    assert!(matches!(failed.state, State::Failed(_)), "{failed:?}");
}

fn refused_as(bench: &Bench, waiting: &Withdrawal, what: &str) {
    let refused = give_up(bench, waiting, DUTY[0]);
    assert!(matches!(&refused, Err(OrderError::Evidence(why)) if why.contains(what)), "{refused:?}");
}

/// It is asked for again, and waits for a person.
fn asked_again(bench: &Bench, number: u8) -> Withdrawal {
    bench.order(number, &bench.world.asset.clone());
    let waiting = withdrawals(bench).pop().unwrap();
    assert_eq!(asked(&waiting), Some(AttentionCode::PaidBeforeRestore));
    waiting
}

fn no_pool_has_anything(bench: &Bench) {
    bench.world.chain().nodes.iter_mut().for_each(|node| node.pool.clear());
}

/// A block of what waits, and nobody of the engine looks.
fn unwatched_block(bench: &Bench) {
    let time_s = bench.world.sim.now_us().div_euclid(1_000_000);
    bench.world.chain().produce(time_s);
}

/// Signs a payment and lets `becomes` end its slot; then the store goes back to before it.
fn ended_in_the_lost_time(becomes: impl FnOnce(&mut Bench)) -> (Bench, Withdrawal) {
    let mut bench = Bench::new(|inner| inner);
    rounds(&mut bench, 20); // until something is final
    let copy = bench.copy();
    bench.order(1, &bench.world.asset.clone());
    bench.turn().unwrap();
    becomes(&mut bench);
    while paid(&bench).is_empty() {
        bench.round();
    }
    bench.put_back(&copy);
    bench.restart();
    rounds(&mut bench, 2);
    assert!(frozen(&bench));
    let waiting = asked_again(&bench, 1);
    while !is_final(&bench) {
        bench.round();
    }
    (bench, waiting)
}

/// The slot has ended without paying, and nothing was filled in it since.
fn is_given_up_once_it_is_deep(bench: &mut Bench, waiting: &Withdrawal) {
    rounds(bench, 12);
    assert_eq!(
        bench.count("select id as what from transfer limit 5"),
        0,
        "nothing of this life is in its slot"
    );
    given_up(bench, waiting);
    assert_eq!(bench.count("select slot as what from lost_death limit 5"), 1, "by a stored proof");
    assert!(sluice_sim::oracle::store::always(&bench.db).is_none());
}

#[test]
fn what_reverted_in_the_lost_time_is_given_up_by_two_persons() {
    let (mut bench, waiting) = ended_in_the_lost_time(|bench| {
        let to = withdrawals(bench).pop().unwrap().request.to;
        bench.world.chain().issuer.blacklist.insert(to.evm().unwrap());
    });
    is_given_up_once_it_is_deep(&mut bench, &waiting);
    opened(&bench);
    bench.order(9, &bench.world.asset.clone());
    rounds_until(&mut bench, "the lane goes on", |bench| bench.count(COMPLETED) == 1);
}

#[test]
fn what_was_voided_in_the_lost_time_is_given_up_by_two_persons() {
    let (mut bench, waiting) = ended_in_the_lost_time(|bench| {
        no_pool_has_anything(bench);
        let id = withdrawals(bench).pop().unwrap().id;
        now(operator::cancel(&bench.ports, bench.partner, id, bench.cause())).unwrap();
        bench.turn().unwrap();
        let chain = bench.world.chain();
        let voids = |tx: &Arc<Tx>| tx.data.is_empty();
        assert!(
            chain.nodes.iter().all(|node| node.pool.all().all(voids))
                && chain.nodes[0].pool.all().count() == 1
        );
        drop(chain);
    });
    is_given_up_once_it_is_deep(&mut bench, &waiting);
}

/// It may have paid the very recipient, so each of the two persons is asked to look.
#[test]
fn what_somebody_else_took_the_slot_of_in_the_lost_time_is_given_up_by_two_persons() {
    let (mut bench, waiting) = ended_in_the_lost_time(|bench| {
        no_pool_has_anything(bench);
        steal(bench, 0);
    });
    is_given_up_once_it_is_deep(&mut bench, &waiting);
}

#[test]
fn what_was_paid_in_the_lost_time_is_not_given_up() {
    let (mut bench, waiting) = ended_in_the_lost_time(|_| {});
    rounds(&mut bench, 12);
    refused_as(&bench, &waiting, "has paid it: resolve it with that");
}

/// Blocks leave from below the final head, the one with the void among them, and what was signed in the lost time is in
/// their place. Nobody of the engine has looked since.
fn lands_after_all(bench: &Bench, lost: &Arc<Tx>) {
    let time_s = bench.world.sim.now_us().div_euclid(1_000_000);
    let mut chain = bench.world.chain();
    let void =
        chain.blocks.iter().find(|block| block.txs.iter().any(|done| done.tx.from == lost.from)).unwrap();
    let depth = chain.head().id.number - void.id.number + 1;
    let finalized = chain.finalized();
    assert!(void.id.number < finalized);
    chain.terms.returned_permille = 0;
    chain.nodes.iter_mut().for_each(|node| node.pool.clear());
    chain.reorg(depth, time_s, &[]);
    for node in 0..chain.nodes.len() {
        let _heard = chain.offer(node, lost);
    }
    drop(chain);
    while paid(bench).is_empty() {
        unwatched_block(bench);
    }
    bench.final_again(finalized);
    assert_eq!(paid(bench), [lost.hash]);
}

/// The lane's hole is filled by proof, so that its payment may be given up.
fn filled() -> (Bench, Arc<Tx>, Withdrawal) {
    let mut bench = Bench::new(|inner| inner);
    let lost = signed_and_never_sent(&mut bench, 1).remove(0);
    opened(&bench);
    let waiting = asked_again(&bench, 1);
    rounds_until(&mut bench, "the hole is filled by proof", |bench| bench.count(FILLED) == 1);
    (bench, lost, waiting)
}

#[test]
fn a_stored_proof_that_the_chain_took_back_gives_nothing_up() {
    let (bench, lost, waiting) = filled();
    lands_after_all(&bench, &lost);
    for _ in 0..12 {
        unwatched_block(&bench);
    }
    refused_as(&bench, &waiting, "has paid it: resolve it with that");
}

#[test]
fn a_lost_payment_that_lands_after_it_was_given_up_freezes_its_lane_and_says_what_happened() {
    let (mut bench, lost, waiting) = filled();
    given_up(&bench, &waiting);
    lands_after_all(&bench, &lost);
    rounds_until(&mut bench, "the lane is frozen", |bench| frozen_lane(bench).is_some());
    let said = format!("for {}, and that has ended without it", waiting.id);
    assert!(frozen_lane(&bench).unwrap().contains(&said), "{:?}", frozen_lane(&bench));
    let alerts = now(bench.db.open_alerts(&[Code::LaneFrozen], None, 10)).unwrap();
    assert!(alerts.iter().any(|alert| alert.raise.detail.contains(&said)), "{alerts:?}");
    // It stays to be explained, as every other transfer that nothing explains.
    rounds(&mut bench, 20);
    let view = now(bench.db.lane(bench.lane)).unwrap().unwrap();
    assert_eq!(view.sightings.iter().map(|it| it.txid).collect::<Vec<_>>(), [lost.hash]);
}

fn frozen_lane(bench: &Bench) -> Option<String> {
    match now(bench.db.lane(bench.lane)).unwrap().unwrap().wallet.state.clone() {
        LaneState::Frozen { evidence, .. } => Some(evidence),
        LaneState::Open | LaneState::Paused | LaneState::Draining | LaneState::Retired => None,
    }
}

/// A store that knows partner, asset and persons, and no wallet.
fn from_before_every_wallet(bench: &Bench) -> Template {
    let fresh = Template::new().unwrap();
    let chance = Arc::new(Chance(bench.world.sim.clone()));
    let db = Db::inline_from_template(&fresh, Arc::clone(&bench.ports.clock), chance).unwrap();
    let at = bench.ports.clock.now();
    now(db.belongs_to(&bench.world.deployment)).unwrap();
    let asset = bench.world.asset.clone();
    for asset in [asset.clone(), Asset::native(&bench.world.profile)] {
        now(db.put_asset(asset)).unwrap();
    }
    let partner = Partner {
        id: bench.partner,
        name: "one".into(),
        zone: "UTC".into(),
        test_mode: true,
        created_at: at,
    };
    let amount = Amount::from_atoms(1_000_000_000).unwrap();
    let limit = Limit { asset: asset.id, per_transaction: amount, daily: amount, version: 1 };
    now(db.create_partner(partner, vec![limit], bench.cause())).unwrap();
    for person in DUTY {
        let key = ApiKey {
            id: person,
            partner: PLATFORM,
            label: "on duty".into(),
            credential: Credential::Ed25519 { public: [7; 32] },
            scopes: Scopes::ALL.to_vec(),
            networks: vec![],
            expires_at: None,
            revoked_at: None,
            created_at: at,
            created_by: None,
            last_used_at: None,
        };
        now(db.create_key(key, bench.cause())).unwrap();
    }
    Template::of(&db).unwrap()
}

fn adopted_again(bench: &Bench, address: EvmAddress) -> Wallet {
    let wanted = Wanted {
        deployment: &bench.world.deployment,
        partner: Some(bench.partner),
        chain: bench.world.profile.id,
        tier: sluice_core::wallet::Tier::Hot,
        address: address.into(),
    };
    now(operator::adopt_held(&bench.ports, &wanted, bench.cause())).unwrap()
}

/// The wallet was adopted after the copy was made, paid once, and signed twice more what no node has any more.
#[test]
fn a_wallet_that_is_adopted_again_goes_on_above_what_was_signed_for_it_in_the_lost_time() {
    let mut bench = Bench::new(|inner| inner);
    let (asset, address) = (bench.world.asset.clone(), bench.world.purses[0].address);
    let copy = from_before_every_wallet(&bench);
    bench.order(1, &asset);
    rounds(&mut bench, 20);
    assert_eq!((paid(&bench).len(), bench.count(COMPLETED)), (1, 1));
    for number in [2, 3] {
        bench.order(number, &asset);
    }
    bench.turn().unwrap();
    no_pool_has_anything(&bench);
    bench.put_back(&copy);
    bench.restart();
    let again = adopted_again(&bench, address);
    assert_eq!((again.id, again.next_nonce), (bench.lane, 3));
    lift(&bench);
    bench.order(9, &asset);
    rounds_until(&mut bench, "what comes after is paid", |bench| bench.count(COMPLETED) == 1);
    rounds_until(&mut bench, "each hole is filled by proof", |bench| bench.count(FILLED) == 2);
    assert_eq!(paid(&bench).len(), 4, "a payment of each life, and two voids");
    given_up(&bench, &asked_again(&bench, 2));
    refused_as(&bench, &asked_again(&bench, 1), "has paid it: resolve it with that");
    assert!(!frozen(&bench));
}
