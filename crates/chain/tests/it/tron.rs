//! The port against the TRON simulator, over HTTP.

mod coin;
mod errands;
mod http;
mod stage;

use serde_json::json;
use sluice_core::alert::Code;
use sluice_core::amount::{Cost, Units};
use sluice_core::attempt::{Durable, Signed};
use sluice_core::port::chain::{Chain, ChainError, Heard, Nonces, Preflight, SlotQuestion};
use sluice_core::proof::{Death, Effect, SlotReading};
use sluice_core::resource::fee_limit_sun;
use sluice_core::transfer::Failure;
use sluice_devnet::tron::{Fate, Fault, Param, Rule};

use stage::{HOLDER, Stage, address, stage};

/// Enough for a transfer at the usual price.
const FEE_LIMIT_SUN: u64 = 20_000_000;

fn effect(reading: &SlotReading) -> Option<Effect> {
    match reading {
        SlotReading::Ours(inclusion) => Some(inclusion.effect),
        SlotReading::Open | SlotReading::Foreign(_) | SlotReading::Unaccounted | SlotReading::Absent(_) => {
            None
        }
    }
}

async fn settled(stage: &Stage, questions: &[SlotQuestion]) -> SlotReading {
    *stage.tron.settle(questions).await.unwrap()[0].reading()
}

async fn submit(stage: &Stage, attempt: Durable<Signed>) -> Heard {
    stage.tron.submit(&[attempt]).await.remove(0)
}

#[tokio::test]
async fn a_payment_goes_from_bytes_to_proof() {
    let stage = stage().await;
    let Stage { tron, control, .. } = &stage;
    let conditions = tron.conditions().await.unwrap();
    assert_eq!(
        (conditions.energy_sun, conditions.bandwidth_sun, conditions.memo_sun),
        (100, 1_000, 1_000_000)
    );
    // As deep below the solid block as a proof of death.
    assert_eq!(conditions.reference.number, control.head().solid - tron.profile().death_extra_blocks);
    assert_eq!(conditions.head_time_ms, control.head().time_ms);
    assert!(matches!(tron.market().await, Err(ChainError::Foreign { .. })));

    let preflight = tron.preflight(&[stage.trial(&stage.usdt, stage.them(), 25_000_000)]).await.unwrap();
    assert_eq!(preflight, [Preflight::passes(64_285)]);

    let (attempt, questions) = stage.paying(25_000_000, FEE_LIMIT_SUN).await;
    assert_eq!(settled(&stage, &questions).await, SlotReading::Open);
    let batch = [attempt];
    // Three operators, one chain: whoever comes second already finds it there.
    assert_eq!(tron.submit(&batch).await, [Heard::Accepted]);
    assert_eq!(tron.submit(&batch).await, [Heard::Known]);
    assert_eq!(tron.progress(&questions).await.unwrap(), [SlotReading::Open]);

    control.mine(1).unwrap();
    let seen = tron.progress(&questions).await.unwrap();
    assert!(matches!(effect(&seen[0]), Some(Effect::Paid { log_index: 0 })), "{seen:?}");
    assert_eq!(settled(&stage, &questions).await, SlotReading::Open, "not solid yet");

    control.solidify().unwrap();
    let reading = tron.settle(&questions).await.unwrap().remove(0);
    assert_eq!(*reading.reading(), seen[0], "the end is what progress saw");
    assert_eq!(reading.operators(), ["one", "two"]);
    let heads = tron.heads().await.unwrap();
    assert_eq!(reading.head(), *heads.finalized.unwrap().reading());
    let SlotReading::Ours(inclusion) = seen[0] else { panic!("{seen:?}") };
    // 64,285 of energy at 100 sun; the bytes are free.
    assert_eq!(inclusion.cost, Cost(6_428_500));
    assert!(*tron.still_final(&[inclusion.block]).await.unwrap()[0].reading());

    let found = tron.transfers_of(stage.usdt.id, inclusion.txid).await.unwrap().unwrap();
    let (block, logs) = found.reading();
    assert_eq!((*block, logs.len(), logs[0].log_index), (inclusion.block, 1, 0));
    assert_eq!((logs[0].from, logs[0].to), (stage.us().into(), stage.them().into()));
    assert_eq!(logs[0].units, Units::from(25_000_000));
    assert!(tron.transfers_of(stage.usdt.id, [9; 32]).await.unwrap().is_none());
    assert!(tron.troubles().is_empty(), "{:?}", tron.troubles());
}

