//! Energy of TRON: how lanes stand, what vendors ask, what payouts would take, what is expected and what should be staked.

mod accounts;
mod credit;
mod requests;
mod stage;
mod stakes;
mod unusual;

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use sluice_core::address::TronAddress;
use sluice_core::amount::Cost;
use sluice_core::asset::Asset;
use sluice_core::chain::ChainProfile;
use sluice_core::energy::NeedState;
use sluice_core::ledger::{Account, Posting};
use sluice_core::port::store::{Change, Store as _};
use sluice_core::resource::Network;
use sluice_core::time::Timestamp;
use sluice_core::transfer::State;

use stage::{DAY_MS, HOUR_MS, Tron, read, resources};

#[tokio::test]
async fn a_lane_enters_and_leaves_each_mode_and_is_told_with_what_it_allows() {
    let tron = Tron::new().await;
    tron.has(130_285, 0).await;
    let fresh = tron.energy().await;
    assert_eq!(
        (&fresh["mode"], &fresh["since"], &fresh["need"]),
        (&json!("without"), &Value::Null, &Value::Null)
    );
    assert_eq!((&fresh["read"]["percent"], &fresh["read"]["energy"]), (&Value::Null, &json!(130_285)));
    assert_eq!(fresh["burn_hour_cap"], json!("50000"));
    let most = 10_000_000;
    // Share of its own that is there, the mode that follows, and whether an alert is open.
    for (percent, mode, alarms) in [
        (60, "normal", false),
        (80, "optimal", false),
        (51, "optimal", false),
        (49, "normal", false),
        (21, "normal", false),
        (19, "warning", true),
        (29, "warning", true),
        (9, "critical", true),
        (19, "critical", true),
        (20, "warning", true),
        (30, "normal", false),
        (5, "critical", true),
        (70, "optimal", false),
    ] {
        tron.has(most / 100 * percent, most).await;
        let told = tron.energy().await;
        assert_eq!((&told["mode"], &told["read"]["percent"]), (&json!(mode), &json!(percent)), "{told}");
        let allows = match mode {
            "critical" => json!({"at_once": "priority", "buying": "ahead"}),
            "warning" => json!({"at_once": "all", "buying": "ahead"}),
            _ => json!({"at_once": "all", "buying": "needed"}),
        };
        assert_eq!(told["allows"], allows);
        assert_eq!(tron.low().await.len(), usize::from(alarms), "{percent} {:?}", tron.low().await);
        assert_eq!(told["read"]["used_percent"], json!(100 - percent));
    }
    tron.world.seal().await;
    let feed = read(&tron.world, &tron.world.a.key, "/v1/events?limit=100").await;
    let modes: Vec<_> = feed["data"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["type"] == "energy.mode_changed")
        .map(|event| event["data"]["mode"].as_str().unwrap())
        .collect();
    assert_eq!(
        modes,
        ["normal", "optimal", "normal", "warning", "critical", "warning", "normal", "critical", "optimal"]
    );
    // The same figure again tells nothing, and neither does a process that starts anew.
    let since = tron.energy().await["since"].clone();
    tron.has(most / 100 * 55, most).await;
    assert_eq!(tron.energy().await["since"], since);
    let others = read(&tron.world, &tron.world.b.key, "/v1/energy").await;
    assert_eq!(others["wallets"], json!([]));
}

#[tokio::test]
async fn what_is_rented_is_none_of_a_lanes_own_and_its_order_is_listed() {
    let tron = Tron::new().await;
    let (world, now) = (&tron.world, tron.world.clock.now_at());
    let (need, order) = tron.order();
    world.apply(Change { needs: vec![need], ..Change::default() }).await;
    world.apply(Change { orders: vec![order.clone()], ..Change::default() }).await;
    let own = Change {
        powers: vec![sluice_core::wallet::Power {
            wallet: tron.lane,
            resources: resources(0, 260_570),
            block: crate::support::HEAD,
            at: now,
        }],
        ..Change::default()
    };
    world.apply(own).await;
    let told = tron.energy().await;
    let read_ = &told["read"];
    assert_eq!(
        (&read_["energy_most"], &read_["energy_own"], &read_["energy_rented"]),
        (&json!(260_570), &json!(0), &json!(260_570)),
        "used to the last, and the wallet is not critical: it is as it was"
    );
    assert_eq!((&told["need"]["energy"], &told["need"]["burning"]), (&json!(260_570), &json!("26.057")));
    let path = format!("/v1/energy/orders?wallet={}", tron.lane);
    let listed = read(world, &world.a.key, &path).await["data"][0].clone();
    assert_eq!(
        (&listed["id"], &listed["status"], &listed["vendor"], &listed["cost_max"]),
        (&json!(order.after().id.to_string()), &json!("asked"), &json!("shop"), &Value::Null)
    );
    let paid = read(world, &world.platform, "/v1/energy/orders").await["data"][0].clone();
    assert_eq!(
        (&paid["cost_max"], &paid["cost"]),
        (&json!("10.4228"), &Value::Null),
        "what it cost is not known"
    );
    assert_eq!(read(world, &world.b.key, "/v1/energy/orders").await["data"], json!([]));
}

