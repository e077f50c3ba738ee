//! Wallets that are no lanes, with real processes: looked at, reconciled with the chain, and never paying.

use ruint::aliases::U256;
use sluice_api::command::{Because, CommandState};
use sluice_api::query::{ReconciliationQuery, TreasuryQuery};
use sluice_api::reconciliation::ReconciliationOutcome;
use sluice_api::signature::OrderMovement;
use sluice_api::wallet::{AdoptWallet, RegisterWallet, WalletCustody, WalletRole};

use crate::harness::{Order, Shape, World, until};
use crate::on_both;
use crate::wallets::{adopting, fund, signer_key};

/// An account whose key nobody here holds.
const VAULT: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

on_both! {
    async fn a_cold_wallet_and_an_external_one_are_reconciled_and_never_pay(database: Database) {
        let world = World::new(database, Shape { lanes: 1, ..Shape::default() }).await;
        let signer = world.signer().await;
        let engine = world.engine_beside(&signer, "dev").await;
        let caller = engine.caller();
        let lane = caller.client.lanes().take(1).await.expect("a lane").remove(0).address;
        // One of the signer's own, cold; both hold far more than the lane.
        let (cold, address) = signer_key(&signer.config, &engine.dev.partner_id, &["create"]);
        fund(&world, &address).await;
        fund(&world, VAULT).await;
        let wanted = AdoptWallet { role: WalletRole::Cold, ..adopting(&address) };
        until("every rule is met", async || {
            caller.client.check_wallet(&wanted).await.is_ok_and(|found| found.ready)
        })
        .await;
        let adopted = caller.client.adopt_wallet(&wanted).await.expect("adopted");
        assert_eq!((adopted.role, adopted.custody), (WalletRole::Cold, WalletCustody::Managed));
        // One of somebody else's key, hot.
        let outside = RegisterWallet {
            partner_id: None,
            chain: wanted.chain.clone(),
            address: VAULT.into(),
            role: WalletRole::Hot,
            label: "exchange".into(),
            reason: "looked at".into(),
        };
        let first = caller.client.register_wallet(&outside).await.expect("asked");
        assert_eq!(first.state, CommandState::AwaitingSecondPerson);
        let second = engine.second().client.register_wallet(&outside).await.expect("done");
        assert_eq!(second.state, CommandState::Done);
        let lanes = caller.client.lanes().take(9).await.expect("lanes");
        assert_eq!(lanes.len(), 1, "neither is a lane: {lanes:?}");
        let orders = Order::fresh("paid", 5);
        for order in &orders {
            caller.insist(order).await;
        }
        caller.all_completed(&orders).await;
        let payments = world.judge().payments().await;
        for order in &orders {
            let paid = &payments[&order.address.to_lowercase()][0];
            assert!(paid.from.eq_ignore_ascii_case(&lane), "the lane paid: {paid:?}");
        }
        world.judge().each_paid_once(&orders).await;
        // What comes in is booked by the house, and told as that.
        world.usd.mint(address.parse().expect("an address"), U256::from(7_000_000_u64)).await.expect("more");
        let came_in = ReconciliationQuery {
            wallet: Some(cold.clone()),
            outcome: Some(ReconciliationOutcome::CameIn),
            ..ReconciliationQuery::default()
        };
        until("the house has booked it", async || {
            let found = caller.client.reconciliations(came_in.clone()).take(9).await.expect("a list");
            found.iter().any(|run| run.lines.iter().any(|line| line.difference.as_str() == "7"))
        })
        .await;
        until("books and chain agree", async || {
            let asked = caller.client.reconcile_wallet(&cold, &Because::of("month end")).await;
            asked.is_ok_and(|run| run.outcome == ReconciliationOutcome::Equal)
        })
        .await;
        // Nothing is swept into what nothing would leave again.
        let lanes = caller.client.lanes().take(1).await.expect("a lane");
        let sweep = OrderMovement {
            external_id: "sweep-1".into(),
            from_wallet_id: lanes[0].id.clone(),
            to_wallet_id: cold.clone(),
            asset: caller.client.treasury(&TreasuryQuery::default()).await.expect("a treasury").assets[0].asset.clone(),
            amount: "3".into(),
            reason: "month end".into(),
        };
        let refused = caller.client.order_sweep(&sweep).await.expect_err("its key is the signer's");
        assert_eq!(refused.code().map(|it| it.as_str()), Some("wallet_not_refillable"), "{refused:?}");
        let treasury = caller.client.treasury(&TreasuryQuery::default()).await.expect("a treasury");
        let held: Vec<_> = treasury.assets[0].tiers.iter().map(|it| (it.role, it.wallets.len())).collect();
        assert_eq!(held[..3], [(WalletRole::Hot, 2), (WalletRole::Warm, 0), (WalletRole::Cold, 1)]);
    }
}
