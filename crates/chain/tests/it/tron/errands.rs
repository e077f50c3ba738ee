//! What the house does with its stakes: simulated, sent, and proven by the very bytes.

use sluice_core::amount::Units;
use sluice_core::asset::Asset;
use sluice_core::errand::{Deed, Resource};
use sluice_core::intent::Payment;
use sluice_core::port::chain::{Chain, Heard, Preflight, Trial};
use sluice_core::proof::{Effect, Inclusion, SlotReading};
use sluice_core::transfer::Failure;

use super::stage::{Stage, stage};
use super::{settled, submit};

const TRX: i64 = 1_000_000;

fn asset(stage: &Stage, deed: Deed) -> Asset {
    Asset::errand(stage.tron.profile(), deed, Resource::Energy)
}

fn asked(stage: &Stage, deed: Deed, whole: i64) -> (Asset, Trial) {
    let asset = asset(stage, deed);
    let to = if deed.is_own() { stage.us() } else { stage.them() };
    let trial = stage.trial(&asset, to, whole * TRX);
    (asset, trial)
}

async fn told(stage: &Stage, deed: Deed, whole: i64) -> Preflight {
    stage.tron.preflight(&[asked(stage, deed, whole).1]).await.unwrap()[0]
}

async fn done(stage: &Stage, asset: &Asset, payment: &Payment) -> Inclusion {
    let attempt = stage.signed(asset, payment, stage.terms(0).await);
    let question = stage.question(asset, &attempt, payment);
    assert_eq!(submit(stage, attempt).await, Heard::Accepted);
    stage.control.solidify().unwrap();
    match settled(stage, &[question]).await {
        SlotReading::Ours(done) => done,
        other => panic!("{other:?}"),
    }
}

/// Does it; what came back with it, in whole TRX.
async fn does(stage: &Stage, deed: Deed, whole: i64) -> i64 {
    let (asset, trial) = asked(stage, deed, whole);
    assert_eq!(stage.tron.preflight(std::slice::from_ref(&trial)).await.unwrap(), [Preflight::passes(0)]);
    let done = done(stage, &asset, &trial.payment).await;
    assert_eq!(done.effect, Effect::Paid { log_index: 0 }, "{deed:?}");
    done.returned.atoms() / TRX
}

/// What could be staked, given up, lent, taken back, and be paid out one day, in whole TRX.
async fn free(stage: &Stage) -> [Units; 5] {
    let assets = Deed::ALL.map(|deed| asset(stage, deed));
    let (_, units) = stage.tron.balances(stage.us().into(), &assets).await.unwrap();
    units.into_iter().map(|sun| sun / Units::from(TRX)).collect::<Vec<_>>().try_into().unwrap()
}

fn whole(figures: [u64; 4]) -> Vec<Units> {
    figures.into_iter().map(Units::from).collect()
}

#[tokio::test]
async fn a_stake_is_made_lent_taken_back_and_given_up() {
    let stage = stage().await;
    assert_eq!(free(&stage).await[1..], whole([0, 0, 0, 0]));
    does(&stage, Deed::Stake, 1_000).await;
    assert_eq!(free(&stage).await[1..], whole([1_000, 1_000, 0, 0]));
    let before = stage.control.energy_left(stage.account(super::HOLDER).address());
    does(&stage, Deed::Delegation, 400).await;
    assert_eq!(free(&stage).await[1..], whole([600, 600, 400, 0]));
    let lent = stage.control.energy_left(stage.account(super::HOLDER).address());
    assert!(lent > before, "{lent} after {before}");
    does(&stage, Deed::Reclaim, 150).await;
    assert_eq!(free(&stage).await[1..], whole([750, 750, 250, 0]));
    does(&stage, Deed::Unstake, 750).await;
    assert_eq!(free(&stage).await[1..], whole([0, 0, 250, 750]));
    assert!(stage.tron.troubles().is_empty());
}

