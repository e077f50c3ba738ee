//! Every state of everything reads back as it was, and every shape ever released still reads.

mod looked_at;
mod samples;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value as Json;

use super::withdrawal::WithdrawalRow;
use super::*;
use crate::sql::Value;

/// Columns of a row as a database would answer them.
type Columns = BTreeMap<String, Json>;

/// One thing as it is stored: its row, and the rows of its items.
struct Stored {
    name: String,
    row: Columns,
    items: Vec<Columns>,
}

fn columns(row: &impl Serialize) -> Columns {
    let Json::Object(members) = serde_json::to_value(row).unwrap() else { panic!("a row is an object") };
    members.into_iter().filter(|(name, _)| name != "was").collect()
}

fn as_row(columns: &Columns) -> Row {
    Row::of(columns.iter().map(|(name, value)| {
        let value = match value {
            Json::Null => Value::Null,
            Json::String(text) => text.strip_prefix("blob:").map_or_else(
                || Value::Text(text.clone()),
                |digits| Value::Bytes(hex::decode(digits).unwrap()),
            ),
            Json::Number(number) => Value::Int(number.as_i64().unwrap()),
            // Evidence stands in the fixtures as JSON, for people; the column holds its text.
            other @ (Json::Object(_) | Json::Array(_)) => Value::Text(other.to_string()),
            Json::Bool(_) => panic!("no column is a boolean"),
        };
        (name.clone(), value)
    }))
}

fn with_asset(mut row: Columns, asset: &sluice_core::asset::Asset) -> Columns {
    row.insert("symbol".into(), asset.symbol.clone().into());
    row.insert("precision".into(), asset.precision.into());
    row.insert("decimals".into(), asset.decimals.into());
    row.insert("freezable".into(), u8::from(asset.freezable).into());
    row
}

fn stored_withdrawal(withdrawal: &sluice_core::withdrawal::Withdrawal) -> Stored {
    let status = sluice_core::withdrawal::status::project(&withdrawal.state, None);
    let row = WithdrawalRow::of(withdrawal, status, Some("key-1"), 5, None).unwrap();
    Stored {
        name: format!("withdrawal.{}", withdrawal.state.as_str()),
        row: with_asset(columns(&row), &withdrawal.request.asset),
        items: vec![],
    }
}

fn stored_transfer(transfer: &sluice_core::transfer::Transfer) -> Stored {
    let row = super::transfer::TransferRow::of(transfer, None).unwrap();
    let is_dropped = super::transfer::dropped(&transfer.state);
    let items = transfer.items.iter().enumerate();
    let items = items.map(|(position, item)| {
        columns(&super::transfer::item::ItemRow::of(transfer.id, position, item, is_dropped).unwrap())
    });
    Stored {
        name: format!("transfer.{}", transfer.state.as_str()),
        row: with_asset(columns(&row), &transfer.asset),
        items: items.collect(),
    }
}

fn stored_attempt(attempt: &sluice_core::attempt::Attempt) -> Stored {
    let hash = "ab".repeat(32);
    let mut row = columns(&super::attempt::AttemptRow::of(attempt.unsigned(), &hash).unwrap());
    let signed = attempt.signed();
    for column in super::attempt::SIGNS {
        row.insert((*column).into(), Json::Null);
    }
    row.extend(signed.into_iter().flat_map(|it| columns(&super::attempt::SignedRow::of(it))));
    // Blobs travel in hexadecimal and are kept as bytes.
    for blob in super::attempt::TABLE.blobs.iter().chain(super::attempt::SIGNED.blobs) {
        let kept = row[*blob].as_str().map(|hex| format!("blob:{hex}"));
        row.insert((*blob).into(), kept.into());
    }
    let name = if signed.is_some() { "attempt.signed" } else { "attempt.unsigned" };
    Stored { name: name.into(), row, items: vec![] }
}

fn stored_proof(name: &str, proof: &sluice_core::proof::Proof) -> Stored {
    let row = columns(&super::proof::ProofRow::of(proof).unwrap());
    Stored { name: format!("proof.{name}"), row, items: vec![] }
}

fn stored_wallet(wallet: &sluice_core::wallet::Wallet) -> Stored {
    let row = columns(&super::wallet::WalletRow::of(wallet, None).unwrap());
    Stored { name: format!("wallet.{}", wallet.state.as_str()), row, items: vec![] }
}

