use sluice_core::address::EvmAddress;
use sluice_core::asset::Asset;
use sluice_core::port::chain::{Chain, ChainError, Preflight, Trial};
use sluice_core::transfer::Failure;

use super::fake::{Stage, THEM, US, World, run, stage};
use super::made::{payment, trx, usdt};

fn trial(asset: &Asset, atoms: i64) -> Trial {
    let payment = payment(asset, THEM, atoms);
    Trial { from: US.into(), asset: asset.clone(), to: THEM.into(), payment }
}

fn two() -> Stage {
    stage(&World::new(9, 7), &["a", "b"], 2)
}

fn told(stage: &Stage) -> Preflight {
    run(stage.tron.preflight(&[trial(&usdt(), 100)])).unwrap()[0]
}

const fn fails(failure: Failure) -> Preflight {
    Preflight::Fails(failure)
}

#[test]
fn a_transfer_that_returns_false_and_does_not_fail_passes() {
    let stage = two();
    assert_eq!(told(&stage), Preflight::passes(64_285));
    assert_eq!(stage.nodes[1].asked("calls"), 0, "one is enough for what passes");
}

#[test]
fn why_it_would_fail_is_asked_from_the_token() {
    for (failure, change) in [
        (Failure::TokenDiffers, (|world| world.decimals = 18) as fn(&mut World)),
        (Failure::TokenPaused, |world| world.paused = true),
        (Failure::SenderBlacklisted, |world| {
            world.blacklist.insert(US);
        }),
        (Failure::RecipientBlacklisted, |world| {
            world.blacklist.insert(THEM);
        }),
        (Failure::FundsShort, |world| world.balance = 99),
        (Failure::TransferReverts, |world| world.reverts = true),
    ] {
        let stage = two();
        stage.nodes.iter().for_each(|node| node.change(change));
        assert_eq!(told(&stage), fails(failure));
    }
}

#[test]
fn one_node_alone_ends_no_withdrawal_where_there_is_another() {
    let stage = two();
    stage.nodes[0].change(|world| world.reverts = true);
    assert_eq!(told(&stage), Preflight::passes(64_285));
    stage.nodes[1].change(|world| world.down = true);
    assert_eq!(told(&stage), fails(Failure::NodeDown), "without an answer nothing ends");
    stage.nodes[1].change(|world| {
        world.down = false;
        world.reverts = true;
    });
    assert_eq!(told(&stage), fails(Failure::TransferReverts));
    let alone = super::fake::stage(&World { reverts: true, ..World::new(9, 7) }, &["a", "a"], 1);
    assert_eq!(told(&alone), fails(Failure::TransferReverts), "there is nobody else");
}

#[test]
fn an_energy_that_no_transfer_needs_is_nonsense() {
    for energy in [0, 300_001, u64::MAX] {
        let stage = two();
        stage.nodes[0].change(|world| world.energy = energy);
        assert_eq!(told(&stage), Preflight::passes(64_285));
        stage.nodes[1].change(|world| world.energy = energy);
        assert_eq!(told(&stage), fails(Failure::NodeDown));
        let alone = super::fake::stage(&World { energy, ..World::new(9, 7) }, &["a"], 1);
        assert_eq!(told(&alone), fails(Failure::NodeDown));
    }
}

#[test]
fn a_slice_asks_shared_questions_once_and_answers_in_order() {
    let stage = two();
    let trials = [trial(&usdt(), 1_001), trial(&trx(), 100), trial(&usdt(), 7), trial(&trx(), 1_001)];
    let told = run(stage.tron.preflight(&trials)).unwrap();
    let passes = Preflight::passes;
    assert_eq!(told, [fails(Failure::FundsShort), passes(0), passes(64_285), fails(Failure::FundsShort)]);
    assert!(run(stage.tron.preflight(&[])).unwrap().is_empty());
}

#[test]
fn trx_to_a_contract_is_refused_by_two_operators() {
    let stage = two();
    stage.nodes[0].change(|world| world.contract = true);
    let told = |stage: &Stage| run(stage.tron.preflight(&[trial(&trx(), 1)])).unwrap()[0];
    assert_eq!(told(&stage), Preflight::passes(0));
    stage.nodes[1].change(|world| world.contract = true);
    assert_eq!(told(&stage), fails(Failure::TransferReverts));
}

#[test]
fn trx_to_an_account_that_is_none_yet_activates_it() {
    let stage = two();
    let told = |asset: &Asset| run(stage.tron.preflight(&[trial(asset, 1)])).unwrap()[0];
    for node in &stage.nodes {
        node.change(|world| {
            world.nobody.insert(THEM);
        });
    }
    assert_eq!(told(&trx()), Preflight::Passes { gas: 0, activates: true });
    assert_eq!(told(&usdt()), Preflight::passes(64_285), "a call of a contract never does");
}

#[test]
fn what_is_none_of_this_chain_is_refused() {
    let stage = two();
    let mut foreign = trial(&usdt(), 1);
    foreign.to = EvmAddress([1; 20]).into();
    assert!(matches!(run(stage.tron.preflight(&[foreign])), Err(ChainError::Disagree { .. })));
    let wallet = EvmAddress([1; 20]).into();
    assert!(matches!(run(stage.tron.balances(wallet, &[])), Err(ChainError::Foreign { .. })));
    assert!(matches!(run(stage.tron.counted(wallet)), Err(ChainError::Foreign { .. })));
    assert!(matches!(run(stage.tron.resources(wallet)), Err(ChainError::Foreign { .. })));
    assert!(matches!(run(stage.tron.market()), Err(ChainError::Foreign { .. })));
}
