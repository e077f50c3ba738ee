//! A database that is gone refuses requests and loses none; when it is back, everything goes on by itself.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::{Caller, Engine, Manner, Order, PATIENCE, Shape, World, instant, since, until};
use crate::on_both;

/// An answer as it is on the wire.
struct Answer {
    status: u16,
    headers: String,
    body: Value,
}

/// Asks for a withdrawal with no client but a socket.
async fn post(engine: &Engine, caller: &Caller, order: &Order) -> Answer {
    let host = engine.dev.api_url.trim_start_matches("http://");
    let body = serde_json::to_string(&caller.body(order)).expect("a body");
    let request = format!(
        "POST /v1/withdrawals HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        engine.dev.api_key,
        body.len(),
    );
    let mut stream = TcpStream::connect(host).await.expect("the server listens");
    stream.write_all(request.as_bytes()).await.expect("it takes the request");
    let mut text = String::new();
    stream.read_to_string(&mut text).await.expect("it answers");
    let (headers, body) = text.split_once("\r\n\r\n").expect("headers and a body");
    let status = headers.split_whitespace().nth(1).and_then(|status| status.parse().ok()).expect("a status");
    let body = serde_json::from_str(body).unwrap_or_default();
    Answer { status, headers: headers.to_lowercase(), body }
}

/// Transactions that are cut off, and how often somebody looks for one.
const CUTS: usize = 500;
const LOOKS: Duration = Duration::from_millis(5);

/// Cuts off whoever is inside a transaction, over and over, while payments are ordered and made: of a commit that is cut off nobody
/// knows whether it is there. Answers what was ordered, all of it paid.
async fn cut_off_in_mid_commit(world: &World, caller: &Caller) -> Vec<Order> {
    let (stored, orders) = (world.stored().await, Order::fresh("cut", 24));
    let cutting = async {
        let mut cuts = 0;
        let start = instant();
        while cuts < CUTS {
            assert!(since(start) < PATIENCE, "only {cuts} were inside a transaction");
            cuts += stored.cuts_transactions_off().await;
            tokio::time::sleep(LOOKS).await;
        }
        eprintln!("{cuts} transactions were cut off within {:?}", since(start));
    };
    tokio::join!(cutting, caller.insist_on(&orders));
    let start = instant();
    caller.all_completed(&orders).await;
    eprintln!("everything was paid {:?} after the last", since(start));
    orders
}

on_both! {
    /// Shut, and then without an answer: refused in time, with a code and a time to come back; then paid, each once.
    async fn a_database_that_is_gone_refuses_loses_nothing_and_comes_back(database: Database) {
        if matches!(database, Database::Sqlite) {
            return; // A file does not go away.
        }
        let world = World::behind_a_door(database, Shape::default()).await;
        let engine = world.engine().await;
        let caller = engine.caller();
        let orders = Order::fresh("gone", 12);
        let mut next = orders.iter();
        for manner in [Manner::Down, Manner::Silent] {
            // Some are under way when it happens.
            for order in next.by_ref().take(5) {
                caller.insist(order).await;
            }
            world.door().is(manner);
            let order = next.next().expect("one more");
            let start = instant();
            let answer = post(&engine, &caller, order).await;
            assert_eq!(answer.status, 503, "{manner:?}: {:?}", answer.body);
            assert!(since(start) < Duration::from_secs(40), "{manner:?}: refused after {:?}", since(start));
            assert!(answer.headers.contains("application/problem+json"), "{}", answer.headers);
            assert!(answer.headers.contains("\r\nretry-after: "), "{}", answer.headers);
            let code = answer.body["code"].as_str().expect("a code");
            assert!(["store_unavailable", "timed_out"].contains(&code), "{:?}", answer.body);
            until("it is not ready without a database", async || {
                !caller.client.readiness().await.is_ok_and(|it| it.ready)
            })
            .await;
            assert!(caller.client.health().await.is_ok(), "the process itself is well");
            tokio::time::sleep(Duration::from_secs(3)).await;
            world.door().is(Manner::Honest);
            // The same request again is one withdrawal, whatever became of the refused one.
            caller.insist(order).await;
        }
        caller.all_completed(&orders).await;
        let orders = [orders, cut_off_in_mid_commit(&world, &caller).await].concat();
        until("it is ready again", async || caller.client.readiness().await.is_ok_and(|it| it.ready)).await;
        world.judge().each_paid_once(&orders).await;
        world.judge().nothing_else_left(&orders).await;
        engine.interrupt().await;
    }
}
