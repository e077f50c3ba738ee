//! What goes wrong on purpose, and what stays true all the same.

use hyper::StatusCode;
use serde_json::{Value, json};
use sluice_devnet::tron::{Account, Fate, Fault, Param, Resource, Rule, SUN, TronConfig};

use super::Stage;

async fn is_included(stage: &Stage, id: &str) -> bool {
    stage.ask("/wallet/gettransactioninfobyid", json!({ "value": id })).await != json!({})
}

#[tokio::test]
async fn an_answer_says_nothing_about_where_the_transaction_is() {
    let stage = Stage::new().await;
    let to = stage.account(1).address();
    let pooled = [
        (Fault::PooledNotBroadcast, "NOT_ENOUGH_EFFECTIVE_CONNECTION", "P2P broadcast failed."),
        (Fault::PooledWithError, "OTHER_ERROR", "Error: null"),
        (Fault::FalseExpired, "TRANSACTION_EXPIRATION_ERROR", "Transaction expired"),
    ];
    let nowhere = [
        (Fault::ServerBusy, "SERVER_BUSY", "Server busy."),
        (Fault::NoConnection, "NO_CONNECTION", "No connection."),
        (Fault::Unsolidified, "BLOCK_UNSOLIDIFIED", "Block unsolidified."),
        (Fault::FalseDuplicate, "DUP_TRANSACTION_ERROR", "Dup transaction."),
        (Fault::Swallowed, "SUCCESS", ""),
    ];
    let all = pooled.iter().map(|it| (it, true)).chain(nowhere.iter().map(|it| (it, false)));
    for (salt, ((fault, code, message), is_pooled)) in (0..).zip(all) {
        let (hex, id) = stage.usdt_transfer(stage.account(0), to, 1, salt).await;
        stage.control.add(Rule::every(*fault).times(1)).unwrap();
        let said = stage.broadcast(&hex).await;
        assert_eq!((&said["code"], &said["message"]), (&json!(code), &json!(message)), "{fault:?}");
        stage.control.mine(1).unwrap();
        assert_eq!(is_included(&stage, &id).await, is_pooled, "{fault:?}");
        assert_eq!(stage.control.struck()[fault.name()], 1);
    }
}

#[tokio::test]
async fn a_lost_reply_is_a_closed_connection_and_the_payment_is_made() {
    let stage = Stage::new().await;
    let (hex, id) = stage.usdt_transfer(stage.account(0), stage.account(1).address(), 1, 0).await;
    let body = json!({ "transaction": hex }).to_string().into_bytes();
    stage.control.add(Rule::every(Fault::LoseRequest).on("broadcasthex").times(1)).unwrap();
    assert!(stage.post_to(0, "/wallet/broadcasthex", body.clone()).await.is_err());
    stage.control.mine(1).unwrap();
    assert!(!is_included(&stage, &id).await);
    stage.control.add(Rule::every(Fault::LoseReply).on("broadcasthex").times(1)).unwrap();
    assert!(stage.post_to(0, "/wallet/broadcasthex", body.clone()).await.is_err());
    stage.control.mine(1).unwrap();
    assert!(is_included(&stage, &id).await);
    stage.control.add(Rule::every(Fault::Missing).times(1)).unwrap();
    assert!(!is_included(&stage, &id).await && is_included(&stage, &id).await);
}

