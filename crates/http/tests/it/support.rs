//! A server with two partners, their wallets and keys, and requests signed as callers sign them.

mod chain;
mod desk;
mod ports;
mod request;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use sluice_core::access::{Actor, Scope};
use sluice_core::address::EvmAddress;
use sluice_core::alert::{Code, Raise};
use sluice_core::amount::Amount;
use sluice_core::asset::{Asset, AssetId};
use sluice_core::chain::{ChainId, ChainProfile};
use sluice_core::event::Cause;
use sluice_core::id::{KeyId, PartnerId, WalletId, WithdrawalId};
use sluice_core::intent::DeploymentId;
use sluice_core::partner::{ApiKey, Credential, Limit, PLATFORM, Partner};
use sluice_core::port::Ports;
use sluice_core::port::reader::{AlertFilter, Reader as _};
use sluice_core::port::registry::Registry as _;
use sluice_core::port::store::{Change, Outcome, Store as _};
use sluice_core::time::Timestamp;
use sluice_core::wallet::Tier;
use sluice_flow::operator::{Adoption, adopt};
use sluice_http::{Api, ChainFacts, HttpConfig, SecretBox as _};
use sluice_store::Db;

pub use chain::{FakeChain, HEAD, Pooled};
pub use desk::Desk;
pub use ports::{Bell, Hand, Nobody, OnlyStops, Tin};
pub use request::{Key, Reply, Request};

/// Everything a test needs.
pub struct World {
    pub db: Arc<Db>,
    pub api: Api,
    pub router: Router,
    pub clock: Arc<Hand>,
    pub chain: Arc<FakeChain>,
    pub a: Tenant,
    pub b: Tenant,
    pub platform: Key,
    /// Of another person of the platform.
    pub second_platform: Key,
}

/// A partner with a wallet and a key that may do everything a partner may.
#[derive(Clone)]
pub struct Tenant {
    pub id: PartnerId,
    pub key: Key,
    /// Of another person of the partner.
    pub second: Key,
    pub wallet: WalletId,
}

/// Every scope but the platform's.
pub fn partner_scopes() -> Vec<Scope> {
    Scope::ALL.iter().copied().filter(|scope| !scope.platform_only()).collect()
}

pub fn token() -> Asset {
    let id = AssetId::erc20(ChainId::evm(31_337), EvmAddress([0xcc; 20]));
    Asset { id, symbol: "TUSD".into(), precision: 6, decimals: 6, freezable: true }
}

pub fn cause(at: Timestamp) -> Cause {
    Cause { actor: Actor::Console, reason: "test".into(), at }
}

impl World {
    /// A server in test mode over a database in memory.
    pub async fn new() -> Self {
        Box::pin(Self::with(HttpConfig { test_mode: true, ..generous() }, "sqlite::memory:")).await
    }

    pub async fn with(config: HttpConfig, url: &str) -> Self {
        let clock = Arc::new(Hand::new());
        let entropy = Arc::new(ports::Count::default());
        let db = Arc::new(Db::open(url, clock.clone(), entropy.clone()).await.unwrap());
        let chain = Arc::new(FakeChain::new(ChainProfile::devnet()));
        let ports = Ports {
            store: db.clone(),
            chains: [(chain.id(), chain.clone() as Arc<dyn sluice_core::port::chain::Chain>)].into(),
            signer: Arc::new(OnlyStops::default()),
            energy: Default::default(),
            deliver: Arc::new(Nobody),
            clock: clock.clone(),
            entropy,
            wake: Arc::new(Bell::default()),
            meter: Arc::new(sluice_core::port::meter::NoMeter),
        };
        let api = Api {
            ports,
            reader: db.clone(),
            registry: db.clone(),
            deployment: DeploymentId("test".into()),
            config,
            treasury: sluice_core::treasury::Settings::default(),
            secrets: Arc::new(Tin),
            metrics: Arc::new(|| "up 1\n".to_owned()),
            chain_facts: Arc::new(|_| ChainFacts { quorum: 1, operators: 1 }),
        };
        db.put_asset(token()).await.unwrap();
        let router = sluice_http::router(api.clone());
        let platform = new_key(&api, PLATFORM, Scope::ALL.to_vec()).await;
        let second_platform = new_key(&api, PLATFORM, Scope::ALL.to_vec()).await;
        let (a, b) = (new_tenant(&api, 1).await, new_tenant(&api, 2).await);
        Self { db, api, router, clock, chain, a, b, platform, second_platform }
    }

    /// The same database behind a server with other bounds.
    pub fn reconfigured(&self, config: HttpConfig) -> Router {
        sluice_http::router(Api { config, ..self.api.clone() })
    }

    /// The same database behind a server with other treasuries.
    pub fn with_treasury(&mut self, treasury: sluice_core::treasury::Settings) {
        self.api.treasury = treasury;
        self.router = sluice_http::router(self.api.clone());
    }

    /// A key of a partner with these scopes.
    pub async fn key(&self, partner: PartnerId, scopes: &[Scope]) -> Key {
        new_key(&self.api, partner, scopes.to_vec()).await
    }

    /// Stores a key as it is.
    pub async fn put_key(&self, key: ApiKey) {
        self.db.create_key(key, cause(self.clock.now_at())).await.unwrap();
    }

