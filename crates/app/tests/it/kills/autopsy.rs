//! What is kept of a world that failed, so that it can be understood afterwards: its folder (logs, signer, an SQLite
//! database), a dump of a PostgreSQL database, and what node, proxy and API say at its end.

use std::fmt::{Debug, Write as _};
use std::panic::AssertUnwindSafe;
use std::process::Command;
use std::time::Duration;

use futures_util::FutureExt as _;
use serde_json::{Value, json};
use sluice_api::query::{AlertQuery, WithdrawalQuery};

use super::drill::Drill;

/// Longest wait for what the API of a failed world has to say.
const ASKING: Duration = Duration::from_secs(60);

impl Drill {
    /// Writes down how the world stands; `why` it failed stands on top. The engine is dead. Returns where it is kept.
    pub async fn autopsy(&mut self, why: &str) -> String {
        self.world.keep();
        let mut said = format!("{why}\n\nkills\n");
        for kill in &self.kills {
            writeln!(said, "{kill}").expect("memory");
        }
        if self.world.database().starts_with("postgres") {
            let dump = self.world.folder().join("postgres.sql");
            let dumped = Command::new("pg_dump").arg("-f").arg(&dump).arg(self.world.database()).output();
            writeln!(said, "\npg_dump: {dumped:?}").expect("memory");
        }
        self.node_says(&mut said).await;
        // What was armed and not reached is not to end the one who only asks.
        let _not_armed = std::fs::remove_file(self.world.folder().join("dev.failpoint"));
        let asked = AssertUnwindSafe(tokio::time::timeout(ASKING, self.api_says())).catch_unwind().await;
        let told = asked.unwrap_or_else(|_| Ok("the API did not start".into()));
        let told = told.unwrap_or_else(|_| format!("the API said nothing in {ASKING:?}"));
        writeln!(said, "\n{told}").expect("memory");
        let (folder, file) = (self.world.folder(), self.world.folder().join("autopsy.txt"));
        std::fs::write(&file, said).expect("the autopsy is written");
        folder.display().to_string()
    }

    async fn node_says(&self, said: &mut String) {
        let rpc = self.world.anvil.rpc();
        let mut asked: Vec<(&str, Value)> = vec![
            ("eth_blockNumber", json!([])),
            ("eth_getBlockByNumber", json!(["finalized", false])),
            ("txpool_content", json!([])),
        ];
        for lane in &self.lanes {
            asked.push(("eth_getTransactionCount", json!([lane, "latest"])));
            asked.push(("eth_getTransactionCount", json!([lane, "pending"])));
        }
        for (method, words) in asked {
            let answer = rpc.call::<_, Value>(method, &words).await;
            writeln!(said, "\nnode: {method} {words}\n{answer:?}").expect("memory");
        }
        writeln!(said, "\nproxy: {}", self.chaos.counts().json()).expect("memory");
    }

    /// What people would see; only an API runs, and moves nothing.
    async fn api_says(&self) -> String {
        let engine = self.engine_of(&["api"]).await;
        let client = &self.people.first.client;
        let mut said = String::new();
        let mut write = |what: &str, answer: &dyn Debug| {
            writeln!(said, "{what}\n{answer:#?}\n").expect("memory");
        };
        let open = client
            .withdrawals(WithdrawalQuery::default())
            .take(100_000)
            .await
            .map(|all| all.into_iter().filter(|it| !it.status.is_terminal()).collect::<Vec<_>>());
        write("unfinished withdrawals", &open);
        write("lanes", &client.lanes().take(32).await);
        write("attention", &client.attention().take(50).await);
        write("alerts", &client.alerts(AlertQuery::default()).take(50).await);
        let platform = &self.people.platform.client;
        write("alerts of the platform", &platform.alerts(AlertQuery::default()).take(50).await);
        write("stops", &platform.stops().take(50).await);
        write("chains", &client.chains().take(9).await);
        engine.kill().await;
        said
    }
}
