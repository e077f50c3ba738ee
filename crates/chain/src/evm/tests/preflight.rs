use sluice_core::asset::Asset;
use sluice_core::chain::{ChainProfile, EvmRules};
use sluice_core::port::chain::{Chain, ChainError, Preflight, Trial};
use sluice_core::transfer::Failure;

use super::fake::{Stage, THEM, THIEF, US, World, payment, run, stage, usdc};

fn trial(asset: Asset, to: sluice_core::address::EvmAddress, atoms: i64) -> Trial {
    Trial { from: US.into(), payment: payment(&asset, to, atoms), asset, to: to.into() }
}

fn tried(stage: &Stage, trials: &[Trial]) -> Vec<Preflight> {
    run(stage.evm.preflight(trials)).unwrap()
}

const PASSES: Preflight = Preflight::passes(45_000);

fn world() -> World {
    World::new(12, 10)
}

#[test]
fn a_slice_is_simulated_in_few_calls() {
    let stage = stage(&world(), &["a", "b"], 2);
    let trials: Vec<Trial> = (0..20).map(|_| trial(usdc(), THEM, 100)).collect();
    assert_eq!(tried(&stage, &trials), vec![PASSES; 20]);
    let node = &stage.nodes[0];
    assert_eq!((node.asked("header"), node.asked("calls"), node.asked("estimates")), (1, 1, 1));
    assert_eq!(stage.nodes[1].asked("calls"), 0);
}

#[test]
fn each_reason_is_asked_from_the_contract() {
    let one = |change: fn(&mut World), atoms| {
        let stage = stage(&world(), &["a", "b"], 2);
        stage.nodes.iter().for_each(|node| node.change(change));
        tried(&stage, &[trial(usdc(), THEM, atoms)])[0]
    };
    assert_eq!(one(|_| {}, 100), PASSES);
    assert_eq!(one(|world| world.paused = true, 100), Preflight::Fails(Failure::TokenPaused));
    assert_eq!(one(|world| world.decimals = 18, 100), Preflight::Fails(Failure::TokenDiffers));
    assert_eq!(
        one(
            |world| {
                world.blacklist.insert(US);
            },
            100
        ),
        Preflight::Fails(Failure::SenderBlacklisted)
    );
    assert_eq!(
        one(
            |world| {
                world.blacklist.insert(THEM);
            },
            100
        ),
        Preflight::Fails(Failure::RecipientBlacklisted)
    );
    assert_eq!(one(|_| {}, 1_001), Preflight::Fails(Failure::FundsShort));
}

#[test]
fn a_token_without_those_questions_is_judged_by_the_transfer() {
    let stage = stage(&world(), &["a", "b"], 2);
    stage.nodes.iter().for_each(|node| {
        node.change(|world| {
            world.blacklist.insert(THEM);
        })
    });
    let plain = Asset { freezable: false, ..usdc() };
    assert_eq!(tried(&stage, &[trial(plain, THEM, 100)]), [Preflight::Fails(Failure::TransferReverts)]);
}

#[test]
fn one_node_alone_does_not_end_a_withdrawal() {
    let stage = stage(&world(), &["a", "b"], 2);
    stage.nodes[0].change(|world| {
        world.blacklist.insert(THEM);
    });
    let trials = [trial(usdc(), THEM, 100), trial(usdc(), THIEF, 100)];
    assert_eq!(tried(&stage, &trials), [PASSES, PASSES], "the second operator passes it");
    stage.nodes[1].change(|world| world.down = true);
    assert_eq!(
        tried(&stage, &trials),
        [Preflight::Fails(Failure::NodeDown), PASSES],
        "nothing ends unconfirmed"
    );
    stage.nodes[1].change(|world| world.down = false);
    stage.nodes[1].change(|world| {
        world.blacklist.insert(THEM);
    });
    assert_eq!(tried(&stage, &trials), [Preflight::Fails(Failure::RecipientBlacklisted), PASSES]);
}