#[tokio::test]
async fn two_payments_of_one_block_have_their_own_logs() {
    let stage = stage().await;
    let (one, first) = stage.paying(1, FEE_LIMIT_SUN).await;
    let (other, second) = stage.paying(2, FEE_LIMIT_SUN).await;
    assert_eq!(stage.tron.submit(&[one, other]).await, [Heard::Accepted, Heard::Accepted]);
    stage.control.solidify().unwrap();
    let [first, second] = [first, second].map(|[question]| question);
    let readings = stage.tron.settle(&[second, first]).await.unwrap();
    let mut indexes: Vec<Option<Effect>> = readings.iter().map(|reading| effect(reading.reading())).collect();
    indexes.sort_by_key(|effect| format!("{effect:?}"));
    assert_eq!(indexes, [0, 1].map(|log_index| Some(Effect::Paid { log_index })));
}

#[tokio::test]
async fn what_was_never_included_is_dead_once_solid_time_is_past_its_expiration() {
    let stage = stage().await;
    let (attempt, questions) = stage.paying(5, FEE_LIMIT_SUN).await;
    // A node takes it and loses it.
    stage.control.add(Rule::every(Fault::Swallowed)).unwrap();
    assert_eq!(submit(&stage, attempt.clone()).await, Heard::Accepted);
    stage.control.lift_all();
    let terms = *attempt.get().unsigned.terms.tron().unwrap();
    while stage.control.head().time_ms < terms.expires_at_ms {
        assert_eq!(settled(&stage, &questions).await, SlotReading::Open);
        stage.control.mine(1).unwrap();
    }
    assert_eq!(settled(&stage, &questions).await, SlotReading::Open, "past it, and not solid");
    stage.control.mine(2).unwrap();
    let reading = stage.tron.settle(&questions).await.unwrap().remove(0);
    let SlotReading::Absent(scan) = *reading.reading() else { panic!("{reading:?}") };
    assert_eq!((scan.from(), scan.until_ms()), (terms.reference, terms.expires_at_ms));
    assert!(Death::of_tron_expiry(&reading, terms.reference, terms.expires_at_ms, 0).is_ok());
    assert!(!reading.single_source());
    // Sent again, it is refused for good.
    assert!(matches!(submit(&stage, attempt).await, Heard::Unclear(text) if text.contains("EXPIRATION")));
    assert!(stage.tron.troubles().is_empty());
}

#[tokio::test]
async fn lite_lagging_and_forked_nodes_prove_nothing() {
    let stage = stage().await;
    let (attempt, questions) = stage.paying(5, FEE_LIMIT_SUN).await;
    let expires_at_ms = attempt.get().unsigned.terms.tron().unwrap().expires_at_ms;
    assert_eq!(submit(&stage, attempt).await, Heard::Accepted);
    // Two of three have not seen the block that holds it, by one means or another.
    stage.control.set_forked(0, Some(0));
    stage.control.set_lag(1, 40);
    while stage.control.head().time_ms < expires_at_ms + 6_000 {
        stage.control.mine(1).unwrap();
    }
    let reading = stage.tron.settle(&questions).await;
    let absent = reading.as_ref().is_ok_and(|all| matches!(all[0].reading(), SlotReading::Absent(_)));
    assert!(!absent, "{reading:?}");
    for node in 0..2 {
        stage.control.set_forked(node, None);
        stage.control.set_lag(node, 0);
        stage.control.set_lite(node, true);
    }
    let reading = stage.tron.settle(&questions).await;
    assert!(matches!(reading, Err(ChainError::Disagree { .. })), "one that knows its history is no quorum");
    stage.control.set_lite(0, false);
    assert!(matches!(effect(&settled(&stage, &questions).await), Some(Effect::Paid { .. })));
}

