//! Energy that is got ahead: what is asked for, what its lane opens for it and when, and how it ends.

use std::sync::Arc;

use serde_json::{Value, json};
use sluice_core::address::TronAddress;
use sluice_core::energy::{Burning, Need, NeedState};
use sluice_core::id::WalletId;
use sluice_core::port::store::{Change, Store as _};
use sluice_core::time::Timestamp;
use sluice_core::wallet::Wallet;

use super::stage::{HOUR_MS, Shop, Tron, chain_id, read, resources};
use crate::support::Reply;

/// What a payment takes here.
const EACH: u64 = 64_285;
const PATH: &str = "/v1/energy/requests";

struct Stage {
    tron: Tron,
    /// What the lane and the house remember.
    lane: sluice_flow::lane::Memory,
    house: sluice_flow::house::Memory,
}

impl Stage {
    async fn new() -> Self {
        Box::pin(Self::of(Tron::new().await)).await
    }

    async fn of(tron: Tron) -> Self {
        let house = sluice_flow::house::Memory::new(&tron.world.api.ports);
        Self { tron, lane: sluice_flow::lane::Memory::default(), house }
    }

    /// A payment that is due in half an hour; its name here.
    async fn scheduled(&self, external_id: &str) -> String {
        let at = self.tron.world.clock.now_at().plus_ms(HOUR_MS / 2);
        self.ordered(external_id, "scheduled", Some(at)).await
    }

    async fn ordered(&self, external_id: &str, kind: &str, at: Option<Timestamp>) -> String {
        let world = &self.tron.world;
        let mut body = json!({
            "external_id": external_id, "user_id": "user-1", "asset": self.tron.token.id.to_string(), "amount": "1",
            "address": TronAddress([9; 20]).to_string(), "type": kind,
        });
        if let Some(at) = at {
            body["scheduled_for"] = json!(at.to_string());
        }
        let made = world.post(&world.a.key, "/v1/withdrawals", &body).send(world).await;
        assert_eq!(made.status, 201, "{}", made.text());
        made.id()
    }

    async fn ask(&self, body: Value) -> Reply {
        let world = &self.tron.world;
        world.post(&world.a.key, PATH, &body).send(world).await
    }

    /// Energy for these payments is asked for, under this name.
    async fn asked(&self, external_id: &str, of: &[&String]) -> Value {
        let made = self.ask(json!({"external_id": external_id, "withdrawals": of})).await;
        assert_eq!(made.status, 201, "{}", made.text());
        made.json()
    }

    async fn told(&self, request: &Value) -> Value {
        let world = &self.tron.world;
        read(world, &world.a.key, &format!("{PATH}/{}", request["id"].as_str().unwrap())).await
    }

    /// A turn of the lane; its open need. The signer of this world signs nothing, and a turn ends there.
    async fn turn(&mut self) -> Option<Need> {
        let ports = &self.tron.world.api.ports;
        let turn = sluice_flow::lane::turn(ports, self.tron.lane, "test", &mut self.lane);
        let _signs_nothing = Box::pin(turn).await;
        self.open().await
    }

    async fn open(&self) -> Option<Need> {
        let view = self.tron.world.db.lane(self.tron.lane).await.unwrap().unwrap();
        view.needs.into_iter().find(|need| need.state == NeedState::Open)
    }

    /// Its energy came, and is in the latest block.
    async fn comes(&self, need: Need, energy: u64) {
        let world = &self.tron.world;
        self.shows(energy);
        let step = need.serve(world.clock.now_at()).unwrap();
        world.apply(Change { needs: vec![step], ..Change::default() }).await;
        world.clock.forward_ms(6_000);
    }

    fn shows(&self, energy: u64) {
        self.tron.chain.tron.lock().unwrap().as_mut().unwrap().1 = resources(energy, 0);
    }

    async fn house(&mut self) {
        sluice_flow::house::turn(&self.tron.world.api.ports, "test", &mut self.house).await.unwrap();
    }