#[test]
fn a_call_that_the_node_cannot_answer_stops_only_itself() {
    let stage = stage(&world(), &["a"], 1);
    stage.nodes[0].change(|world| world.poison = Some(THIEF));
    let trials = [trial(usdc(), THEM, 100), trial(usdc(), THIEF, 100), trial(usdc(), THEM, 1)];
    assert_eq!(tried(&stage, &trials), [PASSES, Preflight::Fails(Failure::NodeDown), PASSES]);
}

#[test]
fn native_coin_is_tried_where_it_is_there() {
    let stage = stage(&world(), &["a"], 1);
    let coin = Asset { precision: 9, decimals: 9, ..Asset::native(&ChainProfile::devnet()) };
    let trials = [trial(coin.clone(), THEM, 1_000), trial(coin, THEM, 1_001)];
    assert_eq!(tried(&stage, &trials), [PASSES, Preflight::Fails(Failure::FundsShort)]);
}

#[test]
fn an_amount_the_chain_cannot_say_is_refused() {
    let stage = stage(&world(), &["a"], 1);
    let coarse = Asset { decimals: 2, ..usdc() };
    let refused = run(stage.evm.preflight(&[trial(coarse, THEM, 1)]));
    assert!(matches!(refused, Err(ChainError::Disagree { .. })));
}

#[test]
fn gas_is_estimated_where_what_is_known_does_not_pass() {
    let stage = stage(&world(), &["a"], 1);
    let node = &stage.nodes[0];
    let trials = [trial(usdc(), THEM, 100), trial(usdc(), THIEF, 100)];
    assert_eq!(tried(&stage, &trials), [PASSES; 2]);
    assert_eq!(tried(&stage, &trials), [PASSES; 2], "within what was estimated before");
    assert_eq!((node.asked("calls"), node.asked("estimates")), (2, 1));
    node.change(|world| world.gas = 60_000);
    let more = Preflight::passes(60_000);
    assert_eq!(tried(&stage, &trials), [more; 2], "tried again without a bound, and estimated");
    assert_eq!((node.asked("calls"), node.asked("estimates")), (4, 2));
    node.change(|world| world.gas = 45_000);
    assert_eq!(tried(&stage, &trials), [more; 2], "the most that was needed");
    assert_eq!((node.asked("calls"), node.asked("estimates")), (5, 2));
}

#[test]
fn what_reverts_within_its_bound_is_judged_without_one() {
    let stage = stage(&world(), &["a"], 1);
    assert_eq!(tried(&stage, &[trial(usdc(), THEM, 100)]), [PASSES]);
    let trials = [trial(usdc(), THEM, 1_001), trial(usdc(), THIEF, 100)];
    assert_eq!(tried(&stage, &trials), [Preflight::Fails(Failure::FundsShort), PASSES]);
    stage.nodes[0].change(|world| world.poison = Some(THIEF));
    let refused = Preflight::Fails(Failure::NodeDown);
    assert_eq!(tried(&stage, &trials), [Preflight::Fails(Failure::FundsShort), refused]);
}

#[test]
fn a_node_that_claims_too_much_is_not_remembered() {
    let stage = stage(&world(), &["a"], 1);
    let most = EvmRules::polygon().transfer_gas_max;
    stage.nodes[0].change(|world| world.gas = most + 1);
    let trials = [trial(usdc(), THEM, 100)];
    assert_eq!(tried(&stage, &trials), [Preflight::passes(most + 1)]);
    stage.nodes[0].change(|world| world.gas = 45_000);
    assert_eq!(tried(&stage, &trials), [PASSES]);
}

#[test]
fn an_estimate_is_believed_for_ten_minutes_however_often_it_passes() {
    let stage = stage(&world(), &["a"], 1);
    let node = &stage.nodes[0];
    let trials = [trial(usdc(), THEM, 100)];
    node.change(|world| world.gas = 60_000);
    assert_eq!(tried(&stage, &trials), [Preflight::passes(60_000)]);
    node.change(|world| world.gas = 45_000);
    stage.clock.advance(599_999);
    assert_eq!(tried(&stage, &trials), [Preflight::passes(60_000)]);
    stage.clock.advance(1);
    assert_eq!(tried(&stage, &trials), [PASSES]);
    assert_eq!(node.asked("estimates"), 2);
}
