//! What nodes say, and do not say: who differs is named, and nothing is proven by them.

use serde_json::{Value, json};
use sluice_devnet::tron::{Fault, Rule};

use super::Stage;
use super::proxy::Proxy;
use crate::stage::Said;

/// Judged by an honest node and this one.
fn beside(stage: &Stage, liar: &Proxy) -> Said {
    let honest = stage.tron.node_url(0);
    by(stage, &[&honest, &liar.url])
}

fn by(stage: &Stage, nodes: &[&str]) -> Said {
    let list = stage.write("list.ndjson", stage.list());
    let opening = stage.file("opening.json");
    stage.run_by(nodes, &["check", "--list", &list, "--opening", &opening])
}

async fn honest() -> Stage {
    let mut stage = Stage::new().await;
    stage.honest();
    stage.control.solidify().unwrap();
    stage
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_leaves_a_transaction_out_whole_is_found_out_by_another() {
    let stage = honest().await;
    let url = stage.tron.node_url(1);
    let truth = Proxy::before(&url, |_, _, _| {});
    beside(&stage, &truth).is(0, &[]);
    // Everywhere, as if it had never been.
    let hides = Proxy::before(&url, |what, _, told| match what {
        "getblockbynum" => drop(told.as_object_mut().map(|block| block.remove("transactions"))),
        "gettransactioninfobyblocknum" => *told = json!([]),
        "gettransactioninfobyid" => *told = json!({}),
        _ => {}
    });
    let said = beside(&stage, &hides);
    said.refuses(3, "nodes_disagree", "the transfer logs, the transactions of the wallets");
    // Alone it is believed, and what it says does not add up.
    let said = by(&stage, &[&hides.url]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.found().contains(&"not_paid") && said.found().contains(&"balance_wrong"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_contradiction_of_one_node_ends_the_audit() {
    type Lie = fn(&str, &Value, &mut Value);
    let stage = honest().await;
    let url = stage.tron.node_url(1);
    let lies: [(&str, Lie); 9] = [
        ("the bytes of 0x", |what, _, told| {
            if let ("getblockbynum", Some(id)) = (what, told.pointer_mut("/transactions/0/txID")) {
                *id = "ab".repeat(32).into();
            }
        }),
        ("say different things of", |what, _, told| {
            if let ("getblockbynum", Some(ret)) =
                (what, told.pointer_mut("/transactions/0/ret/0/contractRet"))
            {
                *ret = "REVERT".into();
            }
        }),
        ("say different things of", |what, _, told| {
            if what == "gettransactioninfobyblocknum" {
                *told = json!([]);
            }
        }),
        ("does not belong into block", |what, _, told| {
            if let ("gettransactioninfobyblocknum", Some(number)) = (what, told.pointer_mut("/0/blockNumber"))
            {
                *number = 1.into();
            }
        }),
        ("does not stand on block", |what, _, told| {
            if let ("getblockbynum", Some(parent)) =
                (what, told.pointer_mut("/block_header/raw_data/parentHash"))
            {
                *parent = "cd".repeat(32).into();
            }
        }),
        // The head that it names is not the block that it shows.
        ("lead to another hash", |what, _, told| {
            if let ("getnowblock", Some(id)) = (what, told.pointer_mut("/blockID")) {
                let changed = format!("{}{}", &id.as_str().unwrap()[..16], "ef".repeat(24));
                *id = changed.into();
            }
        }),
        ("has no result that is known", |what, _, told| {
            if let ("getblockbynum", Some(ret)) =
                (what, told.pointer_mut("/transactions/0/ret/0/contractRet"))
            {
                *ret = "DEFAULT".into();
            }
        }),
        ("cannot be read", |what, _, told| {
            if let ("gettransactioninfobyblocknum", Some(data)) = (what, told.pointer_mut("/0/log/0/data")) {
                *data = "00".into();
            }
        }),
        ("different things of where", |what, _, told| {
            if what == "getblockbynum" {
                drop(told.as_object_mut().map(|block| block.remove("transactions")));
            }
        }),
    ];
    for (at, (words, lie)) in lies.into_iter().enumerate() {
        let liar = Proxy::before(&url, lie);
        let said = by(&stage, &[&liar.url]);
        assert_eq!((at, said.code), (at, Some(3)), "{said:?}");
        assert!(said.error.contains(words) && said.report["verdict"].is_null(), "{at}: {said:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_payment_of_what_is_told_as_failed_is_found_in_its_block() {
    let mut stage = Stage::new().await;
    let to = Stage::recipient(8);
    let head = stage.control.head();
    let paid = stage.pays(0, to, 6_000_000);
    stage.failed("order-8", to, "6", paid, Some((head.number, head.time_ms + 60_000)));
    stage.control.mine(25).unwrap();
    stage.check().is(1, &["ended_but_paid"]);
    // The payment lies before this opening, and the node denies it by its id.
    stage.control.solidify().unwrap();
    stage.stands();
    stage.control.mine(2).unwrap();
    stage.check().is(1, &["ended_but_paid"]);
    let denies = Proxy::before(&stage.tron.node_url(1), |what, _, told| {
        if what == "gettransactioninfobyid" {
            *told = json!({});
        }
    });
    let said = by(&stage, &[&denies.url]);
    said.refuses(3, "node_contradicts_itself", "and it has no receipt");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_busy_is_asked_again_and_one_that_tells_another_balance_is_named() {
    let stage = honest().await;
    let busy = Rule::every(Fault::RateLimited).on("getblockbynum").times(3);
    stage.control.add(busy).unwrap();
    stage.check_with(&[]).is(0, &[]);
    assert_eq!(stage.control.struck().get("rate_limited"), Some(&3));
    let other = Proxy::before(&stage.tron.node_url(1), |what, _, told| {
        if what == "getaccount" {
            told["balance"] = 1.into();
        }
    });
    beside(&stage, &other).refuses(3, "nodes_disagree", "where T");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_stays_behind_gives_no_verdict() {
    let stage = honest().await;
    assert!(stage.control.set_lag(1, 3));
    stage.check_with(&[]).refuses(3, "nodes_unsteady", "did not stand still");
    assert!(stage.control.set_lag(1, 0));
    stage.check_with(&[]).is(0, &[]);
}
