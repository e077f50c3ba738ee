//! Loans of the pool: stored with the errand that lends or not at all, one for each need, taken back only once they are free.

use sluice_core::address::TronAddress;
use sluice_core::amount::{Amount, Cost};
use sluice_core::chain::{ChainId, ChainProfile};
use sluice_core::energy::credit::Billing;
use sluice_core::energy::{Loan, LoanState, Need, Terms, Wanted};
use sluice_core::errand::{Errand, Resource};
use sluice_core::id::{EnergyNeedId, PartnerId, ProofId, TransferId, WalletId, WithdrawalId};
use sluice_core::intent::DeploymentId;
use sluice_core::moved::{Moved, Reached};
use sluice_core::policy::of_the_house;
use sluice_core::port::store::{Change, Intake, Outcome, Store};
use sluice_core::time::Timestamp;
use sluice_core::wallet::Wallet;
use sluice_core::withdrawal::{CancelEffect, CancelRequest, Paid, Request, State, Withdrawal};

use crate::world::{World, block};

promises! {
    a_loan_commits_with_its_errand_or_not_at_all;
    a_need_is_lent_to_once;
    a_loan_reads_back_in_every_state_it_comes_to;
    a_loan_is_taken_back_only_once_it_is_free_and_kept_for_ever;
    a_lane_sees_its_own_loans_while_they_are_open;
}

const RECEIVER: TronAddress = TronAddress([0x22; 20]);
const STAKE_SUN: u64 = 7_000_000_000;

pub fn chain() -> ChainId {
    ChainProfile::nile().id
}

/// A wallet on TRON beside the world's own.
pub async fn adopted(world: &World, partner: PartnerId, byte: u8) -> Wallet {
    adopted_at(world, partner, TronAddress([byte; 20])).await
}

/// The same at an address of its own, for worlds that share a database.
pub async fn adopted_at(world: &World, partner: PartnerId, address: TronAddress) -> Wallet {
    let (id, address) = (WalletId::new(world.ulid()), address.into());
    let step = Wallet::adopt(id, partner, chain(), address, "it".into(), 0, "test".into(), world.now());
    let wallet = step.after().clone();
    world.applied(Change { wallets: vec![step], ..world.change() }).await;
    wallet
}

/// A pool, a lane and its open need.
pub struct Scene {
    pub pool: Wallet,
    pub lane: Wallet,
    pub need: Need,
}

pub async fn scene(world: &World) -> Scene {
    let pool = adopted(world, world.partner.id, 0x21).await;
    scene_of(world, &pool, world.partner.id, 0x22).await
}

/// A lane of a partner, beside a pool.
pub async fn scene_of(world: &World, pool: &Wallet, partner: PartnerId, byte: u8) -> Scene {
    scene_on(world, pool, adopted(world, partner, byte).await).await
}

/// A lane beside a pool, and its open need.
pub async fn scene_on(world: &World, pool: &Wallet, lane: Wallet) -> Scene {
    let pool = pool.clone();
    let wanted = Wanted {
        id: EnergyNeedId::new(world.ulid()),
        partner: lane.partner,
        wallet: lane.id,
        chain: chain(),
        receiver: RECEIVER,
        energy: 65_000,
        burning_sun: Cost(6_500_000),
        deadline: world.now().plus_ms(60_000),
    };
    let step = Need::open(wanted, world.now());
    let need = step.after().clone();
    world.applied(Change { needs: vec![step], ..world.change() }).await;
    Scene { pool, lane, need }
}

fn errand(world: &World, pool: &Wallet, external_id: String, errand: &Errand) -> Intake {
    let amount = Amount::from_atoms(i64::try_from(STAKE_SUN).unwrap()).unwrap();
    let request = Request::errand(external_id, pool, &ChainProfile::nile(), errand, amount).unwrap();
    let decision = of_the_house(&request).unwrap();
    let (id, deployment) = (WithdrawalId::new(world.ulid()), DeploymentId("test".into()));
    let withdrawal = Withdrawal::request(id, pool.partner, &deployment, request, false, world.now());
    Intake { withdrawal, idempotency_key: None, decision, cause: world.cause() }
}

pub fn asked(world: &World, scene: &Scene) -> (Moved<Loan>, Intake) {
    asked_for(world, scene, Cost(2_112_500))
}

fn asked_for(world: &World, scene: &Scene, price_sun: Cost) -> (Moved<Loan>, Intake) {
    let lend = Errand::Delegation { resource: Resource::Energy, to: RECEIVER.into(), lock: None };
    let intake = errand(world, &scene.pool, Loan::lends_as(scene.need.id), &lend);
    let loan =
        Loan::ask(&scene.need, terms(world, scene, price_sun, Billing::Postpaid, &intake), world.now());
    (loan, intake)
}