#[tokio::test]
async fn nodes_and_balancers_refuse_questions_in_their_own_ways() {
    let stage = Stage::new().await;
    stage.control.add(Rule::every(Fault::RateLimited).times(1)).unwrap();
    let said = stage.ask("/wallet/getnowblock", json!({})).await;
    assert_eq!(said, json!({ "Error": "lack of computing resources" }));
    stage.control.add(Rule::every(Fault::Unavailable).times(1)).unwrap();
    let (status, page) = stage.post_to(0, "/wallet/getnowblock", b"{}".to_vec()).await.unwrap();
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.starts_with(b"<html>"));
    let (status, _) = stage.post_to(0, "/wallet/nosuchthing", b"{}".to_vec()).await.unwrap();
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn nodes_of_one_chain_may_lag_forget_and_stand_alone() {
    let stage = Stage::of(TronConfig { nodes: 4, ..TronConfig::test(7) }).await;
    let control = &stage.control;
    control.mine(5).unwrap();
    let (hex, id) = stage.usdt_transfer(stage.account(0), Account::of_seed(9, 9).address(), 77, 0).await;
    assert!(control.set_lag(1, 5) && control.set_lite(2, true) && control.set_forked(3, Some(0)));
    assert!(!control.set_lag(4, 1));
    stage.broadcast(&hex).await;
    let head = control.mine(1).unwrap().number;
    let number = |block: Value| block["block_header"]["raw_data"]["number"].as_u64();
    assert_eq!(number(stage.ask_of(1, "/wallet/getnowblock", json!({})).await), Some(head - 5));
    assert_eq!(stage.ask_of(1, "/wallet/gettransactioninfobyid", json!({ "value": id })).await, json!({}));
    assert_eq!(stage.ask_of(1, "/wallet/gettransactionbyid", json!({ "value": id })).await, json!({}));
    // It refuses what refers to a block that it does not know yet.
    let (newer, _) = stage.usdt_transfer(stage.account(2), stage.account(1).address(), 1, 9).await;
    let said = stage.ask_of(1, "/wallet/broadcasthex", json!({ "transaction": newer })).await;
    assert_eq!((&said["code"], &said["message"]), (&json!("TAPOS_ERROR"), &json!("Tapos check error.")));
    // A lite node answers with a sentence, not with JSON.
    let ask = json!({ "value": id }).to_string().into_bytes();
    let (status, said) = stage.post_to(2, "/wallet/gettransactioninfobyid", ask).await.unwrap();
    assert_eq!(status, StatusCode::OK);
    assert_eq!(said, "this API is closed because this node is a lite fullnode");
    assert_eq!(number(stage.ask_of(2, "/wallet/getnowblock", json!({})).await), Some(head));
    // The one that stands alone has blocks of the same numbers and other ids, and takes what nobody else sees.
    let theirs = stage.ask_of(3, "/wallet/getblockbynum", json!({ "num": head })).await;
    let ours = stage.ask("/wallet/getblockbynum", json!({ "num": head })).await;
    assert_ne!(theirs["blockID"], ours["blockID"]);
    assert_eq!(
        theirs["block_header"]["raw_data"]["parentHash"],
        ours["block_header"]["raw_data"]["parentHash"]
    );
    assert_eq!(stage.ask_of(3, "/wallet/gettransactioninfobyid", json!({ "value": id })).await, json!({}));
    let (hex, alone) = stage.usdt_transfer(stage.account(1), stage.account(2).address(), 1, 5).await;
    let said = stage.ask_of(3, "/wallet/broadcasthex", json!({ "transaction": hex })).await;
    assert_eq!(said["code"], "SUCCESS");
    control.mine(1).unwrap();
    let info = stage.ask_of(3, "/wallet/gettransactioninfobyid", json!({ "value": alone })).await;
    assert_eq!(info["receipt"]["result"], "SUCCESS");
    assert!(!is_included(&stage, &alone).await);
    control.mine(6).unwrap();
    assert_eq!(
        stage.ask_of(3, "/walletsolidity/gettransactioninfobyid", json!({ "value": alone })).await,
        json!({})
    );
    // What it lags behind it catches up with, and what stood alone joins again.
    assert_eq!(
        stage.ask_of(1, "/wallet/gettransactioninfobyid", json!({ "value": id })).await["id"],
        json!(id)
    );
    control.set_forked(3, None);
    assert_eq!(stage.ask_of(3, "/wallet/gettransactioninfobyid", json!({ "value": alone })).await, json!({}));
    assert_eq!(
        stage.ask_of(3, "/wallet/gettransactioninfobyid", json!({ "value": id })).await["id"],
        json!(id)
    );
}

