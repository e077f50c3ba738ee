//! What the broker makes of credit: loans that it covers, and those that it does not.

use std::sync::Arc;

use serde_json::{Value, json};
use sluice_core::address::TronAddress;
use sluice_core::amount::Cost;
use sluice_core::energy::credit::Billing;
use sluice_core::energy::{Lendable, Need, View, Wanted};
use sluice_core::id::{EnergyNeedId, ProofId};
use sluice_core::port::chain::CoinIn;
use sluice_core::port::reader::{AlertFilter, Reader as _};
use sluice_core::port::store::{Change, Store as _};
use sluice_core::time::Timestamp;
use sluice_core::wallet::Tier;

use super::super::stage::{Shop, chain_id, read};
use super::{LANE, Stage, TRX};
use crate::support::Pooled;

const STRANGER: TronAddress = TronAddress([8; 20]);

/// The broker with a chain that shows what came, a stake, and no vendor beside the pool.
struct Broker {
    stage: Stage,
    memory: sluice_flow::house::Memory,
}

impl Broker {
    async fn new() -> Self {
        let mut stage = Stage::new().await;
        let none = Shop { facts: vec![], ..Shop::default() };
        stage.tron.world.api.ports.energy.get_mut(&chain_id()).unwrap().market = Arc::new(none);
        let lendable = Lendable {
            stake_sun: 900_000 * TRX,
            network_energy: 180_000_000_000,
            network_stake_trx: 19_000_000_000,
        };
        *stage.tron.chain.pool.lock().unwrap() = Some(Pooled { top: 9, coins: vec![], lendable });
        let memory = sluice_flow::house::Memory::new(&stage.tron.world.api.ports);
        Self { stage, memory }
    }

    /// Partner A pays afterwards from now on, and may owe so much.
    fn may_owe(&mut self, owed_max_sun: u64) {
        let world = &mut self.stage.tron.world;
        let supply = world.api.ports.energy.get_mut(&chain_id()).unwrap();
        let mut pool = supply.pool.as_deref().unwrap().clone();
        pool.on_account.insert(world.a.id, owed_max_sun);
        supply.pool = Some(Arc::new(pool));
        world.router = sluice_http::router(world.api.clone());
        self.dies();
    }

    /// Its payouts are called off, and its lane may ask again; what was lent stays lent.
    async fn needs_no_more(&self) {
        let now = self.stage.tron.world.clock.now_at();
        let open = self.view().await.needs.into_iter();
        let needs = open.map(|need| need.drop_unwanted(now).unwrap()).collect();
        self.stage.tron.world.apply(Change { needs, ..Change::default() }).await;
    }

    /// The chain shows more from the lane of partner A.
    fn shows(&self, top: u64, sun: u64) {
        self.shows_from(LANE, top, sun);
    }

    fn shows_from(&self, from: TronAddress, top: u64, sun: u64) {
        let mut pool = self.stage.tron.chain.pool.lock().unwrap();
        let pool = pool.as_mut().unwrap();
        let block = Pooled::block(pool.top + 1);
        pool.coins.push(CoinIn { txid: block.hash, from, sun, block, at: Timestamp::default() });
        pool.top = top;
    }

    async fn turn(&mut self) {
        self.turn_after(20_000).await;
    }

    async fn turn_after(&mut self, ms: i64) {
        let world = &self.stage.tron.world;
        world.clock.forward_ms(ms);
        sluice_flow::house::turn(&world.api.ports, "test", &mut self.memory).await.unwrap();
    }

    /// Another process.
    fn dies(&mut self) {
        self.memory = sluice_flow::house::Memory::new(&self.stage.tron.world.api.ports);
    }

    async fn view(&self) -> View {
        self.stage.tron.world.db.energy(chain_id(), Timestamp::default(), &[]).await.unwrap()
    }

    async fn balance(&self) -> i64 {
        self.view().await.balance_sun(self.stage.pool.id, self.stage.tron.world.a.id)
    }

    /// The lane of partner A needs 65,000 energy: 1.4625 TRX at the pool, 6.5 TRX burned.
    async fn needs(&self) {
        let world = &self.stage.tron.world;
        let now = world.clock.now_at();
        let wanted = Wanted {
            id: EnergyNeedId::new(world.api.ports.entropy.ulid(now)),
            partner: world.a.id,
            wallet: self.stage.tron.lane,
            chain: chain_id(),
            receiver: LANE,
            energy: 65_000,
            burning_sun: Cost(6_500_000),
            deadline: now.plus_ms(600_000),
        };
        world.apply(Change { needs: vec![Need::open(wanted, now)], ..Change::default() }).await;
    }

