//! Each kind of break, made on a real chain, and the name the auditor has for it.

use alloy_primitives::{Bytes, U256};
use sluice_devnet::transaction::Transaction;

use crate::stage::Stage;

#[tokio::test]
async fn an_honest_history_is_proven_and_its_root_is_the_one_anybody_can_compute() {
    let mut stage = Stage::new().await;
    let txids = stage.honest().await;
    let void = stage.void(0).await;
    let to = Stage::recipient(9);
    let failed = stage.reverts(1, to, 5_000_000).await;
    let nonce = stage.anvil.control().nonce(stage.wallets[1]).await.unwrap() - 1;
    stage.told_with_slot("order-9", to, "5", "failed", 1, nonce);
    let said = stage.check();
    said.is(0, &[]);
    let counts = &said.report["counts"];
    assert_eq!(
        (&counts["proven"], &counts["dead"], &counts["voids"], &counts["transactions"]),
        (&3.into(), &1.into(), &1.into(), &5.into())
    );
    assert_eq!(said.report["proven"][0]["txid"], txids[0].to_string());
    assert!(void != failed);

    // The root over the leaves that the report lists, by the words of docs/audit.md.
    let token = stage.usd.address().to_string().to_lowercase();
    let leaf = |it: &serde_json::Value| {
        let (id, txid) = (it["external_id"].as_str().unwrap(), it["txid"].as_str().unwrap());
        format!("sluice-audit:1\n{id}\neip155:31337/erc20:{token}\n{txid}\n{}", it["log_index"])
    };
    let leaves: Vec<String> = said.report["proven"].as_array().unwrap().iter().map(leaf).collect();
    let hash = |bytes: &[&[u8]]| -> Vec<u8> {
        use sha2::Digest as _;
        bytes.iter().fold(sha2::Sha256::new(), |hash, part| hash.chain_update(part)).finalize().to_vec()
    };
    let ends: Vec<Vec<u8>> = leaves.iter().map(|leaf| hash(&[&[0], leaf.as_bytes()])).collect();
    let root = hash(&[&[1], &hash(&[&[1], &ends[0], &ends[1]]), &ends[2]]);
    assert_eq!(said.report["root"], format!("0x{}", hex::encode(root)));
    stage.anvil.stop().await.unwrap();
}

#[tokio::test]
async fn a_double_payment_is_noticed() {
    let mut stage = Stage::new().await;
    stage.honest().await;
    let again = stage.pays(1, Stage::recipient(0), 1_500_000).await;
    let said = stage.check();
    said.is(1, &["paid_twice"]);
    let finding = &said.report["findings"][0];
    assert_eq!(finding["external_ids"][0], "order-0");
    assert!(finding["txids"].as_array().unwrap().contains(&again.to_string().into()), "{finding}");
    assert_eq!(said.report["counts"]["proven"], 2, "what was paid twice is not proven");
    stage.anvil.stop().await.unwrap();
}

#[tokio::test]
async fn a_wrong_amount_and_a_wrong_recipient_are_noticed() {
    let mut stage = Stage::new().await;
    stage.honest().await;
    let more = stage.pays(0, Stage::recipient(7), 2_000_001).await;
    stage.told("order-7", Stage::recipient(7), "2", "completed", Some(more));
    let astray = stage.pays(0, Stage::recipient(88), 3_000_000).await;
    stage.told("order-8", Stage::recipient(8), "3", "completed", Some(astray));
    let said = stage.check();
    said.is(1, &["amount_wrong", "recipient_wrong"]);
    assert_eq!(said.report["findings"][0]["external_ids"][0], "order-7");
    assert_eq!(said.report["findings"][1]["external_ids"][0], "order-8");
    stage.anvil.stop().await.unwrap();
}

#[tokio::test]
async fn a_missing_payment_is_noticed_whatever_transaction_is_named() {
    let mut stage = Stage::new().await;
    let txids = stage.honest().await;
    stage.told("order-6", Stage::recipient(6), "1", "completed", None);
    stage.told(
        "order-7",
        Stage::recipient(7),
        "1",
        "completed",
        Some(alloy_primitives::B256::repeat_byte(7)),
    );
    stage.told("order-8", Stage::recipient(8), "1", "completed", Some(txids[1]));
    stage.check().is(1, &["not_paid", "not_paid", "not_paid"]);
    stage.anvil.stop().await.unwrap();
}

#[tokio::test]
async fn a_reverted_transaction_counted_as_paid_is_noticed() {
    let mut stage = Stage::new().await;
    stage.honest().await;
    let reverted = stage.reverts(0, Stage::recipient(9), 5_000_000).await;
    stage.told("order-9", Stage::recipient(9), "5", "completed", Some(reverted));
    stage.check().is(1, &["paid_by_a_revert"]);
    stage.anvil.stop().await.unwrap();
}

#[tokio::test]
async fn two_withdrawals_that_share_one_log_are_noticed() {
    let mut stage = Stage::new().await;
    let txids = stage.honest().await;
    stage.told("order-0b", Stage::recipient(0), "1.5", "completed", Some(txids[0]));
    let said = stage.check();
    said.is(1, &["transfer_shared"]);
    assert_eq!(said.report["findings"][0]["external_ids"], serde_json::json!(["order-0b", "order-0"]));
    assert_eq!(said.report["counts"]["proven"], 2);
    stage.anvil.stop().await.unwrap();
}