#[tokio::test]
async fn another_branch_takes_an_unsolid_payment_back_and_never_a_solid_one() {
    let stage = Stage::of(TronConfig { solid_lag: 5, ..TronConfig::test(7) }).await;
    let to = Account::of_seed(9, 9).address();
    let (hex, id) = stage.usdt_transfer(stage.account(0), to, 77, 0).await;
    stage.broadcast(&hex).await;
    stage.control.mine(3).unwrap();
    assert!(is_included(&stage, &id).await);
    assert_eq!(stage.control.reorg(3, Fate::Dropped).unwrap(), 3);
    assert!(!is_included(&stage, &id).await);
    assert_eq!(stage.control.usdt_units(to), 0);
    // The same bytes are taken again, and pay once.
    assert_eq!(stage.broadcast(&hex).await["code"], "SUCCESS");
    stage.control.solidify().unwrap();
    let solid = stage.ask("/walletsolidity/gettransactioninfobyid", json!({ "value": id })).await;
    stage.control.reorg(1_000, Fate::Dropped).unwrap();
    assert_eq!(stage.ask("/walletsolidity/gettransactioninfobyid", json!({ "value": id })).await, solid);
    assert_eq!(stage.control.usdt_units(to), 77);
}

#[tokio::test]
async fn while_nothing_becomes_final_the_head_moves_on() {
    let stage = Stage::new().await;
    let solid = stage.control.head().solid;
    stage.control.stall(true);
    stage.control.mine(30).unwrap();
    let head = stage.control.head();
    assert_eq!((head.solid, head.number > solid + 30), (solid, true));
    assert!(stage.control.solidify().is_err());
    stage.control.stall(false);
    stage.control.mine(1).unwrap();
    assert_eq!(stage.control.head().solid, head.number + 2 - 2);
}

#[tokio::test]
async fn rented_energy_vanishes_and_the_payment_burns_or_fails() {
    let stage = Stage::new().await;
    let (alice, to) = (stage.account(0).clone(), stage.account(1).address());
    stage.control.lend_energy(alice.address(), 65_000).unwrap();
    stage.control.mine(1).unwrap();
    let (hex, id) = stage.usdt_transfer(&alice, to, 1, 0).await;
    stage.broadcast(&hex).await;
    assert!(stage.control.take_energy(alice.address()) > 0);
    stage.control.mine(1).unwrap();
    // It was executed before the energy went: what waits keeps its order.
    let info = stage.ask("/wallet/gettransactioninfobyid", json!({ "value": id })).await;
    assert_eq!(info["receipt"]["energy_usage"], 64_285);
    assert_eq!(stage.control.energy_left(alice.address()), 0);
    // A part of a loan ends like any other.
    stage.control.lend_energy(alice.address(), 100_000).unwrap();
    let part = stage.control.stake_for(Resource::Energy, 40_000);
    stage.control.end_loan(alice.address(), part).unwrap();
    stage.control.mine(1).unwrap();
    assert!((stage.control.energy_left(alice.address()) - 60_000).abs() <= 1);
    assert!(stage.control.end_loan(alice.address(), i64::MAX).is_err());
    assert!(stage.control.take_energy(alice.address()) > 0);
    stage.control.set_balance(alice.address(), 2 * SUN);
    let (hex, id) = stage.usdt_transfer(&alice, to, 1, 1).await;
    stage.broadcast(&hex).await;
    stage.control.mine(1).unwrap();
    let info = stage.ask("/wallet/gettransactioninfobyid", json!({ "value": id })).await;
    assert_eq!(
        (&info["result"], &info["receipt"]["result"], info.get("log")),
        (&json!("FAILED"), &json!("OUT_OF_ENERGY"), None)
    );
    let tx = stage.ask("/wallet/gettransactionbyid", json!({ "value": id })).await;
    assert_eq!(tx["ret"], json!([{ "contractRet": "OUT_OF_ENERGY" }]));
}

#[tokio::test]
async fn what_vanishes_takes_its_share_of_what_is_still_used_up() {
    let stage = Stage::new().await;
    let alice = stage.account(0).clone();
    stage.control.lend_energy(alice.address(), 65_000).unwrap();
    stage.control.mine(1).unwrap();
    let (hex, _) = stage.usdt_transfer(&alice, stage.account(1).address(), 1, 0).await;
    stage.broadcast(&hex).await;
    stage.control.mine(1).unwrap();
    stage.control.advance_ms(12 * 3_600_000);
    stage.control.mine(1).unwrap();
    stage.control.take_energy(alice.address());
    let bank = json!({ "address": stage.control.bank().hex() });
    let used = stage.ask("/wallet/getaccountresource", bank).await["EnergyUsed"].as_i64().unwrap();
    assert!((used - 64_285 / 2).abs() < 10, "{used}");
}