#[tokio::test]
async fn what_there_is_too_little_for_waits() {
    let stage = stage().await;
    let short = Preflight::Fails(Failure::FundsShort);
    assert_eq!(told(&stage, Deed::Stake, 1_000_000_000_000).await, short);
    for deed in [Deed::Unstake, Deed::Delegation, Deed::Reclaim, Deed::Collect] {
        assert_eq!(told(&stage, deed, 1).await, short, "{deed:?}");
    }
    // To nobody, and to a contract, the chain never lends: that ends it.
    does(&stage, Deed::Stake, 100).await;
    let lend = asset(&stage, Deed::Delegation);
    let contract = super::address(stage.sim.usdt());
    for to in [sluice_core::address::TronAddress([0x77; 20]), contract] {
        let trial = stage.trial(&lend, to, TRX);
        let told = stage.tron.preflight(&[trial]).await.unwrap()[0];
        assert_eq!(told, Preflight::Fails(Failure::TransferReverts));
    }
}

#[tokio::test]
async fn a_loan_is_taken_back_when_its_lock_is_over() {
    let stage = stage().await;
    does(&stage, Deed::Stake, 100).await;
    let (lend, mut trial) = asked(&stage, Deed::Delegation, 60);
    trial.payment.memo = Some("lock_blocks:100".into());
    assert_eq!(done(&stage, &lend, &trial.payment).await.effect, Effect::Paid { log_index: 0 });
    let short = Preflight::Fails(Failure::FundsShort);
    assert_eq!(told(&stage, Deed::Reclaim, 60).await, short, "for five minutes");
    stage.control.advance_ms(100 * 3_000);
    stage.control.mine(2).unwrap();
    does(&stage, Deed::Reclaim, 60).await;
}

/// What is due comes with the next stake that is given up, too; the receipt says how much.
#[tokio::test]
async fn what_was_given_up_is_paid_out_once_it_is_due_and_the_receipt_says_how_much() {
    const DAY_MS: i64 = 86_400_000;
    let (stage, short) = (stage().await, Preflight::Fails(Failure::FundsShort));
    does(&stage, Deed::Stake, 100).await;
    assert_eq!(does(&stage, Deed::Unstake, 30).await, 0);
    stage.control.advance_ms(5 * DAY_MS);
    stage.control.mine(2).unwrap();
    assert_eq!(does(&stage, Deed::Unstake, 20).await, 0);
    assert_eq!(told(&stage, Deed::Collect, 30).await, short, "nothing is due");
    stage.control.advance_ms(9 * DAY_MS);
    stage.control.mine(2).unwrap();
    assert_eq!(told(&stage, Deed::Collect, 31).await, short, "the second one is not");
    assert_eq!(does(&stage, Deed::Unstake, 10).await, 30);
    assert_eq!(told(&stage, Deed::Collect, 1).await, short, "it is paid out");
    stage.control.advance_ms(14 * DAY_MS);
    stage.control.mine(2).unwrap();
    assert_eq!(does(&stage, Deed::Collect, 5).await, 30, "all that is due, though less was asked for");
    assert_eq!(free(&stage).await[4], Units::ZERO);
}

#[tokio::test]
async fn another_loan_than_was_meant_is_a_mismatch() {
    let stage = stage().await;
    does(&stage, Deed::Stake, 100).await;
    let (lend, trial) = asked(&stage, Deed::Delegation, 10);
    let attempt = stage.signed(&lend, &trial.payment, stage.terms(0).await);
    // Another lock, another amount, another deed: the question says what was approved.
    let others = [
        (lend.clone(), Payment { memo: Some("lock_blocks:9".into()), ..trial.payment.clone() }),
        (lend.clone(), stage.payment(&lend, stage.them(), 11 * TRX)),
        (asset(&stage, Deed::Reclaim), stage.payment(&asset(&stage, Deed::Reclaim), stage.them(), 10 * TRX)),
    ];
    let questions: Vec<_> =
        others.iter().map(|(asset, payment)| stage.question(asset, &attempt, payment)).collect();
    assert_eq!(submit(&stage, attempt).await, Heard::Accepted);
    stage.control.solidify().unwrap();
    for question in questions {
        let SlotReading::Ours(found) = settled(&stage, &[question]).await else { panic!("not settled") };
        assert_eq!(found.effect, Effect::Mismatch);
    }
}
