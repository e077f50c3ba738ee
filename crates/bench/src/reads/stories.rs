//! The withdrawals that the history is made of, each carried to its end by the engine.

use std::time::Duration;

use crate::client::until;
use crate::database::Database;
use crate::engine::{Engine, RECIPIENT};
use crate::installation::Installation;

/// Longest wait for an end.
const PATIENCE: Duration = Duration::from_secs(60);
/// Whom the token's issuer refuses: another of anvil's accounts.
const REFUSED: &str = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";

/// Carries them, and says by their external ids which parts of a hundred they are.
pub(super) fn carry(
    installation: &Installation,
    database: &Database<'_>,
) -> Result<Vec<(&'static str, u64)>, String> {
    let engine = &installation.engine;
    installation.blacklist(database, REFUSED)?;
    order(engine, "paid-0", RECIPIENT, "0.01")?;
    order(engine, "paid-1", RECIPIENT, "12.5")?;
    order(engine, "failed-0", REFUSED, "0.01")?;
    for (name, state) in [("paid-0", "paid"), ("paid-1", "paid"), ("failed-0", "failed")] {
        ends(database, name, state)?;
    }
    let stop = engine.stop_all()?;
    let id = order(engine, "cancelled-0", RECIPIENT, "0.01")?;
    engine.door.first.ask(&engine.address, "POST", &format!("/v1/withdrawals/{id}/cancel"), "{}")?;
    ends(database, "cancelled-0", "cancelled")?;
    engine.lift(&stop)?;
    // More than the partner may spend at once.
    order(engine, "rejected-0", RECIPIENT, "900000000")?;
    ends(database, "rejected-0", "rejected")?;
    until("a sealed trail", PATIENCE, || {
        Ok(database.numbers("select count(*) from event where number is null")?.first() == Some(&0))
    })?;
    Ok(vec![("paid-0", 60), ("paid-1", 35), ("cancelled-0", 2), ("rejected-0", 2), ("failed-0", 1)])
}

/// That nothing is wrong with what the engine found, by its own word.
pub(super) fn no_alert(engine: &Engine) -> Result<(), String> {
    let said = engine.door.first.ask(&engine.address, "GET", "/v1/alerts?limit=100", "")?;
    let open: Vec<String> = said["data"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|alert| alert["resolved_at"].is_null())
        .map(|alert| format!("{} ({}): {}", alert["code"], alert["subject"], alert["detail"]))
        .collect();
    if open.is_empty() { Ok(()) } else { Err(format!("the engine is not content: {}", open.join("; "))) }
}

fn order(engine: &Engine, name: &str, to: &str, amount: &str) -> Result<String, String> {
    let asset = &engine.door.asset;
    let body = format!(
        "{{\"external_id\":\"{name}\",\"user_id\":\"user-1\",\"asset\":\"{asset}\",\"amount\":\"{amount}\",\
         \"address\":\"{to}\"}}"
    );
    let made = engine.door.first.ask(&engine.address, "POST", "/v1/withdrawals", &body)?;
    Ok(made["id"].as_str().ok_or("the withdrawal has no id")?.to_owned())
}

fn ends(database: &Database<'_>, name: &str, state: &str) -> Result<(), String> {
    let ask = format!("select state from withdrawal where external_id = '{name}'");
    until(&format!("{name} {state}"), PATIENCE, || {
        crate::clock::rest(Duration::from_millis(100));
        Ok(database.texts(&ask)?.first().map(String::as_str) == Some(state))
    })
}
