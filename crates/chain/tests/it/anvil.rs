//! The port against a real node.

use sluice_core::asset::Asset;
use sluice_core::attempt::Kind;
use sluice_core::chain::ChainProfile;
use sluice_core::port::chain::{Chain, Heard, Preflight};
use sluice_core::proof::{Death, Effect, SlotReading, Stranger};
use sluice_core::transfer::Failure;

use super::stage::{GWEI, Stage, THEM, address, stage};

fn effect(reading: &SlotReading) -> Option<Effect> {
    match reading {
        SlotReading::Ours(inclusion) => Some(inclusion.effect),
        SlotReading::Open | SlotReading::Foreign(_) | SlotReading::Unaccounted | SlotReading::Absent(_) => {
            None
        }
    }
}

/// A pool that keeps what it takes until it is told to mine.
async fn manual() -> Option<Stage> {
    let stage = stage().await?;
    stage.control.set_automine(false).await.unwrap();
    Some(stage)
}

#[tokio::test]
async fn a_payment_goes_from_bytes_to_proof() {
    let Some(stage) = manual().await else { return };
    let Stage { evm, control, .. } = &stage;
    let payment = stage.payment(THEM, 25_000_000);

    let market = evm.market().await.unwrap();
    assert!(market.base_fee_wei > 0 && market.base_fee_wei < GWEI * 2, "{market:?}");
    stage.asked();
    let trial = stage.trial(THEM, 25_000_000);
    let preflight = evm.preflight(std::slice::from_ref(&trial)).await.unwrap();
    assert!(
        matches!(preflight[0], Preflight::Passes { gas, .. } if (40_000..100_000).contains(&gas)),
        "{preflight:?}"
    );
    let simulated = stage.asked();

    let attempt = stage.signed(Kind::Pay, 0, &payment, 40);
    let questions = [stage.question(&[&attempt], &payment)];
    // Two operators, one anvil: whoever comes second already finds it there.
    let batch = [attempt];
    assert_eq!(evm.submit(&batch).await, [Heard::Accepted]);
    assert_eq!(evm.submit(&batch).await, [Heard::Known]);
    assert_eq!(evm.nonces(stage.us.into()).await.unwrap().pending, 1);
    assert_eq!(evm.progress(&questions).await.unwrap(), [SlotReading::Open]);
    stage.asked();

    control.mine(1).await.unwrap();
    let seen = evm.progress(&questions).await.unwrap();
    assert!(matches!(effect(&seen[0]), Some(Effect::Paid { .. })), "{seen:?}");
    let progressed = stage.asked();
    assert_eq!(*evm.settle(&questions).await.unwrap()[0].reading(), SlotReading::Open, "not final yet");
    let not_yet = stage.asked();

    control.mine(2).await.unwrap();
    let heads = evm.heads().await.unwrap();
    let head_calls = stage.asked();
    let settled = evm.settle(&questions).await.unwrap().remove(0);
    let settle_calls = stage.asked();
    assert_eq!(*settled.reading(), seen[0], "the end is what progress saw");
    assert_eq!(settled.head(), *heads.finalized.unwrap().reading());
    assert_eq!(settled.operators(), ["one", "two"]);

    let SlotReading::Ours(inclusion) = seen[0] else { panic!("{seen:?}") };
    assert!(*evm.still_final(&[inclusion.block]).await.unwrap()[0].reading());
    let found = evm.transfers_of(stage.asset.id, inclusion.txid).await.unwrap().unwrap();
    let (block, logs) = found.reading();
    assert_eq!(
        (*block, logs.len(), logs[0].from, logs[0].to),
        (inclusion.block, 1, stage.us.into(), THEM.into())
    );
    assert_eq!(logs[0].units, stage.units(25_000_000));
    stage.asked();
    let facts = evm.block(inclusion.block.number, &[stage.us.into()]).await.unwrap();
    let block_calls = stage.asked();
    assert_eq!(
        (facts.shown.sent.len(), facts.shown.sent[0].txid, facts.shown.sent[0].nonce),
        (1, inclusion.txid, Some(0))
    );
    assert!(facts.shown.drained.is_empty(), "{:?}", facts.shown.drained);

    let assets = [stage.asset.clone(), Asset::native(&ChainProfile::devnet())];
    let (_, balances) = evm.balances(stage.us.into(), &assets).await.unwrap();
    let spent = stage.units(1_000_000_000_000_000_000) - balances[1];
    assert_eq!(balances[0], stage.units(975_000_000));
    assert_eq!(spent.to_string(), inclusion.cost.to_string(), "the cost is exact");
    assert_eq!(evm.has_code(THEM.into()).await, Ok(false));
    assert_eq!(evm.has_code(stage.asset.contract().unwrap()).await, Ok(true));
    eprintln!(
        "asked of 2 nodes: preflight {simulated:?}, progress {progressed:?}, settle {settle_calls:?} \
         (not yet final {not_yet:?}), heads {head_calls:?}, block {block_calls:?}"
    );
    assert!(evm.troubles().is_empty());
    stage.anvil.stop().await.unwrap();
}