    /// The lane has found the energy that its payouts need.
    async fn is_served(&self) {
        let now = self.stage.tron.world.clock.now_at();
        let needs = self.view().await.needs.into_iter().map(|need| need.serve(now).unwrap()).collect();
        self.stage.tron.world.apply(Change { needs, ..Change::default() }).await;
    }

    /// The errand of the only loan is proven done.
    async fn is_proven(&self) {
        let world = &self.stage.tron.world;
        let loans = self.view().await.loans;
        let [loan] = &loans[..] else { panic!("{loans:?}") };
        let (errand, owner) = (loan.errand, self.stage.pool.partner);
        let (proof, at) =
            (ProofId::new(world.api.ports.entropy.ulid(loan.changed_at)), loan.changed_at.micros());
        let hash = "5".repeat(64);
        let block = format!(r#"{{"hash":"{hash}","number":80}}"#);
        let script = format!(
            r#"insert into proof (id, partner_id, verdict, evidence, head_number, head_hash, single_source, at)
             values ('{proof}', '{owner}', 'paid_elsewhere', '{{"found":{{"block":{block},"kind":"paid_elsewhere",
             "log_index":0,"txid":"{hash}"}},"operators":["a","b"],"v":1}}', 99, '{hash}', 0, {at});
             update withdrawal set state = 'paid', status = 'completed', ended_at = {at}, proof_id = '{proof}',
             evidence = '{{"block":{block},"decision":null,"txid":"{hash}","v":1}}' where id = '{errand}'"#
        );
        world.db.tamper(&script, &script).await.unwrap();
    }

    async fn told(&self, kind: &str) -> usize {
        let world = &self.stage.tron.world;
        world.seal().await;
        let feed = read(world, &world.a.key, "/v1/events?limit=100").await;
        feed["data"].as_array().unwrap().iter().filter(|it| it["type"] == kind).count()
    }

    async fn alerts(&self) -> usize {
        let alerts = self.stage.tron.world.db.alerts(None, &AlertFilter::any(false), 100).await.unwrap();
        alerts.iter().filter(|it| it.raise.code.as_str() == "energy_credit_low").count()
    }
}

#[tokio::test]
async fn who_has_not_paid_ahead_is_lent_nothing_and_what_comes_is_credited_once_and_charged() {
    let mut broker = Box::pin(Broker::new()).await;
    broker.needs().await;
    broker.turn().await;
    let refused = broker.view().await;
    assert!(refused.needs.is_empty() && refused.loans.is_empty(), "{refused:?}");
    assert_eq!(broker.told("energy.burning").await, 1, "the need goes to the next source");
    // So much that one look does not reach the end, and processes that die between the looks.
    broker.shows(60, TRX);
    broker.shows(200, 500_000);
    for _ in 0..4 {
        broker.turn().await;
        broker.dies();
    }
    assert_eq!(broker.balance().await, 1_500_000);
    assert_eq!(broker.view().await.topups_from[&broker.stage.pool.id], 201);
    assert_eq!((broker.told("energy.topped_up").await, broker.told("energy.credit_low").await), (2, 1));
    assert_eq!(broker.alerts().await, 1);
    broker.needs().await;
    broker.turn().await;
    let lent = broker.view().await;
    assert_eq!(
        lent.loans.iter().map(|it| (it.price_sun, it.billing)).collect::<Vec<_>>(),
        [(Cost(1_462_500), Billing::Prepaid)]
    );
    assert_eq!(broker.balance().await, 37_500);
    let line = &read(&broker.stage.tron.world, &broker.stage.tron.world.a.key, "/v1/energy/credit/entries")
        .await["data"][0];
    assert_eq!((&line["type"], &line["amount"]), (&json!("charge"), &json!("-1.4625")));
    assert_eq!(line["need"], json!(lent.loans[0].need.to_string()));
    // Enough again: the partner is told, and the alert closes.
    broker.shows(201, 200 * TRX);
    broker.turn().await;
    broker.turn().await;
    assert_eq!((broker.told("energy.credit_enough").await, broker.alerts().await), (1, 0));
}