#[tokio::test]
async fn a_quote_says_what_payouts_take_from_where_and_orders_nothing() {
    let tron = Tron::new().await;
    let world = &tron.world;
    let quote = async |body: Value| world.post(&world.a.key, "/v1/energy/quote", &body).send(world).await;
    for none in [json!({}), json!({"payouts": 0}), json!({"withdrawals": []})] {
        assert_eq!(quote(none).await.code(), "field_required");
    }
    assert_eq!(quote(json!({"payouts": 10_001})).await.code(), "field_too_many");
    assert_eq!(quote(json!({"payouts": 1, "chain": "tron:1"})).await.code(), "chain_unknown");
    tron.has(130_285, 0).await;
    // Ten payouts to new holders: 1,302,850 energy, of which one payout's worth is there. 40 sun beside 100.
    let told = quote(json!({"payouts": 10})).await.json();
    assert_eq!(
        (&told["energy"], &told["at_hand"], &told["missing"], &told["simulated"]),
        (&json!(1_302_850), &json!(130_285), &json!(1_172_565), &json!(0))
    );
    assert_eq!(
        (&told["cost"], &told["burning"], &told["saved"]),
        (&json!("46.9026"), &json!("117.2565"), &json!("70.3539"))
    );
    let sources: Vec<_> =
        told["sources"].as_array().unwrap().iter().map(|it| (&it["kind"], &it["price"])).collect();
    assert_eq!(sources, [(&json!("vendor"), &json!("40")), (&json!("burn"), &json!("100"))]);
    // It was kept, and the vendor is not asked again before five minutes have passed.
    let prices = read(world, &world.a.key, "/v1/energy/prices").await;
    let price = &prices["data"][0];
    assert_eq!(
        (&price["vendor"], &price["last"], &price["quotes"]),
        (&json!("shop"), &json!("40"), &json!(1))
    );
    tron.shop.each_sun.store(120, Ordering::Relaxed);
    let asked = tron.shop.asked.load(Ordering::Relaxed);
    assert_eq!(quote(json!({"payouts": 10})).await.json()["cost"], told["cost"]);
    assert_eq!(tron.shop.asked.load(Ordering::Relaxed), asked);
    world.clock.forward_ms(400_000);
    let dear = quote(json!({"payouts": 10})).await.json();
    assert_eq!((&dear["cost"], &dear["saved"]), (&dear["burning"], &json!("0")), "burning costs less now");
    assert_eq!(dear["sources"][0]["kind"], json!("burn"));
    let listed = read(world, &world.a.key, "/v1/energy/prices?limit=1").await;
    assert_eq!(listed["data"][0]["last"], json!("120"), "newest first");
    let next = format!("/v1/energy/prices?limit=1&cursor={}", listed["next_cursor"].as_str().unwrap());
    assert_eq!(read(world, &world.a.key, &next).await["data"][0]["last"], json!("40"));
    // What is there for all of it costs nothing.
    let covered = quote(json!({"payouts": 1})).await.json();
    assert_eq!(
        (&covered["missing"], &covered["sources"], &covered["cost"]),
        (&json!(0), &json!([]), &json!("0"))
    );
    // A withdrawal is simulated: its recipient holds the token.
    let body = json!({
        "external_id": "tron-1", "user_id": "user-1", "asset": tron.token.id.to_string(), "amount": "1",
        "address": TronAddress([9; 20]).to_string(),
    });
    let made = world.post(&world.a.key, "/v1/withdrawals", &body).send(world).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let one = quote(json!({"withdrawals": [made.id()]})).await.json();
    assert_eq!((&one["energy"], &one["simulated"], &one["payouts"]), (&json!(64_285), &json!(1), &json!(1)));
    let stranger = world.post(&world.b.key, "/v1/energy/quote", &json!({"withdrawals": [made.id()]}));
    assert_eq!(stranger.send(world).await.code(), "not_found");
    assert_eq!(
        read(world, &world.platform, "/v1/energy/orders").await["data"],
        json!([]),
        "nothing was ordered"
    );
}

