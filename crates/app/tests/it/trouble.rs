//! Bad input and trouble: one clear sentence in the caller's language and an exit code, never a stack trace; a node that
//! is down delays, is told of, and loses nothing; a process is quick to serve and small when idle.

use std::path::Path;
use std::process::Output;
use std::time::Duration;

use serde_json::{Value, json};
use sluice_api::query::AlertQuery;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::Command;

use crate::harness::{Order, PATIENCE, Shape, World, instant, since, until};
use crate::on_both;

/// Runs the program to its end.
async fn sluice(arguments: &[&str], lang: &str, more: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
    command.args(arguments).env("LANG", lang).env_remove("SLUICE_LANG").kill_on_drop(true);
    command.envs(more.iter().copied());
    let ended = tokio::time::timeout(PATIENCE, command.output()).await;
    ended.expect("it ends by itself").expect("it runs")
}

/// It ends with this code and says one sentence with these words, in both languages.
async fn refused(arguments: &[&str], more: &[(&str, &str)], code: i32, words: &[&str]) {
    for (lang, is_korean) in [("en_US.UTF-8", false), ("ko_KR.UTF-8", true)] {
        let ended = sluice(arguments, lang, more).await;
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        let shown = format!("{arguments:?} in {lang}: {said}");
        assert_eq!(ended.status.code(), Some(code), "{shown}");
        let sentence = said.lines().last().unwrap_or_default();
        assert!(sentence.starts_with("sluice: "), "{shown}");
        assert_eq!(said.lines().filter(|line| line.starts_with("sluice: ")).count(), 1, "{shown}");
        for trace in ["panicked", "backtrace", "RUST_BACKTRACE"] {
            assert!(!said.contains(trace), "{shown}");
        }
        for word in words {
            assert!(sentence.contains(word), "{word}: {shown}");
        }
        assert_eq!(sentence.chars().any(|it| ('가'..='힣').contains(&it)), is_korean, "{shown}");
    }
    let ended = sluice(&[arguments, &["--json"]].concat(), "C", more).await;
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    let last: Value = serde_json::from_str(said.lines().last().unwrap_or_default()).expect("JSON");
    assert!(last["code"].is_string() && last["detail"].is_string(), "{last}");
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path that is text")
}

/// A configuration for `sluice run` and `sluice migrate` on this database and node.
fn config(folder: &Path, database: &str, node: &str, more: &str) -> String {
    let path = folder.join("sluice.toml");
    let body = format!(
        "{more}\n[server]\nlisten = \"127.0.0.1:0\"\nsealing_key_file = \"{0}/sealing.key\"\n[database]\nurl = \"{database}\"\n\
         [signer]\nsocket = \"{0}/signer.sock\"\ndeployment = \"dev\"\n[[chains]]\nid = \"eip155:31337\"\n\
         nodes = [{{ url = \"{node}\", operator = \"local\" }}]\n",
        folder.display()
    );
    std::fs::write(&path, body).unwrap();
    text(&path).to_owned()
}

#[tokio::test]
async fn a_missing_anvil_is_named_with_how_to_get_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = text(folder.path());
    let arguments = ["dev", "--data", data, "--listen", "127.0.0.1:0"];
    refused(&arguments, &[("SLUICE_ANVIL", "/nowhere/anvil")], 3, &["anvil", "SLUICE_ANVIL"]).await;
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let data = text(folder.path());
    refused(&["dev", "--data", data, "--listen", &address], &[], 3, &[&address, "--listen"]).await;
}

#[tokio::test]
async fn a_data_folder_that_cannot_be_written_is_named() {
    // A file in its place: also root cannot make a folder there.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let data = file.join("data");
    refused(&["dev", "--data", text(&data), "--listen", "127.0.0.1:0"], &[], 3, &[text(&data)]).await;
}

#[tokio::test]
async fn a_wrong_configuration_is_named_by_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("none.toml");
    refused(&["config", "check", "--config", text(&nowhere)], &[], 2, &["none.toml"]).await;
    let wrong = config(folder.path(), "sqlite::memory:", "http://127.0.0.1:1", "lissten = 1");
    refused(&["config", "check", "--config", &wrong], &[], 2, &["lissten"]).await;
    refused(&["run", "--config", &wrong], &[], 2, &["lissten"]).await;
    let wrong = config(folder.path(), "mysql://x", "http://127.0.0.1:1", "");
    refused(&["config", "check", "--config", &wrong], &[], 2, &["database.url", "postgres://"]).await;
    let good = config(folder.path(), "sqlite::memory:", "http://127.0.0.1:1", "");
    refused(&["config", "check", "--config", &good], &[], 2, &["sealing.key", "sluice key init"]).await;
    std::fs::write(folder.path().join("sealing.key"), "11".repeat(32)).unwrap();
    let signer = folder.path().join("signer.toml");
    std::fs::write(&signer, "sokket = 1").unwrap();
    refused(&["config", "check", "--config", &good], &[], 2, &["signer.toml"]).await;
    std::fs::remove_file(&signer).unwrap();
    let checked = sluice(&["config", "check", "--config", &good, "--json"], "C", &[]).await;
    let said: Value = serde_json::from_slice(&checked.stdout).expect("JSON");
    assert_eq!((checked.status.code(), &said["good"]), (Some(0), &json!(true)), "{said}");
}

