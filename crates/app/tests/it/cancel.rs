//! A cancellation tells the truth at each moment, and ends in one outcome.

use futures_util::future::join_all;
use sluice_api::status::Status;
use sluice_api::withdrawal::{Transaction, TransactionKind, TransactionStatus, Withdrawal};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::{Caller, Engine, Order, Shape, World, until};
use crate::on_both;

/// The status line that the wish is answered with, on the wire.
async fn answered(engine: &Engine, id: &str) -> String {
    let host = engine.dev.api_url.trim_start_matches("http://");
    let request = format!(
        "POST /v1/withdrawals/{id}/cancel HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}",
        engine.dev.api_key,
    );
    let mut stream = TcpStream::connect(host).await.expect("the server listens");
    stream.write_all(request.as_bytes()).await.expect("it takes the request");
    let mut text = String::new();
    stream.read_to_string(&mut text).await.expect("it answers");
    text.lines().next().unwrap_or_default().to_owned()
}

fn one(seen: &Withdrawal, kind: TransactionKind) -> &Transaction {
    let mut of_kind = seen.transactions.iter().filter(|it| it.kind == kind);
    let found = of_kind.next().unwrap_or_else(|| panic!("a {kind:?}: {seen:?}"));
    assert!(of_kind.next().is_none(), "one {kind:?}: {seen:?}");
    found
}

/// Nothing is decided: it was asked for, and whoever has the money reserved keeps it.
fn undecided(seen: &Withdrawal) {
    assert!(seen.cancel_requested && !seen.status.is_terminal(), "{seen:?}");
    assert!(seen.waiting_for.is_some() && seen.reason.is_none() && seen.completed_at.is_none(), "{seen:?}");
}

/// An order whose payment and whose void are both signed and sent, and in no block; no block comes by itself. With the
/// bytes of the payment, as the node had them.
async fn raced(world: &World, engine: &Engine, order: &Order) -> (Withdrawal, String) {
    let caller = engine.caller();
    world.no_blocks().await;
    let id = caller.insist(order).await.id;
    let sent = caller.wait_for(order, Status::Broadcast).await;
    let txid = &one(&sent, TransactionKind::Pay).txid;
    let mut bytes = None;
    until("the payment is in the pool", async || {
        bytes =
            world.anvil.rpc().call("eth_getRawTransactionByHash", [txid]).await.expect("the node answers");
        bytes.is_some()
    })
    .await;
    assert!(answered(engine, &id).await.contains(" 202 "), "a wish, and no promise");
    let mut seen = caller.look(order).await.expect("it is there");
    undecided(&seen);
    until("the void is in the pool instead of the payment", async || {
        let pool = world.control().txpool_content().await.expect("the pool");
        pool.pending.values().flat_map(|it| it.values()).any(|it| it.input.is_empty())
    })
    .await;
    until("the void is told", async || {
        seen = caller.look(order).await.expect("it is there");
        undecided(&seen);
        seen.transactions.len() == 2
    })
    .await;
    let (pay, void) = (one(&seen, TransactionKind::Pay), one(&seen, TransactionKind::Void));
    assert_eq!(pay.nonce, void.nonce, "they race for one slot");
    (seen, bytes.expect("its bytes"))
}

/// The race is over: one of the two is on the chain, and both answers and feed say which.
async fn over(caller: &Caller, order: &Order, status: Status) -> Withdrawal {
    until("an outcome", async || {
        let seen = caller.look(order).await.expect("it is there");
        if !seen.status.is_terminal() {
            undecided(&seen);
        }
        seen.status.is_terminal()
    })
    .await;
    let seen = caller.wait_for(order, status).await;
    let (won, lost) = match status {
        Status::Completed => (TransactionKind::Pay, TransactionKind::Void),
        _ => (TransactionKind::Void, TransactionKind::Pay),
    };
    assert_eq!(one(&seen, won).status, TransactionStatus::Final, "{seen:?}");
    assert_eq!(one(&seen, lost).status, TransactionStatus::Replaced, "{seen:?}");
    assert_eq!(seen.completed_at.is_some(), status == Status::Completed, "{seen:?}");
    until("the feed tells the wish and the end", async || {
        let told: Vec<String> = caller.history(&seen.id).await.into_iter().map(|it| it.kind).collect();
        let wish = told.iter().position(|kind| kind == "withdrawal.cancel_requested");
        let end = told.iter().position(|kind| *kind == format!("withdrawal.{}", status.as_str()));
        wish.is_some() && wish < end
    })
    .await;
    seen
}