/// Held up for as long as an order may take to deliver: what counts is whether the lane had to go elsewhere.
#[tokio::test]
async fn a_loan_whose_proof_is_held_up_is_paid_for_where_its_need_had_its_energy() {
    for (served, paid_sun) in [(true, 1_462_500), (false, 0)] {
        let mut broker = Box::pin(Broker::new()).await;
        broker.shows(60, 2 * TRX);
        broker.turn().await;
        broker.needs().await;
        broker.turn().await;
        assert_eq!((broker.told("energy.loan_asked").await, broker.balance().await), (1, 537_500));
        if served {
            broker.is_served().await;
        }
        broker.turn_after(150_000).await;
        assert_eq!((broker.told("energy.loan_late").await, broker.balance().await), (1, 2_000_000));
        assert_eq!(broker.told("energy.burning").await, usize::from(!served), "nobody sells any");
        // Before it is called off: what was sent takes its course.
        broker.is_proven().await;
        for _ in 0..3 {
            broker.turn().await;
            broker.dies();
        }
        assert_eq!(broker.told("energy.loan_lent").await, 1);
        assert_eq!(broker.balance().await, 2_000_000 - paid_sun, "served: {served}");
        let world = &broker.stage.tron.world;
        let lines = read(world, &world.a.key, "/v1/energy/credit/entries").await;
        let told: Vec<_> = lines["data"].as_array().unwrap().iter().map(|it| &it["amount"]).collect();
        let after_all = json!("-1.4625");
        let expected = [json!("1.4625"), json!("-1.4625"), json!("2")];
        let expected: Vec<_> = served.then_some(&after_all).into_iter().chain(&expected).collect();
        assert_eq!(told, expected);
    }
}

#[tokio::test]
async fn who_pays_on_account_is_lent_up_to_its_bound_and_charged_each_loan_by_itself() {
    let mut broker = Box::pin(Broker::new()).await;
    broker.may_owe(3 * TRX);
    let terms = broker.stage.told().await;
    assert_eq!(
        (&terms["billing"], &terms["owed"], &terms["owed_max"], &terms["low_below"]),
        (&json!("on_account"), &json!("0"), &json!("3"), &json!("0.6")),
        "a fifth of the bound, though the threshold of the pool is 100"
    );
    // Nothing was paid ahead. Two loans of 1.4625 TRX fit below the bound, and a third does not.
    let mut needs = vec![];
    for _ in 0..2 {
        broker.needs().await;
        broker.turn().await;
        needs.push(broker.view().await.needs[0].id.to_string());
        broker.needs_no_more().await;
    }
    assert_eq!((broker.balance().await, broker.told("energy.credit_low").await), (-2_925_000, 0));
    broker.needs().await;
    broker.turn().await;
    let view = broker.view().await;
    assert!(view.needs.is_empty() && view.loans.len() == 2, "{view:?}");
    assert!(view.loans.iter().all(|it| it.billing == Billing::OnAccount { owed_max_sun: 3 * TRX }));
    assert_eq!(broker.told("energy.burning").await, 1, "the need goes to the next source");
    assert_eq!((broker.told("energy.credit_low").await, broker.alerts().await), (1, 1), "it nears its bound");
    let world = &broker.stage.tron.world;
    let lines = read(world, &world.a.key, "/v1/energy/credit/entries").await;
    let told: Vec<_> = lines["data"].as_array().unwrap().iter().rev().collect();
    assert_eq!(told.len(), 2);
    for (line, need) in told.into_iter().zip(&needs) {
        let expected = (&json!("charge"), &json!("-1.4625"), &json!(need));
        assert_eq!((&line["type"], &line["amount"], &line["need"]), expected);
    }
    let now = broker.stage.told().await;
    let expected = (&json!("-2.925"), &json!("2.925"), &json!(true));
    assert_eq!((&now["balance"], &now["owed"], &now["low"]), expected);
    // A top-up pays what is owed, and there is room again.
    broker.shows(11, 2 * TRX);
    broker.turn().await;
    assert_eq!(broker.stage.told().await["owed"], json!("0.925"));
    broker.needs().await;
    broker.turn().await;
    assert_eq!((broker.view().await.loans.len(), broker.balance().await), (3, -2_387_500));
    assert_eq!((broker.told("energy.credit_enough").await, broker.alerts().await), (1, 0));
    // What is paid beyond what is owed is paid ahead.
    broker.shows(12, 5 * TRX);
    broker.turn().await;
    let ahead = broker.stage.told().await;
    assert_eq!((&ahead["balance"], &ahead["owed"]), (&json!("2.6125"), &json!("0")));
}

