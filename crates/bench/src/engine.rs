//! `sluice dev`: everything in one process, on a chain of its own.

use std::time::Duration;

use crate::client::{Key, answers, until};
use crate::clock::now;
use crate::program::{Folder, PATIENCE, Process, Program, free_port};

/// A running engine.
pub struct Engine {
    /// The process.
    pub process: Process,
    /// Where its API listens.
    pub address: String,
    /// Who may ask what of it.
    pub door: Door,
}

/// What `sluice dev` writes for scripts.
#[derive(Clone)]
pub struct Door {
    /// What it pays.
    pub asset: String,
    /// Whom it pays.
    pub recipient: String,
    /// A person of the demo partner.
    pub first: Key,
    /// Another person.
    pub second: Key,
    /// A person of the platform.
    pub platform: Key,
}

impl Door {
    /// As the folder holds it.
    pub fn read(folder: &Folder) -> Result<Self, String> {
        let file = folder.file("dev.json");
        let text = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let dev: serde_json::Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let key = |name: &str| {
            let (id, secret) =
                dev[name].as_str().and_then(|key| key.split_once('.')).ok_or("dev.json has no key")?;
            Ok::<_, String>(Key { id: id.to_owned(), secret: secret.to_owned() })
        };
        let asset = dev["assets"][0]["id"].as_str().ok_or("dev.json has no asset")?.to_owned();
        Ok(Self {
            asset,
            recipient: RECIPIENT.to_owned(),
            first: key("api_key")?,
            second: key("second_api_key")?,
            platform: key("platform_api_key")?,
        })
    }

    /// The same, of the token of another chain, to another recipient.
    pub fn paying(self, chain: &str, recipient: &str, folder: &Folder) -> Result<Self, String> {
        let file = folder.file("dev.json");
        let text = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let dev: serde_json::Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let assets = dev["assets"].as_array().cloned().unwrap_or_default();
        let is_it = |id: &&str| id.starts_with(chain) && !id.contains("/slip44:");
        let asset = assets.iter().filter_map(|asset| asset["id"].as_str()).find(is_it);
        let asset = asset.ok_or_else(|| format!("dev.json has no token of {chain}"))?.to_owned();
        Ok(Self { asset, recipient: recipient.to_owned(), ..self })
    }

    /// An order of a hundredth of a dollar.
    pub fn order(&self, name: &str) -> String {
        let Self { asset, recipient, .. } = self;
        format!(
            "{{\"external_id\":\"{name}\",\"user_id\":\"user-1\",\"asset\":\"{asset}\",\
             \"amount\":\"0.01\",\"address\":\"{recipient}\"}}"
        )
    }
}

/// Who is paid: one of anvil's accounts, which no wallet of the engine is.
pub const RECIPIENT: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

impl Engine {
    /// Starts it and waits until it is ready; how long that took.
    pub fn dev(
        program: &Program,
        folder: &Folder,
        database: &str,
        more: &[&str],
    ) -> Result<(Self, Duration), String> {
        let address = format!("127.0.0.1:{}", free_port()?);
        let data = folder.text();
        let mut arguments = vec!["dev", "--data", &data, "--listen", &address, "--database", database];
        if !more.contains(&"--tron-node") {
            arguments.push("--no-tron");
        }
        if !more.contains(&"--node") {
            arguments.extend(["--chain-port", "0"]);
        }
        arguments.extend(more);
        let begun = now();
        let mut process = program.start(folder, "engine", &arguments)?;
        serves(&mut process, &address)?;
        let took = begun.elapsed();
        Ok((Self { process, door: Door::read(folder)?, address }, took))
    }

    /// A key for each connection, so that no rate is used up.
    pub fn keys(&self, count: usize) -> Result<Vec<Key>, String> {
        let body = "{\"name\":\"bench\",\"scopes\":[\"withdrawals:create\",\"withdrawals:read\"],\"reason\":\"bench\"}";
        (0..count)
            .map(|_| {
                let made = self.door.first.ask(&self.address, "POST", "/v1/keys", body)?;
                let id = made["key"]["id"].as_str().ok_or("the key has no id")?;
                let secret = made["secret"].as_str().ok_or("the key has no secret")?;
                Ok(Key { id: id.to_owned(), secret: secret.to_owned() })
            })
            .collect()
    }

    /// Orders are taken and wait, until the stop of this id is lifted.
    pub fn stop_all(&self) -> Result<String, String> {
        let body = "{\"scope\":\"all\",\"reason\":\"bench\"}";
        let stop = self.door.first.ask(&self.address, "POST", "/v1/stops", body)?;
        Ok(stop["id"].as_str().ok_or("the stop has no id")?.to_owned())
    }

    /// Two persons lift it.
    pub fn lift(&self, stop: &str) -> Result<(), String> {
        for person in [&self.door.first, &self.door.second] {
            person.ask(&self.address, "POST", &format!("/v1/stops/{stop}/lift"), "{\"reason\":\"bench\"}")?;
        }
        Ok(())
    }
}

/// Waits until the engine answers there.
pub fn serves(process: &mut Process, address: &str) -> Result<(), String> {
    until("an engine that serves", PATIENCE, || {
        process.lives()?;
        Ok(answers(address))
    })
}
