//! What `sluice export` writes, `sluice-audit` proves on chain; and what the engine did not do, it notices.

use std::path::Path;

use serde_json::{Value, json};
use sluice_api::command::Because;
use sluice_api::lane::LaneState;
use sluice_api::status::Status;
use sluice_audit::list::List;
use tokio::process::Command;

use crate::harness::{Engine, Order, Shape, World, until};
use crate::on_both;

/// Runs `sluice export` and reads its file as the auditor does.
async fn exported(engine: &Engine, file: &Path) -> List {
    let ran = Command::new(env!("CARGO_BIN_EXE_sluice"))
        .args(["--url", &engine.dev.api_url, "--key", &engine.dev.api_key, "export", "--out"])
        .arg(file)
        .output()
        .await
        .expect("it runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let mut list = List::default();
    let read = list.add("export", std::fs::File::open(file).expect("the export"));
    read.unwrap_or_else(|error| panic!("{error}"));
    list
}

on_both! {
    /// Payments, one that was called off, and a transaction of a wallet that the engine did not make: nothing but that is
    /// found, until two persons explain it.
    async fn an_export_is_proven_on_chain_and_what_the_engine_did_not_do_is_noticed(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let engine = world.engine().await;
        let (caller, second) = (engine.caller(), engine.second());
        let auditor = world.auditor(&caller).await;
        let mut orders = Order::fresh("audited", 6);
        let off = orders.pop().expect("one to call off");
        for order in &orders {
            caller.insist(order).await;
        }
        caller.all_completed(&orders).await;
        let lanes = caller.client.lanes().take(10).await.expect("lanes");
        for lane in &lanes {
            caller.client.pause_lane(&lane.id, &Because::of("a drill")).await.expect("it pauses");
        }
        let waiting = caller.insist(&off).await;
        let typo = serde_json::from_value(json!({ "reason": "typo" })).expect("a body");
        caller.client.cancel_withdrawal(&waiting.id, &typo).await.expect("it is called off");
        caller.wait_for(&off, Status::Cancelled).await;
        orders.push(off);

        let report = auditor.judges(exported(&engine, &world.folder().join("before.ndjson")).await, &orders).await;
        assert_eq!((report.exit_code(), report.counts.proven, report.counts.dead), (0, 5, 1), "{:#?}", report.findings);

        let wallet = caller.client.wallets().take(1).await.expect("wallets").remove(0);
        let rpc = world.anvil.rpc();
        rpc.call::<_, Value>("anvil_impersonateAccount", json!([wallet.address])).await.expect("impersonated");
        let to = "0x00000000000000000000000000000000d15b0001";
        let taken = json!([{ "from": wallet.address, "to": to, "value": "0x1" }]);
        let txid: String = rpc.call("eth_sendTransaction", taken).await.expect("sent");
        until("the lane is frozen", async || {
            caller.client.lane(&wallet.id).await.expect("the lane").state == LaneState::Frozen
        })
        .await;
        let mut report = None;
        until("the auditor sees it", async || {
            let found = auditor.judges_the_api(&caller, &orders).await;
            let seen = !found.findings.is_empty();
            report = Some(found);
            seen
        })
        .await;
        let report = report.expect("it was made");
        let found: Vec<_> = report.findings.iter().map(|it| (it.code.as_str(), it.txids[0].to_string())).collect();
        assert_eq!((report.exit_code(), found), (1, vec![("coin_unexplained", txid)]));

        caller.explain_all(&second, &wallet.id).await;
        let list = exported(&engine, &world.folder().join("after.ndjson")).await;
        assert_eq!(list.transactions.values().map(|it| it.kind).collect::<Vec<_>>(), ["theft"]);
        let report = auditor.judges(list, &orders).await;
        assert_eq!((report.exit_code(), report.counts.explained), (0, 1), "{:#?}", report.findings);
    }
}