/// A loan that is paid as it is said.
pub fn asked_as(world: &World, scene: &Scene, billing: Billing) -> (Moved<Loan>, Intake) {
    asked_named(world, scene, billing, Loan::lends_as(scene.need.id))
}

/// The same, with an errand of this name.
pub fn asked_named(
    world: &World,
    scene: &Scene,
    billing: Billing,
    external_id: String,
) -> (Moved<Loan>, Intake) {
    let lend = Errand::Delegation { resource: Resource::Energy, to: RECEIVER.into(), lock: None };
    let intake = errand(world, &scene.pool, external_id, &lend);
    let terms = terms(world, scene, Cost(2_112_500), billing, &intake);
    (Loan::ask(&scene.need, terms, world.now()), intake)
}

fn terms(world: &World, scene: &Scene, price_sun: Cost, billing: Billing, intake: &Intake) -> Terms {
    Terms {
        lender: scene.pool.id,
        energy: 65_650,
        stake_sun: STAKE_SUN,
        price_sun,
        billing,
        stay_s: 60,
        deadline: world.now().plus_ms(30_000),
        errand: intake.withdrawal.after().id,
    }
}

pub async fn lent_to(world: &World, scene: &Scene) -> Loan {
    let (loan, intake) = asked(world, scene);
    let after = loan.after().clone();
    world.applied(Change { loans: vec![loan], errands: vec![intake], ..world.change() }).await;
    assert_eq!(seen(world).await, std::slice::from_ref(&after));
    after
}

async fn seen(world: &World) -> Vec<Loan> {
    world.db.energy(chain(), Timestamp::default(), &[]).await.unwrap().loans
}

/// Stores a step, and finds the loan as it was.
pub async fn stored(world: &World, step: Moved<Loan>) -> Loan {
    let after = step.after().clone();
    world.applied(Change { loans: vec![step], ..world.change() }).await;
    assert_eq!(seen(world).await, std::slice::from_ref(&after), "{}", after.state.as_str());
    after
}

/// As if the errand were paid.
#[expect(clippy::disallowed_methods, reason = "a test says what the chain has done")]
pub async fn paid(world: &World, id: WithdrawalId) -> Withdrawal {
    let mut record = (*world.withdrawal(id).await).clone();
    record.state = State::Paid(Paid {
        decision: None,
        by: None,
        proof: ProofId::new(world.ulid()),
        txid: [1; 32],
        block: block(7),
        at: world.now(),
    });
    Reached::restored(record)
}

pub async fn called_off(world: &World, id: WithdrawalId) -> Withdrawal {
    let wish = CancelRequest { by: world.cause().actor, reason: "it".into(), at: world.now() };
    let CancelEffect::Now(step) = world.withdrawal(id).await.cancel(wish).unwrap() else {
        panic!("nothing of it was begun")
    };
    world.applied(Change { withdrawals: vec![*step], ..world.change() }).await;
    world.withdrawal(id).await
}

async fn a_loan_commits_with_its_errand_or_not_at_all(world: World) {
    let scene = scene(&world).await;
    let (alone, _) = asked(&world, &scene);
    assert!(matches!(
        world.apply(Change { loans: vec![alone], ..world.change() }).await,
        Outcome::Refused(_)
    ));
    assert!(seen(&world).await.is_empty());
    // What takes the errand's name takes the loan along.
    let back = Errand::Reclaim { resource: Resource::Energy, from: RECEIVER.into() };
    let taken = errand(&world, &scene.pool, Loan::lends_as(scene.need.id), &back);
    world.applied(Change { errands: vec![taken], ..world.change() }).await;
    let (loan, intake) = asked(&world, &scene);
    let outcome = world.apply(Change { loans: vec![loan], errands: vec![intake], ..world.change() }).await;
    assert_eq!(outcome, Outcome::Refused("m1_one_external_id".into()));
    assert!(seen(&world).await.is_empty());
}

async fn a_need_is_lent_to_once(world: World) {
    let scene = scene(&world).await;
    let first = lent_to(&world, &scene).await;
    let (second, intake) = asked_for(&world, &scene, Cost::ZERO);
    let outcome = world.apply(Change { loans: vec![second], errands: vec![intake], ..world.change() }).await;
    assert_eq!(outcome, Outcome::Refused("energy_loan_pkey".into()));
    assert_eq!(seen(&world).await, std::slice::from_ref(&first));
    assert_eq!(world.number("select count(*) from withdrawal").await, 1);
    // Also once the first came to nothing.
    let errand = called_off(&world, first.errand).await;
    let step = first.hear(&errand, false, world.now()).unwrap().unwrap();
    stored(&world, step).await;
    let (second, intake) = asked_for(&world, &scene, Cost::ZERO);
    let outcome = world.apply(Change { loans: vec![second], errands: vec![intake], ..world.change() }).await;
    assert_eq!(outcome, Outcome::Refused("energy_loan_pkey".into()));
}