on_both! {
    /// Nothing is touched in a database of a newer version, and both versions are said.
    async fn a_database_of_a_newer_version_is_left_alone_and_said(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let config = config(world.folder(), world.database(), "http://127.0.0.1:1", "");
        let migrated = sluice(&["migrate", "--config", &config, "--json"], "C", &[]).await;
        let said: Value = serde_json::from_slice(&migrated.stdout).expect("JSON");
        assert!(said["schema_version"].as_i64().is_some_and(|version| version > 0), "{said}");
        world.stored().await.becomes_newer(4_711).await;
        refused(&["migrate", "--config", &config], &[], 3, &["4711"]).await;
    }
}

on_both! {
    /// A node of another chain is a mistake in the configuration, found before anything is sent to it.
    async fn a_node_of_another_chain_is_refused_by_name(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let signer = world.signer().await;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sluice.toml");
        let body = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\nsealing_key_file = \"{}\"\n[database]\nurl = \"sqlite://{}\"\n\
             [signer]\nsocket = \"{}\"\ndeployment = \"dev\"\n[[chains]]\nid = \"eip155:137\"\n\
             nodes = [{{ url = \"{}\", operator = \"local\" }}]\n",
            world.folder().join("sealing.key").display(),
            folder.path().join("x.db").display(),
            signer.socket.display(),
            world.anvil.url(),
        );
        std::fs::write(&path, body).unwrap();
        refused(&["run", "--config", text(&path)], &[], 2, &["31337", "137", "chains.nodes"]).await;
    }
}

on_both! {
    /// The node answers nothing for a while: work waits, the alert is raised and closes by itself, everything is paid.
    async fn a_node_that_is_down_delays_and_is_told_of_and_loses_nothing(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let engine = world.engine().await;
        let (caller, platform) = (engine.caller(), engine.platform());
        let orders = Order::fresh("trouble", 12);
        for order in &orders[..6] {
            caller.insist(order).await;
        }
        world.node("STOP");
        for order in &orders[6..] {
            caller.insist(order).await;
        }
        let alert = platform.is_alerted("nodes_down").await;
        world.node("CONT");
        caller.all_completed(&orders).await;
        world.judge().each_paid_once(&orders).await;
        platform.alert_is_over("nodes_down").await;
        let query = AlertQuery { resolved: true, ..AlertQuery::default() };
        let told = platform.client.alerts(query).take(200).await.expect("alerts");
        let ended = told.iter().find(|it| it.id == alert.id).and_then(|it| it.resolved_at.as_ref());
        assert!(ended.is_some(), "{told:?}");
        engine.interrupt().await;
    }
}

/// The text of `/metrics`.
async fn metrics(api_url: &str) -> String {
    let host = api_url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).await.expect("it listens");
    let request = format!("GET /metrics HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("it reads");
    let mut said = String::new();
    stream.read_to_string(&mut said).await.expect("it answers");
    said
}

/// What a process holds of its own, bytes. Pages of its program are no part of it: those of an unoptimised one are many times what a
/// released one has, and grow with whatever is added, used or not.
fn held(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1_024
}

on_both! {
    /// Measured on the test's own build, unoptimised, so with room in time: what a release build does is in
    /// docs/figures.md. An engine in `dev` carries the signer and the demo too.
    async fn it_serves_soon_and_holds_under_30_mb_when_idle(database: Database) {
        let world = World::new(database, Shape::default()).await;
        // The first start makes keys and schema; those after it are what an operator waits for.
        world.engine().await.interrupt().await;
        let began = instant();
        let engine = world.engine().await;
        let health = engine.caller().client.health().await;
        let took = since(began);
        assert!(health.is_ok(), "{health:?}");
        assert!(took < Duration::from_secs(5), "it took {took:?} to serve");
        tokio::time::sleep(Duration::from_secs(3)).await;
        let bytes = held(engine.pid());
        eprintln!("served after {took:?}; idle at {} KiB", bytes / 1_024);
        assert!(bytes < 30 * 1_024 * 1_024, "{} KiB", bytes / 1_024);
        engine.interrupt().await;
    }
}

on_both! {
    /// Every figure that is documented is told by an engine that has paid, but for those that take trouble to have any.
    async fn the_figures_of_a_working_engine_are_those_of_the_documentation(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let engine = world.engine().await;
        let caller = engine.caller();
        let orders = Order::fresh("figures", 3);
        for order in &orders {
            caller.insist(order).await;
        }
        caller.all_completed(&orders).await;
        let page = include_str!("../../../../docs/metrics.md");
        let documented: Vec<&str> =
            page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
        let rare = [
            "sluice_reorg_blocks",
            "sluice_stage_errors_total",
            "sluice_signer_refusals_total",
            // There is energy on TRON alone.
            "sluice_lane_energy",
            "sluice_lane_energy_mode",
        ];
        let mut told = String::new();
        until("every figure is told", async || {
            told = metrics(&engine.dev.api_url).await;
            documented.iter().all(|name| rare.contains(name) || told.contains(&format!("# TYPE {name} ")))
        })
        .await;
        for line in told.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
            let name = line.split(' ').next().unwrap_or_default();
            assert!(documented.contains(&name), "{name} is told and not documented");
        }
        assert!(!told.contains(&engine.dev.partner_id), "no partner is a label");
        let paid = told.lines().find(|line| {
            line.starts_with("sluice_withdrawal_transitions_total") && line.contains("to=\"paid\"")
        });
        assert!(paid.is_some_and(|line| line.ends_with(" 3")), "{paid:?}");
        engine.interrupt().await;
    }
}
