//! A signer that is down delays and loses nothing (M10).

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use sluice_api::status::Status;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream as Stream;
use tokio::task::JoinSet;

use crate::harness::{Order, Shape, World, until};
use crate::on_both;

on_both! {
    /// Stopped in the middle of a window: nothing is lost, the alert says so, and everything is paid once it answers.
    async fn a_signer_that_stalls_delays_and_is_said_and_everything_is_paid_after(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let signer = world.signer().await;
        let engine = world.engine_beside(&signer, "dev").await;
        let caller = engine.caller();
        let orders = Order::fresh("signer", 20);
        for order in &orders[..10] {
            caller.insist(order).await;
        }
        signer.signal("STOP");
        for order in &orders[10..] {
            caller.insist(order).await;
        }
        caller.is_alerted("signer_down").await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        signer.signal("CONT");
        for order in &orders {
            caller.wait_for(order, Status::Completed).await;
        }
        world.judge().each_paid_once(&orders).await;
    }
    /// Strangers to the engine take every file descriptor: the signer rests between its tries, says so, and whoever has a
    /// connection is served; once they are gone everybody is.
    async fn a_signer_without_file_descriptors_rests_says_so_and_serves_again(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let signer = world.signer_with(48).await;
        let engine = world.engine_beside(&signer, "dev").await;
        let caller = engine.caller();
        let orders = Order::fresh("files", 6);
        caller.insist_on(&orders[..3]).await;
        caller.all_completed(&orders[..3]).await;
        // More than it has left, and fewer than it has places.
        let greedy: Vec<_> =
            (0..60).map(|_| UnixStream::connect(&signer.socket).expect("it queues")).collect();
        let log = || std::fs::read_to_string(world.folder().join("signer.log")).unwrap_or_default();
        until("it says so", async || log().contains("Connections cannot be taken")).await;
        let before = signer.busy();
        tokio::time::sleep(Duration::from_secs(3)).await;
        let busy = signer.busy().saturating_sub(before);
        assert!(busy < Duration::from_millis(900), "it rests: {busy:?} of 3 s");
        drop(greedy);
        caller.insist_on(&orders[3..]).await;
        caller.all_completed(&orders).await;
        world.judge().each_paid_once(&orders).await;
    }

    /// A copy that was put in place by hand does not know that it is one: nobody is told anything by it before the journal was
    /// read. Here the signer says who it is, and does not answer for its journal.
    async fn nobody_is_served_before_store_and_journal_were_compared(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let production = world.production(&["one"]).await;
        let engine = production.engine(&world, "first").await;
        let (caller, orders) = (engine.caller(), Order::fresh("compared", 1));
        caller.insist_on(&orders).await;
        caller.all_completed(&orders).await;
        engine.interrupt().await;
        let deaf = world.folder().join("deaf.sock");
        let _door = without_its_journal(&production.signer.socket, &deaf);
        let config = std::fs::read_to_string(world.folder().join("sluice.toml")).expect("a configuration");
        let socket = |path: &Path| path.display().to_string();
        let config = config.replace(&socket(&production.signer.socket), &socket(&deaf));
        std::fs::write(world.folder().join("deaf.toml"), config).expect("written");
        let (code, _, said) = world.sluice(&["run", "--config", "deaf.toml", "--listen", "127.0.0.1:0"]).await;
        assert_eq!(code, Some(3), "{said}");
        assert!(said.contains("nothing is served before that"), "{said}");
        let engine = production.engine(&world, "second").await;
        engine.caller().all_completed(&orders).await;
    }
}

/// Stands before a signer and ends each connection that asks for its journal, until it is dropped.
fn without_its_journal(signer: &Path, at: &Path) -> JoinSet<()> {
    let (listener, signer) = (tokio::net::UnixListener::bind(at).expect("it listens"), signer.to_owned());
    let mut door = JoinSet::new();
    door.spawn(async move {
        let mut guests = JoinSet::new();
        while let Ok((engine, _)) = listener.accept().await {
            let signer = Stream::connect(&signer).await.expect("the signer listens");
            // Either end may go first; the other one sees that its connection has ended.
            guests.spawn(pass_on(engine, signer));
        }
    });
    door
}

async fn pass_on(mut engine: Stream, mut signer: Stream) -> std::io::Result<()> {
    loop {
        let call = frame(&mut engine).await?;
        if call.windows(8).any(|some| some == b"\"export\"") {
            return Ok(());
        }
        signer.write_all(&call).await?;
        engine.write_all(&frame(&mut signer).await?).await?;
    }
}

/// Its length in four bytes, big-endian, and that many bytes.
async fn frame(stream: &mut Stream) -> std::io::Result<Vec<u8>> {
    let mut frame = vec![0; 4];
    stream.read_exact(&mut frame).await?;
    let length = u32::from_be_bytes(frame[..4].try_into().expect("four bytes"));
    frame.resize(4 + length as usize, 0);
    stream.read_exact(&mut frame[4..]).await?;
    Ok(frame)
}
