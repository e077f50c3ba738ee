//! What brings a call of a port about. Most come by themselves while withdrawals are paid; others need somebody who asks,
//! a chain that takes blocks back, or a wallet that does what nobody ordered.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sluice_api::query::{
    AlertQuery, CommandQuery, EnergyOrderQuery, EnergyQuery, ReconciliationQuery, StatementQuery, StatsQuery,
    WithdrawalQuery,
};
use sluice_api::status::Status;
use sluice_api::withdrawal::CancelWithdrawal;
use sluice_devnet::chaos::{Fault, Rule};

use super::drill::{Drill, patiently};
use crate::harness::Caller;

/// What is done until a point is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    /// An engine is started: it is called then and hardly ever again.
    Start,
    /// Withdrawals are ordered.
    Orders,
    /// Every endpoint is asked, and people give orders to themselves.
    People,
    /// Withdrawals are cancelled as soon as they are ordered.
    Cancel,
    /// What has a slot and was never handed to the signer is cancelled.
    Close,
    /// The chain takes back blocks, also final ones.
    Reorg,
    /// Somebody shows a transaction for a withdrawal that needs a person.
    Resolve,
    /// A wallet does what nobody ordered.
    Foreign,
    /// The node is away for a while, again and again: an alert, and its end.
    NoNode,
    /// The engine is asked to end.
    End,
}

/// What brings the call of this point about.
pub fn of(point: &str) -> Deed {
    let (place, _) = point.split_once(':').expect("a side");
    match place {
        "registry.put_asset"
        | "registry.sweep_nonces"
        | "reader.unsealed"
        | "signer.bar"
        | "signer.export"
        | "store.unheld"
        | "store.journal_known"
        | "chain.counted" => Deed::Start,
        "store.release" => Deed::End,
        "signer.close" | "store.revived" => Deed::Close,
        "store.apply/dropped" | "store.lost_payments" => Deed::Cancel,
        "store.included_in" | "store.proof" | "chain.still_final" => Deed::Reorg,
        "chain.transfers_of" => Deed::Resolve,
        "chain.second_look" | "chain.foreign" | "store.is_adopted" | "store.lost_txids" => Deed::Foreign,
        "deliver.alerts" | "store.alerts_delivered" => Deed::NoNode,
        "store.open_command" | "store.person" | "store.ended_since" | "store.booked" | "chain.has_code"
        | "chain.nonces" | "chain.standing" | "signer.held" | "signer.show" | "signer.stop"
        | "signer.lift" => Deed::People,
        other if other.starts_with("reader.") || other.starts_with("registry.") => Deed::People,
        _ => Deed::Orders,
    }
}

/// A body from JSON.
pub fn body<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("a body")
}

/// A reason.
pub fn because<T: DeserializeOwned>() -> T {
    body(json!({ "reason": "a kill drill" }))
}

impl Deed {
    /// Whether the chain is tampered with: what was done so is judged by the logs alone, and comes last.
    pub fn by_hand(self) -> bool {
        matches!(self, Self::Reorg | Self::Resolve | Self::Foreign)
    }
}

impl Drill {
    /// Does it again and again, and orders more meanwhile; never returns. Whoever is asked may be dead: no answer is one.
    pub async fn keep_doing(&self, deed: Deed) {
        let ordering = async {
            loop {
                self.orders_more(1).await;
                tokio::time::sleep(Duration::from_millis(800)).await;
            }
        };
        tokio::join!(ordering, self.only_doing(deed));
    }