async fn a_loan_reads_back_in_every_state_it_comes_to(world: World) {
    let scene = scene(&world).await;
    let loan = lent_to(&world, &scene).await;
    let lends = paid(&world, loan.errand).await;
    let loan = stored(&world, loan.expire(world.now().plus_ms(30_000)).unwrap().unwrap()).await;
    let loan = stored(&world, loan.hear(&lends, false, world.now()).unwrap().unwrap()).await;
    let over = world.now().plus_ms(60_000);
    let counted = vec![TransferId::new(world.ulid()), TransferId::new(world.ulid())];
    let loan = stored(&world, loan.end(counted, over).unwrap()).await;
    let mut loan = stored(&world, loan.free(&[], over).unwrap().unwrap()).await;
    let back = Errand::Reclaim { resource: Resource::Energy, from: RECEIVER.into() };
    let mut now = over;
    for tries in 1..=2 {
        let intake = errand(&world, &scene.pool, loan.returns_as(tries), &back);
        let step = loan.take_back(intake.withdrawal.after().id, now).unwrap();
        loan = step.after().clone();
        world.applied(Change { loans: vec![step], errands: vec![intake], ..world.change() }).await;
        assert_eq!(seen(&world).await, std::slice::from_ref(&loan));
        if tries == 1 {
            let in_vain = called_off(&world, loan.waits_for().unwrap()).await;
            loan = stored(&world, loan.hear(&in_vain, false, now).unwrap().unwrap()).await;
            now = now.plus_ms(60_000);
        }
    }
    let done = paid(&world, loan.waits_for().unwrap()).await;
    let loan = stored(&world, loan.hear(&done, false, now).unwrap().unwrap()).await;
    assert_eq!(loan.state, LoanState::Returned);
    // Its need is open: that it had one is seen. Afterwards it is over.
    let served = scene.need.serve(world.now()).unwrap();
    world.applied(Change { needs: vec![served], ..world.change() }).await;
    assert!(seen(&world).await.is_empty());
    assert_eq!(world.number("select count(*) from event where kind like 'energy.loan%'").await, 9);
}

async fn a_loan_is_taken_back_only_once_it_is_free_and_kept_for_ever(world: World) {
    let scene = scene(&world).await;
    let loan = lent_to(&world, &scene).await;
    let stale = loan.clone();
    let lends = paid(&world, loan.errand).await;
    stored(&world, loan.hear(&lends, false, world.now()).unwrap().unwrap()).await;
    let again = stale.hear(&lends, false, world.now()).unwrap().unwrap();
    assert_eq!(world.apply(Change { loans: vec![again], ..world.change() }).await, Outcome::Moved);
    let to = |state: &str| {
        let back = if state == "returning" { "errand_id" } else { "null" };
        format!("update energy_loan set state = '{state}', return_id = {back}")
    };
    for text in [
        &to("returning"),
        &to("free"),
        "delete from energy_loan",
        "update energy_loan set stake_sun = 1",
        "update energy_loan set prepaid = 1 - prepaid",
    ] {
        assert!(world.db.tamper(text, text).await.is_err(), "{text}");
    }
}

async fn a_lane_sees_its_own_loans_while_they_are_open(world: World) {
    let scene = scene(&world).await;
    let loan = lent_to(&world, &scene).await;
    let of = async |wallet: &Wallet| world.db.lane(wallet.id).await.unwrap().unwrap().loans;
    assert_eq!(of(&scene.lane).await, std::slice::from_ref(&loan));
    assert!(of(&scene.pool).await.is_empty(), "the pool has lent it, and has none");
    let rented = async |wallet: &Wallet| {
        let stood = world.db.stood(chain(), world.now()).await.unwrap();
        stood.iter().find(|it| it.wallet == wallet.id).unwrap().rented
    };
    assert_eq!((rented(&scene.lane).await, rented(&scene.pool).await), (loan.energy, 0), "none of its own");
    let errand = called_off(&world, loan.errand).await;
    stored(&world, loan.hear(&errand, false, world.now()).unwrap().unwrap()).await;
    assert!(of(&scene.lane).await.is_empty());
    assert_eq!(rented(&scene.lane).await, 0);
}
