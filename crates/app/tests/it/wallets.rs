//! Wallets come into service and leave it by procedure; lanes do what operators ask.

use std::path::Path;
use std::process::Command;

use ruint::aliases::U256;
use sluice_api::client::ClientError;
use sluice_api::command::{Because, CommandState};
use sluice_api::lane::{AdoptTransaction, AdoptionType, LaneState, SpeedUp};
use sluice_api::status::Status;
use sluice_api::wallet::{AdoptWallet, WalletRole, WalletRule, WalletState};

use crate::harness::{Order, Shape, World, until};
use crate::on_both;

const CHAIN: &str = "eip155:31337";

/// Taking a wallet into service.
pub fn adopting(address: &str) -> AdoptWallet {
    AdoptWallet {
        chain: CHAIN.into(),
        address: address.into(),
        role: WalletRole::Hot,
        reason: "a new lane".into(),
    }
}

fn because(reason: &str) -> Because {
    Because::of(reason)
}

fn code<T: std::fmt::Debug>(answer: Result<T, ClientError>) -> String {
    match answer {
        Ok(value) => format!("done: {value:?}"),
        Err(error) => error.code().map_or(format!("{error:?}"), |code| code.as_str().to_owned()),
    }
}

/// `sluice signer key ..` on the signer's machine; the wallet's id and its address.
pub fn signer_key(config: &Path, partner: &str, what: &[&str]) -> (String, String) {
    signer_key_on(CHAIN, config, partner, what)
}