#[tokio::test]
async fn a_failed_one_that_was_paid_is_noticed_and_one_that_could_still_be_paid_is_undecided() {
    let mut stage = Stage::new().await;
    stage.honest().await;
    let next = stage.anvil.control().nonce(stage.wallets[0]).await.unwrap();
    stage.told_with_slot("order-8", Stage::recipient(8), "4", "cancelled", 0, next);
    let said = stage.check();
    said.is(3, &["slot_open"]);
    assert_eq!(said.report["verdict"], "undecided");
    stage.pays(0, Stage::recipient(8), 4_000_000).await;
    stage.check().is(1, &["ended_but_paid"]);
    stage.anvil.stop().await.unwrap();
}

#[tokio::test]
async fn what_nobody_ordered_is_noticed_until_somebody_explains_it() {
    let mut stage = Stage::new().await;
    stage.honest().await;
    let (wallet, usd) = (stage.wallets[0], stage.usd.address());
    let moved = stage.pays(0, stage.wallets[1], 9).await;
    let coin = Transaction {
        from: wallet,
        to: Some(stage.stranger),
        value: U256::from(5),
        ..Transaction::default()
    };
    let coin = stage.sends(coin).await.transaction_hash;
    // approve(stranger, 10), and the stranger takes three.
    let word = |units: u64| U256::from(units).to_be_bytes::<32>();
    let approve = [&[0x09, 0x5e, 0xa7, 0xb3][..], stage.stranger.into_word().as_slice(), &word(10)].concat();
    let approve = stage.sends(Transaction::call(wallet, usd, approve)).await.transaction_hash;
    let (from, to) = (wallet.into_word(), Stage::recipient(99).into_word());
    let take = [&[0x23, 0xb8, 0x72, 0xdd][..], from.as_slice(), to.as_slice(), &word(3)].concat();
    let take = stage.sends(Transaction::call(stage.stranger, usd, take)).await.transaction_hash;
    let said = stage.check();
    said.is(
        1,
        &["transfer_unexplained", "transfer_unexplained", "coin_unexplained", "transaction_unexplained"],
    );
    assert_eq!(said.report["findings"][3]["txids"][0], approve.to_string());

    for (txid, kind) in
        [(moved, "internal_move"), (coin, "network_cost"), (approve, "permission"), (take, "theft")]
    {
        stage.explain(&format!("\"txid\":\"{txid}\""), kind);
    }
    let said = stage.check();
    said.is(0, &[]);
    assert_eq!(said.report["counts"]["explained"], 4);
    stage.anvil.stop().await.unwrap();
}

#[tokio::test]
async fn a_gap_in_the_nonces_is_noticed_until_somebody_explains_it() {
    let mut stage = Stage::new().await;
    stage.honest().await;
    let control = stage.anvil.control();
    let next = control.nonce(stage.wallets[1]).await.unwrap();
    control.set_nonce(stage.wallets[1], next + 1).await.unwrap();
    let txid = stage.pays(1, Stage::recipient(3), 1_000_000).await;
    stage.told("order-3", Stage::recipient(3), "1", "completed", Some(txid));
    let said = stage.check();
    said.is(1, &["nonce_unknown"]);
    assert_eq!(said.report["findings"][0]["detail"], format!("nonce {next}"));
    stage.explain(&format!("\"sender\":\"{}\",\"nonce\":{next}", stage.wallets[1]), "network_cost");
    stage.check().is(0, &[]);
    stage.anvil.stop().await.unwrap();
}

#[tokio::test]
async fn money_that_comes_or_goes_without_a_transaction_is_noticed() {
    let mut stage = Stage::new().await;
    stage.honest().await;
    let control = stage.anvil.control();
    let coin = control.balance(stage.wallets[0]).await.unwrap();
    control.set_balance(stage.wallets[0], coin + U256::from(1)).await.unwrap();
    control.mine(1).await.unwrap();
    stage.check().is(3, &["coin_unseen"]);
    control.set_balance(stage.wallets[0], coin - U256::from(1)).await.unwrap();
    control.mine(1).await.unwrap();
    let said = stage.check();
    said.is(1, &["balance_wrong"]);
    assert_eq!(said.report["findings"][0]["wallet"], stage.wallets[0].to_string().to_lowercase());
    stage.anvil.stop().await.unwrap();
}

#[tokio::test]
async fn coin_and_tokens_that_come_in_by_plain_transactions_add_up() {
    let mut stage = Stage::new().await;
    stage.honest().await;
    stage.usd.mint(stage.wallets[0], U256::from(77)).await.unwrap();
    stage
        .sends(Transaction {
            from: stage.stranger,
            to: Some(stage.wallets[0]),
            value: U256::from(5),
            ..Transaction::default()
        })
        .await;
    stage
        .sends(Transaction {
            from: stage.stranger,
            to: Some(stage.wallets[1]),
            value: U256::from(6),
            data: Bytes::from_static(b"x"),
            ..Transaction::default()
        })
        .await;
    stage.check().is(0, &[]);
    stage.anvil.stop().await.unwrap();
}

#[tokio::test]
async fn a_payment_from_somebody_elses_wallet_is_noticed() {
    let mut stage = Stage::new().await;
    stage.honest().await;
    stage.usd.mint(stage.stranger, U256::from(1_000_000)).await.unwrap();
    let receipt =
        stage.usd.transfer(stage.stranger, Stage::recipient(3), U256::from(1_000_000)).await.unwrap();
    stage.told("order-3", Stage::recipient(3), "1", "completed", Some(receipt.transaction_hash));
    stage.check().is(1, &["sender_wrong"]);
    stage.anvil.stop().await.unwrap();
}
