//! What partners pay ahead for energy of the pool, as they and the platform read it.

mod broker;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use sluice_core::address::TronAddress;
use sluice_core::chain::BlockRef;
use sluice_core::energy::credit::{Billing, Turned};
use sluice_core::energy::{Look, Pool};
use sluice_core::id::WalletId;
use sluice_core::intent::DeploymentId;
use sluice_core::port::chain::{CoinIn, PaidIn};
use sluice_core::port::store::{Change, Store as _};
use sluice_core::proof::Final;
use sluice_core::time::Timestamp;
use sluice_core::wallet::Wallet;

use super::stage::{Tron, chain_id, read};

const POOL: TronAddress = TronAddress([9; 20]);
/// The lane of partner A.
const LANE: TronAddress = TronAddress([7; 20]);
const TRX: u64 = 1_000_000;

/// A pool of partner B beside the lane of partner A.
struct Stage {
    tron: Tron,
    pool: Wallet,
    next: u64,
}

impl Stage {
    async fn new() -> Self {
        let mut tron = Tron::new().await;
        let pool = Pool {
            wallet: POOL,
            deployment: DeploymentId("it".into()),
            share_percent: 100,
            base_micro_sun: 20_000_000,
            fee_micro_sun: 2_500_000,
            stay_s: 3_600,
            delivers_ms: 15_000,
            billing: Billing::Prepaid,
            on_account: BTreeMap::new(),
            low_credit_sun: 100 * TRX,
            weights: BTreeMap::new(),
        };
        let world = &mut tron.world;
        let supply = world.api.ports.energy.get_mut(&chain_id()).unwrap();
        supply.pool = Some(Arc::new(pool));
        world.router = sluice_http::router(world.api.clone());
        let now = world.clock.now_at();
        let id = WalletId::new(world.api.ports.entropy.ulid(now));
        let step = Wallet::adopt(id, world.b.id, chain_id(), POOL.into(), "pool".into(), 0, "it".into(), now);
        let pool = step.after().clone();
        world.apply(Change { wallets: vec![step], ..Change::default() }).await;
        let first = Look::first(&pool, &agreed(block(9)));
        world.apply(Change { topups: Some(first), ..Change::default() }).await;
        Self { tron, pool, next: 10 }
    }

    /// So much comes from an account; the transaction.
    async fn comes(&mut self, from: TronAddress, sun: u64) -> String {
        let number = u8::try_from(self.next).unwrap();
        let at = Timestamp::from_micros(1_800_000_000_000_000);
        let coin = CoinIn { txid: [number; 32], from, sun, block: block(self.next), at };
        let run = agreed(PaidIn { through: block(self.next), coins: vec![coin] });
        let owners = BTreeMap::from([(LANE, self.tron.world.a.id)]);
        let look = Look::of(&self.pool, self.next, &run, &owners);
        self.tron.world.apply(Change { topups: Some(look), ..Change::default() }).await;
        self.next += 1;
        format!("0x{}", hex::encode([number; 32]))
    }

    async fn told(&self) -> Value {
        read(&self.tron.world, &self.tron.world.a.key, "/v1/energy/credit").await
    }
}

fn block(number: u64) -> BlockRef {
    BlockRef { number, hash: [u8::try_from(number).unwrap(); 32] }
}

#[expect(clippy::disallowed_methods, reason = "a test says what a quorum has read")]
fn agreed<T>(reading: T) -> Final<T> {
    Final::by_quorum(reading, block(99), vec!["a".into(), "b".into()], 2).unwrap()
}

#[tokio::test]
async fn a_partner_reads_what_it_has_paid_ahead_and_where_to_send_more() {
    let mut stage = Stage::new().await;
    let fresh = stage.told().await;
    assert_eq!((&fresh["balance"], &fresh["read_below"]), (&json!("0"), &json!(10)));
    assert_eq!(
        (&fresh["price"], &fresh["address"], &fresh["billing"], &fresh["low_below"]),
        (&json!("22.5"), &json!(POOL.to_string()), &json!("prepaid"), &json!("100"))
    );
    stage.comes(LANE, 7_500_000).await;
    let txid = stage.comes(LANE, 2 * TRX).await;
    let now = stage.told().await;
    assert_eq!(
        (&now["balance"], &now["topped_up"], &now["charged"]),
        (&json!("9.5"), &json!("9.5"), &json!("0"))
    );
    let world = &stage.tron.world;
    let standing = world.db.energy(chain_id(), Timestamp::default(), &[]).await.unwrap().credit[0];
    let low = Turned::of(chain_id(), standing, Billing::Prepaid, 100 * TRX, world.clock.now_at()).unwrap();
    world.apply(Change { credit_turned: vec![low], ..Change::default() }).await;
    assert_eq!(stage.told().await["low"], json!(true));
    let first = read(world, &world.a.key, "/v1/energy/credit/entries?limit=1").await;
    let line = &first["data"][0];
    assert_eq!(
        (&line["type"], &line["amount"], &line["txid"], &line["need"]),
        (&json!("top_up"), &json!("2"), &json!(txid), &Value::Null)
    );
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = read(world, &world.a.key, &format!("/v1/energy/credit/entries?limit=1&cursor={cursor}")).await;
    assert_eq!((&rest["data"][0]["amount"], &rest["next_cursor"]), (&json!("7.5"), &Value::Null));
    // Whose stake it is has paid nothing, and pays nothing.
    let owner = read(world, &world.b.key, "/v1/energy/credit").await;
    assert_eq!((&owner["balance"], &owner["price"]), (&json!("0"), &json!("0")));
    // The platform reads anybody's, and nobody else does.
    let of_a = format!("/v1/energy/credit?partner={}", world.a.id);
    assert_eq!(read(world, &world.platform, &of_a).await["balance"], json!("9.5"));
    let entries = format!("/v1/energy/credit/entries?partner={}", world.a.id);
    for path in [&of_a, &entries] {
        assert_eq!(world.get(&world.b.key, path).send(world).await.status, 404, "{path}");
    }
}
