//! An errand of the house is asked for with whatever made it necessary, done once, and by its own wallet (ADR 0023).

use sluice_core::access::Actor;
use sluice_core::address::TronAddress;
use sluice_core::amount::Amount;
use sluice_core::asset::Asset;
use sluice_core::chain::ChainProfile;
use sluice_core::errand::{Errand, LockBlocks, Resource};
use sluice_core::id::{WalletId, WithdrawalId};
use sluice_core::intent::DeploymentId;
use sluice_core::policy::of_the_house;
use sluice_core::port::reader::{Filter, Reader as _};
use sluice_core::port::store::{Change, Intake, Outcome, Store, Wanted};
use sluice_core::time::Timestamp;
use sluice_core::wallet::Wallet;
use sluice_core::withdrawal::{CancelEffect, CancelRequest, Request, State, Withdrawal};

use crate::world::World;

promises! {
    an_errand_commits_with_its_change_and_is_done_once;
    an_errand_of_other_content_under_an_id_takes_its_change_along;
    an_errand_is_claimed_by_its_own_wallet_alone;
    what_partners_see_are_their_own_withdrawals;
    stakes_and_loans_stand_in_accounts_of_their_own;
}

/// A wallet on TRON beside the world's own.
async fn pool(world: &World) -> Wallet {
    let (id, chain) = (WalletId::new(world.ulid()), ChainProfile::nile().id);
    let address = TronAddress([0x21; 20]).into();
    let step =
        Wallet::adopt(id, world.partner.id, chain, address, "pool".into(), 0, "test".into(), world.now());
    let wallet = step.after().clone();
    world.applied(Change { wallets: vec![step], ..world.change() }).await;
    wallet
}

fn lend() -> Errand {
    let to = TronAddress([0x22; 20]).into();
    Errand::Delegation { resource: Resource::Energy, to, lock: LockBlocks::new(28_800) }
}

fn errand(world: &World, wallet: &Wallet, external_id: &str, errand: &Errand, sun: i64) -> Intake {
    let amount = Amount::from_atoms(sun).unwrap();
    let request = Request::errand(external_id.into(), wallet, &ChainProfile::nile(), errand, amount).unwrap();
    let decision = of_the_house(&request).unwrap();
    let (id, deployment) = (WithdrawalId::new(world.ulid()), DeploymentId("test".into()));
    let withdrawal = Withdrawal::request(id, world.partner.id, &deployment, request, false, world.now());
    Intake { withdrawal, idempotency_key: None, decision, cause: world.cause() }
}

async fn claim(world: &World, pinned_to: Option<WalletId>, assets: &[Asset]) -> Vec<Withdrawal> {
    let assets = assets.iter().map(|asset| asset.id).collect();
    let wanted = Wanted { assets, replacements: true, pinned_to, skip: 0 };
    world.db.claimable(world.partner.id, &wanted, world.now(), 10).await.unwrap()
}

async fn an_errand_commits_with_its_change_and_is_done_once(world: World) {
    let pool = pool(&world).await;
    let asked = errand(&world, &pool, "errand-1", &lend(), 5_000_000);
    let id = asked.withdrawal.after().id;
    let posted = || Some("the reason".to_owned());
    world.applied(Change { errands: vec![asked], posted_as: posted(), ..world.change() }).await;
    let stored = world.withdrawal(id).await;
    assert!(
        matches!(&stored.state, State::Approved(state) if state.decision.starts_with("errand delegation"))
    );
    assert_eq!(stored.request.pinned_to, Some(pool.id));
    let payment = stored.payment();
    assert_eq!(payment.asset.to_string(), "tron:3448148188/delegation:energy");
    assert_eq!(payment.memo.as_deref(), Some("lock_blocks:28800"));
    // Asked for again, after a crash for instance, under another id of ours, alone and twice in one commit.
    let again = || errand(&world, &pool, "errand-1", &lend(), 5_000_000);
    world.applied(Change { errands: vec![again()], ..world.change() }).await;
    world.applied(Change { errands: vec![again(), again()], ..world.change() }).await;
    assert_eq!(world.number("select count(*) from withdrawal").await, 1);
    assert_eq!(world.number("select count(*) from decision").await, 1);
    assert_eq!(world.number("select count(*) from usage").await, 0, "no limit counts it");
}

async fn an_errand_of_other_content_under_an_id_takes_its_change_along(world: World) {
    let pool = pool(&world).await;
    let asked = |sun| errand(&world, &pool, "errand-1", &lend(), sun);
    world.applied(Change { errands: vec![asked(5_000_000)], ..world.change() }).await;
    let raise = sluice_core::alert::Raise {
        code: sluice_core::alert::Code::GasLow,
        subject: pool.id.to_string(),
        partner: None,
        detail: "the rest of the change".into(),
    };
    let refused = Change { errands: vec![asked(6_000_000)], raise: vec![raise], ..world.change() };
    assert_eq!(world.apply(refused).await, Outcome::Refused("m1_one_external_id".into()));
    assert_eq!(world.number("select count(*) from alert").await, 0, "all of it or nothing");
    // The lock is content too, and so is the wallet.
    let unlocked =
        Errand::Delegation { resource: Resource::Energy, to: TronAddress([0x22; 20]).into(), lock: None };
    let other = errand(&world, &pool, "errand-1", &unlocked, 5_000_000);
    let outcome = world.apply(Change { errands: vec![other], ..world.change() }).await;
    assert_eq!(outcome, Outcome::Refused("m1_one_external_id".into()));
    // And what a partner ordered under that name.
    world.accepted("order-1").await;
    let taken = errand(&world, &pool, "order-1", &lend(), 5_000_000);
    let outcome = world.apply(Change { errands: vec![taken], ..world.change() }).await;
    assert_eq!(outcome, Outcome::Refused("m1_one_external_id".into()));
}

