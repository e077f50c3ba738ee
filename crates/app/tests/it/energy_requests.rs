//! Energy that is got ahead: it is there when scheduled payouts are due, and whatever dies on the way, a request is one order.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use serde_json::json;
use sluice_api::energy::{EnergyRequest, EnergyRequestStatus, RequestEnergy};
use sluice_api::query::EnergyRequestQuery;
use sluice_api::status::Status;
use sluice_api::withdrawal::CreateWithdrawal;
use sluice_core::time::Timestamp;

use crate::energy::{BANDWIDTH_SUN, COINS, Payments};
use crate::harness::{Caller, Engine, Order, PATIENCE, until};
use crate::on_both;

/// Where the engine is killed.
pub const POINTS: [&str; 8] = [
    "store.apply/ahead_open:before",
    "store.apply/ahead_open:after",
    "store.apply/ahead_asked:before",
    "store.apply/ahead_asked:after",
    "market.place:before",
    "market.place:after",
    "store.apply/ahead_ended:before",
    "store.apply/ahead_ended:after",
];

#[expect(clippy::disallowed_methods, reason = "a payout is scheduled by the clock that everybody has")]
fn in_ms(ms: i64) -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    Timestamp::from_micros(i64::try_from(since.as_micros()).expect("not so far")).plus_ms(ms)
}

/// Orders that are due then.
async fn schedule(caller: &Caller, orders: &[Order], at: Timestamp) {
    for order in orders {
        let mut body = serde_json::to_value(caller.body(order)).expect("JSON");
        body["type"] = json!("scheduled");
        body["scheduled_for"] = json!(at.to_string());
        let body: CreateWithdrawal = serde_json::from_value(body).expect("a body");
        let made = caller.client.create_withdrawal(&body, None).await.expect("it is taken");
        assert_ne!(made.status, Status::Rejected, "{made:?}");
    }
}

fn request(name: &str, orders: &[Order]) -> RequestEnergy {
    RequestEnergy {
        external_id: name.to_owned(),
        external_ids: orders.iter().map(|order| order.external_id.clone()).collect(),
        ..RequestEnergy::default()
    }
}

/// Asked for, again where it was before, and waited for until it has ended.
async fn got(engine: &Engine, asked: &RequestEnergy) -> EnergyRequest {
    let caller = engine.tron_caller();
    let mut found = None;
    until(&format!("the energy of {}", asked.external_id), async || {
        let made = caller.client.request_energy(asked).await.expect("it is taken");
        let open = matches!(made.status, EnergyRequestStatus::Open | EnergyRequestStatus::Asked);
        found = Some(made);
        !open
    })
    .await;
    found.expect("it has ended")
}

on_both! {
    /// Energy comes before anything is due, by one order, and the payouts of that time ask for none and burn none.
    async fn energy_is_there_when_what_is_scheduled_is_due(database: Database) {
        let mut payments = Payments::begin(database).await;
        let engine = payments.engine().await;
        payments.is_audited(&engine).await;
        let (caller, orders) = (engine.tron_caller(), Order::fresh_on_tron("ahead", 4));
        let due = in_ms(40_000);
        schedule(&caller, &orders, due).await;
        let served = got(&engine, &request("friday", &orders)).await;
        assert_eq!((served.status, served.got), (EnergyRequestStatus::Served, served.energy), "{served:?}");
        assert!(in_ms(0) < due, "it came before they were due");
        assert_eq!((payments.sold(), caller.told("energy.open").await.len()), (1, 1));
        payments.orders = orders;
        let burned = payments.judge(&engine).await;
        assert!(burned <= 4 * BANDWIDTH_SUN, "{burned} sun");
        assert_eq!((payments.sold(), caller.told("energy.open").await.len()), (1, 1), "nothing more was asked for");
        payments.each_has_its_receipt(&engine).await;
    }

    /// Killed before and after each step of a request, and around the order at its vendor.
    async fn killed_between_the_steps_of_a_request_it_is_one_request_and_one_order(database: Database) {
        let payments = Payments::begin(database).await;
        let mut engine = payments.engine().await;
        for (place, point) in POINTS.iter().enumerate() {
            let orders = Order::fresh_on_tron(&format!("ahead-{place}"), 2);
            schedule(&engine.tron_caller(), &orders, in_ms(3_600_000)).await;
            let asked = request(&format!("request-{place}"), &orders);
            engine.point.arm(&format!("{point}:1:kill"));
            let caller = engine.tron_caller();
            // Who asks may be answered or not; the engine goes either way.
            let asking = async {
                let _no_answer = caller.client.request_energy(&asked).await;
                std::future::pending::<()>().await;
            };
            let gone = tokio::time::timeout(PATIENCE, engine.gone());
            let signal = match select(pin!(gone), pin!(asking)).await {
                Either::Left((signal, _)) => signal,
                Either::Right(((), _)) => panic!("it never ends"),
            };
            let signal = signal.unwrap_or_else(|_| panic!("{point}\n{}", payments.world.tail(40)));
            assert!(signal == Some(9) && engine.point.fired(), "{point}: {signal:?}\n{}", payments.world.tail(40));
            engine = payments.engine().await;
            let ended = got(&engine, &asked).await;
            assert!(ended.got <= ended.energy, "{ended:?}");
            // A vendor that may have sold and was not heard is closed for the wallet: that one may end without energy.
            let unheard = point.starts_with("market.place");
            assert!(unheard || ended.status == EnergyRequestStatus::Served, "{point}: {ended:?}");
        }
        let caller = engine.tron_caller();
        let requests = caller.client.energy_requests(EnergyRequestQuery::default()).take(100).await;
        assert_eq!(requests.expect("a list").len(), POINTS.len(), "each was made once");
        assert_eq!(caller.told("energy.request_open").await.len(), POINTS.len());
        let needs = caller.told("energy.open").await.len();
        assert_eq!(needs, POINTS.len(), "each was asked for once");
        payments.none_is_doubled();
        assert!(payments.sold() <= needs + 1, "{} orders for {needs} needs", payments.sold());
        tokio::time::sleep(Duration::from_secs(2)).await;
        let account = payments.account(&engine).await;
        assert_eq!(payments.control.balance_sun(account).expect("an account"), COINS, "nothing was paid or burned");
    }
}
