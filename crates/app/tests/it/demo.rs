//! `make demo`: it pays on both chains, proves each payment with its own reading of both, and the auditor agrees.

use std::path::Path;

use serde_json::{Value, json};
use tokio::process::Command;

use crate::harness::{PATIENCE, free_port};
use crate::on_both;
use crate::one_command::Run;

/// Runs the demo to its end: its exit code, and the object it prints.
async fn demo(folder: &Path, arguments: &[&str]) -> (Option<i32>, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
    command.args(["--json", "demo"]).args(arguments).arg("--data").arg(folder).kill_on_drop(true);
    let ended = tokio::time::timeout(PATIENCE, command.output()).await.expect("in time").expect("it runs");
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    let complained = String::from_utf8_lossy(&ended.stderr);
    (ended.status.code(), serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}{complained}")))
}

/// What the payments on TRON burned, in sun.
fn burned(said: &Value) -> Vec<u64> {
    let lines = said["withdrawals"].as_array().expect("lines").iter();
    let of_tron = lines.filter(|it| it["asset"].as_str().is_some_and(|id| id.starts_with("tron:")));
    let fees = of_tron.map(|it| it["fee"].as_str().expect("a fee"));
    fees.map(|trx| {
        let (whole, rest) = trx.split_once('.').unwrap_or((trx, ""));
        format!("{whole}{rest:0<6}").parse().expect("a number")
    })
    .collect()
}

on_both! {
    async fn the_demo_pays_and_proves_on_both_chains_before_and_after_a_restart(database: Database) {
        let folder = tempfile::tempdir().expect("a folder");
        let (database, port) = (database.url(folder.path()), free_port());
        let run = Run::start(folder.path(), &database, port).await;
        let (code, said) = demo(folder.path(), &["--count", "4"]).await;
        assert_eq!((code, &said["proven"], &said["totals"]["completed"]), (Some(0), &json!(8), &json!(8)), "{said}");
        for at in 0..2 {
            let (sum, audit) = (&said["assets"][at], &said["audits"][at]);
            assert_eq!((&sum["count"], &sum["proven"]), (&json!(4), &json!(4)), "{said}");
            assert_eq!((&audit["verdict"], &audit["all_of_ours"]), (&json!("proven"), &json!(true)), "{said}");
            let chain = run.text(&format!("/assets/{at}/chain"));
            assert_eq!((audit["chain"].as_str(), sum["asset"].as_str()), (Some(chain), Some(run.text(&format!("/assets/{at}/id")))));
        }
        // Energy was bought: nothing but 345 bytes at 1,000 burns, where none are free.
        assert!(burned(&said).iter().all(|sun| [0, 345_000].contains(sun)), "{:?}", burned(&said));
        let list = said["list"].as_str().expect("a list").to_owned();
        run.interrupt().await;

        let run = Run::start(folder.path(), &database, port).await;
        let (code, again) = demo(folder.path(), &["--continue", &list]).await;
        assert_eq!((code, &again["proven"], burned(&again)), (Some(0), &json!(8), burned(&said)), "{again}");
        let tron = run.text("/assets/1/id");
        let (code, said) = demo(folder.path(), &["--count", "3", "--asset", tron]).await;
        assert_eq!((code, &said["proven"], &said["totals"]["count"]), (Some(0), &json!(3), &json!(3)), "{said}");
        assert_eq!((said["assets"].as_array().map(Vec::len), burned(&said).len()), (Some(1), 3));
        run.interrupt().await;
    }

    async fn without_vendors_of_energy_the_demo_burns_for_it(database: Database) {
        let folder = tempfile::tempdir().expect("a folder");
        let (database, port) = (database.url(folder.path()), free_port());
        let run = Run::start_with(folder.path(), &database, port, &["--no-energy"]).await;
        let tron = run.text("/assets/1/id");
        let (code, said) = demo(folder.path(), &["--count", "4", "--asset", tron]).await;
        assert_eq!((code, &said["proven"]), (Some(0), &json!(4)), "{said}");
        // Energy of 130,285 for who holds nothing and 64,285 for who does, at 100 sun, and 345 bytes at 1,000 where none
        // are free.
        let mut kinds = burned(&said);
        kinds.sort_unstable();
        let (holders, fresh) = kinds.split_at(2);
        for (kind, energy) in [(holders, 64_285), (fresh, 130_285)] {
            assert!(kind.iter().all(|sun| [energy * 100, energy * 100 + 345_000].contains(sun)), "{kinds:?}");
        }
        run.interrupt().await;
    }
}