/// Reads what a fixture or a fresh row holds and compares it with the sample it is of.
fn compare(stored: &Stored) {
    let mut cells = stored.row.clone();
    // A column that came with a later migration: the rows of before have nothing in it.
    if stored.name.starts_with("withdrawal.") {
        cells.entry("pinned_to".into()).or_insert(Json::Null);
    }
    let row = as_row(&cells);
    let items: Vec<Row> = stored.items.iter().map(as_row).collect();
    let (table, state) = stored.name.split_once('.').unwrap();
    match table {
        "withdrawal" => {
            let sample = samples::withdrawals().into_iter().find(|it| it.state.as_str() == state);
            assert_eq!(super::withdrawal::read(&row), Ok(sample.unwrap()), "{}", stored.name);
        }
        "transfer" => {
            let sample = match state.strip_prefix("tron_") {
                Some(end) => samples::tron_ends().into_iter().find(|(name, _)| *name == end).unwrap().1,
                None => samples::transfers().into_iter().find(|it| it.state.as_str() == state).unwrap(),
            };
            assert_eq!(super::transfer::read_phase(&row).unwrap(), sample.phase());
            let (read, unread) = super::transfer::read_all(&[row], &items);
            assert_eq!((read, unread), (vec![sample], vec![]), "{}", stored.name);
        }
        "attempt" => {
            let (samples, state) = match state.strip_prefix("tron_") {
                Some(state) => (samples::tron_attempts(), state),
                None => (samples::attempts(), state),
            };
            let sample = samples.into_iter().find(|it| it.signed().is_some() == (state == "signed"));
            assert_eq!(super::attempt::read(&row), Ok(sample.unwrap()), "{}", stored.name);
        }
        "proof" => {
            let sample = samples::proofs().into_iter().find(|(name, _)| *name == state);
            assert_eq!(super::proof::read(&row), Ok(sample.unwrap().1), "{}", stored.name);
        }
        "wallet" => {
            let sample = match state {
                "registered" => looked_at::registered(),
                "desk" => looked_at::desk(),
                _ => samples::wallets().into_iter().find(|it| it.state.as_str() == state).unwrap(),
            };
            assert_eq!(super::wallet::read(&row), Ok(sample), "{}", stored.name);
        }
        "reconciliation" => {
            assert_eq!(super::reconciliation::read(&row), Ok(looked_at::reconciliation()), "{}", stored.name);
        }
        "hand_out" => {
            let sample = looked_at::hand_outs().into_iter().find(|it| it.state.as_str() == state);
            assert_eq!(super::hand_out::read(&row), Ok(sample.unwrap()), "{}", stored.name);
        }
        other => panic!("no reader for a fixture of {other}"),
    }
}

fn everything() -> Vec<Stored> {
    let mut all: Vec<Stored> = samples::withdrawals().iter().map(stored_withdrawal).collect();
    all.extend(samples::transfers().iter().map(stored_transfer));
    all.extend(samples::attempts().iter().map(stored_attempt));
    all.extend(samples::tron_ends().iter().map(|(name, it)| on_tron(name, stored_transfer(it))));
    all.extend(samples::tron_attempts().iter().map(|it| {
        let name = if it.signed().is_some() { "signed" } else { "unsigned" };
        on_tron(name, stored_attempt(it))
    }));
    all.extend(samples::proofs().iter().map(|(name, proof)| stored_proof(name, proof)));
    all.extend(samples::wallets().iter().map(stored_wallet));
    let row = super::reconciliation::ReconciliationRow::of(&looked_at::reconciliation()).unwrap();
    all.push(Stored { name: "reconciliation.missing".into(), row: columns(&row), items: vec![] });
    all.push(Stored { name: "wallet.registered".into(), ..stored_wallet(&looked_at::registered()) });
    all.push(Stored { name: "wallet.desk".into(), ..stored_wallet(&looked_at::desk()) });
    all.extend(looked_at::hand_outs().iter().map(|it| {
        let row = columns(&super::hand_out::HandOutRow::of(it, None));
        Stored { name: format!("hand_out.{}", it.state.as_str()), row, items: vec![] }
    }));
    all
}

fn on_tron(name: &str, stored: Stored) -> Stored {
    let table = stored.name.split_once('.').unwrap().0;
    Stored { name: format!("{table}.tron_{name}"), ..stored }
}

/// What migrations wrote into columns that a row of an older shape does not have: table, column, value.
const ADDED: &[(&str, &str, Option<&str>)] = &[
    ("wallet.", "tier", Some("hot")),
    ("wallet.", "custody", Some("managed")),
    ("wallet.", "trusted_from", None),
    ("wallet.", "key_shown_at", None),
    ("wallet.", "quiet_until", None),
];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

fn readable(columns: &Columns) -> Json {
    let mut shown: serde_json::Map<String, Json> = columns.clone().into_iter().collect();
    for name in ["evidence", "approved", "metadata"] {
        if let Some(Json::String(text)) = columns.get(name) {
            shown.insert(name.into(), serde_json::from_str(text).unwrap());
        }
    }
    Json::Object(shown)
}

#[test]
fn every_state_reads_back_as_it_was_written() {
    for stored in everything() {
        compare(&stored);
    }
    for sample in samples::taken() {
        let stored = stored_transfer(&sample);
        let items: Vec<Row> = stored.items.iter().map(as_row).collect();
        let (read, unread) = super::transfer::read_all(&[as_row(&stored.row)], &items);
        assert_eq!((read, unread), (vec![sample], vec![]), "{}, taken", stored.name);
    }
    assert_eq!(samples::withdrawals().len(), 10);
    assert_eq!(samples::transfers().len(), 9);
    assert_eq!(samples::wallets().len(), 5);
    assert_eq!(samples::proofs().len(), 10);
    assert_eq!(looked_at::hand_outs().len(), 4);
}

