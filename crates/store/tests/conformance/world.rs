//! A database with a partner, an asset, a limit and a wallet.

mod payment;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use sluice_core::access::Actor;
use sluice_core::address::EvmAddress;
use sluice_core::amount::{Amount, Cost};
use sluice_core::asset::{Asset, AssetId};
use sluice_core::attempt::{Fees, Kind as AttemptKind, Signed, Terms, Unsigned};
use sluice_core::chain::{BlockRef, ChainId};
use sluice_core::event::Cause;
use sluice_core::id::*;
use sluice_core::intent::DeploymentId;
use sluice_core::moved::Moved;
use sluice_core::partner::{Limit, Partner};
use sluice_core::policy::{Facts, evaluate};
use sluice_core::port::registry::Registry as _;
use sluice_core::port::store::{Accepted, Change, Intake, Outcome, Store, StoreError};
use sluice_core::port::world::{Clock, Entropy};
use sluice_core::proof::{Effect, Final, Inclusion, Proof, SlotReading};
use sluice_core::slot::Slot;
use sluice_core::time::Timestamp;
use sluice_core::transfer::{Outcome as Settled, Transfer};
use sluice_core::wallet::Wallet;
use sluice_core::withdrawal::{NewRequest, Request, Type, Withdrawal};
use sluice_store::Db;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Inline,
    File,
    Postgres,
}

pub struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

pub struct Counter(AtomicU64);

impl Entropy for Counter {
    fn bits(&self) -> u128 {
        u128::from(self.0.fetch_add(1, Ordering::SeqCst))
    }
}

pub struct World {
    pub kind: Kind,
    pub db: Arc<Db>,
    pub clock: Arc<TestClock>,
    pub entropy: Arc<Counter>,
    pub url: String,
    pub partner: Partner,
    pub asset: Asset,
    pub wallet: Wallet,
    _folder: Arc<tempfile::TempDir>,
}

pub const NOON: i64 = 1_795_230_000_000_000;

#[expect(clippy::disallowed_methods, reason = "the one place where the suite learns which database to use")]
pub fn postgres_url() -> Option<String> {
    std::env::var("SLUICE_TEST_POSTGRES_URL").ok()
}