#[tokio::test]
async fn a_receipt_that_a_node_does_not_find_kills_nothing() {
    let stage = stage().await;
    let (attempt, questions) = stage.paying(5, FEE_LIMIT_SUN).await;
    let expires_at_ms = attempt.get().unsigned.terms.tron().unwrap().expires_at_ms;
    assert_eq!(submit(&stage, attempt).await, Heard::Accepted);
    while stage.control.head().time_ms < expires_at_ms + 9_000 {
        stage.control.mine(1).unwrap();
    }
    // Everywhere, for ever: the blocks show it all the same.
    stage.control.add(Rule::every(Fault::Missing)).unwrap();
    assert!(matches!(effect(&settled(&stage, &questions).await), Some(Effect::Paid { .. })));
}

#[tokio::test]
async fn failures_on_chain_are_told_apart_and_cost_what_they_cost() {
    let stage = stage().await;
    // 1 TRX is energy for less than a sixth of it.
    let (dry, of_dry) = stage.paying(5, 1_000_000).await;
    assert_eq!(submit(&stage, dry).await, Heard::Accepted);
    let (reverts, of_reverts) = stage.paying(6, FEE_LIMIT_SUN).await;
    stage.control.blacklist(stage.account(0).address(), true);
    assert_eq!(submit(&stage, reverts).await, Heard::Accepted);
    stage.control.solidify().unwrap();
    let readings = stage.tron.settle(&[of_dry, of_reverts].concat()).await.unwrap();
    let SlotReading::Ours(dry) = readings[0].reading() else { panic!("{readings:?}") };
    assert_eq!((dry.effect, dry.cost), (Effect::OutOfEnergy, Cost(1_000_000)));
    let SlotReading::Ours(reverted) = readings[1].reading() else { panic!("{readings:?}") };
    assert_eq!(reverted.effect, Effect::Reverted);
    assert!(reverted.cost.0 > 0 && reverted.cost.0 < 6_428_500, "{reverted:?}");
    assert!(Death::of_nonce(&readings[0], 0).is_ok() && Death::of_nonce(&readings[1], 0).is_ok());
}

#[tokio::test]
async fn why_a_transfer_would_fail_is_asked_from_the_token() {
    let stage = stage().await;
    let us = stage.account(0).address();
    let fresh = sluice_core::address::TronAddress([0x77; 20]);
    let told = |to, atoms| {
        let trial = [stage.trial(&stage.usdt, to, atoms)];
        let tron = &stage.tron;
        async move { tron.preflight(&trial).await.unwrap()[0] }
    };
    assert_eq!(told(fresh, 5).await, Preflight::passes(130_285));
    assert_eq!(told(stage.them(), 100_000_000_000_001).await, Preflight::Fails(Failure::FundsShort));
    stage.control.blacklist(stage.account(HOLDER).address(), true);
    assert_eq!(told(stage.them(), 5).await, Preflight::Fails(Failure::RecipientBlacklisted));
    stage.control.blacklist(us, true);
    assert_eq!(told(fresh, 5).await, Preflight::Fails(Failure::SenderBlacklisted));
    stage.control.pause(true);
    assert_eq!(told(fresh, 5).await, Preflight::Fails(Failure::TokenPaused));
}

#[tokio::test]
async fn what_is_heard_ends_nothing_and_what_is_shown_is_known() {
    let stage = stage().await;
    for (fault, pooled, heard) in [
        (Fault::PooledNotBroadcast, true, "NOT_ENOUGH_EFFECTIVE_CONNECTION"),
        (Fault::PooledWithError, true, "OTHER_ERROR"),
        (Fault::LoseReply, true, ""),
        (Fault::ServerBusy, false, "SERVER_BUSY"),
        (Fault::FalseDuplicate, false, "a duplicate, and the node does not show it"),
    ] {
        let (attempt, questions) = stage.paying(5, FEE_LIMIT_SUN).await;
        stage.control.add(Rule::every(fault).on("broadcasthex")).unwrap();
        let said = submit(&stage, attempt.clone()).await;
        // What one node pooled in silence, the next one has already.
        let known = pooled && said == Heard::Known;
        let unclear = matches!(&said, Heard::Unclear(text) if text.contains(heard));
        assert!(known || unclear, "{fault:?}: {said:?}");
        stage.control.lift_all();
        // The same bytes again, to whoever is well.
        let again = submit(&stage, attempt).await;
        assert!(matches!(again, Heard::Accepted | Heard::Known), "{fault:?}: {again:?}");
        stage.control.solidify().unwrap();
        assert!(matches!(effect(&settled(&stage, &questions).await), Some(Effect::Paid { .. })), "{fault:?}");
    }
}

