//! Whole ranges: what is honest is proven, audits chain, and a wrong question is refused.

use serde_json::json;

use super::Stage;
use super::proxy::Proxy;
use crate::stage::program;

#[tokio::test(flavor = "multi_thread")]
async fn a_range_with_paid_failed_and_expired_ones_is_proven_by_two_nodes() {
    let mut stage = Stage::new().await;
    let txids = stage.honest();
    let failed = stage.reverts(1, Stage::recipient(7), 5_000_000);
    stage.failed("order-7", Stage::recipient(7), "5", failed, None);
    let (lost, reference, expires) = stage.loses(0, Stage::recipient(8), 6_000_000);
    stage.failed("order-8", Stage::recipient(8), "6", lost, Some((reference, expires)));
    // A stranger pays and is paid, and pays the wallets.
    stage.pays(2, Stage::recipient(30), 1);
    stage.pays(2, stage.account(0).address(), 77);
    stage.sends(
        2,
        "TransferContract",
        &json!({ "to_address": stage.account(1).address().to_string(), "amount": 9 }),
    );
    // Not yet: it expires 60 seconds after the block it refers to.
    let said = stage.check();
    said.is(3, &["slot_open"]);
    stage.control.mine(25).unwrap();
    let said = stage.check();
    said.is(0, &[]);
    let counts = &said.report["counts"];
    assert_eq!(
        (&counts["proven"], &counts["dead"], &counts["voids"], &counts["transactions"], &counts["transfers"]),
        (&3.into(), &2.into(), &0.into(), &4.into(), &4.into())
    );
    assert_eq!((&said.report["nodes"], &said.report["chain"]), (&2.into(), &stage.chain().into()));
    let first = &said.report["proven"][0];
    assert_eq!(first["txid"], format!("0x{}", hex::encode(txids[0])));
    assert_eq!(first["token"], stage.tron.usdt().to_string());

    // The root over the leaves that the report lists, by the words of docs/audit.md.
    let asset = format!("{}/trc20:{}", stage.chain(), stage.tron.usdt());
    let leaf = |it: &serde_json::Value| {
        let (id, txid) = (it["external_id"].as_str().unwrap(), it["txid"].as_str().unwrap());
        format!("sluice-audit:1\n{id}\n{asset}\n{txid}\n{}", it["log_index"])
    };
    let leaves: Vec<String> = said.report["proven"].as_array().unwrap().iter().map(leaf).collect();
    let root = sluice_audit::merkle::root(&leaves);
    assert_eq!(said.report["root"], format!("0x{}", hex::encode(root)));
}

#[tokio::test(flavor = "multi_thread")]
async fn audits_chain_and_a_death_before_the_range_is_read_beside_it() {
    let mut stage = Stage::new().await;
    stage.honest();
    let (lost, reference, expires) = stage.loses(0, Stage::recipient(8), 6_000_000);
    stage.failed("order-8", Stage::recipient(8), "6", lost, Some((reference, expires)));
    stage.control.mine(4).unwrap();
    // Half of its life lies before this opening.
    let first = stage.check();
    first.is(3, &["slot_open"]);
    stage.write("opening.json", &first.report.to_string());
    stage.control.mine(25).unwrap();
    let second = stage.check();
    second.is(0, &[]);
    let counts = &second.report["counts"];
    assert_eq!((&counts["dead"], &counts["earlier"], &counts["proven"]), (&1.into(), &3.into(), &0.into()));
    // And all of it before this one.
    stage.write("opening.json", &second.report.to_string());
    stage.control.mine(3).unwrap();
    let third = stage.check();
    third.is(0, &[]);
    assert_eq!(third.report["counts"]["dead"], 1);
    assert_eq!(third.report["from"], second.report["to"]);
    let said = stage.check_with(&["--blocks-max", "5"]);
    said.refuses(2, "range_too_long", "--blocks-max");
}

#[tokio::test(flavor = "multi_thread")]
async fn stakes_and_loans_of_a_wallet_add_up_once_they_are_explained() {
    let mut stage = Stage::new().await;
    stage.honest();
    let stake = json!({ "frozen_balance": 5_000_000_000_u64, "resource": "ENERGY" });
    let staked = stage.sends(0, "FreezeBalanceV2Contract", &stake);
    let back = json!({ "unfreeze_balance": 1_000_000_000_u64, "resource": "ENERGY" });
    let unstaked = stage.sends(0, "UnfreezeBalanceV2Contract", &back);
    let lend = json!({
        "balance": 2_000_000_000_u64, "resource": "ENERGY",
        "receiver_address": stage.account(2).address().to_string(),
    });
    let lent = stage.sends(0, "DelegateResourceContract", &lend);
    stage.check().is(1, &["transaction_unexplained"; 3]);
    for txid in [staked, unstaked, lent] {
        stage.explain(txid, "network_cost");
    }
    stage.check().is(0, &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_becomes_solid_while_the_range_is_read_is_above_it() {
    let mut stage = Stage::new().await;
    stage.honest();
    stage.control.solidify().unwrap();
    let late = stage.pays(0, Stage::recipient(5), 5_000_000);
    stage.completed("order-5", Stage::recipient(5), "5", late);
    let failed = stage.reverts(0, Stage::recipient(6), 6_000_000);
    stage.failed("order-6", Stage::recipient(6), "6", failed, None);
    let control = stage.control.clone();
    let grows = Proxy::before(&stage.tron.url(), move |what, _, _| {
        if what == "gettransactioninfobyblocknum" {
            control.solidify().unwrap();
        }
    });
    let (list, opening) = (stage.write("list.ndjson", stage.list()), stage.file("opening.json"));
    let arguments = ["check", "--list", &list, "--opening", &opening];
    stage.run_by(&[&grows.url], &arguments).is(3, &["slot_open", "above_the_range"]);
    stage.run_by(&[&grows.url], &arguments).is(0, &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_tron_cannot_answer_is_refused() {
    let mut stage = Stage::new().await;
    stage.honest();
    stage.control.solidify().unwrap();
    let list = stage.write("list.ndjson", stage.list());
    stage.run(&["check", "--list", &list]).refuses(2, "opening_needed", "sluice-audit stand");
    stage.check_with(&["--to", "9"]).refuses(2, "closing_fixed", "leave --to out");
    let third = stage.account(3).address().to_string();
    stage.check_with(&["--wallet", &third]).refuses(2, "opening_incomplete", &third);
    stage.check_with(&["--wallet", "0x52908400098527886E0F7030069857D2E4169EE7"]).refuses(
        2,
        "address_malformed",
        "base58 on TRON",
    );
    stage.check_with(&["--tron-key", "a\nb"]).refuses(2, "node_key", "line feeds");
    let other = list_of_another(&stage);
    let (wallet, url) = (stage.account(0).address().to_string(), stage.tron.url());
    let said = program(&["check", "--json", "--list", &other, "--wallet", &wallet, "--rpc", &url]);
    said.refuses(3, "node_of_another_chain", &stage.chain());
    let text = std::fs::read_to_string(stage.file("opening.json")).unwrap();
    let opening: serde_json::Value = serde_json::from_str(&text).unwrap();
    let hash = opening["block"]["hash"].as_str().unwrap();
    let gone = format!("{}{}", &hash[..18], "ab".repeat(24));
    stage.write("opening.json", &text.replace(hash, &gone));
    stage.check_with(&[]).refuses(3, "opening_gone", "have another there");
}

fn list_of_another(stage: &Stage) -> String {
    stage.write("other.ndjson", &stage.list().replace(&stage.chain(), "tron:728126428"))
}
