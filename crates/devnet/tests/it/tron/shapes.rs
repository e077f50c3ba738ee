//! The exact shapes of answers: what is left out, which form a text has, and how an error is said.

use serde_json::json;
use sluice_devnet::tron::{Account, Resource, SUN, TronConfig};

use super::Stage;

const WINDOW: i64 = 28_800_000;

#[tokio::test]
async fn an_account_that_is_not_activated_is_an_empty_object() {
    let stage = Stage::new().await;
    let nobody = Account::of_seed(9, 9).address();
    for path in [
        "/wallet/getaccount",
        "/walletsolidity/getaccount",
        "/wallet/getaccountresource",
        "/wallet/getaccountnet",
    ] {
        assert_eq!(stage.ask(path, json!({ "address": nobody.hex() })).await, json!({}), "{path}");
        assert_eq!(
            stage.ask(path, json!({ "address": nobody.to_string(), "visible": true })).await,
            json!({})
        );
    }
}

#[tokio::test]
async fn an_account_shows_balance_stakes_and_permissions_and_nothing_that_is_zero() {
    let stage = Stage::new().await;
    let one = Account::of_seed(9, 9).address();
    stage.control.faucet(one, 7 * SUN, 0);
    stage.control.stake(one, Resource::Energy, 5 * SUN);
    let made_ms = stage.control.head().time_ms;
    stage.control.mine(1).unwrap();
    let genesis = stage.ask("/wallet/getblockbynum", json!({ "num": 0 })).await;
    let genesis_ms = genesis["block_header"]["raw_data"]["timestamp"].as_i64().unwrap();
    let key = json!([{ "address": one.hex(), "weight": 1 }]);
    let said = stage.ask("/wallet/getaccount", json!({ "address": one.hex() })).await;
    assert_eq!(
        said,
        json!({
            "address": one.hex(),
            "balance": 7 * SUN,
            "create_time": made_ms,
            "latest_consume_time": genesis_ms,
            "latest_consume_free_time": genesis_ms,
            "net_window_size": WINDOW,
            "net_window_optimized": true,
            "account_resource": {
                "latest_consume_time_for_energy": genesis_ms,
                "energy_window_size": WINDOW,
                "energy_window_optimized": true,
            },
            "frozenV2": [{}, { "type": "ENERGY", "amount": 5 * SUN }, { "type": "TRON_POWER" }],
            "owner_permission": { "permission_name": "owner", "threshold": 1, "keys": key },
            "active_permission": [{
                "type": "Active", "id": 2, "permission_name": "active", "threshold": 1,
                "operations": format!("7fff1fc0033ec30f{}", "0".repeat(48)), "keys": key,
            }],
        })
    );
    let said = stage.ask("/wallet/getaccount", json!({ "address": one.to_string(), "visible": true })).await;
    assert_eq!(said["address"], one.to_string());
    assert_eq!(said["owner_permission"]["keys"][0]["address"], one.to_string());
}

#[tokio::test]
async fn a_log_and_a_message_have_two_forms() {
    let stage = Stage::new().await;
    let (hex, id) = stage.usdt_transfer(stage.account(0), stage.account(1).address(), 5, 0).await;
    stage.broadcast(&hex).await;
    let head = stage.control.mine(1).unwrap().number;
    let usdt = stage.tron.usdt();
    let plain = stage.ask("/wallet/gettransactioninfobyid", json!({ "value": id })).await;
    let visible = stage.ask("/wallet/gettransactioninfobyid", json!({ "value": id, "visible": true })).await;
    assert_eq!(plain["log"][0]["address"], hex::encode(usdt.bytes()));
    assert_eq!(visible["log"][0]["address"], usdt.to_string());
    assert_eq!(
        (&plain["contract_address"], &visible["contract_address"]),
        (&json!(usdt.hex()), &json!(usdt.to_string()))
    );
    let all = stage.ask("/wallet/gettransactioninfobyblocknum", json!({ "num": head })).await;
    assert_eq!(all, json!([plain]));
    assert_eq!(stage.ask("/wallet/gettransactioninfobyblocknum", json!({ "num": 1 })).await, json!([]));
    assert_eq!(stage.ask("/wallet/gettransactioninfobyblocknum", json!({ "num": 0 })).await, json!({}));
    assert_eq!(
        stage.ask("/wallet/gettransactioncountbyblocknum", json!({ "num": head })).await,
        json!({ "count": 1 })
    );
    // The same transaction in both forms, and as JSON it is refused twice like as hexadecimal.
    let tx = stage.ask("/wallet/gettransactionbyid", json!({ "value": id, "visible": true })).await;
    assert_eq!(tx["raw_data"]["contract"][0]["parameter"]["value"]["contract_address"], usdt.to_string());
    assert_eq!(tx["raw_data"]["contract"][0]["type"], "TriggerSmartContract");
    let mut again = tx.clone();
    again["visible"] = json!(true);
    let said = stage.ask("/wallet/broadcasttransaction", again).await;
    assert_eq!(said, json!({ "code": "DUP_TRANSACTION_ERROR", "message": "Dup transaction.", "txid": id }));
    let tx = stage.ask("/wallet/gettransactionbyid", json!({ "value": id })).await;
    let said = stage.ask("/wallet/broadcasttransaction", tx).await;
    assert_eq!(
        said,
        json!({ "code": "DUP_TRANSACTION_ERROR", "message": hex::encode("Dup transaction."), "txid": id })
    );
    let said = stage.broadcast(&hex).await;
    assert_eq!((&said["result"], &said["message"]), (&json!(false), &json!("Dup transaction.")));
    assert!(said["transaction"].as_str().is_some_and(|text| text.starts_with('{')));
}