    async fn fed(&self, kind: &str) -> usize {
        let world = &self.tron.world;
        world.seal().await;
        let feed = read(world, &world.a.key, "/v1/events?limit=100").await;
        feed["data"].as_array().unwrap().iter().filter(|it| it["type"] == kind).count()
    }
}

#[tokio::test]
async fn energy_is_got_ahead_for_what_is_scheduled_and_once() {
    let mut stage = Stage::new().await;
    let (one, _) = (stage.scheduled("one").await, stage.scheduled("two").await);
    assert_eq!(stage.turn().await, None, "nothing is due");
    let asked = json!({"external_id": "friday", "withdrawals": [one], "external_ids": ["two", "one"]});
    let made = stage.ask(asked.clone()).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let request = made.json();
    assert_eq!(made.header("location"), format!("{PATH}/{}", request["id"].as_str().unwrap()));
    assert_eq!(
        (&request["status"], &request["energy"], &request["got"], &request["wallet"]),
        (&json!("open"), &json!(2 * EACH), &json!(0), &json!(stage.tron.lane.to_string()))
    );
    let need = stage.turn().await.expect("its lane asks");
    assert_eq!(need.energy, 2 * EACH);
    let told = stage.told(&request).await;
    assert_eq!((&told["status"], &told["need"]), (&json!("asked"), &json!(need.id.to_string())));
    assert_eq!(stage.turn().await.map(|it| it.id), Some(need.id), "it is wanted, though no payout waits");
    stage.comes(need, 2 * EACH).await;
    assert_eq!(stage.turn().await, None);
    let told = stage.told(&request).await;
    assert_eq!((&told["status"], &told["got"]), (&json!("served"), &json!(2 * EACH)));
    // It vanishes: what was bought for a request is not bought again for it.
    stage.shows(0);
    assert_eq!(stage.turn().await, None);
    // The same again is the same, and something else is not.
    let again = stage.ask(asked).await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (200, "true"));
    assert_eq!(again.id(), request["id"].as_str().unwrap());
    let other = stage.ask(json!({"external_id": "friday", "withdrawals": [one]})).await;
    assert_eq!((other.status, other.code().as_str()), (409, "energy_request_conflict"));
    for kind in ["energy.request_open", "energy.request_asked", "energy.request_served", "energy.open"] {
        assert_eq!(stage.fed(kind).await, 1, "{kind}");
    }
}

#[tokio::test]
async fn what_is_there_serves_one_request_and_not_the_next() {
    let mut stage = Stage::new().await;
    stage.shows(EACH);
    let (one, two) = (stage.scheduled("one").await, stage.scheduled("two").await);
    let first = stage.asked("first", &[&one]).await;
    assert_eq!(stage.turn().await, None, "its energy is there");
    assert_eq!(stage.told(&first).await["status"], json!("served"));
    let second = stage.asked("second", &[&two]).await;
    let need = stage.turn().await.expect("what is there is for the other one");
    assert_eq!(need.energy, EACH);
    stage.comes(need, 2 * EACH).await;
    stage.turn().await;
    assert_eq!(stage.told(&second).await["status"], json!("served"));
    // Both are paid with it, and nothing more is asked for.
    stage.tron.world.clock.forward_ms(HOUR_MS / 2);
    assert_eq!(stage.turn().await, None);
}

#[tokio::test]
async fn payouts_come_first_and_share_no_need_with_a_request() {
    let mut stage = Stage::new().await;
    let later = stage.scheduled("later").await;
    let request = stage.asked("ahead", &[&later]).await;
    stage.ordered("now", "regular", None).await;
    let need = stage.turn().await.expect("the payout lacks energy");
    assert_eq!(need.energy, EACH, "none of the request is in it");
    assert_eq!(stage.told(&request).await["status"], json!("open"));
    stage.comes(need, EACH).await;
    let need = stage.turn().await.expect("now the request");
    assert_eq!((need.energy, &stage.told(&request).await["status"]), (EACH, &json!("asked")));
    // No source is cheaper: its end is the request's.
    let world = &stage.tron.world;
    let step = need.burn(Burning::Cheaper, world.clock.now_at()).unwrap();
    world.apply(Change { needs: vec![step], ..Change::default() }).await;
    assert_eq!(stage.turn().await, None);
    let told = stage.told(&request).await;
    assert_eq!(
        (&told["status"], &told["why"], &told["need"]),
        (&json!("burning"), &json!("cheaper"), &Value::Null)
    );
}