#[tokio::test]
async fn wallets_hold_what_the_chain_says_and_have_no_nonces() {
    let stage = stage().await;
    let (tron, us) = (&stage.tron, stage.us().into());
    let assets = [stage.usdt.clone(), stage.trx.clone()];
    let hundred_million = Units::from(100_000_000_000_000u64);
    let (block, units) = tron.balances(us, &assets).await.unwrap();
    assert_eq!((block.number, units), (stage.control.head().solid, vec![hundred_million; 2]));
    let standing = tron.standing(us, &assets).await.unwrap();
    assert_eq!(standing.head().number, stage.control.head().solid);
    assert_eq!((standing.reading().nonce, &standing.reading().units), (0, &vec![hundred_million; 2]));
    let nobody = sluice_core::address::TronAddress([0x77; 20]).into();
    assert_eq!(tron.balances(nobody, &assets).await.unwrap().1, [Units::ZERO; 2]);
    assert_eq!(tron.counted(us).await.unwrap(), Nonces { pending: 0, latest: 0 });
    assert!(tron.has_code(address(stage.sim.usdt()).into()).await.unwrap());
    assert!(!tron.has_code(us).await.unwrap());
    let (_, resources) = tron.resources(us).await.unwrap();
    assert_eq!((resources.energy, resources.free_bandwidth), (0, 600));
    stage.control.lend_energy(stage.account(0).address(), 100_000).unwrap();
    stage.control.mine(1).unwrap();
    let (block, resources) = tron.resources(us).await.unwrap();
    assert!(resources.energy >= 99_999, "{resources:?}");
    assert_eq!(block.number, stage.control.head().number);
    assert_eq!(tron.conditions().await.unwrap().energy_sun, 100);
    stage.control.set_parameter(Param::EnergyFee, 420);
    stage.control.mine(1).unwrap();
    assert_eq!(tron.conditions().await.unwrap().energy_sun, 100);
    stage.control.advance_ms(60_000);
    stage.control.mine(1).unwrap();
    assert_eq!(tron.conditions().await.unwrap().energy_sun, 420, "read again after a minute");
}

#[tokio::test]
async fn what_others_do_to_a_wallet_is_seen_and_told() {
    let stage = stage().await;
    let (tron, control, us) = (&stage.tron, &stage.control, stage.us());
    let word = |address: sluice_core::address::TronAddress| format!("{:0>64}", hex::encode(address.0));
    let trigger = |by: usize, data: String| {
        let value = json!({
            "owner_address": stage.account(by).address().to_string(),
            "contract_address": stage.sim.usdt().to_string(),
            "data": data,
        });
        control.send(stage.account(by), "TriggerSmartContract", &value, 100_000_000).unwrap()
    };
    // approve(them, 7), by a stranger with our key, and then transferFrom(us, them, 5) by them.
    let approved = trigger(0, format!("095ea7b3{}{:064x}", word(stage.them()), 7));
    let first = control.mine(1).unwrap().number;
    let drained = trigger(HOLDER, format!("23b872dd{}{}{:064x}", word(us), word(stage.them()), 5));
    let second = control.mine(1).unwrap().number;
    let wallets = [us.into()];
    let facts = tron.block(first, &wallets).await.unwrap();
    assert_eq!(facts.shown.sent.len(), 1);
    assert_eq!((facts.shown.sent[0].txid, facts.shown.sent[0].nonce), (approved, None));
    assert!(facts.shown.drained.is_empty(), "the wallet sent that itself");
    let facts = tron.block(second, &wallets).await.unwrap();
    assert!(facts.shown.sent.is_empty());
    assert_eq!((facts.shown.drained.len(), facts.shown.drained[0].txid), (1, drained));
    assert!(facts.shown.drained[0].what.starts_with("5 units of"), "{:?}", facts.shown);
    let looked = tron.second_look(&facts.shown.told_by, facts.block, &wallets).await.unwrap();
    assert_eq!(looked.len(), 2);
    assert!(looked.iter().all(|shown| shown.drained == facts.shown.drained));
    assert_eq!(tron.block(control.head().number + 1, &wallets).await, Err(ChainError::NoBlock));

    control.solidify().unwrap();
    let told = tron.foreign(us.into(), approved).await.unwrap();
    let told = told.reading().clone().unwrap();
    assert!(told.permits && told.concerns() && !told.value_left() && told.cost.0 > 0);
    let told = tron.foreign(us.into(), drained).await.unwrap();
    let told = told.reading().clone().unwrap();
    assert_eq!(told.tokens_left, [(address(stage.sim.usdt()).into(), Units::from(5))]);
    assert_eq!((told.cost, told.nonce, told.permits), (Cost(0), None, false));
    assert_eq!(*tron.foreign(us.into(), [9; 32]).await.unwrap().reading(), None);

    let sun = json!({
        "owner_address": stage.account(0).address().to_string(),
        "to_address": stage.account(HOLDER).address().to_string(),
        "amount": 3,
    });
    let sent = control.send(stage.account(0), "TransferContract", &sun, 0).unwrap();
    control.solidify().unwrap();
    let told = tron.foreign(us.into(), sent).await.unwrap();
    let told = told.reading().clone().unwrap();
    assert_eq!((told.coin_left, told.nonce), (Units::from(3), Some(0)));
}