/// The same for a wallet of another chain.
pub fn signer_key_on(chain: &str, config: &Path, partner: &str, what: &[&str]) -> (String, String) {
    let made = Command::new(env!("CARGO_BIN_EXE_sluice"))
        .args(["--json", "signer", "--config"])
        .arg(config)
        .arg("key")
        .args(what)
        .args(["--chain", chain, "--partner", partner])
        .output()
        .expect("the program runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let said: serde_json::Value = serde_json::from_slice(&made.stdout).expect("one object");
    let text = |name: &str| said[name].as_str().expect("a text").to_owned();
    (text("wallet"), text("address"))
}

/// Gives an account coins and test dollars.
pub async fn fund(world: &World, address: &str) {
    let account = address.parse().expect("an address");
    let coins = U256::from(10_000_000_000_000_000_000_u64);
    world.anvil.control().set_balance(account, coins).await.expect("coins");
    world.usd.mint(account, U256::from(1_000_000_000_u64)).await.expect("dollars");
}

on_both! {
    /// No block comes at all, so no count of blocks can have raised it: the order did.
    async fn a_sped_up_lane_bumps_at_once(database: Database) {
        let world = World::new(database, Shape { lanes: 1, ..Shape::default() }).await;
        let engine = world.engine().await;
        let caller = engine.caller();
        let lane = caller.client.lanes().take(1).await.expect("a lane").remove(0).id;
        let hurry = SpeedUp { max_fee_wei: None, reason: "the customer waits".into(), version: None };
        let idle = caller.client.speed_up_lane(&lane, &hurry).await.expect_err("nothing is outside");
        assert_eq!(idle.code().map(|it| it.as_str()), Some("nothing_to_speed_up"), "{idle:?}");
        world.anvil.control().set_interval_mining(0).await.expect("mining stops");
        let order = Order::fresh("hurry", 1).remove(0);
        caller.insist(&order).await;
        caller.wait_for(&order, Status::Broadcast).await;
        let low = SpeedUp { max_fee_wei: Some("1".into()), ..hurry.clone() };
        let bound = caller.client.speed_up_lane(&lane, &low).await.expect_err("one wei is no replacement");
        assert_eq!(bound.code().map(|it| it.as_str()), Some("fee_at_cap"), "{bound:?}");
        caller.client.speed_up_lane(&lane, &hurry).await.expect("the order is taken");
        until("a dearer attempt is out", async || {
            caller.look(&order).await.is_some_and(|it| it.transactions.len() == 2)
        })
        .await;
        world.anvil.control().set_interval_mining(1).await.expect("mining goes on");
        let paid = caller.wait_for(&order, Status::Completed).await;
        assert_eq!(paid.transactions.len(), 2, "one try, one replacement: {paid:?}");
        world.judge().each_paid_once(&[order]).await;
        until("the order is on the record", async || {
            let events = caller.client.events_after(0, 100).await.expect("the feed").data;
            events.iter().any(|it| it.kind == "lane.speed_up" && it.reason == "the customer waits")
        })
        .await;
    }

    /// The signer is a process of its own; nothing is restarted.
    async fn a_wallet_made_at_the_signer_is_adopted_over_the_api_and_pays(database: Database) {
        let world = World::new(database, Shape { lanes: 1, ..Shape::default() }).await;
        let signer = world.signer().await;
        let engine = world.engine_beside(&signer, "dev").await;
        let caller = engine.caller();
        let old = caller.client.lanes().take(1).await.expect("a lane").remove(0).id;
        caller.client.pause_lane(&old, &because("only the new one pays")).await.expect("paused");
        let (wallet, address) = signer_key(&signer.config, &engine.dev.partner_id, &["create"]);
        fund(&world, &address).await;
        let mut found = None;
        until("every rule is met", async || {
            found = Some(caller.checked(&adopting(&address)).await);
            found.as_ref().is_some_and(|it| it.ready)
        })
        .await;
        let rules: Vec<WalletRule> = found.expect("a check").checks.iter().map(|it| it.rule).collect();
        assert_eq!(rules, WalletRule::ALL, "every rule is told");
        let adopted = caller.client.adopt_wallet(&adopting(&address)).await.expect("adopted");
        assert_eq!((adopted.id.as_str(), adopted.state), (wallet.as_str(), WalletState::Active));
        let held: Vec<&str> = adopted.balances.iter().map(|it| it.available.as_str()).collect();
        assert!(held.contains(&"1000"), "the opening balance is booked: {held:?}");
        let orders = Order::fresh("adopted", 5);
        for order in &orders {
            caller.insist(order).await;
        }
        caller.all_completed(&orders).await;
        let payments = world.judge().payments().await;
        for order in &orders {
            let paid = &payments[&order.address.to_lowercase()][0];
            assert!(paid.from.eq_ignore_ascii_case(&address), "the new wallet paid: {paid:?}");
        }
        world.judge().each_paid_once(&orders).await;
        assert_eq!(code(caller.client.adopt_wallet(&adopting(&address)).await), "wallet_managed");
    }

    async fn an_address_the_signer_does_not_hold_is_refused(database: Database) {
        let world = World::new(database, Shape { lanes: 1, ..Shape::default() }).await;
        let engine = world.engine().await;
        let caller = engine.caller();
        let stranger = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
        assert_eq!(code(caller.client.adopt_wallet(&adopting(stranger)).await), "wallet_key_not_held");
        let found = caller.checked(&adopting(stranger)).await;
        let checks: Vec<_> = found.checks.iter().map(|it| (it.rule, it.code.as_deref())).collect();
        assert_eq!((found.ready, checks), (false, vec![(WalletRule::KeyHeld, Some("wallet_key_not_held"))]));
        for (wrong, expected) in [
            (AdoptWallet { chain: "eip155:1".into(), ..adopting(stranger) }, "chain_unknown"),
            (AdoptWallet { role: WalletRole::Safe, ..adopting(stranger) }, "wallet_role_unsupported"),
            (adopting("0x70997970c51812dC3A010C7d01b50e0d17dc79C8"), "address_checksum"),
            (adopting("me"), "address_malformed"),
        ] {
            assert_eq!(code(caller.client.adopt_wallet(&wrong).await), expected);
        }
        // A key of another partner is as if it were not there.
        let config = engine.folder.join("signer.toml");
        let (_, theirs) = signer_key(&config, "pt_00000000000000000000000009", &["create"]);
        let limited = caller.limited(&engine.dev, &["wallets:manage"]).await;
        assert_eq!(code(limited.client.adopt_wallet(&adopting(&theirs)).await), "wallet_key_not_held");
    }

    async fn a_busy_or_delegated_address_is_refused(database: Database) {
        let world = World::new(database, Shape { lanes: 1, ..Shape::default() }).await;
        let engine = world.engine().await;
        let caller = engine.caller();
        let (_, address) = signer_key(&engine.folder.join("signer.toml"), &engine.dev.partner_id, &["create"]);
        fund(&world, &address).await;
        let ready = async || caller.checked(&adopting(&address)).await.ready;
        until("it is ready", ready).await;
        let (account, control) = (address.parse().expect("an address"), world.anvil.control());
        // EIP-7702: the account's code is 0xef0100 and the delegate.
        let delegated = [vec![0xef, 0x01, 0x00], vec![0x22; 20]].concat().into();
        control.set_code(account, delegated).await.expect("delegated");
        assert_eq!(code(caller.client.adopt_wallet(&adopting(&address)).await), "wallet_not_plain");
        control.set_code(account, Vec::new().into()).await.expect("plain again");
        // Somebody else uses the key: its transaction is in no block yet.
        control.set_interval_mining(0).await.expect("mining stops");
        control.impersonate(account).await.expect("impersonated");
        let transaction = serde_json::json!([{ "from": address, "to": address, "value": "0x1" }]);
        let _txid: String = world.anvil.rpc().call("eth_sendTransaction", transaction).await.expect("sent");
        assert_eq!(code(caller.client.adopt_wallet(&adopting(&address)).await), "wallet_not_quiet");
        control.set_interval_mining(1).await.expect("mining goes on");
        until("it is quiet again", ready).await;
        caller.client.adopt_wallet(&adopting(&address)).await.expect("adopted");
        let order = Order::fresh("quiet", 1);
        caller.insist(&order[0]).await;
        caller.all_completed(&order).await;
    }

    /// An imported key, in and out again: retired means that its key is barred for ever.
    async fn an_empty_wallet_is_retired_its_key_is_barred_and_its_loop_ends(database: Database) {
        let is_server = matches!(database, Database::Postgres(_)); // a file of SQLite is read by nobody else
        let world = World::new(database, Shape { lanes: 1, ..Shape::default() }).await;
        let signer = world.signer().await;
        let engine = world.engine_beside(&signer, "dev").await;
        let caller = engine.caller();
        // A keystore of another program: ours without its own lines, under another password.
        let (file, password) = (engine.folder.join("old.json"), engine.folder.join("old.password"));
        let secret = [0x5a; 32];
        let keystore = sluice_signer::key::keystore::create(b"old", &secret, sluice_signer::key::keystore::Scrypt::LIGHT);
        std::fs::write(&file, keystore.expect("a keystore").text()).expect("written");
        std::fs::write(&password, "old\n").expect("written");
        let (file, password) = (file.to_str().expect("a path"), password.to_str().expect("a path"));
        let import = ["import", file, "--file-password", password];
        let (wallet, address) = signer_key(&signer.config, &engine.dev.partner_id, &import);
        fund(&world, &address).await;
        until("it is ready", async || {
            caller.checked(&adopting(&address)).await.ready
        })
        .await;
        caller.client.adopt_wallet(&adopting(&address)).await.expect("adopted");
        let gone = because("old key");
        assert_eq!(code(caller.client.retire_wallet(&wallet, &gone).await), "state_conflict", "it is open");
        caller.client.drain_lane(&wallet, &gone).await.expect("draining");
        assert_eq!(code(caller.client.retire_wallet(&wallet, &gone).await), "wallet_not_empty", "it holds value");
        let (account, control) = (address.parse().expect("an address"), world.anvil.control());
        // There is no sweep: a person moves it by hand, and the lane freezes over that, as it must.
        control.impersonate(account).await.expect("impersonated");
        let all = world.usd.balance_of(account).await.expect("a balance");
        world.usd.transfer(account, world.usd.owner(), all).await.expect("moved by hand");
        control.set_balance(account, U256::ZERO).await.expect("no coins");
        until("one person retires it", async || caller.client.retire_wallet(&wallet, &gone).await.is_ok()).await;
        let kept = caller.client.wallet(&wallet).await.expect("it is there");
        assert_ne!(kept.state, WalletState::Retired, "one person is not enough");
        until("another person retires it", async || {
            let retired = engine.second().client.retire_wallet(&wallet, &gone).await;
            retired.is_ok_and(|command| command.state == CommandState::Done)
        })
        .await;
        let left = caller.client.wallet(&wallet).await.expect("it is still known");
        assert_eq!(left.state, WalletState::Retired);
        assert_eq!(code(caller.client.adopt_wallet(&adopting(&address)).await), "wallet_key_barred");
        if is_server {
            let stored = world.stored().await;
            let held = format!(
                "select name as answer from lease where name = 'lane:{wallet}'
                 and until > (extract(epoch from clock_timestamp()) * 1000000)::bigint"
            );
            until("its loop has ended", async || stored.ask(&held).await.is_empty()).await;
            tokio::time::sleep(std::time::Duration::from_secs(3)).await;
            assert!(stored.ask(&held).await.is_empty(), "and is not begun again");
        }
    }

    /// Somebody with the key moved test dollars by hand. Explained, the books agree with the chain, and the lane pays.
    async fn a_foreign_transaction_is_adopted_and_the_lane_pays_again(database: Database) {
        let world = World::new(database, Shape { lanes: 1, ..Shape::default() }).await;
        let engine = world.engine().await;
        let caller = engine.caller();
        let wallet = caller.client.wallets().take(1).await.expect("a wallet").remove(0);
        let (account, control) = (wallet.address.parse().expect("an address"), world.anvil.control());
        control.impersonate(account).await.expect("impersonated");
        let taken = U256::from(1_234_567_u64);
        let moved = world.usd.transfer(account, world.usd.owner(), taken).await.expect("moved by hand");
        control.stop_impersonating(account).await.expect("no longer");
        let lane = async || caller.client.lane(&wallet.id).await.expect("the lane");
        until("the lane is frozen", async || lane().await.state == LaneState::Frozen).await;
        let adopt = |kind| AdoptTransaction {
            txid: moved.transaction_hash.to_string(),
            kind,
            reason: "moved to the treasury by Kim".into(),
            version: None,
        };
        let wrong = caller.client.adopt_transaction(&wallet.id, &adopt(AdoptionType::Permission)).await;
        let wrong = code(wrong);
        assert!(["adoption_moved_value", "transaction_not_final"].contains(&wrong.as_str()), "{wrong}");
        until("it is final and adopted", async || {
            let answer = caller.client.adopt_transaction(&wallet.id, &adopt(AdoptionType::InternalMove)).await;
            answer.is_ok()
        })
        .await;
        let second = engine.second();
        let done = second.client.adopt_transaction(&wallet.id, &adopt(AdoptionType::InternalMove)).await;
        assert_eq!(done.expect("two persons say so").state, CommandState::Done);
        let again = caller.client.adopt_transaction(&wallet.id, &adopt(AdoptionType::Theft)).await;
        assert_eq!(code(again), "transaction_adopted");
        assert_eq!(lane().await.state, LaneState::Frozen, "opening it is another order");
        for person in [&caller, &second] {
            person.client.unfreeze_lane(&wallet.id, &because("explained")).await.expect("heard");
        }
        let orders = Order::fresh("explained", 3);
        for order in &orders {
            caller.insist(order).await;
        }
        caller.all_completed(&orders).await;
        world.judge().each_paid_once(&orders).await;
        let left = caller.client.wallet(&wallet.id).await.expect("the wallet");
        let paid: u64 = orders.iter().map(|order| order.atoms).sum();
        let expected = 2_000_000_000_000 - 1_234_567 - paid;
        let dollars = left.balances.iter().find(|it| it.asset == caller.asset).expect("its dollars");
        let expected = format!("{}.{:06}", expected / 1_000_000, expected % 1_000_000);
        assert_eq!(dollars.available.as_str(), expected.trim_end_matches('0'), "the books know what left");
    }
}
