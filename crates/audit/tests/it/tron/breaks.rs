//! Each kind of break, made on the simulated network, and the name the auditor has for it.

use serde_json::json;

use super::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn a_double_payment_and_a_shared_one_are_noticed() {
    let mut stage = Stage::new().await;
    let txids = stage.honest();
    stage.completed("order-1b", Stage::recipient(1), "1.5", txids[1]);
    let again = stage.pays(1, Stage::recipient(0), 1_500_000);
    let said = stage.check();
    said.is(1, &["paid_twice", "transfer_shared"]);
    let txids = said.report["findings"][0]["txids"].to_string();
    assert!(txids.contains(&hex::encode(again)), "{txids}");
    assert_eq!(said.report["counts"]["proven"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_payment_and_a_wrong_one_are_noticed_by_name() {
    let mut stage = Stage::new().await;
    let txids = stage.honest();
    let to = Stage::recipient;
    stage.told("order-5", to(5), "1", "completed", "");
    stage.completed("order-6", to(6), "1", txids[1]);
    let reverted = stage.reverts(0, to(7), 5_000_000);
    stage.completed("order-7", to(7), "5", reverted);
    let more = stage.pays(0, to(8), 2_000_001);
    stage.completed("order-8", to(8), "2", more);
    let astray = stage.pays(0, to(88), 3_000_000);
    stage.completed("order-9", to(9), "3", astray);
    let by_other = stage.pays(2, to(10), 4_000_000);
    stage.completed("order-a", to(10), "4", by_other);
    stage.pays(0, to(11), 5_000_000);
    stage.completed("order-b", to(11), "5", [0xee; 32]);
    stage.told("order-c", to(12), "6", "processing", "");
    stage.check().is(
        1,
        &[
            "not_paid",
            "not_paid",
            "paid_by_a_revert",
            "amount_wrong",
            "recipient_wrong",
            "sender_wrong",
            "transaction_wrong",
            "not_ended",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_one_that_was_paid_or_could_still_be_is_noticed() {
    let mut stage = Stage::new().await;
    stage.honest();
    let to = Stage::recipient(8);
    stage.failed("order-8", to, "6", [0xee; 32], None);
    let said = stage.check();
    said.is(3, &["life_unknown"]);
    assert_eq!(said.report["verdict"], "undecided");
    stage.pays(0, to, 6_000_000);
    stage.check().is(1, &["ended_but_paid", "life_unknown"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_ordered_is_noticed_until_somebody_explains_it() {
    let mut stage = Stage::new().await;
    stage.honest();
    let stranger = stage.account(2).address();
    let moved = stage.pays(0, stage.account(1).address(), 9);
    let trx = json!({ "to_address": stranger.to_string(), "amount": 5 });
    let coin = stage.sends(0, "TransferContract", &trx);
    let approve = stage.calls(0, &Stage::data([0x09, 0x5e, 0xa7, 0xb3], stranger, 10));
    // The stranger takes three of what was allowed.
    let from = stage.account(0).address().word();
    let three = Stage::data([0; 4], Stage::recipient(40), 3);
    let take = stage.calls(2, &[&[0x23, 0xb8, 0x72, 0xdd][..], &from, &three[4..]].concat());
    let said = stage.check();
    said.is(
        1,
        &["transfer_unexplained", "transfer_unexplained", "coin_unexplained", "transaction_unexplained"],
    );
    assert_eq!(said.report["findings"][3]["txids"][0], format!("0x{}", hex::encode(approve)));
    for (txid, kind) in
        [(moved, "internal_move"), (coin, "network_cost"), (approve, "permission"), (take, "theft")]
    {
        stage.explain(txid, kind);
    }
    let said = stage.check();
    said.is(0, &[]);
    assert_eq!(said.report["counts"]["explained"], 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_comes_or_goes_without_a_transaction_is_noticed() {
    let mut stage = Stage::new().await;
    stage.honest();
    let wallet = stage.account(0).address();
    let sun = stage.control.balance_sun(wallet).unwrap();
    stage.control.set_balance(wallet, sun + 1);
    stage.control.mine(1).unwrap();
    stage.check().is(3, &["coin_unseen"]);
    stage.control.set_balance(wallet, sun - 1);
    stage.control.mine(1).unwrap();
    let said = stage.check();
    said.is(1, &["balance_wrong"]);
    assert_eq!(said.report["findings"][0]["wallet"], wallet.to_string());
    // Tokens that no log announces.
    stage.control.set_balance(wallet, sun);
    stage.control.mint_usdt(wallet, 1);
    stage.control.mine(1).unwrap();
    stage.check().is(1, &["balance_wrong"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_forgets_or_invents_a_withdrawal_is_noticed_by_the_callers_own_orders() {
    let mut stage = Stage::new().await;
    stage.honest();
    let orders = stage.write("orders.ndjson", stage.list());
    stage.control.solidify().unwrap();
    stage.check_with(&["--orders", &orders]).is(0, &[]);
    let more = stage.list().replace("order-0", "order-9").replace("1.50", "1.51");
    let orders = stage.write("orders.ndjson", &more);
    stage.check_with(&["--orders", &orders]).is(1, &["order_lost", "order_differs", "not_ordered"]);
}