/// A schema of its own inside the database that was named.
async fn fresh_schema(base: &str) -> String {
    use sqlx::Connection as _;
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let schema = format!("t_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::SeqCst));
    let mut admin = sqlx::PgConnection::connect(base).await.unwrap();
    let script = format!("drop schema if exists {schema} cascade; create schema {schema}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(script)).execute(&mut admin).await.unwrap();
    admin.close().await.unwrap();
    format!("{base}?options=-c%20search_path%3D{schema}")
}

impl World {
    /// `None` where PostgreSQL is asked for and there is none.
    pub async fn new(kind: Kind) -> Option<Self> {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let url = match kind {
            Kind::Inline => "sqlite::memory:".to_owned(),
            Kind::File => format!("sqlite://{}", folder.path().join("sluice.db").display()),
            Kind::Postgres => fresh_schema(&postgres_url()?).await,
        };
        let clock = Arc::new(TestClock(AtomicI64::new(NOON)));
        let entropy = Arc::new(Counter(AtomicU64::new(1)));
        let db = Arc::new(Db::open(&url, clock.clone(), entropy.clone()).await.unwrap());
        let asset = Asset {
            id: AssetId::erc20(ChainId::evm(137), EvmAddress([0x3c; 20])),
            symbol: "USDC".into(),
            precision: 6,
            decimals: 6,
            freezable: true,
        };
        let seed = format!(
            "insert into asset (id, chain, symbol, precision, decimals, freezable)
             values ('{}', 'eip155:137', 'USDC', 6, 6, 1);",
            asset.id
        );
        db.tamper(&seed, &seed).await.unwrap();
        let ulid = Ulid::new(clock.now(), entropy.bits());
        let (partner, wallet) = tenant(ulid, clock.now(), EvmAddress([0x11; 20]));
        let world = Self {
            kind,
            db,
            clock,
            entropy,
            url,
            partner,
            asset,
            wallet: wallet.after().clone(),
            _folder: folder,
        };
        world.settled_in(wallet).await;
        Some(world)
    }

    /// Another partner with a wallet of its own, in the same database.
    pub async fn beside(&self) -> Self {
        let ulid = self.ulid();
        let mut address = [0x12; 20];
        address[..16].copy_from_slice(&self.entropy.bits().to_be_bytes());
        let (partner, wallet) = tenant(ulid, self.now(), EvmAddress(address));
        let world = Self {
            kind: self.kind,
            db: Arc::clone(&self.db),
            clock: Arc::clone(&self.clock),
            entropy: Arc::clone(&self.entropy),
            url: self.url.clone(),
            partner,
            asset: self.asset.clone(),
            wallet: wallet.after().clone(),
            _folder: Arc::clone(&self._folder),
        };
        world.settled_in(wallet).await;
        world
    }

    async fn settled_in(&self, wallet: Moved<Wallet>) {
        let seed = format!(
            "insert into partner (id, name, zone, test_mode, created_at)
             values ('{}', 'demo', 'Asia/Seoul', 1, {NOON})",
            self.partner.id
        );
        self.db.tamper(&seed, &seed).await.unwrap();
        self.applied(Change { wallets: vec![wallet], ..self.change() }).await;
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn ulid(&self) -> Ulid {
        self.entropy.ulid(self.now())
    }

    /// Lets time pass, for whichever clock judges leases.
    pub async fn pass(&self, ms: i64) {
        self.clock.0.fetch_add(ms * 1_000, Ordering::SeqCst);
        if self.kind == Kind::Postgres {
            tokio::time::sleep(std::time::Duration::from_millis(ms.unsigned_abs())).await;
        }
    }

    /// Turns the engine's clock, not the database's.
    pub fn turn(&self, ms: i64) {
        self.clock.0.fetch_add(ms * 1_000, Ordering::SeqCst);
    }

    pub fn cause(&self) -> Cause {
        Cause { actor: Actor::System("test"), reason: "because".into(), at: self.now() }
    }

    pub fn change(&self) -> Change {
        Change { cause: Some(self.cause()), ..Change::default() }
    }

    pub async fn apply(&self, change: Change) -> Outcome {
        self.db.apply(None, vec![change]).await.unwrap().remove(0)
    }

    pub async fn applied(&self, change: Change) {
        assert_eq!(self.apply(change).await, Outcome::Applied);
    }

    pub fn intake(&self, external_id: &str, atoms: i64, daily: i64) -> Intake {
        self.intake_with(external_id, atoms, daily, None)
    }

    pub fn intake_with(&self, external_id: &str, atoms: i64, daily: i64, key: Option<&str>) -> Intake {
        self.intake_of(external_id, &self.asset, atoms, daily, key)
    }

    fn intake_of(
        &self,
        external_id: &str,
        asset: &Asset,
        atoms: i64,
        daily: i64,
        key: Option<&str>,
    ) -> Intake {
        let new = NewRequest {
            external_id: external_id.into(),
            user_id: "user-1".into(),
            asset: asset.clone(),
            amount: Amount::from_atoms(atoms).unwrap(),
            to: EvmAddress([0xaa; 20]).into(),
            kind: Type::Immediate,
            memo: None,
            scheduled_for: None,
            metadata: Default::default(),
        };
        let request = Request::check(new, Amount::ZERO, &[], self.now()).unwrap();
        let limit = Limit {
            asset: asset.id,
            per_transaction: Amount::from_atoms(i64::MAX).unwrap(),
            daily: Amount::from_atoms(daily).unwrap(),
            version: 1,
        };
        let facts = Facts { partner: &self.partner, request: &request, limit: Some(&limit), now: self.now() };
        let decision = evaluate(facts);
        let deployment = DeploymentId("test".into());
        let id = WithdrawalId::new(self.ulid());
        let withdrawal = Withdrawal::request(id, self.partner.id, &deployment, request, false, self.now());
        Intake { withdrawal, idempotency_key: key.map(str::to_owned), decision, cause: self.cause() }
    }

    pub async fn accepted(&self, external_id: &str) -> Withdrawal {
        match self.db.accept(self.intake(external_id, 5_000_000, i64::MAX)).await.unwrap() {
            Accepted::New(withdrawal) => *withdrawal,
            other => panic!("{other:?}"),
        }
    }

    /// A second token of the same chain.
    pub async fn another_asset(&self) -> Asset {
        let id = AssetId::erc20(ChainId::evm(137), EvmAddress([0x3d; 20]));
        let asset = Asset { id, symbol: "USDT".into(), ..self.asset.clone() };
        self.db.put_asset(asset.clone()).await.unwrap();
        asset
    }

    pub async fn accepted_of(&self, external_id: &str, asset: &Asset) -> Withdrawal {
        match self.db.accept(self.intake_of(external_id, asset, 5_000_000, i64::MAX, None)).await.unwrap() {
            Accepted::New(withdrawal) => *withdrawal,
            other => panic!("{other:?}"),
        }
    }

    pub async fn withdrawal(&self, id: WithdrawalId) -> Withdrawal {
        self.db.withdrawals(&[id]).await.unwrap().remove(0)
    }

    pub async fn transfer(&self, id: TransferId) -> Transfer {
        self.db.transfers(&[id]).await.unwrap().remove(0).0
    }

    /// One text of one column of one row.
    pub async fn text(&self, question: &str) -> String {
        let rows = self.db.inspect(question).await.unwrap();
        let (_, value) = rows[0].columns().next().unwrap();
        match value {
            sluice_store::sql::Value::Int(int) => int.to_string(),
            sluice_store::sql::Value::Text(text) => text.clone(),
            other => format!("{other:?}"),
        }
    }

    pub async fn number(&self, question: &str) -> i64 {
        self.text(question).await.parse().unwrap()
    }

    pub async fn status(&self, id: WithdrawalId) -> String {
        self.text(&format!("select status from withdrawal where id = '{id}'")).await
    }

    /// Tampering with a rule in the way: the name of the rule.
    pub async fn refused_by(&self, script: &str) -> String {
        match self.db.tamper(script, script).await {
            Err(StoreError::Statement(why)) => why,
            other => panic!("{other:?}"),
        }
    }
}

fn tenant(ulid: Ulid, now: Timestamp, address: EvmAddress) -> (Partner, Moved<Wallet>) {
    let partner = Partner {
        id: PartnerId::new(ulid),
        name: "demo".into(),
        zone: "Asia/Seoul".into(),
        test_mode: true,
        created_at: now,
    };
    let id = WalletId::new(ulid);
    let (chain, why) = (ChainId::evm(137), "test".to_owned());
    let wallet = Wallet::adopt(id, partner.id, chain, address.into(), "hot".into(), 7, why, now);
    (partner, wallet)
}

pub fn block(number: u64) -> BlockRef {
    BlockRef { number, hash: [u8::try_from(number % 251).unwrap(); 32] }
}

/// What two operators read under the final block `head`.
#[expect(clippy::disallowed_methods, reason = "the suite has no chain")]
pub fn quorum<T>(reading: T, head: BlockRef) -> Final<T> {
    Final::by_quorum(reading, head, vec!["alpha".into(), "beta".into()], 2).unwrap()
}
