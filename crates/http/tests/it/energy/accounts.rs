//! Accounts at vendors: what is paid in is booked by two persons once, and what a vendor kept is never said too early.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use sluice_core::amount::Cost;
use sluice_core::energy::{Arrival, Order, SETTLES_MS};
use sluice_core::id::EnergyOrderId;
use sluice_core::moved::Moved;
use sluice_core::port::market::{Placed, ProviderId};
use sluice_core::port::reader::{AlertFilter, Reader as _};
use sluice_core::port::store::Change;

use super::stage::{Tron, read};
use crate::support::{HEAD, Key, Reply};

const BOOK: &str = "/v1/energy/accounts/shop/book";

fn said(reply: &Reply) -> (u16, String) {
    let json = reply.json();
    (reply.status, json["state"].as_str().or(json["code"].as_str()).unwrap_or_default().to_owned())
}

fn is(status: u16, word: &str) -> (u16, String) {
    (status, word.to_owned())
}

async fn post(tron: &Tron, key: &Key, path: &str, body: &Value) -> Reply {
    tron.world.post(key, path, body).send(&tron.world).await
}

/// An order that was asked for just now, and stands nowhere else yet.
async fn asked(tron: &Tron) -> Order {
    let (world, (need, order)) = (&tron.world, tron.order());
    let end = need.after().clone().drop_unwanted(world.clock.now_at()).unwrap();
    world.apply(Change { needs: vec![need], ..Change::default() }).await;
    // The broker is to follow the order, and to buy nothing else.
    let order = stored(tron, order).await;
    world.apply(Change { needs: vec![end], ..Change::default() }).await;
    order
}

async fn stored(tron: &Tron, step: Moved<Order>) -> Order {
    let after = step.after().clone();
    tron.world.apply(Change { orders: vec![step], ..Change::default() }).await;
    after
}

async fn now(tron: &Tron, id: EnergyOrderId) -> Order {
    tron.world.db.energy_order(id).await.unwrap().unwrap()
}

/// An order that nobody answered, past its deadline.
async fn unresolved(tron: &Tron) -> Order {
    let order = asked(tron).await;
    let order = stored(tron, order.hear(Placed::Unknown("reset".into())).unwrap()).await;
    tron.world.clock.forward_ms(150_000);
    stored(tron, order.expire(None, false, tron.world.clock.now_at()).unwrap()).await
}

/// What is told of accounts that keep vendors closed.
async fn alarms(tron: &Tron) -> Vec<String> {
    let alerts = tron.world.db.alerts(None, &AlertFilter::any(false), 100).await.unwrap();
    let open = alerts.into_iter().filter(|it| it.raise.code.as_str() == "energy_unresolved");
    open.map(|it| it.raise.detail).collect()
}

async fn account(tron: &Tron) -> Value {
    read(&tron.world, &tron.world.platform, "/v1/energy/accounts").await["data"][0].clone()
}