/// An external wallet is registered without its key, and an exchange sends for everybody from one address.
#[tokio::test]
async fn what_comes_from_a_registered_account_counts_by_itself_once_its_key_was_shown() {
    let mut broker = Box::pin(Broker::new()).await;
    let world = &broker.stage.tron.world;
    let purse = world.registered(world.a.id, 0x71, Tier::Warm).await;
    let from = purse.address.tron().unwrap();
    broker.shows_from(from, 20, 3 * TRX);
    broker.turn().await;
    assert_eq!((broker.balance().await, broker.view().await.unknown.len()), (0, 1));
    let world = &broker.stage.tron.world;
    let shown = purse.show_key("seen", world.clock.now_at()).unwrap();
    world.apply(Change { wallets: vec![shown], ..Change::default() }).await;
    broker.shows_from(from, 30, 2 * TRX);
    broker.turn().await;
    let waits: Vec<u64> = broker.view().await.unknown.iter().map(|it| it.sun).collect();
    assert_eq!(
        (broker.balance().await, waits),
        (2_000_000, vec![3 * TRX]),
        "what came before waits for a person"
    );
}

#[tokio::test]
async fn a_top_up_of_nobody_is_given_by_the_platform_and_once() {
    let mut stage = Stage::new().await;
    let txid = stage.comes(STRANGER, 3 * TRX).await;
    let world = &stage.tron.world;
    let path = format!("/v1/energy/topups/{txid}/assign");
    let to = |partner: String| json!({"partner_id": partner, "reason": "said so by telephone"});
    let to_a = to(world.a.id.to_string());
    let partners = world.post(&world.a.key, &path, &to_a).send(world).await;
    assert_eq!(partners.status, 403, "{}", partners.text());
    let nobody = world.post(&world.platform, &path, &to("pt_none".into())).send(world).await;
    assert_eq!(nobody.status, 422, "{}", nobody.text());
    let unknown = format!("/v1/energy/topups/0x{}/assign", "00".repeat(32));
    for absent in [&unknown, "/v1/energy/topups/dunno/assign"] {
        assert_eq!(world.post(&world.platform, absent, &to_a).send(world).await.status, 404, "{absent}");
    }
    assert_eq!(stage.told().await["balance"], json!("0"));
    let second = stage.comes(STRANGER, 2 * TRX).await;
    let world = &stage.tron.world;
    let listed = read(world, &world.platform, "/v1/energy/topups?limit=1").await;
    assert_eq!((&listed["data"][0]["txid"], &listed["data"][0]["partner_id"]), (&json!(txid), &Value::Null));
    let cursor = listed["next_cursor"].as_str().unwrap();
    let rest = read(world, &world.platform, &format!("/v1/energy/topups?limit=1&cursor={cursor}")).await;
    assert_eq!((&rest["data"][0]["txid"], &rest["next_cursor"]), (&json!(second), &Value::Null));
    assert_eq!(world.get(&world.a.key, "/v1/energy/topups").send(world).await.status, 403);
    let given = world.post(&world.platform, &path, &to_a).send(world).await;
    assert_eq!(given.status, 200, "{}", given.text());
    let given = given.json();
    assert_eq!(
        (&given["partner_id"], &given["amount"], &given["sender"]),
        (&json!(world.a.id.to_string()), &json!("3"), &json!(STRANGER.to_string()))
    );
    let to_b = to(world.b.id.to_string());
    for again in [&to_a, &to_b] {
        let again = world.post(&world.platform, &path, again).send(world).await;
        assert_eq!(again.status, 409, "{}", again.text());
    }
    assert_eq!(stage.told().await["balance"], json!("3"));
    let listed = read(world, &world.platform, "/v1/energy/topups").await;
    assert_eq!(listed["data"].as_array().unwrap().len(), 1, "{listed}");
    world.seal().await;
    let feed = read(world, &world.a.key, "/v1/events?limit=100").await;
    let told = feed["data"].as_array().unwrap().iter().filter(|it| it["type"] == "energy.topped_up");
    assert_eq!(told.map(|it| &it["data"]["sun"]).collect::<Vec<_>>(), [&json!("3000000")]);
}