    pub fn get(&self, key: &Key, target: &str) -> Request {
        Request::signed(self, key, "GET", target, b"")
    }

    pub fn post(&self, key: &Key, target: &str, body: &serde_json::Value) -> Request {
        Request::signed(self, key, "POST", target, body.to_string().as_bytes())
    }

    /// Asks for a payment of one token.
    pub async fn withdraw(&self, tenant: &Tenant, external_id: &str) -> Reply {
        self.post(&tenant.key, "/v1/withdrawals", &body(external_id)).send(self).await
    }

    /// A withdrawal that needs a person.
    pub async fn needs_attention(&self, tenant: &Tenant, external_id: &str) -> WithdrawalId {
        let id = self.withdraw(tenant, external_id).await.id();
        let id = WithdrawalId::parse(&id).unwrap();
        let withdrawal = self.db.withdrawals(&[id]).await.unwrap().remove(0);
        let step = withdrawal
            .needs_attention(
                sluice_core::withdrawal::AttentionCode::RetriesExhausted,
                true,
                self.clock.now_at(),
            )
            .unwrap();
        self.apply(Change { withdrawals: vec![step], ..Change::default() }).await;
        id
    }

    pub async fn raise(&self, code: Code, partner: Option<PartnerId>, subject: &str) -> String {
        let raise = Raise { code, subject: subject.into(), partner, detail: "something happened".into() };
        self.apply(Change { raise: vec![raise], ..Change::default() }).await;
        let alerts = self.db.alerts(None, &AlertFilter::any(false), 100).await.unwrap();
        alerts.iter().find(|alert| alert.raise.subject == subject).unwrap().id.to_string()
    }

    pub async fn apply(&self, mut change: Change) {
        change.cause = Some(cause(self.clock.now_at()));
        assert_eq!(self.db.apply(None, vec![change]).await.unwrap(), [Outcome::Applied]);
    }

    /// Numbers what was committed, as the house loop does.
    pub async fn seal(&self) {
        let lease = self.db.lease("house", "test").await.unwrap().unwrap();
        while self.db.seal(lease.fence(), 1_000).await.unwrap() > 0 {}
        self.api.ports.wake.signal(sluice_core::port::world::Topic::Feed);
    }
}

/// Bounds that no test meets by accident.
pub fn generous() -> HttpConfig {
    let many = NonZeroU32::new(1_000_000).unwrap();
    HttpConfig {
        rate_per_s: many,
        rate_burst: many,
        partner_rate_per_s: many,
        partner_rate_burst: many,
        ..HttpConfig::default()
    }
}

/// A right body.
pub fn body(external_id: &str) -> serde_json::Value {
    serde_json::json!({
        "external_id": external_id, "user_id": "user-1", "asset": token().id.to_string(), "amount": "1",
        "address": "0x52908400098527886E0F7030069857D2E4169EE7",
    })
}

async fn new_tenant(api: &Api, number: u8) -> Tenant {
    let now = api.ports.clock.now();
    let partner = Partner {
        id: PartnerId::new(api.ports.entropy.ulid(now)),
        name: format!("partner-{number}"),
        zone: "Asia/Seoul".into(),
        test_mode: true,
        created_at: now,
    };
    let amount = |atoms| Amount::from_atoms(atoms).unwrap();
    let limit = Limit {
        asset: token().id,
        per_transaction: amount(1_000_000_000),
        daily: amount(1_000_000_000_000),
        version: 1,
    };
    assert!(api.registry.create_partner(partner.clone(), vec![limit], cause(now)).await.unwrap());
    let adoption = Adoption {
        wallet: WalletId::new(api.ports.entropy.ulid(now)),
        partner: partner.id,
        chain: token().id.chain,
        address: EvmAddress([number; 20]).into(),
        label: format!("hot-{number}"),
        tier: Tier::Hot,
    };
    let wallet = adopt(&api.ports, adoption, cause(now)).await.unwrap();
    let key = new_key(api, partner.id, partner_scopes()).await;
    let second = new_key(api, partner.id, partner_scopes()).await;
    Tenant { id: partner.id, key, second, wallet: wallet.id }
}

async fn new_key(api: &Api, partner: PartnerId, scopes: Vec<Scope>) -> Key {
    let now = api.ports.clock.now();
    let id = KeyId::new(api.ports.entropy.ulid(now));
    let secret = format!("sk_test_{id}");
    let credential = Credential::Hmac { sealed_secret: Tin.seal(id, secret.as_bytes()) };
    let key = ApiKey {
        id,
        partner,
        label: "test".into(),
        credential,
        scopes,
        networks: vec![],
        expires_at: None,
        revoked_at: None,
        created_at: now,
        created_by: Some(Actor::Console),
        last_used_at: None,
    };
    api.registry.create_key(key, cause(now)).await.unwrap();
    Key { id: id.to_string(), secret: sluice_api::sign::SigningSecret::hmac(&secret), text: secret }
}

/// The number of requests so far: every nonce is another.
pub fn fresh_nonce() -> String {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    format!("nonce-{:016}", NEXT.fetch_add(1, Ordering::Relaxed))
}
