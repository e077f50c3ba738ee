//! What a lane has too much is swept into a wallet whose key somebody else holds, once, with real processes.

use sluice_api::command::{Because, CommandState};
use sluice_api::query::TreasuryQuery;
use sluice_api::reconciliation::{Reconciliation, ReconciliationOutcome};
use sluice_api::signature::OrderMovement;
use sluice_api::status::Status;
use sluice_api::wallet::{RegisterWallet, WalletRole};
use sluice_api::withdrawal::ErrandKind;

use crate::harness::{Order, Shape, World, until};
use crate::on_both;

/// An account whose key nobody here holds.
const VAULT: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

on_both! {
    async fn what_a_lane_has_too_much_is_swept_once_and_both_ends_are_booked(database: Database) {
        // Two persons register the vault, and nobody has to wait a day to be heard.
        let shape = Shape { lanes: 1, server: "[treasury]\nregister_wait_hours = 0\n", ..Shape::default() };
        let world = World::new(database, shape).await;
        let installation = world.production(&["one", "two"]).await;
        let engine = installation.engine(&world, "engine").await;
        let (caller, second) = (engine.caller(), engine.second());
        // Some are paid first: then the lane has seen blocks and has books.
        let orders = Order::fresh("paid", 3);
        caller.insist_on(&orders).await;
        caller.all_completed(&orders).await;
        let lane = caller.client.lanes().take(1).await.expect("a lane").remove(0);
        let vault = RegisterWallet {
            partner_id: None,
            chain: lane.chain.clone(),
            address: VAULT.into(),
            role: WalletRole::Cold,
            label: "vault".into(),
            reason: "month end".into(),
        };
        for (person, state) in [(&caller, CommandState::AwaitingSecondPerson), (&second, CommandState::Done)] {
            let heard = person.client.register_wallet(&vault).await.expect("heard");
            assert_eq!(heard.state, state);
        }
        let wallets = caller.client.wallets().take(9).await.expect("wallets");
        let cold = wallets.iter().find(|it| it.address.eq_ignore_ascii_case(VAULT)).expect("the vault").id.clone();
        let sweep = OrderMovement {
            external_id: "sweep-1".into(),
            from_wallet_id: lane.id.clone(),
            to_wallet_id: cold.clone(),
            asset: caller.client.treasury(&TreasuryQuery::default()).await.expect("a treasury").assets[0].asset.clone(),
            amount: "3".into(),
            reason: "month end".into(),
        };
        assert!(caller.client.check_sweep(&sweep).await.expect("it may be ordered").covered);
        let ordered = caller.client.order_sweep(&sweep).await.expect("ordered");
        assert_eq!(ordered.errand, Some(ErrandKind::Sweep));
        until("it is swept", async || {
            let told = caller.client.order_sweep(&sweep).await.expect("the same one");
            assert_eq!(told.id, ordered.id);
            told.status == Status::Completed
        })
        .await;
        let swept = &world.judge().payments().await[&VAULT.to_lowercase()];
        let swept: Vec<_> = swept.iter().filter(|paid| paid.from.eq_ignore_ascii_case(&lane.address)).collect();
        assert_eq!(swept.len(), 1, "{swept:?}");
        until("the books have both ends of it", async || {
            let asked = caller.client.reconcile_wallet(&cold, &Because::of("month end")).await;
            let hot = caller.client.reconcile_wallet(&sweep.from_wallet_id, &Because::of("month end")).await;
            let equal = |run: Result<Reconciliation, _>| run.is_ok_and(|run| run.outcome == ReconciliationOutcome::Equal);
            equal(asked) && equal(hot)
        })
        .await;
    }
}
