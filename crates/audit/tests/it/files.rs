//! What is given to the program: lists, orders, openings; and what it says of wrong ones.

use crate::stage::{Stage, program};

#[tokio::test]
async fn an_engine_that_forgets_or_invents_a_withdrawal_is_noticed_by_the_callers_own_orders() {
    let mut stage = Stage::new().await;
    stage.honest().await;
    let orders = stage.write("orders.ndjson", stage.list());
    stage.check_with(&["--orders", &orders]).is(0, &[]);
    let fewer: Vec<&str> = stage.list().lines().skip(1).collect();
    let orders = stage.write("orders.ndjson", &format!("{}\n", fewer.join("\n")));
    stage.check_with(&["--orders", &orders]).is(1, &["not_ordered"]);
    let more = stage.list().replace("order-0", "order-9").replace("1.50", "1.51");
    let orders = stage.write("orders.ndjson", &more);
    stage.check_with(&["--orders", &orders]).is(1, &["order_lost", "order_differs", "not_ordered"]);
    stage.anvil.stop().await.unwrap();
}

#[tokio::test]
async fn audits_chain_each_begins_where_the_last_one_ended() {
    let mut stage = Stage::new().await;
    stage.honest().await;
    let first = stage.check();
    first.is(0, &[]);
    let report = stage.write("first.json", &first.report.to_string());
    let to = Stage::recipient(5);
    let txid = stage.pays(0, to, 5_000_000).await;
    stage.told("order-5", to, "5", "completed", Some(txid));
    let list = stage.write("list.ndjson", stage.list());
    let second = stage.run(&["check", "--list", &list, "--opening", &report]);
    second.is(0, &[]);
    assert_eq!(
        (&second.report["counts"]["proven"], &second.report["counts"]["earlier"]),
        (&1.into(), &3.into())
    );
    assert_eq!(second.report["from"], first.report["to"]);
    stage.anvil.stop().await.unwrap();
}

#[tokio::test]
async fn a_spreadsheet_and_people_are_served_too() {
    let mut stage = Stage::new().await;
    let txids = stage.honest().await;
    let (asset, to) = (stage.asset(), Stage::recipient);
    let csv = format!(
        "external_id,asset,recipient,amount,status,txid\na,{asset},{},1.5,completed,{}\nb,{asset},{},1.5,completed,\nc,{asset},{},0.000007,completed,\n",
        to(0),
        txids[0],
        to(1),
        to(2)
    );
    let list = stage.write("list.csv", &csv);
    let opening = stage.file("opening.json");
    stage.run(&["check", "--list", &list, "--opening", &opening]).is(0, &[]);
    let (url, [one, other]) = (stage.anvil.url(), stage.wallets.map(|it| it.to_string()));
    let people = [
        "check",
        "--list",
        &list,
        "--opening",
        &opening,
        "--rpc",
        &url,
        "--wallet",
        &one,
        "--wallet",
        &other,
    ];
    let said = program(&people);
    let text = said.report.as_str().unwrap();
    assert!(
        text.contains("\nproven=3\n") && text.contains("\nundecided=0\n") && text.contains("PROVEN"),
        "{text}"
    );
    let said = program(&[&people[..], &["--lang", "ko"]].concat());
    assert!(said.report.as_str().unwrap().contains("증명됨"), "{said:?}");
    stage.anvil.stop().await.unwrap();
}

#[tokio::test]
async fn a_wrong_question_ends_with_2_and_says_what_to_do() {
    let mut stage = Stage::new().await;
    stage.honest().await;
    let list = stage.write("list.ndjson", stage.list());
    let opening = stage.file("opening.json");
    let check = |more: &[&str]| stage.run(&[&["check"], more].concat());
    check(&["--list", "/nowhere"]).refuses(2, "file_unreadable", "check its name");
    check(&[]).refuses(2, "chain_unnamed", "give --chain");
    check(&["--chain", "eip155:31337"]).refuses(2, "no_tokens", "--token");
    check(&["--chain", "solana:1", "--list", &list]).refuses(2, "chain_malformed", "eip155:137");
    check(&["--list", &list, "--wallet", "0x1"]).refuses(2, "address_malformed", "0x1");
    check(&["--list", &list, "--opening", &opening, "--to", "1"]).refuses(2, "range_empty", "--to");
    check(&["--list", &list, "--opening", &list]).refuses(2, "opening_malformed", "list.ndjson");
    check(&["--list", &list, "--blocks-max", "2"]).refuses(2, "range_too_long", "--blocks-max");
    let cut =
        stage.write("cut.ndjson", &format!("{{\"record\":\"export\",\"version\":1}}\n{}", stage.list()));
    check(&["--list", &cut]).refuses(2, "list_malformed", "cut off");
    let fine = stage.list().replace("0.000007", "0.0000071");
    let fine = stage.write("fine.ndjson", &fine);
    check(&["--list", &fine, "--opening", &opening]).refuses(
        2,
        "amount_unpayable",
        "finer than the 6 decimals",
    );
    let other = std::fs::read_to_string(&opening).unwrap().replace("\"chain\":31337", "\"chain\":137");
    let other = stage.write("other.json", &other);
    check(&["--list", &list, "--opening", &other]).refuses(2, "opening_of_another_chain", "eip155:137");
    let said = program(&["check", "--list", &list, "--json", "--rpc", &stage.anvil.url()]);
    said.refuses(2, "no_wallets", "--wallet");
    assert_eq!(program(&["check", "--list", &list]).code, Some(2), "no node is named");
    stage.anvil.stop().await.unwrap();
}