#[tokio::test]
async fn a_forecast_tells_hours_of_the_partners_zone_and_a_lane_when_it_runs_out() {
    let tron = Tron::new().await;
    let world = &tron.world;
    let empty = read(world, &world.a.key, "/v1/energy/forecast").await;
    assert_eq!((&empty["days"], &empty["week_payouts"]), (&json!("unknown"), &json!("0")));
    // 2026-11-21T01:00Z is a Saturday morning in Seoul. Two days later Sunday is known: 70 payouts of it are a week of 720.
    world.clock.forward_ms(2 * DAY_MS);
    let sunday = Timestamp::parse("2026-11-22T03:00:00Z").unwrap();
    tron.paid(HOUR_MS, sunday, 70).await;
    let told = read(world, &world.a.key, "/v1/energy/forecast").await;
    assert_eq!(
        (&told["days"], &told["hours"], &told["days_known"], &told["week_payouts"]),
        (&json!("usual"), &json!("usual"), &json!(1), &json!("720"))
    );
    assert_eq!(told["weekdays"], json!(["100", "110", "120", "110", "130", "80", "70"]));
    let next = told["next"].as_array().unwrap();
    // Monday, ten o'clock in Seoul: a sixth of 25 % of 100.
    assert_eq!((next.len(), &next[0]["from"]), (48, &json!("2026-11-23T01:00:00.000000Z")));
    assert_eq!((&next[0]["payouts"], &next[0]["energy_low"]), (&json!("4.167"), &json!(267_876)));
    // 10,000,000 energy; 4.167 payouts of 130,285 an hour, and 5.834 from noon on: what comes back does not make up for it.
    tron.has(2_000_000, 10_000_000).await;
    let depletes = tron.energy().await["depletes_at"].as_str().unwrap().to_owned();
    assert!(depletes.starts_with("2026-11-23T0"), "{depletes}");
    tron.has(100_000_000, 100_000_000).await;
    assert_eq!(tron.energy().await["depletes_at"], Value::Null, "it will do for a week");
}

#[tokio::test]
async fn a_plan_says_what_to_stake_whether_to_buy_and_when_to_give_up() {
    let tron = Tron::new().await;
    let world = &tron.world;
    let unread = world.get(&world.a.key, "/v1/energy/plan").send(world).await;
    assert_eq!(unread.code(), "node_unavailable", "the network was not read yet");
    tron.has(0, 0).await;
    world.clock.forward_ms(2 * DAY_MS);
    tron.paid(HOUR_MS, Timestamp::parse("2026-11-22T03:00:00Z").unwrap(), 70).await;
    let plan = read(world, &world.a.key, "/v1/energy/plan").await;
    // 130 payouts on the largest day, 130,285 each; 20 % once; 60 % of that staked.
    let staking = &plan["staking"];
    assert_eq!(
        (&staking["day_energy"], &staking["wanted_energy"], &staking["own_energy"]),
        (&json!(16_937_050), &json!(20_324_460), &json!(12_194_676))
    );
    let stake = Network { energy: 180_000_000_000, stake_trx: 19_000_000_000 }.stake_for(12_194_676).unwrap();
    assert_eq!(staking["stake"], json!("1287215.8"));
    assert_eq!(stake, Cost(1_287_215_800_000));
    assert_eq!((&plan["stake_price"], &plan["burn_price"]), (&json!("16.708947"), &json!("100")));
    assert_eq!((&plan["market_price"], &plan["advice"]), (&Value::Null, &Value::Null));
    assert_eq!(plan["unstaking"], json!({"reasons": [], "steps": []}), "nothing is staked");
    // A market that asks 40 sun: staking is cheaper. One that asks 10: buying is, and what is staked beyond the plan may go.
    let quote = json!({"payouts": 10});
    assert_eq!(world.post(&world.a.key, "/v1/energy/quote", &quote).send(world).await.status, 200);
    assert_eq!(read(world, &world.a.key, "/v1/energy/plan").await["advice"], json!("stake"));
    let coin = Asset::native(&ChainProfile::tron_devnet()).id;
    let line =
        |account, atoms| Posting { partner: world.a.id, wallet: tron.lane, asset: coin, account, atoms };
    let staked = 2_000_000_000_000;
    let postings = vec![line(Account::Staked, staked), line(Account::Available, -staked)];
    world.apply(Change { postings, ..Change::default() }).await;
    let kept = read(world, &world.a.key, "/v1/energy/plan").await;
    assert_eq!((&kept["staking"]["beyond"], &kept["staking"]["lacking"]), (&json!("712784.2"), &json!("0")));
    assert_eq!(
        kept["unstaking"]["reasons"],
        json!([]),
        "there is more than enough, and no reason to give it up"
    );
    tron.shop.each_sun.store(10, Ordering::Relaxed);
    for _ in 0..2 {
        world.clock.forward_ms(400_000);
        assert_eq!(world.post(&world.a.key, "/v1/energy/quote", &quote).send(world).await.status, 200);
    }
    let cheap = read(world, &world.a.key, "/v1/energy/plan").await;
    assert_eq!((&cheap["market_price"], &cheap["advice"]), (&json!("10"), &json!("buy")));
    let (unstaking, steps) = (&cheap["unstaking"], cheap["unstaking"]["steps"].as_array().unwrap());
    assert_eq!(unstaking["reasons"], json!(["market_cheaper"]));
    let stakes: Vec<_> = steps.iter().map(|step| (&step["stake"], &step["reserve"])).collect();
    assert_eq!(stakes, [(&json!("142556.84"), &json!(false)); 5], "a fifth a week, and what is needed stays");
    let days = |step: &Value, name: &str| {
        let at = |text: &Value| Timestamp::parse(text.as_str().unwrap()).unwrap();
        at(&step[name]).since_ms(at(&cheap["at"])) / DAY_MS
    };
    assert_eq!((days(&steps[0], "at"), days(&steps[0], "usable_at"), days(&steps[4], "at")), (14, 28, 42));
}