#[tokio::test]
async fn prices_and_the_penalty_change_when_they_are_told_to() {
    let stage = Stage::new().await;
    stage.control.set_parameter(Param::EnergyFee, 210);
    stage.control.set_factor(0);
    let prices = stage.ask("/wallet/getenergyprices", json!({})).await;
    assert!(prices["prices"].as_str().unwrap().ends_with(":210"), "{prices}");
    let (hex, id) = stage.usdt_transfer(stage.account(0), stage.account(1).address(), 1, 0).await;
    stage.broadcast(&hex).await;
    stage.control.mine(1).unwrap();
    let info = stage.ask("/wallet/gettransactioninfobyid", json!({ "value": id })).await;
    assert_eq!(
        (&info["receipt"]["energy_fee"], &info["receipt"]["energy_usage_total"]),
        (&json!(14_650 * 210), &json!(14_650))
    );
    // The next maintenance period sees all the traffic, and the penalty rises.
    stage.control.advance_ms(21_600_000);
    stage.control.mine(1).unwrap();
    let usdt = json!({ "value": stage.tron.usdt().to_string(), "visible": true });
    assert_eq!(stage.ask("/wallet/getcontractinfo", usdt).await["contract_state"]["energy_factor"], 2_000);
}

#[tokio::test]
async fn the_levers_work_over_http_and_say_what_is_wrong() {
    let stage = Stage::new().await;
    let to = Account::of_seed(9, 9).address();
    let given = stage.ask("/sim/faucet", json!({ "address": to.to_string(), "sun": 5, "usdt": 7 })).await;
    assert_eq!(given, json!({ "balance": 5, "usdt": "7" }));
    let head = stage.control.head().number;
    assert_eq!(stage.ask("/sim/mine", json!({ "blocks": 2 })).await["block"], head + 2);
    assert_eq!(stage.ask("/sim/reorg", json!({ "depth": 1 })).await["block"], head + 3);
    let rule = stage
        .ask("/sim/fault", json!({ "fault": "delay", "ms": 1, "permille": 10, "on": "getaccount" }))
        .await;
    stage.ask("/sim/lift", rule).await;
    let orders = [
        ("faucet", json!({ "address": "nobody" })),
        ("mine", json!({ "blocks": -1 })),
        ("mine", json!({ "blocks": 1_000_000 })),
        ("advance", json!({ "ms": -5 })),
        ("advance", json!({})),
        ("reorg", json!({ "transactions": "lost" })),
        ("parameter", json!({ "key": "getNothing", "value": 1 })),
        ("stake", json!({ "address": to.to_string(), "resource": "LOVE", "sun": 1 })),
        ("node", json!({ "node": 9 })),
        ("fault", json!({ "fault": "rain" })),
        ("fault", json!({ "fault": "missing", "permille": 5_000 })),
        ("pause", json!({ "on": "yes" })),
    ];
    for (order, body) in orders {
        let said = stage.ask(&format!("/sim/{order}"), body.clone()).await;
        assert!(said["Error"].as_str().is_some_and(|text| !text.is_empty()), "{order} {body}: {said}");
    }
    let paused = stage.ask("/sim/pause", json!({})).await;
    assert_eq!(paused, json!({ "result": true }));
    let (hex, id) = stage.usdt_transfer(stage.account(0), to, 1, 0).await;
    stage.broadcast(&hex).await;
    stage.control.mine(1).unwrap();
    let info = stage.ask("/wallet/gettransactioninfobyid", json!({ "value": id })).await;
    assert_eq!(
        (&info["receipt"]["result"], &info["resMessage"]),
        (&json!("REVERT"), &json!(hex::encode("REVERT opcode executed")))
    );
}