#[tokio::test]
async fn a_payment_lost_in_a_reorg_is_sent_again_as_the_same_bytes() {
    let Some(stage) = manual().await else { return };
    let Stage { evm, control, .. } = &stage;
    let payment = stage.payment(THEM, 1);
    let batch = [stage.signed(Kind::Pay, 0, &payment, 40)];
    let questions = [stage.question(&[&batch[0]], &payment)];
    evm.submit(&batch).await;
    control.mine(1).await.unwrap();
    let SlotReading::Ours(before) = evm.progress(&questions).await.unwrap()[0] else { panic!("not seen") };
    control.reorg(1).await.unwrap();
    assert_eq!(evm.progress(&questions).await.unwrap(), [SlotReading::Open], "its block is gone");
    assert_eq!(evm.submit(&batch).await, [Heard::Accepted]);
    control.mine(3).await.unwrap();
    let settled = evm.settle(&questions).await.unwrap();
    let SlotReading::Ours(after) = *settled[0].reading() else { panic!("{settled:?}") };
    assert_eq!(after.txid, before.txid);
    assert_ne!(after.block, before.block);

    // The milestone bug of 2025: a final block goes away.
    control.rollback(3).await.unwrap();
    control.mine(5).await.unwrap();
    let still = evm.still_final(&[after.block]).await.unwrap();
    assert!(!*still[0].reading());
    stage.anvil.stop().await.unwrap();
}

#[tokio::test]
async fn simulation_names_the_reason() {
    let Some(stage) = stage().await else { return };
    let Stage { evm, usd, .. } = &stage;
    let trials = [stage.trial(THEM, 5), stage.trial(THEM, 2_000_000_000), stage.trial(stage.us, 5)];
    let found = evm.preflight(&trials).await.unwrap();
    assert!(matches!(found[0], Preflight::Passes { .. }), "{found:?}");
    assert_eq!(found[1], Preflight::Fails(Failure::FundsShort));
    assert!(matches!(found[2], Preflight::Passes { .. }), "{found:?}");

    usd.blacklist(address(THEM)).await.unwrap();
    let found = evm.preflight(&trials).await.unwrap();
    assert_eq!(found[0], Preflight::Fails(Failure::RecipientBlacklisted));
    assert!(matches!(found[2], Preflight::Passes { .. }), "{found:?}");
    usd.blacklist(address(stage.us)).await.unwrap();
    assert_eq!(evm.preflight(&trials).await.unwrap(), [Preflight::Fails(Failure::SenderBlacklisted); 3]);
    usd.pause().await.unwrap();
    assert_eq!(evm.preflight(&trials).await.unwrap(), [Preflight::Fails(Failure::TokenPaused); 3]);

    let coin = Asset::native(&ChainProfile::devnet());
    let mut native = stage.trial(THEM, 1_000_000_000);
    (native.asset, native.payment.asset) = (coin.clone(), coin.id);
    let mut too_much = native.clone();
    too_much.payment.amount = sluice_core::amount::Amount::from_atoms(2_000_000_000).unwrap();
    native.payment.amount = sluice_core::amount::Amount::from_atoms(1).unwrap();
    let found = evm.preflight(&[native, too_much]).await.unwrap();
    assert_eq!(found, [Preflight::passes(21_000), Preflight::Fails(Failure::FundsShort)]);
    stage.anvil.stop().await.unwrap();
}

#[tokio::test]
async fn what_the_pool_says_is_understood() {
    let Some(stage) = manual().await else { return };
    let Stage { evm, control, .. } = &stage;
    let payment = stage.payment(THEM, 1);
    let heard = |attempt| async { evm.submit(&[attempt]).await.remove(0) };
    assert_eq!(heard(stage.signed(Kind::Pay, 0, &payment, 40)).await, Heard::Accepted);
    assert_eq!(
        heard(stage.signed(Kind::Pay, 0, &payment, 39)).await,
        Heard::Underpriced,
        "cheaper than what is there"
    );
    control.mine(1).await.unwrap();
    assert_eq!(heard(stage.signed(Kind::Pay, 0, &payment, 60)).await, Heard::NonceConsumed);
    assert_eq!(heard(stage.signed(Kind::Pay, 1, &payment, 100_000_000)).await, Heard::NoFunds);
    stage.anvil.stop().await.unwrap();
}

