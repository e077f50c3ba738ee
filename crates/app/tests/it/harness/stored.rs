//! What an engine has stored, read while it is dead: to see where a kill has hit. Never to judge what was paid.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use sluice_core::id::Ulid;
use sluice_core::port::world::{Clock, Entropy};
use sluice_core::time::Timestamp;
use sluice_devnet::rpc::Rpc;
use sluice_store::Db;

use super::World;

/// The database of a world.
pub struct Stored {
    db: Db,
    rpc: Rpc,
}

impl World {
    /// Opens the database beside whoever uses it. On SQLite nobody may.
    pub async fn stored(&self) -> Stored {
        let db = Db::open(&self.database, Arc::new(Stopped), Arc::new(Stopped)).await.expect("it opens");
        Stored { db, rpc: self.anvil.rpc().clone() }
    }
}

impl Stored {
    /// As if a later Sluice had used it.
    pub async fn becomes_newer(&self, version: i64) {
        let text = format!("update meta set schema_version = {version}");
        self.db.tamper(&text, &text).await.expect("it can be written");
    }

    /// How many transfers stand where. `signed` is told apart by what the node knows: `broadcast` once it has heard of
    /// one of the signed transactions.
    pub async fn in_flight(&self) -> BTreeMap<&'static str, usize> {
        let question = "select t.id as id, t.state as state, t.asked as asked, max(a.txid) as txid from transfer t \
                        left join attempt a on a.transfer_id = t.id \
                        where t.state not in ('final', 'dropped') group by t.id, t.state, t.asked";
        let mut found = BTreeMap::new();
        for row in self.db.inspect(question).await.expect("it can be read") {
            let state = match row.text("state").expect("a state") {
                "planned" => "planned",
                "funded" => "funded",
                "fuelled" => "fuelled",
                "built" if row.int("asked").expect("a flag") == 1 => "signing",
                "built" => "built",
                "signed" => match row.opt_text("txid").expect("a hash") {
                    Some(txid) if self.known(txid).await => "broadcast",
                    _ => "signed",
                },
                "seen" => "seen",
                other => panic!("a transfer is {other}"),
            };
            *found.entry(state).or_default() += 1;
        }
        found
    }

    /// How many withdrawals are not over.
    pub async fn unfinished(&self) -> u64 {
        let question = "select count(*) as unfinished from withdrawal where ended_at is null";
        let rows = self.db.inspect(question).await.expect("it can be read");
        u64::try_from(rows[0].int("unfinished").expect("a count")).expect("a count")
    }

    /// The text answers to a question with one column `answer`.
    pub async fn ask(&self, question: &str) -> Vec<String> {
        let rows = self.db.inspect(question).await.expect("it can be read");
        rows.iter().map(|row| row.text("answer").expect("a text").to_owned()).collect()
    }

    async fn known(&self, txid: &str) -> bool {
        let txid = format!("0x{}", txid.trim_start_matches("0x"));
        let found: Option<Value> =
            self.rpc.call("eth_getTransactionByHash", json!([txid])).await.expect("the node answers");
        found.is_some()
    }
}

/// A reader needs neither time nor chance.
struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(0)
    }
}

impl Entropy for Stopped {
    fn bits(&self) -> u128 {
        0
    }

    fn ulid(&self, now: Timestamp) -> Ulid {
        Ulid::new(now, 0)
    }
}