#[tokio::test]
async fn errors_are_said_as_the_node_says_them() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.account(0).address().hex(), stage.account(1).address().hex());
    let validate = |text: &str| json!({ "Error": format!("class org.tron.core.exception.ContractValidateException : {text}") });
    let transfer = json!({ "owner_address": alice, "to_address": bob, "amount": 0 });
    assert_eq!(
        stage.ask("/wallet/createtransaction", transfer).await,
        validate("Amount must be greater than 0.")
    );
    let loan =
        json!({ "owner_address": alice, "receiver_address": bob, "balance": SUN, "resource": "ENERGY" });
    assert_eq!(
        stage.ask("/wallet/delegateresource", loan).await,
        validate("delegateBalance must be less than or equal to available FreezeEnergyV2 balance")
    );
    let said = stage.ask("/wallet/withdrawexpireunfreeze", json!({ "owner_address": alice })).await;
    assert_eq!(said, validate("no unFreeze balance to withdraw "));
    let call = json!({ "owner_address": alice, "contract_address": bob, "function_selector": "name()" });
    let said = stage.ask("/wallet/triggersmartcontract", call.clone()).await;
    let message = hex::encode("No contract or not a valid smart contract");
    assert_eq!(said, json!({ "result": { "code": "CONTRACT_VALIDATE_ERROR", "message": message } }));
    let said = stage.ask("/wallet/triggerconstantcontract", call).await;
    assert_eq!(said["result"]["message"], hex::encode("Smart contract is not exist."));
    assert_eq!(
        stage.ask("/wallet/getblock", json!({ "id_or_num": "zz" })).await,
        json!({ "Error": "id must be legal block hash." })
    );
    for wrong in ["not json", "[1]", "{\"transaction\":\"zz\"}", "{\"transaction\":\"0a\"}", "{}"] {
        let (status, said) =
            stage.post_to(0, "/wallet/broadcasthex", wrong.as_bytes().to_vec()).await.unwrap();
        assert!(status == 200 && said.starts_with(b"{\"Error\":\"class "), "{wrong}: {said:?}");
    }
}

#[tokio::test]
async fn what_a_real_node_has_not_under_walletsolidity_this_one_has_not_either() {
    let stage = Stage::new().await;
    let status = async |path: &str| stage.post_to(0, path, b"{}".to_vec()).await.unwrap().0.as_u16();
    for name in [
        "getaccountresource",
        "getaccountnet",
        "getchainparameters",
        "getcontract",
        "getcontractinfo",
        "gettransactionreceiptbyid",
        "getsignweight",
        "broadcasthex",
        "createtransaction",
    ] {
        let both =
            (status(&format!("/walletsolidity/{name}")).await, status(&format!("/wallet/{name}")).await);
        assert_eq!(both, (404, 200), "{name}");
    }
    for name in ["getaccount", "getnowblock", "getblockbylimitnext", "triggerconstantcontract", "getnodeinfo"]
    {
        assert_eq!(status(&format!("/walletsolidity/{name}")).await, 200, "{name}");
    }
}

#[tokio::test]
async fn addresses_are_judged_in_both_forms() {
    let stage = Stage::new().await;
    let usdt = stage.tron.usdt();
    let cases = [
        (usdt.to_string(), json!({ "result": true, "message": "Base58check format" })),
        (usdt.hex(), json!({ "result": true, "message": "Hex string format" })),
        ("T".repeat(34), json!({ "result": false, "message": "Invalid address" })),
        ("41".to_owned(), json!({ "result": false, "message": "Length error" })),
    ];
    for (text, expected) in cases {
        assert_eq!(
            stage.ask("/wallet/validateaddress", json!({ "address": text })).await,
            expected,
            "{text}"
        );
    }
}

