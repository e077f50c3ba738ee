//! A partner that asks for far more than its share is refused what is beyond it, and its neighbour is served as if it had asked
//! for its share alone. The share is what the operator gives it (`partner_rate_per_s`). What a share costs a neighbour who was
//! alone depends on the processors, and is measured by `cargo xtask bench neighbours`.

use std::time::Duration;

use futures_util::future::join;
use sluice_api::client::ClientError;
use sluice_api::status::Status;
use sluice_core::time::Timestamp;

use crate::harness::{Caller, Engine, Order, Production, Shape, World, instant, since, until};
use crate::on_drawn;
use crate::wallets::{adopting, fund, signer_key};

/// What each partner may ask in a second, and at once. So little that refusing what is beyond it costs no processor: who is served
/// first is measured, and not how fast the machine is.
const SHARE: u64 = 5;
/// So many times its share the noisy one asks.
const TIMES: u64 = 20;
/// Connections that the noisy one asks over.
const LOOPS: u64 = 8;
/// Windows of each kind, one kind after the other: a machine that is busy for a while is so for both.
const WINDOWS: usize = 3;
/// Orders of the quiet one in a window, three in a second.
const ORDERS: u64 = 20;
const PACE: Duration = Duration::from_millis(333);
/// So long it asks nothing before a window: what it asked in the last one counted against its share too.
const CALM: Duration = Duration::from_millis(1_500);
/// Beyond one and a half times as long: what a debug build beside other tests may take once in a window.
const SLACK: Duration = Duration::from_millis(150);

/// The slowest of a window: with twenty orders, the 99th of a hundred is the last.
#[derive(Clone, Copy, Debug)]
struct Slowest {
    create: Duration,
    to_broadcast: Duration,
}

on_drawn! {
    /// On one database a commit, since it needs the machine to itself for a minute.
    async fn a_partner_at_twenty_times_its_share_slows_its_neighbour_no_more_than_at_its_share(database: Database) {
        let shape = Shape {
            lanes: 1,
            server: "partner_rate_per_s = 5\npartner_rate_burst = 5\n",
            ..Shape::default()
        };
        let world = World::new(database, shape).await;
        let installation = world.production(&["one", "two"]).await;
        let engine = installation.engine(&world, "engine").await;
        let noisy = engine.caller();
        let quiet = neighbour(&world, &installation, &engine).await;
        let (mut shared, mut flooded) = (vec![], vec![]);
        let (mut orders, mut taken, mut refused) = (vec![], 0, 0);
        for round in 0..WINDOWS {
            for (times, slowest) in [(1, &mut shared), (TIMES, &mut flooded)] {
                let wanted = Order::fresh(&format!("{times}-{round}"), ORDERS);
                let name = format!("noise-{times}-{round}");
                let asked = asks(&noisy, &name, times);
                let (slow, answers) = join(window(&quiet, &wanted), asked).await;
                slowest.push(slow);
                if times == TIMES {
                    (taken, refused) = (taken + answers[0], refused + answers[1]);
                }
                orders.extend(wanted);
            }
        }
        assert!(taken > 0 && refused > 10 * taken, "{taken} orders of the noisy partner were taken, {refused} refused");
        for (what, of) in [
            ("creations", (|it: &Slowest| it.create) as fn(&Slowest) -> Duration),
            ("ways from acceptance to broadcast", |it| it.to_broadcast),
        ] {
            let (calm, loud) = (median(&shared, of), median(&flooded, of));
            assert!(
                loud <= calm * 3 / 2 + SLACK,
                "{what}: {calm:?} beside its share, {loud:?} beside {TIMES} times of it: {shared:?} {flooded:?}"
            );
        }
        quiet.all_completed(&orders).await;
    }
}

fn median(windows: &[Slowest], of: fn(&Slowest) -> Duration) -> Duration {
    let mut all: Vec<Duration> = windows.iter().map(of).collect();
    all.sort_unstable();
    all[all.len() / 2]
}

