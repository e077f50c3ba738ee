//! What cannot be paid ends where the failure table says; the others go on.

use ruint::aliases::U256;
use sluice_api::status::{Status, WaitKind};
use sluice_devnet::token::Refuser;

use crate::harness::{Order, Shape, World};
use crate::on_both;

on_both! {
    async fn a_blacklisted_and_a_reverting_recipient_fail_and_the_others_are_paid(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let engine = world.engine().await;
        let caller = engine.caller();
        let mut orders = Order::fresh("poison", 6);
        world.usd.blacklist(orders[1].address.parse().expect("an address")).await.expect("blacklisted");
        let refuser = Refuser::deploy(world.anvil.rpc(), world.usd.owner()).await.expect("deployed");
        orders[3].address = refuser.address().to_string();
        for order in &orders {
            caller.insist(order).await;
        }
        for (index, order) in orders.iter().enumerate() {
            let wanted = if index == 1 || index == 3 { Status::Failed } else { Status::Completed };
            let seen = caller.wait_for(order, wanted).await;
            let code = seen.reason.map(|reason| reason.code.to_string());
            match index {
                1 => assert_eq!(code.as_deref(), Some("recipient_blacklisted")),
                3 => assert_eq!(code.as_deref(), Some("transfer_reverts")),
                _ => assert_eq!(code, None),
            }
        }
        let (failed, paid): (Vec<_>, Vec<_>) = orders.into_iter().enumerate().partition(|(index, _)| [1, 3].contains(index));
        let only = |orders: Vec<(usize, Order)>| orders.into_iter().map(|(_, order)| order).collect::<Vec<_>>();
        world.judge().each_paid_once(&only(paid)).await;
        world.judge().none_paid(&only(failed)).await;
    }

    async fn a_paused_token_waits_and_is_paid_when_it_moves_again(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let engine = world.engine().await;
        let caller = engine.caller();
        world.usd.pause().await.expect("paused");
        let orders = Order::fresh("paused", 3);
        for order in &orders {
            caller.insist(order).await;
        }
        caller.is_alerted("breaker_open").await;
        for order in &orders {
            let seen = caller.waits_for(order, WaitKind::Person).await;
            assert!(!seen.status.is_terminal() && seen.transactions.is_empty(), "{seen:?}");
            assert!(seen.waiting_for.is_some_and(|it| it.released_by.contains("issuer")), "{}", order.external_id);
        }
        world.judge().none_paid(&orders).await;
        world.usd.unpause().await.expect("unpaused");
        caller.all_completed(&orders).await;
        world.judge().each_paid_once(&orders).await;
    }

    /// Every wallet is out of coins: everything waits, says so, and is paid when there are some.
    async fn an_empty_gas_tank_waits_and_is_said_and_is_paid_after_a_refill(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let engine = world.engine().await;
        let caller = engine.caller();
        let wallets = caller.client.wallets().take(10).await.expect("wallets");
        let accounts: Vec<_> = wallets.iter().map(|it| it.address.parse().expect("an address")).collect();
        for account in &accounts {
            world.control().set_balance(*account, U256::ZERO).await.expect("emptied");
        }
        let orders = Order::fresh("gas", 4);
        caller.insist_on(&orders).await;
        caller.is_alerted("gas_low").await;
        for order in &orders {
            caller.waits_for(order, WaitKind::Gas).await;
        }
        world.judge().none_paid(&orders).await;
        for account in accounts {
            world.control().set_balance(account, U256::from(10_u64.pow(19))).await.expect("refilled");
        }
        caller.all_completed(&orders).await;
        caller.alert_is_over("gas_low").await;
        world.judge().each_paid_once(&orders).await;
    }

    /// The issuer refuses one of our wallets: it takes nothing more, the other pays for both, and nobody is failed for it.
    async fn a_blacklisted_wallet_of_ours_is_said_and_the_other_goes_on(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let engine = world.engine().await;
        let caller = engine.caller();
        let wallet = caller.client.wallets().take(10).await.expect("wallets").remove(0);
        let account = wallet.address.parse().expect("an address");
        world.usd.blacklist(account).await.expect("blacklisted");
        let orders = Order::fresh("sender", 40);
        caller.insist_on(&orders).await;
        let alert = caller.is_alerted("breaker_open").await;
        assert_eq!(alert.subject, wallet.id);
        caller.all_completed(&orders).await;
        let payments = world.judge().payments().await;
        for order in &orders {
            let payer = &payments[&order.address][0].from;
            assert!(!payer.eq_ignore_ascii_case(&wallet.address), "{payer} is refused");
        }
        world.judge().each_paid_once(&orders).await;
        world.usd.unblacklist(account).await.expect("no longer");
        let after = Order::fresh("sender-after", 24);
        caller.insist_on(&after).await;
        caller.all_completed(&after).await;
        caller.alert_is_over("breaker_open").await;
        world.judge().each_paid_once(&after).await;
    }
}