on_both! {
    async fn a_void_that_wins_cancels_and_nothing_was_paid(database: Database) {
        let world = World::new(database, Shape { lanes: 1, ..Shape::default() }).await;
        let engine = world.engine().await;
        let caller = engine.caller();
        let orders = Order::fresh("void-wins", 3);
        for order in &orders {
            raced(&world, &engine, order).await;
            world.mine(1).await;
            world.blocks().await;
            let seen = over(&caller, order, Status::Cancelled).await;
            assert_eq!(seen.reason.expect("a reason").code, "cancelled_by_partner");
        }
        world.judge().none_paid(&orders).await;
        the_lane_goes_on(&world, &caller).await;
    }

    /// Its void is lost on the way and the payment is what reaches the block.
    async fn a_payment_that_outruns_its_void_completes_and_was_paid_once(database: Database) {
        let world = World::new(database, Shape { lanes: 1, ..Shape::default() }).await;
        let engine = world.engine().await;
        let caller = engine.caller();
        let orders = Order::fresh("payment-wins", 3);
        for order in &orders {
            let (seen, bytes) = raced(&world, &engine, order).await;
            let (pay, void) = (one(&seen, TransactionKind::Pay), one(&seen, TransactionKind::Void));
            let rpc = world.anvil.rpc();
            assert!(world.control().drop_transaction(void.txid.parse().expect("a hash")).await.expect("dropped"));
            let sent: String = rpc.call("eth_sendRawTransaction", [bytes]).await.expect("it is taken");
            assert_eq!(sent, pay.txid);
            world.mine(1).await;
            world.blocks().await;
            over(&caller, order, Status::Completed).await;
        }
        world.judge().each_paid_once(&orders).await;
        the_lane_goes_on(&world, &caller).await;
    }

    /// Asked for while blocks come, by many at once: whichever of the two the chain takes, the answer follows it.
    async fn a_cancel_after_broadcast_ends_in_one_outcome_and_never_in_both(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let engine = world.engine().await;
        let caller = engine.caller();
        let orders = Order::fresh("cancel", 24);
        join_all(orders.iter().map(async |order| {
            let id = caller.insist(order).await.id;
            until("it is out", async || {
                let status = caller.look(order).await.map(|it| it.status);
                status.is_some_and(|it| it == Status::Broadcast || it == Status::Confirming || it.is_terminal())
            })
            .await;
            // Refused only where it is over already.
            let answer = caller.client.cancel_withdrawal(&id, &Default::default()).await;
            assert!(answer.is_ok() || caller.look(order).await.is_some_and(|it| it.status.is_terminal()), "{answer:?}");
            until("an outcome", async || caller.look(order).await.is_some_and(|it| it.status.is_terminal())).await;
        }))
        .await;
        let (mut paid, mut cancelled) = (Vec::new(), Vec::new());
        for order in orders {
            match caller.look(&order).await.expect("it is there").status {
                Status::Completed => paid.push(order),
                Status::Cancelled => cancelled.push(order),
                other => panic!("{other:?}"),
            }
        }
        eprintln!("{} paid, {} cancelled", paid.len(), cancelled.len());
        world.judge().each_paid_once(&paid).await;
        world.judge().none_paid(&cancelled).await;
        the_lane_goes_on(&world, &caller).await;
    }
}

/// The lane is not held up by its voids.
async fn the_lane_goes_on(world: &World, caller: &Caller) {
    let after = Order::fresh("after-cancel", 2);
    caller.insist_on(&after).await;
    caller.all_completed(&after).await;
    world.judge().each_paid_once(&after).await;
}