#[tokio::test]
async fn what_one_order_does_not_bring_is_asked_for_piece_by_piece_and_never_more() {
    let mut tron = Tron::new().await;
    let mut facts = tron.shop.facts.clone();
    facts[0].energy_max = 100_000;
    let market = Arc::new(Shop { facts, ..Shop::default() });
    tron.world.api.ports.energy.get_mut(&chain_id()).unwrap().market = market;
    tron.world.router = sluice_http::router(tron.world.api.clone());
    let mut stage = Stage::of(tron).await;
    let (one, two) = (stage.scheduled("one").await, stage.scheduled("two").await);
    let request = stage.asked("both", &[&one, &two]).await;
    let mut asked = vec![];
    // What came is used up by others each time.
    while let Some(need) = stage.turn().await {
        asked.push(need.energy);
        stage.comes(need, 0).await;
    }
    assert_eq!(asked, [100_000, 2 * EACH - 100_000]);
    let told = stage.told(&request).await;
    assert_eq!((&told["status"], &told["got"]), (&json!("served"), &json!(2 * EACH)));
}

#[tokio::test]
async fn a_request_that_is_called_off_takes_its_need_along() {
    let mut stage = Stage::new().await;
    let one = stage.scheduled("one").await;
    let request = stage.asked("it", &[&one]).await;
    let need = stage.turn().await.expect("its lane asks");
    let world = &stage.tron.world;
    let cancel = format!("{PATH}/{}/cancel", request["id"].as_str().unwrap());
    let stale = world.post(&world.a.key, &cancel, &json!({"reason": "it", "version": 1})).send(world).await;
    assert_eq!(stale.code(), "version_conflict");
    for _ in 0..2 {
        let done = world.post(&world.a.key, &cancel, &json!({"reason": "not wanted"})).send(world).await;
        assert_eq!((done.status, &done.json()["status"]), (200, &json!("cancelled")), "{}", done.text());
    }
    assert_eq!(stage.turn().await, None);
    let view = stage.tron.world.db.lane(stage.tron.lane).await.unwrap().unwrap();
    let ended = view.needs.iter().find(|it| it.id == need.id).unwrap();
    assert_eq!(ended.state, NeedState::Dropped);
    // Its withdrawal may be named again; what has ended is not called off.
    stage.shows(EACH);
    let again = stage.asked("again", &[&one]).await;
    stage.turn().await;
    let world = &stage.tron.world;
    let cancel = format!("{PATH}/{}/cancel", again["id"].as_str().unwrap());
    let late = world.post(&world.a.key, &cancel, &json!({"reason": "it"})).send(world).await;
    assert_eq!(late.code(), "state_conflict", "{}", late.text());
}

#[tokio::test]
async fn nothing_is_got_before_its_time_or_while_nothing_may_be_paid_and_a_request_expires() {
    let mut stage = Stage::new().await;
    let one = stage.scheduled("one").await;
    let now = stage.tron.world.clock.now_at();
    let (from, until) = (now.plus_ms(600_000), now.plus_ms(1_200_000));
    let made = stage
        .ask(json!({"external_id": "later", "withdrawals": [one], "not_before": from.to_string(),
            "expires_at": until.to_string()}))
        .await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(stage.turn().await, None, "it is not its time");
    let world = &stage.tron.world;
    let stop = json!({"scope": "all", "reason": "test"});
    let stop = world.post(&world.a.key, "/v1/stops", &stop).send(world).await;
    assert_eq!(stop.status, 201, "{}", stop.text());
    world.clock.forward_ms(600_000);
    assert_eq!(stage.turn().await, None, "nothing is paid while a stop is in force, and nothing is bought");
    stage.house().await;
    assert_eq!(stage.told(&made.json()).await["status"], json!("open"));
    stage.tron.world.clock.forward_ms(600_000);
    assert_eq!(stage.turn().await, None);
    stage.house().await;
    assert_eq!(stage.told(&made.json()).await["status"], json!("expired"));
    assert_eq!(stage.fed("energy.open").await, 0);
}