    async fn only_doing(&self, deed: Deed) {
        loop {
            match deed {
                Deed::Start | Deed::Orders => std::future::pending().await,
                Deed::People => self.people().await,
                Deed::Cancel | Deed::Close => self.cancels().await,
                Deed::Reorg => self.reorganises().await,
                Deed::Resolve => self.shows().await,
                Deed::Foreign => {
                    self.moves_by_hand().await;
                    for _ in 0..20 {
                        tokio::time::sleep(Duration::from_millis(300)).await;
                        self.explains_all().await;
                    }
                }
                Deed::NoNode => self.loses_the_node().await,
                Deed::End => self.ends(),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Orders more, and does not insist: an order that was not heard is asked for again at the end.
    async fn orders_more(&self, count: u64) {
        for order in self.write_down(count) {
            let _no_answer = self.asks(&order).await;
        }
    }

    async fn cancels(&self) {
        let order = self.write_down(1).remove(0);
        self.wish(&order);
        let Some(made) = self.asks(&order).await else { return };
        let wish: CancelWithdrawal = body(json!({}));
        let _no_answer = self.people.first.client.cancel_withdrawal(&made.id, &wish).await;
    }

    /// A payment is completed, and the blocks it was completed by leave the chain. No block comes meanwhile: a node that
    /// makes one at that moment has a hole in its chain.
    async fn reorganises(&self) {
        let order = self.write_down(1).remove(0);
        let completed = async || {
            let _no_answer = self.asks(&order).await;
            let found = self.people.first.client.withdrawal_by_external_id(&order.external_id).await;
            found.ok().flatten().is_some_and(|it| it.status == Status::Completed)
        };
        patiently("a payment is completed", completed).await;
        self.world.no_blocks().await;
        let reorganised = self.world.control().reorg(8).await;
        self.world.blocks().await;
        reorganised.expect("reorganised");
        tokio::time::sleep(Duration::from_secs(4)).await;
    }

    /// The alert comes and goes: only one that has ended is raised, and told, anew. A trouble counts as one for a while after it
    /// was last met, so both ends are waited for, and not a time.
    async fn loses_the_node(&self) {
        let client = &self.people.platform.client;
        let open = async || {
            let alerts = client.alerts(AlertQuery::default()).take(200).await;
            alerts.ok().map(|alerts| alerts.iter().any(|alert| alert.code == "nodes_down"))
        };
        let silence = Rule::every(Fault::LoseRequest).on("eth_getBlockByNumber");
        let silence = self.chaos.add(silence).expect("a rule within its bounds");
        patiently("the alert about the node", async || open().await == Some(true)).await;
        self.chaos.lift(silence);
        patiently("the end of that alert", async || open().await == Some(false)).await;
    }

    /// Everything a person can ask and order, once.
    async fn people(&self) {
        if self.people.first.client.me().await.is_ok() {
            tokio::join!(
                self.questions(),
                self.wallet_orders(),
                self.platform_orders(),
                self.vendor_orders()
            );
        }
    }

    async fn questions(&self) {
        let first = &self.people.first.client;
        let platform = &self.people.platform.client;
        let newest = first.withdrawals(WithdrawalQuery::default()).take(1).await.unwrap_or_default();
        for one in &newest {
            let _no_answer = first.withdrawal(&one.id).await;
            let _no_answer = first.withdrawal_by_external_id(&one.external_id).await;
            if let Ok(mut events) = first.withdrawal_events(&one.id) {
                let _no_answer = events.take(10).await;
            }
        }
        let feed = first.events_after(0, 1).await;
        if let Some(event) = feed.ok().and_then(|page| page.data.into_iter().next()) {
            let _no_answer = first.events_of(&event.feed_id, 1, 1).await;
        }
        let _no_answer = first.attention().take(1).await;
        let _no_answer = first.stats(&StatsQuery::default()).await;
        let _no_answer = first.statement(&StatementQuery::default()).await;
        let _no_answer = first.reconciliations(ReconciliationQuery::default()).take(1).await;
        let _no_answer = first.assets().take(9).await;
        let _no_answer = first.chains().take(9).await;
        let _no_answer = first.limits().take(9).await;
        let _no_answer = first.restored().await;
        let _no_answer = first.energy(&EnergyQuery::default()).await;
        let _no_answer = first.energy_orders(EnergyOrderQuery::default()).take(1).await;
        let _no_answer = first.readiness().await;
        for wallet in first.wallets().take(1).await.unwrap_or_default() {
            let _no_answer = first.wallet(&wallet.id).await;
        }
        for alert in platform.alerts(AlertQuery::default()).take(1).await.unwrap_or_default() {
            let _no_answer = platform.acknowledge_alert(&alert.id, &because()).await;
        }
    }

    async fn wallet_orders(&self) {
        let first = &self.people.first.client;
        let _no_answer = first.check_wallet(&self.spares.adopting).await;
        let _no_answer = first.retire_wallet(&self.spares.drained, &because()).await;
    }

    /// The platform looks at accounts at vendors of energy, books what was paid in at one that nobody sells at, and resolves an order
    /// that nobody made: both are asked for, and refused.
    async fn vendor_orders(&self) {
        let platform = &self.people.platform.client;
        let _no_answer = platform.energy_accounts().take(1).await;
        let paid_at = "2026-11-22T00:00:00Z";
        let book = json!({ "reference": format!("drill-{}", self.unique()), "amount": "1", "paid_at": paid_at, "reason": "a kill drill" });
        let _no_answer = platform.book_energy_top_up("nobody", &body(book)).await;
        let resolve = json!({ "kept": "0", "reason": "a kill drill" });
        let _no_answer = platform.resolve_energy_order("eo_06EVW2ZA4H5R7N3J8K2M4P6Q8S", &body(resolve)).await;
    }

    /// The platform makes a partner, a limit and a key, stops it and lets it go on.
    async fn platform_orders(&self) {
        let (platform, second) = (&self.people.platform.client, &self.people.second_platform.client);
        let name = format!("drill {}", self.unique());
        let partner = body(json!({ "name": name, "mode": "test", "reason": "a kill drill" }));
        let Ok(partner) = platform.create_partner(&partner).await else { return };
        let _no_answer = platform.partners().take(1).await;
        let _no_answer = platform.partner(&partner.id).await;
        let limit = json!({ "partner_id": partner.id, "asset": self.people.first.asset, "per_transaction": "1",
            "daily": "9", "reason": "a kill drill" });
        let _no_answer = platform.set_limit(&body(limit)).await;
        let key = json!({ "name": "drill", "partner_id": partner.id, "scopes": ["withdrawals:read"],
            "reason": "a kill drill" });
        if let Ok(made) = platform.create_key(&body(key)).await {
            let _no_answer = platform.revoke_key(&made.key.id, &because()).await;
        }
        let _no_answer = platform.keys().take(1).await;
        let stop = json!({ "scope": "partner", "subject": partner.id, "reason": "a kill drill" });
        let Ok(stop) = platform.create_stop(&body(stop)).await else { return };
        let _no_answer = platform.stop(&stop.id).await;
        if let Ok(command) = platform.lift_stop(&stop.id, &because()).await
            && let Some(id) = &command.id
        {
            let _no_answer = platform.command(id).await;
        }
        let _no_answer = platform.commands(CommandQuery::default()).take(1).await;
        let _no_answer = second.lift_stop(&stop.id, &because()).await;
    }

    /// Lifts what a kill left in force.
    pub async fn lifts_all(&self) {
        let (platform, second) = (&self.people.platform, &self.people.second_platform);
        for stop in platform.client.stops().take(500).await.unwrap_or_default() {
            for person in [platform, second] {
                let _already = person.client.lift_stop(&stop.id, &because()).await;
            }
        }
    }

    /// Two persons decide about everything that needs a person: what may be tried again is.
    pub async fn redrives_all(&self) {
        for one in self.people.first.client.attention().take(50).await.unwrap_or_default() {
            for person in [&self.people.first, &self.people.second] {
                let _not_yet = person.client.redrive(&one.withdrawal.id, &because()).await;
            }
        }
    }

    /// Two persons explain what was done by hand and open the lanes again, as far as they are heard: who is asked may die
    /// at any of it, and what is not final yet cannot be explained.
    pub async fn explains_all(&self) {
        let people = [&self.people.first.client, &self.people.second.client];
        for lane in people[0].lanes().take(32).await.unwrap_or_default() {
            if lane.state != sluice_api::lane::LaneState::Frozen {
                continue;
            }
            let Ok(lane) = people[0].lane(&lane.id).await else { continue };
            for one in &lane.unexplained {
                let theft = body(json!({ "txid": one.txid, "type": "theft", "reason": "a kill drill" }));
                for person in people {
                    let _not_yet = person.adopt_transaction(&lane.id, &theft).await;
                }
            }
            for person in people {
                let _not_yet = person.unfreeze_lane(&lane.id, &because()).await;
            }
        }
    }

    /// A withdrawal whose slot is dead by one operator's word, so that it needs a person.
    pub async fn strands(&self) {
        let order = self.write_down(1).remove(0);
        let caller = &self.people.first;
        self.world.no_blocks().await;
        caller.insist(&order).await;
        self.world.pooled(caller, &order).await;
        self.world.mine_reverting(&order.address).await;
        self.world.blocks().await;
        caller.wait_for(&order, Status::NeedsAttention).await;
    }

    /// Shows a transaction that there is none: it is looked up, and refused.
    async fn shows(&self) {
        let caller: &Caller = &self.people.first;
        for one in caller.client.attention().take(1).await.unwrap_or_default() {
            let none = format!("0x{}", "ab".repeat(32));
            let evidence = body(json!({ "paid_by": none, "reason": "a kill drill" }));
            let _refused = caller.client.resolve(&one.withdrawal.id, &evidence).await;
        }
    }

    /// One atom leaves a wallet, to the issuer of the token, for more gas than the engine offers. Nobody waits for it: the
    /// engine may have taken that nonce meanwhile.
    async fn moves_by_hand(&self) {
        let (lane, owner) = (&self.lanes[0], self.world.usd.owner().to_string());
        let data = format!("0xa9059cbb{:0>64}{:0>64}", owner.trim_start_matches("0x"), 1);
        let transaction = json!([{
            "from": lane, "to": self.world.usd.address().to_string(), "data": data, "gas": "0x30d40",
            "maxFeePerGas": "0x746a528800", "maxPriorityFeePerGas": "0x746a528800",
        }]);
        let (control, account) = (self.world.control(), lane.parse().expect("an address"));
        control.impersonate(account).await.expect("impersonated");
        let _taken: Result<String, _> = self.world.anvil.rpc().call("eth_sendTransaction", transaction).await;
        control.stop_impersonating(account).await.expect("no longer");
    }
}