#[tokio::test]
async fn a_void_and_a_revert_are_deaths_once_they_are_deep_enough() {
    let Some(stage) = manual().await else { return };
    let Stage { evm, control, usd, .. } = &stage;
    let payment = stage.payment(THEM, 1);
    let paid = stage.signed(Kind::Pay, 0, &payment, 40);
    let void = stage.signed(Kind::Void, 0, &payment, 60);
    let reverts = stage.signed(Kind::Pay, 1, &payment, 40);
    let batch = [paid, void, reverts];
    let questions =
        [stage.question(&[&batch[0], &batch[1]], &payment), stage.question(&[&batch[2]], &payment)];
    usd.blacklist(address(THEM)).await.unwrap();
    evm.submit(&batch).await;
    control.mine(3).await.unwrap();
    let settled = evm.settle(&questions).await.unwrap();
    assert_eq!(effect(settled[0].reading()), Some(Effect::Voided));
    assert_eq!(effect(settled[1].reading()), Some(Effect::Reverted));
    assert!(Death::of_nonce(&settled[0], 2).is_err());
    control.mine(2).await.unwrap();
    let settled = evm.settle(&questions).await.unwrap();
    assert!(settled.iter().all(|reading| Death::of_nonce(reading, 2).is_ok()));
    stage.anvil.stop().await.unwrap();
}

#[tokio::test]
async fn a_transaction_that_is_none_of_ours_is_seen_by_slot_and_by_block() {
    let Some(stage) = manual().await else { return };
    let Stage { evm, control, .. } = &stage;
    let (ours, other) = (stage.payment(THEM, 1), stage.payment(THEM, 2));
    let known = stage.signed(Kind::Pay, 0, &ours, 40);
    let stranger = [stage.signed(Kind::Pay, 0, &other, 50)];
    evm.submit(&stranger).await;
    control.mine(1).await.unwrap();
    let questions = [stage.question(&[&known], &ours)];
    assert_eq!(evm.progress(&questions).await.unwrap(), [SlotReading::Unaccounted], "a quorum says by what");
    let latest = evm.heads().await.unwrap().latest;
    let facts = evm.block(latest.number, &[stage.us.into()]).await.unwrap();
    assert_eq!(facts.shown.sent[0].txid, stranger[0].get().txid);
    control.mine(2).await.unwrap();
    let there = Stranger { txid: stranger[0].get().txid, block: latest };
    assert_eq!(*evm.settle(&questions).await.unwrap()[0].reading(), SlotReading::Foreign(there));
    stage.anvil.stop().await.unwrap();
}

#[tokio::test]
async fn a_slice_costs_little_more_than_its_sends_and_receipts() {
    let Some(stage) = manual().await else { return };
    let Stage { evm, control, .. } = &stage;
    let payments: Vec<_> = (1..=20).map(|atoms| stage.payment(THEM, atoms)).collect();
    let trials: Vec<_> = (1..=20).map(|atoms| stage.trial(THEM, atoms)).collect();
    evm.market().await.unwrap();
    stage.asked();
    let found = evm.preflight(&trials).await.unwrap();
    assert!(found.iter().all(|found| matches!(found, Preflight::Passes { .. })), "{found:?}");
    let signed = |(nonce, payment): (u64, _)| stage.signed(Kind::Pay, nonce, payment, 40);
    let batch: Vec<_> = (0..).zip(&payments).map(signed).collect();
    let questions: Vec<_> =
        batch.iter().zip(&payments).map(|(attempt, payment)| stage.question(&[attempt], payment)).collect();
    assert_eq!(evm.submit(&batch).await, vec![Heard::Accepted; 20], "in order, so none is a gap");
    control.mine(1).await.unwrap();
    let seen = evm.progress(&questions).await.unwrap();
    control.mine(2).await.unwrap();
    let settled = evm.settle(&questions).await.unwrap();
    for (seen, settled) in seen.iter().zip(&settled) {
        assert!(matches!(effect(seen), Some(Effect::Paid { .. })));
        assert_eq!(settled.reading(), seen);
    }
    let asked = stage.asked();
    let total: usize = asked.values().sum();
    eprintln!("20 payments over 2 operators: {total} questions, {asked:?}");
    assert!(total <= 20 * 7 + 20, "per payment: a call, an estimate, two sends, three receipts");
    stage.anvil.stop().await.unwrap();
}
