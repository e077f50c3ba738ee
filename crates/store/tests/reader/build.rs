//! What the reading tests need beyond the world: a second tenant, and requests that differ.

use sluice_core::address::EvmAddress;
use sluice_core::alert::{Code, Raise};
use sluice_core::amount::Amount;
use sluice_core::id::{PartnerId, WalletId, WithdrawalId};
use sluice_core::intent::DeploymentId;
use sluice_core::partner::{Limit, Partner};
use sluice_core::policy::{Facts, evaluate};
use sluice_core::port::registry::Registry;
use sluice_core::port::store::{Accepted, Change, Intake, Store};
use sluice_core::port::world::Entropy;
use sluice_core::wallet::Wallet;
use sluice_core::withdrawal::{AttentionCode, NewRequest, Request, Type, Withdrawal};

use crate::world::World;

/// A partner with its wallet. [`Tenant::swap`] makes the world act for it.
pub struct Tenant {
    pub partner: Partner,
    pub wallet: Wallet,
}

impl Tenant {
    /// Another partner, in another zone, with a wallet of its own.
    pub async fn new(world: &World, name: &str, zone: &str) -> Self {
        let partner = Partner {
            id: PartnerId::new(world.ulid()),
            name: name.into(),
            zone: zone.into(),
            test_mode: true,
            created_at: world.now(),
        };
        assert!(world.db.create_partner(partner.clone(), vec![], world.cause()).await.unwrap());
        let mut address = [0x30; 20];
        address[4..].copy_from_slice(&world.entropy.bits().to_be_bytes());
        let wallet = adopt(world, partner.id, EvmAddress(address)).await;
        Self { partner, wallet }
    }

    pub fn swap(&mut self, world: &mut World) {
        std::mem::swap(&mut self.partner, &mut world.partner);
        std::mem::swap(&mut self.wallet, &mut world.wallet);
    }
}

pub async fn adopt(world: &World, partner: PartnerId, address: EvmAddress) -> Wallet {
    let (id, chain) = (WalletId::new(world.ulid()), world.wallet.chain);
    let adopted =
        Wallet::adopt(id, partner, chain, address.into(), "hot".into(), 0, "test".into(), world.now());
    let wallet = adopted.after().clone();
    world.applied(Change { wallets: vec![adopted], ..world.change() }).await;
    wallet
}

pub fn limit(world: &World, atoms: i64) -> Limit {
    let amount = Amount::from_atoms(atoms).unwrap();
    Limit { asset: world.asset.id, per_transaction: amount, daily: amount, version: 1 }
}

/// A request like the world's, changed by `with`.
pub fn request(world: &World, external_id: &str, with: impl FnOnce(&mut NewRequest)) -> Intake {
    let mut new = NewRequest {
        external_id: external_id.into(),
        user_id: "user-1".into(),
        asset: world.asset.clone(),
        amount: Amount::from_atoms(5_000_000).unwrap(),
        to: EvmAddress([0xaa; 20]).into(),
        kind: Type::Immediate,
        memo: None,
        scheduled_for: None,
        metadata: Default::default(),
    };
    with(&mut new);
    let request = Request::check(new, Amount::ZERO, &[], world.now()).unwrap();
    let limit = Limit { asset: request.asset.id, ..limit(world, i64::MAX) };
    let facts = Facts { partner: &world.partner, request: &request, limit: Some(&limit), now: world.now() };
    let decision = evaluate(facts);
    let id = WithdrawalId::new(world.ulid());
    let deployment = DeploymentId("test".into());
    let withdrawal = Withdrawal::request(id, world.partner.id, &deployment, request, false, world.now());
    Intake { withdrawal, idempotency_key: None, decision, cause: world.cause() }
}

pub async fn accept(world: &World, intake: Intake) -> Withdrawal {
    match world.db.accept(intake).await.unwrap() {
        Accepted::New(withdrawal) => *withdrawal,
        other => panic!("{other:?}"),
    }
}

/// Steps a withdrawal that has no transfer into another state.
pub async fn step(
    world: &World,
    withdrawal: Withdrawal,
    by: impl FnOnce(Withdrawal) -> sluice_core::moved::Moved<Withdrawal>,
) -> Withdrawal {
    let moved = by(withdrawal);
    let after = moved.after().clone();
    world.applied(Change { withdrawals: vec![moved], ..world.change() }).await;
    after
}

/// Into `needs_attention`, `failed` or `cancelled`.
pub async fn settle_in(world: &World, withdrawal: Withdrawal, status: &str) -> Withdrawal {
    let at = world.now();
    step(world, withdrawal, |it| match status {
        "needs_attention" => it.needs_attention(AttentionCode::RetriesExhausted, true, at).unwrap(),
        "failed" => it.fail("given_up", None, true, at).unwrap(),
        "held" => it.hold("2fa", at, at.plus_ms(3_600_000)).unwrap(),
        other => panic!("{other}"),
    })
    .await
}

pub async fn raise(world: &World, partner: Option<PartnerId>, subject: &str) {
    let raise = Raise { code: Code::GasLow, subject: subject.into(), partner, detail: "0 left".into() };
    world.applied(Change { raise: vec![raise], ..world.change() }).await;
}

/// Seals every event there is.
pub async fn seal(world: &World) {
    let lease = world.db.lease("house", "sealer").await.unwrap().unwrap();
    while world.db.seal(lease.fence(), 1_000).await.unwrap() > 0 {}
    world.db.release("sealer").await.unwrap();
}