/// Payouts of a lane that were given energy, in order, and the energy that is asked for.
async fn given(tron: &Tron) -> (Vec<String>, Option<u64>) {
    let ports = &tron.world.api.ports;
    let mut memory = sluice_flow::lane::Memory::default();
    // The signer of this world signs nothing: what a turn did before it asks is what is looked at.
    let _signs_nothing = Box::pin(sluice_flow::lane::turn(ports, tron.lane, "test", &mut memory)).await;
    let view = tron.world.db.lane(tron.lane).await.unwrap().unwrap();
    let mut given = Vec::new();
    for (transfer, _) in view.transfers() {
        if matches!(transfer.state, State::Fuelled(_)) {
            let ids: Vec<_> = transfer.live().map(|item| item.withdrawal).collect();
            let found = tron.world.db.withdrawals(&ids).await.unwrap();
            given.extend(found.into_iter().map(|it| it.request.external_id.clone()));
        }
    }
    given.sort();
    let open = view.needs.iter().find(|need| need.state == NeedState::Open);
    (given, open.map(|need| need.energy))
}

async fn ordered(tron: &Tron, external_id: &str, kind: &str) {
    let body = json!({
        "external_id": external_id, "user_id": "user-1", "asset": tron.token.id.to_string(), "amount": "1",
        "address": TronAddress([9; 20]).to_string(), "type": kind,
    });
    let made = tron.world.post(&tron.world.a.key, "/v1/withdrawals", &body).send(&tron.world).await;
    assert_eq!(made.status, 201, "{}", made.text());
}

#[tokio::test]
async fn while_a_wallet_is_critical_what_has_priority_goes_first_and_the_rest_together() {
    let tron = Tron::new().await;
    tron.has(400_000, 10_000_000).await;
    assert_eq!(tron.energy().await["mode"], json!("critical"));
    ordered(&tron, "small-1", "regular").await;
    ordered(&tron, "urgent", "immediate").await;
    ordered(&tron, "small-2", "regular").await;
    assert_eq!(given(&tron).await, (vec!["urgent".to_owned()], None));
    assert_eq!(given(&tron).await.0, ["urgent"], "the others wait");
    // For five minutes, and then together: nobody waits for ever.
    tron.world.clock.forward_ms(299_000);
    assert_eq!(given(&tron).await.0, ["urgent"]);
    tron.world.clock.forward_ms(1_000);
    assert_eq!(given(&tron).await.0, ["small-1", "small-2", "urgent"]);
}

#[tokio::test]
async fn ten_go_together_and_so_do_all_once_the_wallet_is_critical_no_more() {
    let tron = Tron::new().await;
    tron.has(900_000, 10_000_000).await;
    for number in 0..9 {
        ordered(&tron, &format!("small-{number}"), "regular").await;
    }
    assert_eq!(given(&tron).await.0.len(), 0);
    ordered(&tron, "small-9", "regular").await;
    assert_eq!(given(&tron).await.0.len(), 10);
    ordered(&tron, "late", "regular").await;
    assert_eq!(given(&tron).await.0.len(), 10);
    tron.has(8_000_000, 10_000_000).await;
    assert_eq!(given(&tron).await.0.len(), 11, "optimal: each is sent at once");
}

#[tokio::test]
async fn with_little_left_energy_is_bought_ahead_with_what_is_lacking() {
    // 60,000 of 64,285 are there: 4,285 lack, and a payout's worth, or as much again, is bought with it.
    for (most, mode, asked) in [
        (120_000, "without", 4_285),
        (200_000, "normal", 4_285),
        (400_000, "warning", 134_570),
        (1_000_000, "critical", 134_570),
    ] {
        let tron = Tron::new().await;
        tron.has(60_000, most).await;
        assert_eq!(tron.energy().await["mode"], json!(mode));
        ordered(&tron, "urgent", "immediate").await;
        assert_eq!(given(&tron).await, (vec![], Some(asked)), "{mode}");
    }
}