#[tokio::test]
async fn a_block_that_leaves_takes_its_payment_along_and_nothing_was_settled() {
    let stage = stage().await;
    let (attempt, questions) = stage.paying(5, FEE_LIMIT_SUN).await;
    assert_eq!(submit(&stage, attempt.clone()).await, Heard::Accepted);
    stage.control.mine(1).unwrap();
    let seen = stage.tron.progress(&questions).await.unwrap()[0];
    assert!(matches!(effect(&seen), Some(Effect::Paid { .. })));
    stage.control.reorg(1, Fate::Dropped).unwrap();
    assert_eq!(stage.tron.progress(&questions).await.unwrap(), [SlotReading::Open]);
    assert_eq!(settled(&stage, &questions).await, SlotReading::Open);
    // The same bytes once more: they are still good, and are no second payment.
    assert_eq!(submit(&stage, attempt).await, Heard::Accepted);
    stage.control.solidify().unwrap();
    let SlotReading::Ours(paid) = settled(&stage, &questions).await else { panic!("not settled") };
    assert!(matches!(seen, SlotReading::Ours(before) if before.block != paid.block));
    let held = stage.control.usdt_units(stage.account(HOLDER).address());
    assert_eq!(held, 100_000_000_000_005);
}

#[tokio::test]
async fn while_nothing_becomes_solid_nothing_ends_and_a_person_is_told() {
    let stage = stage().await;
    let (lost, of_lost) = stage.paying(5, FEE_LIMIT_SUN).await;
    let (sent, of_sent) = stage.paying(6, FEE_LIMIT_SUN).await;
    drop(lost);
    assert_eq!(submit(&stage, sent).await, Heard::Accepted);
    stage.tron.heads().await.unwrap();
    stage.control.stall(true);
    stage.control.mine(25).unwrap();
    let questions = [of_lost, of_sent].concat();
    for reading in stage.tron.settle(&questions).await.unwrap() {
        assert_eq!(*reading.reading(), SlotReading::Open);
    }
    stage.tron.heads().await.unwrap();
    let codes: Vec<Code> = stage.tron.troubles().iter().map(|raise| raise.code).collect();
    assert_eq!(codes, [Code::FinalityStalled]);
    stage.control.stall(false);
    stage.control.solidify().unwrap();
    let readings = stage.tron.settle(&questions).await.unwrap();
    assert!(matches!(readings[0].reading(), SlotReading::Absent(_)));
    assert!(matches!(effect(readings[1].reading()), Some(Effect::Paid { .. })));
    stage.tron.heads().await.unwrap();
    assert!(stage.tron.troubles().is_empty());
}

#[tokio::test]
async fn a_price_beyond_all_measure_builds_nothing() {
    let stage = stage().await;
    stage.control.set_parameter(Param::EnergyFee, 1_000_000);
    stage.control.mine(1).unwrap();
    let conditions = stage.tron.conditions().await.unwrap();
    let rules = *stage.tron.profile().tron().unwrap();
    assert_eq!(conditions.energy_sun, 1_000_000);
    assert_eq!(fee_limit_sun(&rules, &conditions, 64_285), None, "the cap of a transfer");
}