/// Another partner with a lane of its own.
async fn neighbour(world: &World, installation: &Production, engine: &Engine) -> Caller {
    let platform = engine.platform();
    let body = |json| serde_json::from_value(json).expect("a body");
    let partner = serde_json::json!({ "name": "neighbour", "mode": "test", "reason": "a test" });
    let partner = platform.client.create_partner(&serde_json::from_value(partner).expect("a body")).await;
    let partner = partner.expect("a partner").id;
    let limit = serde_json::json!({ "partner_id": partner, "asset": platform.asset, "per_transaction": "100",
        "daily": "100000", "reason": "a test" });
    platform.client.set_limit(&body(limit)).await.expect("a limit");
    let scopes = ["withdrawals:create", "withdrawals:read", "wallets:manage", "wallets:read"];
    let key = serde_json::json!({ "name": "neighbour", "partner_id": partner, "scopes": scopes, "reason": "a test" });
    let made =
        platform.client.create_key(&serde_json::from_value(key).expect("a body")).await.expect("a key");
    let caller = engine.caller_with(&format!("{}.{}", made.key.id, made.secret.expect("a secret")));
    let (_, address) = signer_key(&installation.signer.config, &partner, &["create"]);
    fund(world, &address).await;
    until("the wallet may be adopted", async || {
        caller.client.check_wallet(&adopting(&address)).await.is_ok_and(|it| it.ready)
    })
    .await;
    caller.client.adopt_wallet(&adopting(&address)).await.expect("adopted");
    caller
}

/// Orders at a steady pace; each is asked for when it is due, whatever became of the one before it.
async fn window(quiet: &Caller, orders: &[Order]) -> Slowest {
    tokio::time::sleep(CALM).await;
    let begun = instant();
    let mut slowest = Slowest { create: Duration::ZERO, to_broadcast: Duration::ZERO };
    let mut ids = vec![];
    for (number, order) in orders.iter().enumerate() {
        let due = PACE * u32::try_from(number).expect("few orders");
        tokio::time::sleep(due.saturating_sub(since(begun))).await;
        let asked = instant();
        ids.push(quiet.ask(order).await.expect("within its share").id);
        slowest.create = slowest.create.max(since(asked));
    }
    for id in ids {
        until("its feed tells of the broadcast", async || {
            let Ok(mut pages) = quiet.client.withdrawal_events(&id) else { return false };
            let Ok(events) = pages.take(100).await else { return false };
            let at = |status: &str| {
                let told = |event: &&sluice_api::event::Event| {
                    event.data.get("status").is_some_and(|it| it.as_str() == Some(status))
                };
                events.iter().find(told).and_then(|it| Timestamp::parse(it.created_at.as_str()).ok())
            };
            let first = events.first().and_then(|it| Timestamp::parse(it.created_at.as_str()).ok());
            let (Some(first), Some(sent)) = (first, at(Status::Broadcast.as_str())) else { return false };
            let took = u64::try_from(sent.since_ms(first)).unwrap_or_default();
            slowest.to_broadcast = slowest.to_broadcast.max(Duration::from_millis(took));
            true
        })
        .await;
    }
    slowest
}

/// Asks for so many times its share as long as a window lasts; how many orders were taken, and how many refused for their number.
async fn asks(noisy: &Caller, name: &str, times: u64) -> [u64; 2] {
    let pause = Duration::from_millis(1_000 * LOOPS / (SHARE * times));
    let lasts = CALM + PACE * u32::try_from(ORDERS).expect("few orders");
    let loops = (0..LOOPS).map(|each| async move {
        let (begun, mut answers) = (instant(), [0, 0]);
        let mut due = Duration::ZERO;
        while since(begun) < lasts {
            tokio::time::sleep(due.saturating_sub(since(begun))).await;
            due += pause;
            let order = Order::fresh(&format!("{name}-{each}"), 1).remove(0);
            match noisy.ask(&order).await {
                Ok(_) => answers[0] += 1,
                Err(ClientError::Problem(problem)) if problem.status == 429 => answers[1] += 1,
                Err(error) => panic!("{error:?}"),
            }
        }
        answers
    });
    let all = futures_util::future::join_all(loops).await;
    all.into_iter().fold([0, 0], |sum, one| [sum[0] + one[0], sum[1] + one[1]])
}