#[test]
fn an_order_to_speed_a_lane_up_reads_back() {
    for max_fee_wei in [None, Some(u128::MAX)] {
        let order = sluice_core::wallet::SpeedUp { nonce: 7, max_fee_wei, at: samples::at(3) };
        let wallet = samples::wallets().remove(0).speed_up(order).unwrap().into_after();
        let row = as_row(&stored_wallet(&wallet).row);
        assert_eq!(super::wallet::read(&row), Ok(wallet));
    }
}

#[test]
fn what_a_frozen_lane_goes_back_to_reads_back() {
    for resting in 0..3 {
        let wallet = samples::wallets().remove(resting);
        let wallet = wallet.freeze("an unknown transfer".into()).unwrap().into_after();
        let row = as_row(&stored_wallet(&wallet).row);
        assert_eq!(super::wallet::read(&row), Ok(wallet));
    }
}

#[test]
fn every_shape_ever_released_still_reads() {
    let mut count = 0;
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let Some(name) = name.strip_suffix(".v1.json") else { continue };
        let mut fixture: BTreeMap<String, Json> =
            serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let mut row: Columns = serde_json::from_value(fixture.remove("row").unwrap()).unwrap();
        for (column, value) in
            ADDED.iter().filter(|(table, ..)| name.starts_with(table)).map(|it| (it.1, it.2))
        {
            row.entry(column.into()).or_insert(value.map_or(Json::Null, Json::from));
        }
        let items =
            fixture.remove("items").map(|items| serde_json::from_value(items).unwrap()).unwrap_or_default();
        compare(&Stored { name: name.to_owned(), row, items });
        count += 1;
    }
    assert_eq!(count, everything().len(), "a fixture for every state; see write_missing_fixtures");
}

#[test]
#[ignore = "a tool: cargo test -p sluice-store write_missing_fixtures -- --ignored"]
fn write_missing_fixtures() {
    for stored in everything() {
        let path = folder().join(format!("{}.v1.json", stored.name));
        // What was released once is never written again.
        if !path.exists() {
            let mut fixture = serde_json::json!({ "row": readable(&stored.row) });
            if !stored.items.is_empty() {
                fixture["items"] = stored.items.iter().map(readable).collect();
            }
            std::fs::write(path, serde_json::to_string_pretty(&fixture).unwrap() + "\n").unwrap();
        }
    }
}

#[test]
fn a_newer_version_or_an_unknown_state_does_not_read_by_chance() {
    let change = |stored: &Stored, name: &str, from: &str, to: &str| {
        let mut row = stored.row.clone();
        let text = row[name].as_str().unwrap().replace(from, to);
        assert_ne!(row[name], Json::from(text.clone()), "the sample holds {from}");
        row.insert(name.into(), text.into());
        as_row(&row)
    };
    let withdrawal = stored_withdrawal(&samples::withdrawals()[2]);
    let why =
        super::withdrawal::read(&change(&withdrawal, "evidence", "\"v\":1", "\"v\":2")).unwrap_err().why;
    assert!(why.contains("version 2, and this program knows 1"), "{why}");
    let why =
        super::withdrawal::read(&change(&withdrawal, "state", "approved", "enchanted")).unwrap_err().why;
    assert!(why.contains("enchanted"), "{why}");
    let transfer = stored_transfer(&samples::transfers()[3]);
    let row = change(&transfer, "evidence", "\"v\":1", "\"v\":2");
    let items: Vec<Row> = transfer.items.iter().map(as_row).collect();
    let (read, unread) = super::transfer::read_all(std::slice::from_ref(&row), &items);
    assert!(read.is_empty());
    assert_eq!(unread.len(), 1);
    // A transfer whose items cannot be read would pay something else.
    let row = as_row(&transfer.row);
    assert!(super::transfer::read_all(&[row], &[]).0.is_empty());
}

#[test]
fn an_amount_wei_or_hash_is_never_a_number_in_evidence() {
    for stored in everything() {
        for columns in std::iter::once(&stored.row).chain(&stored.items) {
            for name in ["evidence", "approved"] {
                if let Some(Json::String(text)) = columns.get(name) {
                    for word in [
                        "wei\":",
                        "gas_budget\":",
                        "cost\":",
                        "atoms\":",
                        "hash\":",
                        "txid\":",
                        "gas_limit\":",
                    ] {
                        for (at, _) in text.match_indices(word) {
                            assert_eq!(
                                &text[at + word.len()..=at + word.len()],
                                "\"",
                                "{}: {text}",
                                stored.name
                            );
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn what_came_back_with_a_transaction_reads_back() {
    use sluice_core::amount::Amount;
    use sluice_core::proof::{Effect, Inclusion};

    use super::proof::InclusionShape;

    let seven = Amount::from_atoms(7).unwrap();
    let with = Inclusion { returned: seven, ..samples::inclusion(Effect::Paid { log_index: 0 }) };
    let text = serde_json::to_string(&InclusionShape::of(&with)).unwrap();
    let shape: InclusionShape = serde_json::from_str(&text).unwrap();
    assert_eq!(shape.read(with.block), Ok(with));
}
