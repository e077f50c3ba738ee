//! What the house does with its stakes: simulated, sent, and proven by the very bytes.

use sluice_core::amount::Units;
use sluice_core::asset::Asset;
use sluice_core::errand::{Deed, Resource};
use sluice_core::intent::Payment;
use sluice_core::port::chain::{Chain, Heard, Preflight, Trial};
use sluice_core::proof::{Effect, SlotReading};
use sluice_core::transfer::Failure;

use super::stage::{Stage, stage};
use super::{settled, submit};

const TRX: i64 = 1_000_000;

fn asset(stage: &Stage, deed: Deed) -> Asset {
    Asset::errand(stage.tron.profile(), deed, Resource::Energy)
}

fn asked(stage: &Stage, deed: Deed, whole: i64) -> (Asset, Trial) {
    let asset = asset(stage, deed);
    let own = matches!(deed, Deed::Stake | Deed::Unstake);
    let to = if own { stage.us() } else { stage.them() };
    let trial = stage.trial(&asset, to, whole * TRX);
    (asset, trial)
}

async fn told(stage: &Stage, deed: Deed, whole: i64) -> Preflight {
    stage.tron.preflight(&[asked(stage, deed, whole).1]).await.unwrap()[0]
}

async fn done(stage: &Stage, asset: &Asset, payment: &Payment) -> Effect {
    let attempt = stage.signed(asset, payment, stage.terms(0).await);
    let question = stage.question(asset, &attempt, payment);
    assert_eq!(submit(stage, attempt).await, Heard::Accepted);
    stage.control.solidify().unwrap();
    match settled(stage, &[question]).await {
        SlotReading::Ours(done) => done.effect,
        other => panic!("{other:?}"),
    }
}

async fn does(stage: &Stage, deed: Deed, whole: i64) {
    let (asset, trial) = asked(stage, deed, whole);
    assert_eq!(stage.tron.preflight(std::slice::from_ref(&trial)).await.unwrap(), [Preflight::passes(0)]);
    assert_eq!(done(stage, &asset, &trial.payment).await, Effect::Paid { log_index: 0 }, "{deed:?}");
}

/// What could be staked, given up, lent and taken back, in whole TRX.
async fn free(stage: &Stage) -> [Units; 4] {
    let assets = Deed::ALL.map(|deed| asset(stage, deed));
    let (_, units) = stage.tron.balances(stage.us().into(), &assets).await.unwrap();
    units.into_iter().map(|sun| sun / Units::from(TRX)).collect::<Vec<_>>().try_into().unwrap()
}

fn whole(figures: [u64; 3]) -> Vec<Units> {
    figures.into_iter().map(Units::from).collect()
}

#[tokio::test]
async fn a_stake_is_made_lent_taken_back_and_given_up() {
    let stage = stage().await;
    assert_eq!(free(&stage).await[1..], whole([0, 0, 0]));
    does(&stage, Deed::Stake, 1_000).await;
    assert_eq!(free(&stage).await[1..], whole([1_000, 1_000, 0]));
    let before = stage.control.energy_left(stage.account(super::HOLDER).address());
    does(&stage, Deed::Delegation, 400).await;
    assert_eq!(free(&stage).await[1..], whole([600, 600, 400]));
    let lent = stage.control.energy_left(stage.account(super::HOLDER).address());
    assert!(lent > before, "{lent} after {before}");
    does(&stage, Deed::Reclaim, 150).await;
    assert_eq!(free(&stage).await[1..], whole([750, 750, 250]));
    does(&stage, Deed::Unstake, 750).await;
    assert_eq!(free(&stage).await[1..], whole([0, 0, 250]));
    assert!(stage.tron.troubles().is_empty());
}

#[tokio::test]
async fn what_there_is_too_little_for_waits() {
    let stage = stage().await;
    let short = Preflight::Fails(Failure::FundsShort);
    assert_eq!(told(&stage, Deed::Stake, 1_000_000_000_000).await, short);
    for deed in [Deed::Unstake, Deed::Delegation, Deed::Reclaim] {
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
    assert_eq!(done(&stage, &lend, &trial.payment).await, Effect::Paid { log_index: 0 });
    let short = Preflight::Fails(Failure::FundsShort);
    assert_eq!(told(&stage, Deed::Reclaim, 60).await, short, "for five minutes");
    stage.control.advance_ms(100 * 3_000);
    stage.control.mine(2).unwrap();
    does(&stage, Deed::Reclaim, 60).await;
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