#[tokio::test]
async fn what_is_paid_in_is_booked_by_two_persons_once_and_the_account_explains_orders_again() {
    let tron = Tron::new().await;
    let world = &tron.world;
    let (one, other) = (&world.platform, &world.second_platform);
    let body = |amount: &str, reference: &str| {
        let paid_at = world.clock.now_at().to_string();
        json!({"amount": amount, "paid_at": paid_at, "reference": reference, "reason": "invoice 7"})
    };
    let early = post(&tron, one, BOOK, &body("500", "tx-1")).await;
    assert_eq!(said(&early), is(409, "energy_account_not_open"), "{}", early.text());
    // The broker reads the account for the first time: what it holds is its opening balance.
    tron.has(0, 0).await;
    let opened = account(&tron).await;
    assert_eq!(
        (&opened["vendor"], &opened["opening"], &opened["expected"]),
        (&json!("shop"), &json!("1000"), &json!("1000"))
    );
    let order = unresolved(&tron).await;
    assert_eq!(account(&tron).await["unresolved"], json!("10.4228"));
    // The operator pays in, and the account holds more than it should: it explains nothing, however often it is read.
    tron.shop.holds_sun.store(1_500_000_000, Ordering::Relaxed);
    world.clock.forward_ms(SETTLES_MS);
    *tron.chain.read_through.lock().unwrap() = Some((HEAD, world.clock.now_at()));
    tron.has(0, 0).await;
    assert_eq!(now(&tron, order.id).await, order, "as it was");
    let told = alarms(&tron).await;
    assert_eq!(told.len(), 1, "{told:?}");
    let figures = format!("should hold 1000000000 sun without {}, and shows 1500000000", order.id);
    assert!(told[0].contains(&figures) && told[0].contains("for 1 orders"), "{told:?}");

    let paid = body("500", "tx-1");
    let partner = post(&tron, &world.a.key, BOOK, &paid).await;
    assert_eq!(said(&partner), is(403, "platform_only"), "{}", partner.text());
    assert_eq!(world.get(&world.a.key, "/v1/energy/accounts").send(world).await.code(), "platform_only");
    let first = post(&tron, one, BOOK, &paid).await;
    assert_eq!(said(&first), is(202, "awaiting_second_person"), "{}", first.text());
    assert_eq!((&first.json()["command"], &first.json()["subject"]), (&json!("energy.book"), &json!("shop")));
    let again = post(&tron, one, BOOK, &paid).await;
    assert_eq!((said(&again), &again.json()["id"]), (is(202, "awaiting_second_person"), &first.json()["id"]));
    let mut differs = paid.clone();
    differs["amount"] = json!("501");
    assert_eq!(said(&post(&tron, other, BOOK, &differs).await), is(409, "command_open"));
    tron.has(0, 0).await;
    assert_eq!(
        (account(&tron).await["paid_in"].clone(), now(&tron, order.id).await),
        (json!("0"), order.clone())
    );
    let second = post(&tron, other, BOOK, &paid).await;
    assert_eq!(said(&second), is(200, "done"), "{}", second.text());
    // Whoever did not hear the answer gives it again, and it is booked once.
    for key in [other, one] {
        assert_eq!(said(&post(&tron, key, BOOK, &paid).await), is(200, "done"));
    }
    assert_eq!(said(&post(&tron, one, BOOK, &differs).await), is(409, "energy_reference_taken"));
    let booked = account(&tron).await;
    assert_eq!(
        (&booked["paid_in"], &booked["expected"], &booked["unexplained"]),
        (&json!("500"), &json!("1500"), &json!(1)),
        "as far as costs are known"
    );

    tron.has(0, 0).await;
    assert_eq!(
        now(&tron, order.id).await.state.as_str(),
        "absent",
        "account and chain explain it by themselves"
    );
    assert_eq!(alarms(&tron).await, Vec::<String>::new());
    let whole = account(&tron).await;
    assert_eq!((&whole["unresolved"], &whole["expected"]), (&json!("0"), &json!("1500")));
    world.seal().await;
    let feed = read(world, &world.platform, "/v1/events?limit=100").await;
    let told: Vec<_> = feed["data"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["type"] == "energy.account_topped_up")
        .map(|event| (event["data"].clone(), event["actor"]["id"].clone()))
        .collect();
    let data = json!({"paid_at": paid["paid_at"], "reference": "tx-1", "sun": "500000000", "vendor": "shop"});
    assert_eq!(told, [(data, json!(other.id))]);
}

