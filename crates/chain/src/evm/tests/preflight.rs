use sluice_core::asset::Asset;
use sluice_core::chain::ChainProfile;
use sluice_core::port::chain::{Chain, ChainError, Preflight, Trial};
use sluice_core::transfer::Failure;

use super::fake::{Stage, THEM, THIEF, US, World, payment, run, stage, usdc};

fn trial(asset: Asset, to: sluice_core::address::EvmAddress, atoms: i64) -> Trial {
    Trial { from: US, payment: payment(&asset, to, atoms), asset, to }
}

fn tried(stage: &Stage, trials: &[Trial]) -> Vec<Preflight> {
    run(stage.evm.preflight(trials)).unwrap()
}

const PASSES: Preflight = Preflight::Passes { gas: 45_000 };

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
