//! A chain that is kept in a file answers after a restart as it did before.

use std::path::Path;

use serde_json::{Value, json};
use sluice_devnet::tron::{
    Account, Address, BLOCK_MS, Fate, Param, Resource, SUN, StateError, Tron, TronConfig, TronError,
};

use super::Stage;

const ROUNDS: u64 = 260;
const DAY_MS: i64 = 86_400_000;

fn config(path: &Path) -> TronConfig {
    TronConfig { nodes: 3, solid_lag: 5, state: Some(path.to_owned()), ..TronConfig::test(3) }
}

/// Starts again once the last one has let the file go.
async fn again(path: &Path) -> Stage {
    for _ in 0..10_000 {
        match Tron::start(config(path)).await {
            Ok(tron) => {
                drop(tron);
                break;
            }
            Err(TronError::State(StateError::InUse { .. })) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    }
    for _ in 0..10_000 {
        match Tron::start(config(path)).await {
            Ok(tron) => return Stage::around(tron),
            Err(TronError::State(StateError::InUse { .. })) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    }
    panic!("the file is never free")
}

/// One of each contract and of each order, as far as the network's rules let them pass. Returns what passed.
fn round(stage: &Stage, nth: u64, passed: &mut std::collections::BTreeMap<&'static str, u64>) {
    let control = &stage.control;
    let count = control.accounts().len();
    let at = usize::try_from(nth).unwrap();
    let (by, with) = (&control.accounts()[at % count], &control.accounts()[(at + 1) % count]);
    let (own, other) = (by.address().to_string(), with.address().to_string());
    let fresh = Account::of_seed(900, u32::try_from(nth % 60).unwrap()).address();
    let usdt = stage.tron.usdt().to_string();
    let pay = |to: Address, units: u64| format!("a9059cbb{}{units:064x}", hex::encode(to.word()));
    let resource = if nth.is_multiple_of(2) { "ENERGY" } else { "BANDWIDTH" };
    let sun = 1_000 * SUN;
    let trigger = |data: String| {
        ("TriggerSmartContract", json!({ "owner_address": own, "contract_address": usdt, "data": data }))
    };
    let key = |who: &str| json!([{ "address": who, "weight": 1 }]);
    let mut wanted = vec![
        ("TransferContract", json!({ "owner_address": own, "to_address": other, "amount": 1 + nth })),
        trigger(pay(with.address(), 5)),
        trigger(pay(fresh, 9)),
        trigger(pay(fresh, u64::MAX)),
        trigger(format!("095ea7b3{}{nth:064x}", hex::encode(fresh.word()))),
        (
            "FreezeBalanceV2Contract",
            json!({ "owner_address": own, "frozen_balance": 9 * sun, "resource": resource }),
        ),
        // Before the next one, which would pay out what has arrived by itself.
        ("WithdrawExpireUnfreezeContract", json!({ "owner_address": own })),
        (
            "UnfreezeBalanceV2Contract",
            json!({ "owner_address": own, "unfreeze_balance": sun / 2, "resource": resource }),
        ),
        (
            "DelegateResourceContract",
            json!({ "owner_address": own, "receiver_address": other, "balance": sun,
            "resource": resource, "lock": nth.is_multiple_of(3), "lock_period": 50 }),
        ),
        (
            "UnDelegateResourceContract",
            json!({ "owner_address": own, "receiver_address": other, "balance": sun / 4,
            "resource": resource }),
        ),
    ];
    if nth.is_multiple_of(11) {
        wanted.push(("CancelAllUnfreezeV2Contract", json!({ "owner_address": own })));
        wanted.push((
            "AccountCreateContract",
            json!({ "owner_address": own,
            "account_address": Account::of_seed(901, u32::try_from(nth).unwrap()).address().to_string() }),
        ));
        wanted.push((
            "AccountPermissionUpdateContract",
            json!({ "owner_address": own,
            "owner": { "permission_name": "owner", "threshold": 1, "keys": key(&own) },
            "actives": [{ "type": 2, "permission_name": "pay", "threshold": 1, "operations": format!("7fff1fc0033ec30f{}", "0".repeat(48)),
                "keys": key(&own) }] }),
        ));
    }
    for (contract, value) in wanted {
        let fee_limit = if nth.is_multiple_of(7) { SUN } else { 100 * SUN };
        if control.send(by, contract, &value, fee_limit).is_ok() {
            *passed.entry(contract).or_default() += 1;
        }
    }
    order(stage, nth, fresh);
}

fn order(stage: &Stage, nth: u64, fresh: Address) {
    let control = &stage.control;
    match nth % 23 {
        1 => control.faucet(fresh, 50 * SUN, 70),
        2 => control.blacklist(fresh, nth.is_multiple_of(2)),
        3 => control.set_factor(20_000 + i64::try_from(nth).unwrap()),
        4 => control.set_traffic(1_000_000_000),
        5 => control.set_parameter(Param::EnergyFee, 100 + i64::try_from(nth).unwrap()),
        6 => control.stake(fresh, Resource::Energy, 5_000 * SUN),
        7 => drop(control.lend_energy(fresh, 65_000)),
        8 => drop(control.take_energy(fresh)),
        9 => control.set_balance(fresh, 3 * SUN),
        10 => control.pause(true),
        11 => control.pause(false),
        12 => control.advance_ms(DAY_MS),
        13 => control.stall(true),
        15 => control.stall(false),
        16 => drop(control.reorg(3, Fate::Included)),
        17 => drop(control.reorg(2, Fate::Pending)),
        18 => drop(control.reorg(4, Fate::Dropped)),
        19 => control.advance_ms(15 * DAY_MS),
        _ => {}
    }
    control.mine(1).unwrap();
}

/// Every answer about every block and account, from every node, full and solid.
async fn answers(stage: &Stage) -> Vec<(String, Value)> {
    let mut asked: Vec<(&str, Value)> =
        ["getchainparameters", "getnextmaintenancetime", "getpendingsize", "gettransactionlistfrompending"]
            .map(|name| (name, json!({})))
            .to_vec();
    let mut both: Vec<(&str, Value)> =
        ["getnowblock", "getenergyprices", "getbandwidthprices", "getburntrx", "getnodeinfo"]
            .map(|name| (name, json!({})))
            .to_vec();
    let head = stage.control.head().number;
    for num in 0..=head {
        both.push(("getblockbynum", json!({ "num": num, "visible": true })));
        both.push(("gettransactioninfobyblocknum", json!({ "num": num })));
    }
    both.push(("getblockbylatestnum", json!({ "num": 50 })));
    both.push(("getblockbylimitnext", json!({ "startNum": head - 80, "endNum": head })));
    let known = stage.control.accounts().iter().map(Account::address);
    let fresh =
        (0..60).flat_map(|nth| [Account::of_seed(900, nth).address(), Account::of_seed(901, nth).address()]);
    for address in known.chain(fresh).chain([stage.tron.usdt(), stage.control.bank()]) {
        let of = json!({ "address": address.to_string(), "visible": true });
        asked.push(("getaccountresource", of.clone()));
        asked.push(("getaccountnet", of.clone()));
        both.push(("getaccount", of));
        let owner = address.to_string();
        both.push(("getdelegatedresourceaccountindexv2", json!({ "value": owner, "visible": true })));
        for kind in [0, 1] {
            both.push((
                "getcandelegatedmaxsize",
                json!({ "owner_address": owner, "type": kind, "visible": true }),
            ));
        }
        both.push(("getavailableunfreezecount", json!({ "owner_address": owner, "visible": true })));
        both.push(("getcanwithdrawunfreezeamount", json!({ "owner_address": owner, "visible": true })));
        both.push(("triggerconstantcontract", json!({ "owner_address": owner, "contract_address": stage.tron.usdt().to_string(),
            "function_selector": "balanceOf(address)", "parameter": hex::encode(address.word()), "visible": true })));
    }
    for name in ["getcontract", "getcontractinfo"] {
        asked.push((name, json!({ "value": stage.tron.usdt().to_string(), "visible": true })));
    }
    asked.extend(both.clone());
    let mut all = Vec::new();
    let paths = asked.into_iter().map(|(name, body)| (format!("/wallet/{name}"), body));
    let solid = both.into_iter().map(|(name, body)| (format!("/walletsolidity/{name}"), body));
    for (path, body) in paths.chain(solid) {
        let said = stage.ask(&path, body.clone()).await;
        for info in said.as_array().into_iter().flatten().step_by(5) {
            let ask = json!({ "value": info["id"] });
            all.push((format!("{ask}"), stage.ask("/wallet/gettransactioninfobyid", ask.clone()).await));
            all.push((format!("{ask} whole"), stage.ask("/wallet/gettransactionbyid", ask).await));
        }
        all.push((format!("{path} {body}"), said));
    }
    for node in 0..stage.tron.nodes() {
        all.push((
            format!("node {node}"),
            stage.ask_of(node, "/walletsolidity/getnowblock", json!({})).await,
        ));
    }
    all.push(("status".into(), stage.ask("/sim/status", json!({})).await));
    all
}

#[tokio::test]
async fn after_thousands_of_mixed_transactions_every_answer_is_the_same_as_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tron.state");
    let stage = Stage::of(config(&path)).await;
    let mut passed = std::collections::BTreeMap::new();
    for nth in 0..ROUNDS {
        round(&stage, nth, &mut passed);
    }
    stage.control.mine(1).unwrap();
    assert!(passed.len() == 10 && passed.values().sum::<u64>() > 2_000, "{passed:?}");
    let before = answers(&stage).await;
    let (head, token) = (stage.control.head(), stage.tron.usdt());
    drop(stage);
    let stage = again(&path).await;
    let resumed = stage.tron.resumed().unwrap();
    assert!(resumed.blocks >= head.number && resumed.transactions > 2_000, "{resumed:?}");
    let after = answers(&stage).await;
    assert_eq!((before.len(), stage.control.head(), stage.tron.usdt()), (after.len(), head, token));
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before, after);
    }
    // It goes on with the same chain: what was executed is a duplicate, what is new is not.
    let (bytes, _) = stage.usdt_transfer(stage.account(0), stage.account(1).address(), 1, 77).await;
    assert_eq!(stage.broadcast(&bytes).await["code"], "SUCCESS");
    stage.control.mine(1).unwrap();
    drop(stage);
    let stage = again(&path).await;
    assert_eq!(stage.control.head().number, head.number + 1);
    assert_eq!(stage.control.head().time_ms, head.now_ms.max(head.time_ms + BLOCK_MS));
    assert_eq!(stage.broadcast(&bytes).await["code"], "DUP_TRANSACTION_ERROR");
}
