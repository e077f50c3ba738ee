//! Stop means stop, at the signer too (M12).

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;
use sluice_api::status::WaitKind;
use sluice_api::stop::Stop;
use sluice_core::address::EvmAddress;
use sluice_core::amount::Amount;
use sluice_core::asset::AssetId;
use sluice_core::id::{PartnerId, Ulid, WalletId, WithdrawalId};
use sluice_core::intent::{Approved, DeploymentId, Payment, PaymentKey};
use sluice_core::time::Timestamp;
use sluice_signer::client::Client;
use tokio::process::Command;

use crate::harness::{Caller, Order, Shape, World, until};
use crate::on_both;

/// Somebody in possession of the engine's host, who asks the signer and never looks at the store.
struct Captor {
    signer: Client,
    wallet: WalletId,
    partner: PartnerId,
    asset: AssetId,
}

impl Captor {
    async fn new(socket: PathBuf, caller: &Caller) -> Self {
        let deployment = DeploymentId("dev".into());
        let wallet = caller.client.wallets().take(1).await.expect("wallets").remove(0);
        let assets = caller.client.assets().take(10).await.expect("assets");
        let asset = assets.iter().find(|asset| asset.id == caller.asset).expect("the asset");
        Self {
            signer: Client::new(socket, deployment, Duration::from_secs(5)),
            wallet: WalletId::parse(&wallet.id).expect("a wallet"),
            partner: PartnerId::parse(&wallet.partner_id).expect("a partner"),
            asset: AssetId::parse(&asset.id).expect("an asset"),
        }
    }

    /// What the signer says to a payment that nobody ordered.
    fn asks_for_a_payment(&self, name: &str) -> Result<(), String> {
        let payment = Payment {
            key: PaymentKey::of(&DeploymentId("dev".into()), self.partner, name),
            partner: self.partner,
            withdrawal: WithdrawalId::new(Ulid::new(Timestamp::from_micros(1), 7)),
            asset: self.asset,
            amount: Amount::from_atoms(1_000_000).expect("an amount"),
            precision: 6,
            to: EvmAddress([0xca; 20]).into(),
            memo: None,
            expires_at: None,
        };
        let approved = Approved { payment, decision: "none".into(), approvals: vec![] };
        let epoch = self.signer.hello(Some(self.wallet)).expect("it answers").epoch;
        let answers = self.signer.admit(self.wallet, epoch, &[approved]).expect("it answers");
        answers.into_iter().next().expect("one answer").map(|_| ()).map_err(|refusal| refusal.code)
    }
}

/// What a person types on the signer's machine, and what is said.
async fn at_the_signer(config: &Path, words: &[&str]) -> String {
    let command = Command::new(env!("CARGO_BIN_EXE_sluice"))
        .args(["--json", "signer", "--config", &config.display().to_string()])
        .args(words)
        .output()
        .await
        .expect("it runs");
    assert!(command.status.success(), "{}", String::from_utf8_lossy(&command.stderr));
    String::from_utf8(command.stdout).expect("text")
}

async fn stopped(caller: &Caller, scope: &str, subject: &str) -> Stop {
    let stop = json!({ "scope": scope, "subject": subject, "reason": "a test" });
    caller.client.create_stop(&serde_json::from_value(stop).expect("a stop")).await.expect("stopped")
}

on_both! {
    async fn a_captured_engine_gets_nothing_signed_under_a_stop_and_a_silent_signer_is_named(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let signer = world.signer().await;
        let engine = world.engine_beside(&signer, "dev").await;
        let caller = engine.caller();
        let orders = Order::fresh("stop", 2);
        caller.insist(&orders[0]).await;
        caller.all_completed(&orders[..1]).await;
        let captor = Captor::new(signer.socket.clone(), &caller).await;

        let stop = stopped(&caller, "partner", &engine.dev.partner_id).await;
        assert!(!names_the_signer(&stop), "it has put the stop in force itself");
        assert_eq!(captor.asks_for_a_payment("stolen-1"), Err("stopped".into()));

        // A signer that does not answer is named, and told as soon as it does.
        signer.signal("STOP");
        let wallet = captor.wallet.to_string();
        let second = stopped(&caller, "wallet", &wallet).await;
        assert!(names_the_signer(&second));
        signer.signal("CONT");
        until("the signer has confirmed", async || {
            caller.client.stop(&second.id).await.is_ok_and(|stop| !names_the_signer(&stop))
        })
        .await;

        // A lift reaches the signer after the store, and only the stop it is about.
        lifted(&caller, &engine.second(), &stop.id).await;
        until("the signer has lifted it", async || captor.signer.stops().is_ok_and(|stops| stops.len() == 1)).await;
        assert_eq!(captor.asks_for_a_payment("stolen-2"), Err("stopped".into()), "its wallet is stopped");
        lifted(&caller, &engine.second(), &second.id).await;
        until("nothing is stopped", async || captor.signer.stops().is_ok_and(|stops| stops.is_empty())).await;
        world.judge().each_paid_once(&orders[..1]).await;
    }
}

fn names_the_signer(stop: &Stop) -> bool {
    stop.unconfirmed.iter().any(|name| name == "signer")
}

async fn lifted(caller: &Caller, second: &Caller, stop: &str) {
    let because = json!({ "reason": "a test" });
    for person in [caller, second] {
        let because = serde_json::from_value(because.clone()).expect("a reason");
        person.client.lift_stop(stop, &because).await.expect("heard");
    }
}

on_both! {
    async fn a_person_at_the_signer_stops_it_and_no_engine_lifts_that(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let signer = world.signer().await;
        let engine = world.engine_beside(&signer, "dev").await;
        let caller = engine.caller();
        let captor = Captor::new(signer.socket.clone(), &caller).await;
        let because = ["--scope", "all", "--reason", "the engine is in other hands"];
        let said = at_the_signer(&signer.config, &[&["stop"][..], &because].concat()).await;
        assert!(said.contains("\"set_by\":\"console\""), "{said}");

        // Neither by the engine's socket, nor by an engine whose store knows of no stop.
        let there = captor.signer.stops().expect("it answers").remove(0);
        captor.signer.lift(&there.scope, Some(there.journal_seq), "mine now").expect("it answers");
        let orders = Order::fresh("console", 1);
        caller.insist(&orders[0]).await;
        caller.waits_for(&orders[0], WaitKind::Signature).await;
        assert_eq!(captor.asks_for_a_payment("stolen"), Err("stopped".into()));

        at_the_signer(&signer.config, &[&["lift"][..], &because].concat()).await;
        caller.all_completed(&orders).await;
        world.judge().each_paid_once(&orders).await;
    }
}