#[tokio::test]
async fn a_request_of_which_nothing_waits_any_more_is_dropped() {
    let mut stage = Stage::new().await;
    let one = stage.scheduled("one").await;
    let request = stage.asked("it", &[&one]).await;
    let world = &stage.tron.world;
    let cancel = format!("/v1/withdrawals/{one}/cancel");
    assert_eq!(world.post(&world.a.key, &cancel, &json!({})).send(world).await.status, 200);
    assert_eq!(stage.turn().await, None);
    assert_eq!(stage.told(&request).await["status"], json!("dropped"));
}

#[tokio::test]
async fn what_is_asked_for_ahead_does_not_wait_to_be_sent_together() {
    let stage = Stage::new().await;
    stage.tron.has(400_000, 10_000_000).await;
    assert_eq!(stage.tron.energy().await["mode"], json!("critical"));
    stage.ordered("small-1", "regular", None).await;
    let named = stage.ordered("small-2", "regular", None).await;
    assert_eq!(super::given(&stage.tron).await.0.len(), 0, "they wait for others");
    let request = stage.asked("it", &[&named]).await;
    assert_eq!(super::given(&stage.tron).await.0, ["small-2"]);
    // It has its energy, so nothing waits for the request.
    super::given(&stage.tron).await;
    assert_eq!(stage.told(&request).await["status"], json!("dropped"));
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_refused_with_its_reason() {
    let mut stage = Stage::new().await;
    let (one, two) = (stage.scheduled("one").await, stage.scheduled("two").await);
    let now = stage.tron.world.clock.now_at();
    let code = async |body: Value| stage.ask(body).await.code();
    assert_eq!(code(json!({"external_id": "x"})).await, "field_required");
    assert_eq!(code(json!({"withdrawals": [one]})).await, "field_required");
    assert_eq!(code(json!({"external_id": "a b", "withdrawals": [one]})).await, "external_id_malformed");
    assert_eq!(code(json!({"external_id": "x", "external_ids": ["nobody's"]})).await, "not_found");
    let many: Vec<String> = (0..101).map(|number| format!("wd-{number}")).collect();
    assert_eq!(code(json!({"external_id": "x", "external_ids": many})).await, "field_too_many");
    let half = many[..60].to_vec();
    let both = json!({"external_id": "x", "external_ids": half, "withdrawals": half});
    assert_eq!(code(both).await, "field_too_many");
    for (from, until) in [(0, 0), (60_000, 60_000), (0, 25 * HOUR_MS)] {
        let (from, until) = (now.plus_ms(from).to_string(), now.plus_ms(until).to_string());
        let body = json!({"external_id": "x", "withdrawals": [one], "not_before": from, "expires_at": until});
        assert_eq!(code(body).await, "time_out_of_range");
    }
    let begins = now.plus_ms(24 * HOUR_MS).to_string();
    let body = json!({"external_id": "x", "withdrawals": [one], "not_before": begins});
    assert_eq!(code(body).await, "time_out_of_range");
    let named = stage.asked("first", &[&one]).await;
    let again = stage.ask(json!({"external_id": "second", "withdrawals": [two, one]})).await;
    assert_eq!(again.code(), "energy_already_requested");
    assert!(again.text().contains(named["id"].as_str().unwrap()), "{}", again.text());
    // What takes none of it: of another chain, ended, or given energy.
    let world = &stage.tron.world;
    let of_evm =
        world.post(&world.a.key, "/v1/withdrawals", &crate::support::body("evm")).send(world).await.id();
    assert_eq!(code(json!({"external_id": "x", "withdrawals": [of_evm]})).await, "energy_not_awaited");
    let cancel = format!("/v1/withdrawals/{two}/cancel");
    assert_eq!(world.post(&world.a.key, &cancel, &json!({})).send(world).await.status, 200);
    assert_eq!(code(json!({"external_id": "x", "withdrawals": [two]})).await, "energy_not_awaited");
    stage.shows(3 * EACH);
    let paid = stage.ordered("three", "immediate", None).await;
    stage.turn().await;
    let given = stage.ask(json!({"external_id": "x", "withdrawals": [paid]})).await;
    assert_eq!(given.code(), "energy_not_awaited");
    // Whose wallet.
    let world = &stage.tron.world;
    let strange = world.b.wallet.to_string();
    let three = stage.scheduled("four").await;
    let of_b = stage.ask(json!({"external_id": "x", "withdrawals": [three], "wallet": strange})).await;
    assert_eq!(of_b.code(), "energy_lane_absent");
    let second = WalletId::new(world.api.ports.entropy.ulid(now));
    let address = TronAddress([6; 20]).into();
    let step = Wallet::adopt(second, world.a.id, chain_id(), address, "two".into(), 0, "it".into(), now);
    world.apply(Change { wallets: vec![step], ..Change::default() }).await;
    let which = stage.ask(json!({"external_id": "x", "withdrawals": [three]})).await;
    assert_eq!(which.code(), "energy_lane_required");
    let chosen =
        stage.ask(json!({"external_id": "x", "withdrawals": [three], "wallet": second.to_string()})).await;
    assert_eq!((chosen.status, &chosen.json()["wallet"]), (201, &json!(second.to_string())));
}

#[tokio::test]
async fn a_partner_sees_and_names_its_own_alone() {
    let stage = Stage::new().await;
    let one = stage.scheduled("one").await;
    let request = stage.asked("it", &[&one]).await;
    let world = &stage.tron.world;
    let path = format!("{PATH}/{}", request["id"].as_str().unwrap());
    assert_eq!(world.get(&world.b.key, &path).send(world).await.status, 404);
    let (cancel, why) = (format!("{path}/cancel"), json!({"reason": "it"}));
    assert_eq!(world.post(&world.b.key, &cancel, &why).send(world).await.status, 404);
    let of_a = json!({"external_id": "theirs", "withdrawals": [one]});
    assert_eq!(world.post(&world.b.key, PATH, &of_a).send(world).await.status, 404);
    assert_eq!(read(world, &world.b.key, PATH).await["data"], json!([]));
    for key in [&world.a.key, &world.platform] {
        assert_eq!(read(world, key, PATH).await["data"], json!([request]));
        assert_eq!(read(world, key, &path).await, request);
        assert_eq!(read(world, key, &format!("{PATH}?external_id=it")).await["data"], json!([request]));
        assert_eq!(read(world, key, &format!("{PATH}?external_id=other")).await["data"], json!([]));
    }
    // The platform asks for a partner.
    let two = stage.scheduled("two").await;
    let body = json!({"external_id": "for-a", "withdrawals": [two], "partner_id": world.a.id.to_string()});
    let made = world.post(&world.platform, PATH, &body).send(world).await;
    assert_eq!(
        (made.status, &made.json()["partner_id"]),
        (201, &json!(world.a.id.to_string())),
        "{}",
        made.text()
    );
    let first = read(world, &world.a.key, &format!("{PATH}?limit=1")).await;
    assert_eq!(first["data"][0]["external_id"], json!("for-a"));
    let next = format!("{PATH}?limit=1&cursor={}", first["next_cursor"].as_str().unwrap());
    assert_eq!(read(world, &world.a.key, &next).await["data"], json!([request]));
}
