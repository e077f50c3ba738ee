//! A copy is whole or none: of the database, and of the signer's journal apart from it.

use std::path::Path;

use serde_json::{Value, json};
use sluice_api::restored::RestoredState;

use crate::backup::{backup, done};
use crate::harness::{Order, Shape, World};
use crate::on_both;

/// Runs the program, which refuses with this code and these words.
async fn refused(world: &World, arguments: &[&str], code: i32, words: &str) {
    let (ended, _, said) = world.sluice(arguments).await;
    assert_eq!(ended, Some(code), "{arguments:?}: {said}");
    assert!(said.contains(words), "{arguments:?}: {said}");
}

on_both! {
    /// What is changed by a byte, cut, unfinished or in the way is refused by name, and nothing is touched.
    async fn a_copy_that_is_not_whole_is_refused(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let engine = world.engine().await;
        let caller = engine.caller();
        let auditor = world.auditor(&caller).await;
        let early = Order::fresh("early", 1);
        caller.insist_on(&early).await;
        caller.all_completed(&early).await;
        backup(&world, "copy").await;
        let url = world.database().to_owned();
        refused(&world, &["backup", "--database", &url, "--to", "copy"], 2, "not overwritten").await;
        refused(&world, &["restore", "--from", "copy", "--to", &url], 2, "is not empty").await;
        refused(&world, &["restore", "--from", "keys", "--verify"], 2, "no manifest.json").await;
        let after = Order::fresh("after", 1);
        caller.insist_on(&after).await;
        engine.interrupt().await;
        let folder = world.folder().join("copy");
        let left = std::fs::read_dir(world.folder()).expect("the folder").flatten();
        assert!(!left.into_iter().any(|it| it.file_name().to_string_lossy().contains("partial")));
        let file = ["sluice.db", "sluice.dump"].map(|name| folder.join(name)).into_iter().find(|it| it.exists());
        let file = file.expect("the copy's file");
        let whole = std::fs::read(&file).expect("it reads");
        let mut changed = whole.clone();
        let middle = changed.len() / 2;
        changed[middle] ^= 1;
        for bytes in [&changed, &whole[..middle].to_vec()] {
            std::fs::write(&file, bytes).expect("written");
            for how in [["--verify"].as_slice(), &[]] {
                let arguments = [&["restore", "--from", "copy", "--to", &url], how].concat();
                refused(&world, &arguments, 1, "is not what it was").await;
            }
        }
        std::fs::write(&file, &whole).expect("written");
        lying_manifest(&folder);
        refused(&world, &["restore", "--from", "copy", "--to", &url, "--verify"], 1, "rows of withdrawal").await;
        std::fs::remove_file(folder.join("manifest.json")).expect("removed");
        refused(&world, &["restore", "--from", "copy", "--to", &url], 2, "never finished").await;
        // Nothing of this touched the database.
        let engine = world.engine().await;
        let caller = engine.caller();
        assert_eq!(caller.client.restored().await.expect("a report").state, RestoredState::Never);
        caller.all_completed(&after).await;
        auditor.proves(&caller, &[early, after].concat()).await;
    }
}

/// The manifest counts a withdrawal more than there is.
fn lying_manifest(folder: &Path) {
    let path = folder.join("manifest.json");
    let mut manifest: Value = serde_json::from_slice(&std::fs::read(&path).expect("it reads")).expect("JSON");
    manifest["facts"]["rows"]["withdrawal"] = json!(99);
    std::fs::write(&path, manifest.to_string()).expect("written");
}

/// The signer's journal as a file of its own: the same from a running signer and from a stopped one, without a key, and a
/// journal again where there is none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_signers_journal_is_copied_apart_and_made_again() {
    let world = World::new(crate::harness::Database::Sqlite, Shape { lanes: 1, ..Shape::default() }).await;
    let signer = world.signer().await;
    let engine = world.engine_beside(&signer, "dev").await;
    let caller = engine.caller();
    let auditor = world.auditor(&caller).await;
    let early = Order::fresh("early", 1);
    caller.insist_on(&early).await;
    caller.all_completed(&early).await;
    engine.interrupt().await;
    let config = signer.config.display().to_string();
    let running = done(&world, &["signer", "--config", &config, "export", "--to", "running.jsonl"]).await;
    refused(
        &world,
        &["signer", "--config", &config, "export", "--to", "running.jsonl"],
        2,
        "not overwritten",
    )
    .await;
    refused(
        &world,
        &["signer", "--config", &config, "import", "--from", "running.jsonl"],
        2,
        "not overwritten",
    )
    .await;
    signer.end().await;
    let stopped = done(&world, &["signer", "--config", &config, "export", "--to", "stopped.jsonl"]).await;
    assert_eq!(running["entries"], stopped["entries"]);
    let text = std::fs::read_to_string(world.folder().join("stopped.jsonl")).expect("it reads");
    for key in std::fs::read_dir(world.folder().join("keys")).expect("keys").flatten() {
        let keystore: Value =
            serde_json::from_slice(&std::fs::read(key.path()).expect("a key")).expect("JSON");
        let ciphertext = keystore["crypto"]["ciphertext"].as_str().expect("a ciphertext").to_owned();
        assert!(!text.contains(&ciphertext), "no key leaves the signer's folder with its journal");
    }
    assert!(!text.contains("private") && !text.contains("secret"));
    let journal = world.folder().join("signer.journal");
    std::fs::rename(&journal, world.folder().join("away")).expect("moved");
    let cut: Vec<&str> = text.lines().collect();
    std::fs::write(world.folder().join("cut.jsonl"), cut[..cut.len() - 1].join("\n")).expect("written");
    refused(&world, &["signer", "--config", &config, "import", "--from", "cut.jsonl"], 1, "end is missing")
        .await;
    std::fs::write(world.folder().join("changed.jsonl"), text.replacen("\"seq\":3", "\"seq\":4", 1))
        .expect("written");
    refused(&world, &["signer", "--config", &config, "import", "--from", "changed.jsonl"], 1, "entry 3")
        .await;
    assert!(!journal.exists());
    let made = done(&world, &["signer", "--config", &config, "import", "--from", "stopped.jsonl"]).await;
    assert_eq!(made["entries"], stopped["entries"]);
    // The same signer goes on with it, and the store knows it again.
    let signer = world.signer().await;
    let engine = world.engine_beside(&signer, "dev").await;
    let caller = engine.caller();
    assert_eq!(caller.client.restored().await.expect("a report").state, RestoredState::Never);
    let after = Order::fresh("after", 2);
    caller.insist_on(&after).await;
    caller.all_completed(&after).await;
    let orders = [early, after].concat();
    world.judge().each_paid_once(&orders).await;
    auditor.proves(&caller, &orders).await;
}
