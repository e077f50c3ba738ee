//! What an engine has stored, read while it is dead: to see where a kill has hit, or to ask for what nothing asks for yet.
//! Never to judge what was paid.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};
use sluice_core::access::Actor;
use sluice_core::address::TronAddress;
use sluice_core::amount::Amount;
use sluice_core::chain::ChainProfile;
use sluice_core::errand::Errand;
use sluice_core::event::Cause;
use sluice_core::id::WithdrawalId;
use sluice_core::intent::DeploymentId;
use sluice_core::policy::of_the_house;
use sluice_core::port::store::{Change, Intake, Outcome, Store};
use sluice_core::port::world::{Clock, Entropy};
use sluice_core::time::Timestamp;
use sluice_core::withdrawal::{Request, Withdrawal};
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
        let db = Db::open(&self.database, Arc::new(Beside), Arc::new(Beside)).await.expect("it opens");
        Stored { db, rpc: self.anvil.rpc().clone() }
    }
}

impl Stored {
    /// As if a later Sluice had used it.
    pub async fn becomes_newer(&self, version: i64) {
        let text = format!("update meta set schema_version = {version}");
        self.db.tamper(&text, &text).await.expect("it can be written");
    }

    /// Cuts everybody off who is inside a transaction just now; how many. On PostgreSQL.
    pub async fn cuts_transactions_off(&self) -> usize {
        let question = "select pg_terminate_backend(pid) as gone from pg_stat_activity
                        where datname = current_database() and pid <> pg_backend_pid()
                        and state in ('active', 'idle in transaction')";
        self.db.inspect(question).await.expect("it may").len()
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

    /// As if the house had asked a wallet of the demo partner for an errand, in a commit of its own; its id.
    pub async fn errand(
        &self,
        account: TronAddress,
        name: &str,
        errand: &Errand,
        whole: i64,
    ) -> WithdrawalId {
        let wallets = self.db.wallets(None).await.expect("wallets");
        let wallet = wallets.iter().find(|it| it.address == account.into()).expect("the wallet");
        let amount = Amount::from_atoms(whole * 1_000_000).expect("an amount");
        let request = Request::errand(name.into(), wallet, &ChainProfile::tron_devnet(), errand, amount);
        let request = request.expect("an errand");
        let decision = of_the_house(&request).expect("an errand");
        let at = now();
        let cause = Cause { actor: Actor::System("house"), reason: "the drill".into(), at };
        // Asked for again it has another id, and is the same one.
        let id = WithdrawalId::new(Beside.ulid(at));
        let deployment = DeploymentId("dev".into());
        let withdrawal = Withdrawal::request(id, wallet.partner, &deployment, request, false, at);
        let intake = Intake { withdrawal, idempotency_key: None, decision, cause: cause.clone() };
        let change = Change { errands: vec![intake], cause: Some(cause), ..Change::default() };
        let outcome = self.db.apply(None, vec![change]).await.expect("it is stored");
        assert_eq!(outcome, [Outcome::Applied], "{name}");
        id
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

/// The real time: the signer compares it with its own.
#[expect(clippy::disallowed_methods, reason = "a test asks as the engine would, by the real clock")]
fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    Timestamp::from_micros(i64::try_from(since.as_micros()).expect("a time"))
}

/// What is stored from here has a time, and a name that nothing else has.
struct Beside;

impl Clock for Beside {
    fn now(&self) -> Timestamp {
        now()
    }
}

impl Entropy for Beside {
    fn bits(&self) -> u128 {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let began = u128::from(now().micros().unsigned_abs()) << 64;
        began | u128::from(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}