#[tokio::test]
async fn an_account_that_is_apart_is_told_also_where_all_energy_came() {
    let tron = Tron::new().await;
    tron.has(0, 0).await;
    let order = asked(&tron).await;
    let provider_id = ProviderId::parse("6818426a65fa8ea36d119d2c").unwrap();
    let accepted = Placed::Accepted { provider_id, charged_sun: None };
    let order = stored(&tron, order.hear(accepted).unwrap()).await;
    let at = tron.world.clock.now_at();
    #[expect(clippy::disallowed_methods, reason = "a test says what the chain shows")]
    let came = Arrival::on_chain(order.receiver, order.energy, vec![[9; 32]], HEAD, at);
    let order = stored(&tron, order.prove(came, false).unwrap().unwrap()).await;
    // It took twice what it may: the vendor is closed for the wallet until a person has read its statement.
    tron.shop.holds_sun.store(1_000_000_000 - 20_845_600, Ordering::Relaxed);
    tron.world.clock.forward_ms(SETTLES_MS);
    *tron.chain.read_through.lock().unwrap() = Some((HEAD, tron.world.clock.now_at()));
    tron.has(0, 0).await;
    assert_eq!(now(&tron, order.id).await, order);
    let told = alarms(&tron).await;
    let said = format!("should hold 1000000000 sun without {}, and shows 979154400", order.id);
    assert!(told.len() == 1 && told[0].contains(&said) && !told[0].contains("owes"), "{told:?}");
    let path = format!("/v1/energy/orders/{}/resolve", order.id);
    let kept = json!({"kept": "20.8456", "reason": "it has no bound"});
    for (key, status) in [(&tron.world.platform, 202), (&tron.world.second_platform, 200)] {
        assert_eq!(post(&tron, key, &path, &kept).await.status, status);
    }
    tron.has(0, 0).await;
    let priced = now(&tron, order.id).await;
    assert_eq!((priced.state.as_str(), priced.overcharged()), ("delivered", Some(Cost(20_845_600))));
    assert_eq!((priced.is_ended(), alarms(&tron).await), (true, vec![]));
    assert_eq!(account(&tron).await["expected"], json!("979.1544"));
}

#[tokio::test]
async fn a_payment_that_the_opening_held_or_that_cannot_be_is_not_booked() {
    let tron = Tron::new().await;
    tron.has(0, 0).await;
    let (world, opened_at) = (&tron.world, account(&tron).await["opened_at"].clone());
    let later = world.clock.now_at().plus_ms(60_000).to_string();
    for (field, value, code) in [
        ("paid_at", opened_at, "time_out_of_range"),
        ("paid_at", json!(later), "time_out_of_range"),
        ("paid_at", json!("yesterday"), "time_malformed"),
        ("amount", json!("0"), "amount_not_positive"),
        ("amount", json!("-5"), "amount_malformed"),
        ("amount", json!("0.0000001"), "amount_too_precise"),
        ("amount", json!("1000000000.000001"), "amount_out_of_range"),
        ("amount", json!(5), "amount_not_string"),
        ("reference", json!("tx 1"), "name_malformed"),
        ("reference", json!("r".repeat(65)), "name_malformed"),
    ] {
        world.clock.forward_ms(1_000);
        let paid_at = world.clock.now_at().to_string();
        let mut body = json!({"amount": "5", "paid_at": paid_at, "reference": "tx-1", "reason": "r"});
        body[field] = value;
        let reply = post(&tron, &world.platform, BOOK, &body).await;
        assert_eq!((reply.status, reply.code().as_str()), (422, code), "{}", reply.text());
    }
    let body = json!({"amount": "5", "paid_at": world.clock.now_at().to_string(), "reference": "tx-1", "reason": "r"});
    let nobody = post(&tron, &world.platform, "/v1/energy/accounts/nobody/book", &body).await;
    assert_eq!(said(&nobody), is(409, "energy_account_not_open"));
    assert_eq!(account(&tron).await["paid_in"], json!("0"));
}

