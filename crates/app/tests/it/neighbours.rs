//! A partner that asks for far more than its share is refused what is beyond it, and its neighbour is served as if it were
//! alone. The share is what the operator gives it (`partner_rate_per_s`).

use std::time::Duration;

use futures_util::future::join;
use sluice_api::client::ClientError;
use sluice_api::status::Status;
use sluice_core::time::Timestamp;

use crate::harness::{Caller, Engine, Order, Production, Shape, World, instant, since, until};
use crate::on_both;
use crate::wallets::{adopting, fund, signer_key};

/// What each partner may ask in a second, and at once.
const SHARE: u64 = 10;
/// So many times its share the noisy one asks.
const TIMES: u64 = 20;
/// Windows of each kind, one kind after the other: a machine that is busy for a while is so for both.
const WINDOWS: usize = 3;
/// Orders of the quiet one in a window, four in a second.
const ORDERS: u64 = 20;
const PACE: Duration = Duration::from_millis(250);
/// Beyond one and a half times as long: what a debug build beside other tests may take once in a window.
const SLACK: Duration = Duration::from_millis(150);

/// The slowest of a window: with twenty orders, the 99th of a hundred is the last.
#[derive(Clone, Copy, Debug)]
struct Slowest {
    create: Duration,
    to_broadcast: Duration,
}

on_both! {
    async fn a_partner_at_twenty_times_its_share_leaves_its_neighbour_as_fast(database: Database) {
        let shape = Shape {
            lanes: 1,
            server: "partner_rate_per_s = 10\npartner_rate_burst = 10\n",
            ..Shape::default()
        };
        let world = World::new(database, shape).await;
        let installation = world.production(&["one", "two"]).await;
        let engine = installation.engine(&world, "engine").await;
        let noisy = engine.caller();
        let quiet = neighbour(&world, &installation, &engine).await;
        let (mut alone, mut beside) = (vec![], vec![]);
        let (mut orders, mut answers) = (vec![], [0_u64; 2]);
        for round in 0..WINDOWS {
            for (name, loud) in [("alone", false), ("beside", true)] {
                let wanted = Order::fresh(&format!("{name}-{round}"), ORDERS);
                let flood = async {
                    if loud { flood(&noisy, round).await } else { [0, 0] }
                };
                let (slowest, [taken, refused]) = join(window(&quiet, &wanted), flood).await;
                if loud { beside.push(slowest) } else { alone.push(slowest) }
                answers = [answers[0] + taken, answers[1] + refused];
                orders.extend(wanted);
            }
        }
        let [taken, refused] = answers;
        assert!(taken > 0 && refused > 10 * taken, "{taken} orders of the noisy partner were taken, {refused} refused");
        for (what, of) in [
            ("creations", (|it: &Slowest| it.create) as fn(&Slowest) -> Duration),
            ("ways from acceptance to broadcast", |it| it.to_broadcast),
        ] {
            let (calm, loud) = (median(&alone, of), median(&beside, of));
            assert!(loud <= calm * 3 / 2 + SLACK, "{what}: {calm:?} alone, {loud:?} beside: {alone:?} {beside:?}");
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
            // Its own questions count against its share too.
            tokio::time::sleep(Duration::from_millis(150)).await;
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

/// Asks as long as a window lasts; how many orders were taken, and how many refused for their number.
async fn flood(noisy: &Caller, round: usize) -> [u64; 2] {
    let pause = Duration::from_millis(1_000 / (SHARE * TIMES) * 8);
    let lasts = PACE * u32::try_from(ORDERS).expect("few orders");
    let loops = (0..8).map(|each| async move {
        let (begun, mut answers) = (instant(), [0, 0]);
        let mut due = Duration::ZERO;
        while since(begun) < lasts {
            tokio::time::sleep(due.saturating_sub(since(begun))).await;
            due += pause;
            let order = Order::fresh(&format!("flood-{round}-{each}"), 1).remove(0);
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