#[tokio::test]
async fn the_chain_says_its_parameters_its_id_and_how_far_it_is_final() {
    let stage = Stage::of(TronConfig { chain_id: 0x2b66_53dc, ..TronConfig::test(7) }).await;
    let said = stage.ask("/wallet/getchainparameters", json!({})).await;
    let list = said["chainParameter"].as_array().unwrap();
    let of = |key: &str| list.iter().find(|one| one["key"] == key).unwrap();
    assert_eq!(of("getEnergyFee"), &json!({ "key": "getEnergyFee", "value": 100 }));
    assert_eq!(of("getAllowPBFT"), &json!({ "key": "getAllowPBFT" }));
    assert_eq!(of("getDynamicEnergyMaxFactor")["value"], 34_000);
    let id = stage.ask("/jsonrpc", json!({ "id": 1, "method": "eth_chainId" })).await;
    assert_eq!(id, json!({ "jsonrpc": "2.0", "id": 1, "result": "0x2b6653dc" }));
    let unknown = stage.ask("/jsonrpc", json!({ "id": 1, "method": "eth_sendRawTransaction" })).await;
    assert_eq!(unknown["error"]["code"], -32601);
    let (now, solid) = (
        stage.ask("/wallet/getnowblock", json!({})).await,
        stage.ask("/walletsolidity/getnowblock", json!({})).await,
    );
    let info = stage.ask("/wallet/getnodeinfo", json!({})).await;
    let line = |block: &serde_json::Value| {
        format!(
            "Num:{},ID:{}",
            block["block_header"]["raw_data"]["number"],
            block["blockID"].as_str().unwrap()
        )
    };
    assert_eq!((&info["block"], &info["solidityBlock"]), (&json!(line(&now)), &json!(line(&solid))));
    // A question of a GET, as people ask.
    let by_get = stage.get("/wallet/getblockbynum?num=1").await;
    assert_eq!(by_get, stage.ask("/wallet/getblockbynum", json!({ "num": 1 })).await);
}

#[tokio::test]
async fn what_was_lent_is_shown_in_two_rows_and_from_both_sides() {
    let stage = Stage::new().await;
    let to = stage.account(0).address();
    let bank = {
        stage.control.lend_energy(to, 65_000).unwrap();
        stage.control.mine(1).unwrap();
        let index =
            stage.ask("/wallet/getdelegatedresourceaccountindexv2", json!({ "value": to.hex() })).await;
        assert_eq!(index["account"], to.hex());
        index["fromAccounts"][0].as_str().unwrap().to_owned()
    };
    let row = stage
        .ask("/wallet/getdelegatedresourcev2", json!({ "fromAddress": bank, "toAddress": to.hex() }))
        .await;
    let stake = stage.control.stake_for(Resource::Energy, 65_000);
    assert_eq!(
        row,
        json!({ "delegatedResource": [{ "from": bank, "to": to.hex(), "frozen_balance_for_energy": stake }] })
    );
    let back = stage.ask("/wallet/getdelegatedresourceaccountindexv2", json!({ "value": bank })).await;
    assert_eq!(back, json!({ "account": bank, "toAccounts": [to.hex()] }));
    let none = stage
        .ask("/wallet/getdelegatedresourcev2", json!({ "fromAddress": to.hex(), "toAddress": bank }))
        .await;
    assert_eq!(none, json!({}));
}

/// The vectors that tronweb made, of every kind of contract the codec knows.
#[tokio::test]
async fn every_kind_of_transaction_is_the_same_one_as_bytes_and_as_json() {
    let stage = Stage::new().await;
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../../../../codec/vectors/tron.json")).unwrap();
    let vectors = vectors["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), 12);
    for vector in vectors {
        let said = stage.broadcast(vector["signed_tx_hex"].as_str().unwrap()).await;
        // Its block is of another chain.
        assert_eq!(
            (&said["txid"], &said["code"]),
            (&vector["txid"], &json!("TRANSACTION_EXPIRATION_ERROR")),
            "{said}"
        );
        let mut shown: serde_json::Value =
            serde_json::from_str(said["transaction"].as_str().unwrap()).unwrap();
        assert_eq!(shown["raw_data_hex"], vector["raw_data_hex"]);
        shown["visible"] = json!(true);
        // The node does not look at these; it writes raw_data anew.
        shown["raw_data_hex"] = json!("00");
        shown["txID"] = json!("00");
        assert_eq!(
            stage.ask("/wallet/broadcasttransaction", shown).await["txid"],
            vector["txid"],
            "{}",
            vector["name"]
        );
    }
}