async fn an_errand_is_claimed_by_its_own_wallet_alone(world: World) {
    let pool = pool(&world).await;
    let beside = {
        let (id, chain) = (WalletId::new(world.ulid()), ChainProfile::nile().id);
        let address = TronAddress([0x23; 20]).into();
        let step =
            Wallet::adopt(id, world.partner.id, chain, address, "b".into(), 0, "t".into(), world.now());
        world.applied(Change { wallets: vec![step], ..world.change() }).await;
        id
    };
    let coin = Asset::native(&ChainProfile::nile());
    let lent = errand(&world, &pool, "errand-1", &lend(), 5_000_000);
    world.turn(1);
    let to = TronAddress([0x24; 20]).into();
    let paid = errand(&world, &pool, "errand-2", &Errand::TopUp { to }, 7);
    let ids = [&lent, &paid].map(|intake| intake.withdrawal.after().id);
    world.applied(Change { errands: vec![lent, paid], ..world.change() }).await;
    let found = |list: Vec<Withdrawal>| list.into_iter().map(|it| it.id).collect::<Vec<_>>();
    assert_eq!(found(claim(&world, Some(pool.id), &[]).await), ids, "of whatever asset");
    assert_eq!(found(claim(&world, Some(pool.id), std::slice::from_ref(&coin)).await), ids, "each once");
    for other in [None, Some(beside), Some(world.wallet.id)] {
        assert_eq!(claim(&world, other, std::slice::from_ref(&coin)).await, [], "{other:?}");
    }
    // What nobody holds is no asset of anybody's.
    let assets = world.db.assets(Some(ChainProfile::nile().id)).await.unwrap();
    assert_eq!(assets.iter().map(|asset| asset.id).collect::<Vec<_>>(), [coin.id]);
    let all = world.db.assets_of(None).await.unwrap();
    assert!(all.iter().all(Asset::is_held), "{all:?}");
}

async fn what_partners_see_are_their_own_withdrawals(world: World) {
    let pool = pool(&world).await;
    let order = world.accepted("order-1").await;
    let asked = errand(&world, &pool, "errand-1", &lend(), 5_000_000);
    let id = asked.withdrawal.after().id;
    world.applied(Change { errands: vec![asked], ..world.change() }).await;
    for partner in [None, Some(world.partner.id)] {
        let listed = async |errands| {
            let filter = Filter { errands, ..Filter::default() };
            let found = world.db.list(partner, &filter, None, 10).await.unwrap();
            let mut ids: Vec<_> = found.into_iter().map(|view| view.withdrawal.id).collect();
            ids.sort_unstable();
            ids
        };
        let mut both = vec![order.id, id];
        both.sort_unstable();
        assert_eq!(listed(false).await, [order.id]);
        assert_eq!(listed(true).await, both, "where they are asked for");
        let counted = async || {
            let (from, to) = (Timestamp::from_micros(0), world.now().plus_ms(1));
            let rows = world.db.stats(partner, from, to).await.unwrap();
            rows.iter().map(|row| row.count).sum::<i64>()
        };
        assert_eq!(counted().await, 1);
    }
    // Ended, it is counted no more than while it is open.
    let asked = CancelRequest { by: Actor::System("test"), reason: "test".into(), at: world.now() };
    let CancelEffect::Now(step) = world.withdrawal(id).await.cancel(asked).unwrap() else {
        panic!("assigned")
    };
    world.applied(Change { withdrawals: vec![*step], ..world.change() }).await;
    assert_eq!(world.number("select count(*) from withdrawal_tally").await, 0);
}

async fn stakes_and_loans_stand_in_accounts_of_their_own(world: World) {
    use sluice_core::ledger::{Account, Posting};
    let pool = pool(&world).await;
    let coin = Asset::native(&ChainProfile::nile());
    let line = |account, atoms| Posting {
        partner: world.partner.id,
        wallet: pool.id,
        asset: coin.id,
        account,
        atoms,
    };
    world.applied(Change { postings: Posting::brought(&pool, coin.id, 10).to_vec(), ..world.change() }).await;
    let staked = vec![line(Account::Available, -4), line(Account::Staked, 4)];
    let lent = vec![line(Account::Staked, -3), line(Account::Lent, 3)];
    let ended = vec![line(Account::Staked, -1), line(Account::Unstaking, 1)];
    for postings in [staked, lent, ended] {
        world.applied(Change { postings, ..world.change() }).await;
    }
    let held = async |account: &str| {
        world.number(&format!("select atoms from ledger_balance where account = '{account}'")).await
    };
    assert_eq!((held("available").await, held("staked").await), (6, 0));
    assert_eq!((held("lent").await, held("unstaking").await), (3, 1));
    // They are the wallet's, and nothing that it can pay with: a statement has them among what was adjusted.
    let (from, to) = (Timestamp::from_micros(0), world.now().plus_ms(1));
    let lines = world.db.statement(world.partner.id, from, to).await.unwrap();
    let line = lines.iter().find(|line| line.wallet == pool.id).unwrap();
    assert_eq!((line.closing, line.came_in, line.adjusted, line.paid), (6, 10, -4, 0));
}
