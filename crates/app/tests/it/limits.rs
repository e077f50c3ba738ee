//! A limit is a limit, however many ask at once (M8).

use ruint::aliases::U256;
use sluice_api::status::{Status, WaitKind};

use crate::harness::{Order, Shape, World, until};
use crate::on_both;

on_both! {
    /// The demo partner may pay 1,000,000 a day; 200 clients ask for 10,000 each at once.
    async fn two_hundred_against_a_daily_limit_for_one_hundred_are_exactly_one_hundred(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let engine = world.engine().await;
        let caller = engine.caller();
        let mut orders = Order::fresh("limit", 200);
        for order in &mut orders {
            order.atoms = 10_000_000_000;
        }
        caller.insist_on(&orders).await;
        let mut accepted = Vec::new();
        for order in &orders {
            let seen = caller.look(order).await.expect("it was stored");
            if seen.status == Status::Rejected {
                assert_eq!(seen.reason.expect("a reason").code, "limit_daily");
            } else {
                accepted.push(order.clone());
            }
        }
        assert_eq!(accepted.len(), 100);
        caller.all_completed(&accepted).await;
        let rejected: Vec<Order> = orders.into_iter().filter(|it| !accepted.contains(it)).collect();
        world.judge().each_paid_once(&accepted).await;
        world.judge().none_paid(&rejected).await;
    }

    /// Two wallets hold enough for one hundred of two hundred: those are paid, the others wait for funds and say so, and
    /// are paid when there are some.
    async fn two_hundred_against_a_balance_for_one_hundred_are_exactly_one_hundred(database: Database) {
        let world = World::new(database, Shape { funds: 250_000, ..Shape::default() }).await;
        let engine = world.engine().await;
        let caller = engine.caller();
        let mut orders = Order::fresh("balance", 200);
        for order in &mut orders {
            order.atoms = 5_000_000_000;
        }
        caller.insist_on(&orders).await;
        let completed = async || {
            let mut completed = Vec::new();
            for order in &orders {
                let seen = caller.look(order).await.expect("it is there");
                assert!(!seen.status.is_terminal() || seen.status == Status::Completed, "{seen:?}");
                if seen.status == Status::Completed {
                    completed.push(order.clone());
                }
            }
            completed
        };
        until("one hundred are paid", async || completed().await.len() >= 100).await;
        caller.is_alerted("funds_short").await;
        let paid = completed().await;
        assert_eq!(paid.len(), 100);
        let waiting: Vec<Order> = orders.iter().filter(|it| !paid.contains(it)).cloned().collect();
        for order in &waiting {
            caller.waits_for(order, WaitKind::Funds).await;
        }
        world.judge().each_paid_once(&paid).await;
        world.judge().none_paid(&waiting).await;
        for wallet in caller.client.wallets().take(10).await.expect("wallets") {
            let account = wallet.address.parse().expect("an address");
            world.usd.mint(account, U256::from(250_000_000_000_u64)).await.expect("funds");
        }
        caller.all_completed(&orders).await;
        caller.alert_is_over("funds_short").await;
        world.judge().each_paid_once(&orders).await;
    }

    /// Ten fill the day's limit. One of them fails and gives back what it reserved: one more fits, and not two.
    async fn a_failed_withdrawal_gives_its_reservation_back_once(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let engine = world.engine().await;
        let caller = engine.caller();
        let mut orders = Order::fresh("given-back", 13);
        for order in &mut orders {
            order.atoms = 100_000_000_000;
        }
        world.usd.blacklist(orders[9].address.parse().expect("an address")).await.expect("blacklisted");
        caller.insist_on(&orders[..9]).await;
        caller.insist(&orders[9]).await;
        caller.wait_for(&orders[9], Status::Failed).await;
        caller.insist(&orders[10]).await;
        for order in &orders[11..] {
            caller.insist(order).await;
            let rejected = caller.wait_for(order, Status::Rejected).await;
            assert_eq!(rejected.reason.expect("a reason").code, "limit_daily");
        }
        let paid = [&orders[..9], &orders[10..11]].concat();
        caller.all_completed(&paid).await;
        world.judge().each_paid_once(&paid).await;
        world.judge().none_paid(&[&orders[9..10], &orders[11..]].concat()).await;
    }
}