#[tokio::test]
async fn what_a_vendor_kept_is_said_by_two_persons_and_not_while_the_order_may_still_come() {
    let tron = Tron::new().await;
    tron.has(0, 0).await;
    let world = &tron.world;
    let (one, other) = (&world.platform, &world.second_platform);
    let kept = |trx: &str| json!({"kept": trx, "reason": "statement of March"});
    let order = asked(&tron).await;
    let path = format!("/v1/energy/orders/{}/resolve", order.id);
    for figure in ["0", "10.4228"] {
        assert_eq!(
            said(&post(&tron, one, &path, &kept(figure)).await),
            is(409, "state_conflict"),
            "it is under way"
        );
    }
    let order = stored(&tron, order.hear(Placed::Unknown("reset".into())).unwrap()).await;
    assert_eq!(
        said(&post(&tron, one, &path, &kept("0")).await),
        is(409, "state_conflict"),
        "its deadline comes first"
    );
    world.clock.forward_ms(150_000);
    let order = stored(&tron, order.expire(None, false, world.clock.now_at()).unwrap()).await;
    let early = post(&tron, one, &path, &kept("0")).await;
    assert_eq!(said(&early), is(409, "energy_order_unsettled"), "{}", early.text());
    world.clock.forward_ms(SETTLES_MS - 150_000 - 1);
    assert_eq!(said(&post(&tron, one, &path, &kept("0")).await), is(409, "energy_order_unsettled"));
    world.clock.forward_ms(1);

    assert_eq!(said(&post(&tron, &world.a.key, &path, &kept("0")).await), is(403, "platform_only"));
    let strange = format!(
        "/v1/energy/orders/{}/resolve",
        EnergyOrderId::new(world.api.ports.entropy.ulid(world.clock.now_at()))
    );
    assert_eq!(said(&post(&tron, one, &strange, &kept("0")).await), is(404, "not_found"));
    assert_eq!(said(&post(&tron, one, &path, &kept("1000000001")).await), is(422, "amount_out_of_range"));
    let mut stale = kept("10.4228");
    stale["version"] = json!(order.version - 1);
    assert_eq!(said(&post(&tron, one, &path, &stale).await), is(409, "version_conflict"));

    let first = post(&tron, one, &path, &kept("10.4228")).await;
    assert_eq!(said(&first), is(202, "awaiting_second_person"), "{}", first.text());
    let record = first.json();
    assert_eq!(
        (&record["says"], &record["facts"]),
        (&json!({"kept_sun": "10422800"}), &json!({"state": "unresolved"}))
    );
    assert_eq!(said(&post(&tron, other, &path, &kept("0")).await), is(409, "command_open"), "another figure");
    assert_eq!(now(&tron, order.id).await, order, "one word does nothing");
    let second = post(&tron, other, &path, &kept("10.4228")).await;
    assert_eq!(said(&second), is(200, "done"), "{}", second.text());
    let lost = now(&tron, order.id).await;
    assert_eq!(
        (lost.state.as_str(), lost.is_ended()),
        ("lost", true),
        "the vendor is open for the wallet again"
    );
    assert_eq!(second.json()["version"], json!(lost.version));
    // Given again it is done already. Another figure is another command, by two persons again.
    let again = post(&tron, other, &path, &kept("10.4228")).await;
    assert_eq!((said(&again), &again.json()["id"]), (is(200, "done"), &Value::Null));
    assert_eq!(said(&post(&tron, one, &path, &kept("0")).await), is(202, "awaiting_second_person"));
    assert_eq!(now(&tron, order.id).await, lost);
    let listed = read(world, one, "/v1/energy/orders").await["data"][0].clone();
    assert_eq!(
        (&listed["status"], &listed["cost"], &listed["version"]),
        (&json!("lost"), &json!("10.4228"), &json!(lost.version))
    );
    let account = account(&tron).await;
    assert_eq!((&account["spent"], &account["expected"]), (&json!("10.4228"), &json!("989.5772")));
    world.seal().await;
    let feed = read(world, one, "/v1/events?limit=100").await;
    let by: Vec<_> = feed["data"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["type"] == "energy.order_lost")
        .map(|event| event["actor"]["id"].clone())
        .collect();
    assert_eq!(by, [json!(other.id)]);
}
