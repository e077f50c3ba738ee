//! What a person sees of one withdrawal or wallet.

use sluice_core::address::EvmAddress;
use sluice_core::amount::Units;
use sluice_core::asset::{Asset, AssetId};
use sluice_core::chain::ChainId;
use sluice_core::id::WalletId;
use sluice_core::lane::Holder;
use sluice_core::ledger::{Account, Posting};
use sluice_core::port::reader::{Filter, Reader, STORE_WENT_BACK};
use sluice_core::port::registry::Registry;
use sluice_core::port::store::{ChainChange, Change, Pause, Store as _};
use sluice_core::proof::Effect;
use sluice_core::stop::Scope;
use sluice_core::wallet::{Balance, Wallet};
use sluice_core::withdrawal::{GivenBackWhy, Status};

use super::build::*;
use crate::world::{World, block};

promises! {
    a_withdrawal_shows_its_transfers_oldest_first_with_every_attempt;
    the_lanes_of_a_withdrawal_are_those_that_could_pay_it;
    a_page_shows_the_same_as_each_of_its_rows;
    a_wallet_shows_chain_books_and_what_is_under_way;
    a_wallet_tells_since_when_it_is_as_it_is_and_who_holds_its_lane;
    what_cannot_be_recalled_is_signed_and_not_final;
    a_chain_tells_how_far_it_was_followed;
}

async fn a_withdrawal_shows_its_transfers_oldest_first_with_every_attempt(world: World) {
    let (id, transfer, first) = world.sent("order", 7).await;
    world.turn(1_000);
    let bump = world.unsigned(&transfer, 7, sluice_core::attempt::Kind::Pay, 1);
    let bumped = transfer.bump(bump.clone(), world.now()).unwrap();
    let transfer = bumped.transfer.after().clone();
    world
        .applied(Change {
            transfers: vec![bumped.transfer],
            attempts: vec![bumped.attempt],
            ..world.change()
        })
        .await;
    let view = world.db.withdrawal(Some(world.partner.id), id).await.unwrap().unwrap();
    assert_eq!(view.status, Status::Broadcast);
    assert_eq!(view.updated_at, world.now(), "an attempt is a change of something about it");
    assert_eq!(view.transfers[0].0, transfer);
    let attempts = &view.transfers[0].1;
    assert_eq!((attempts[0].signed(), attempts[1].unsigned()), (Some(&first), &bump));
    // It reverts; a second transfer takes its place.
    let transfer = transfer.abandon_pending(101, world.now()).unwrap();
    let signed = transfer.after().clone();
    world.applied(Change { transfers: vec![transfer], ..world.change() }).await;
    let seen = world.seen(signed, &first, 101, Effect::Reverted).await;
    let (mut change, proof) = world.settled(seen, world.inclusion(&first, 101, Effect::Reverted));
    let why = GivenBackWhy::SlotDead { code: "reverted_on_chain", proof: &proof };
    let back = world.withdrawal(id).await.give_back(why, world.now(), world.now()).unwrap();
    let queued = back.after().clone();
    change.withdrawals = vec![back];
    world.applied(change).await;
    world.turn(1_000);
    let second = world.plan(queued).await;
    let view = world.db.by_external_id(world.partner.id, "order").await.unwrap().unwrap();
    let transfers: Vec<_> =
        view.transfers.iter().map(|(transfer, attempts)| (transfer.id, attempts.len())).collect();
    assert_eq!(transfers, [(first.unsigned.transfer, 2), (second.id, 0)]);
    assert_eq!((view.status, view.withdrawal.attempt_no), (Status::Queued, 2));
    assert_eq!(view.withdrawal, world.withdrawal(id).await);
}

async fn the_lanes_of_a_withdrawal_are_those_that_could_pay_it(world: World) {
    let waits = world.accepted("waits").await;
    let (paid, _) = world.paid("paid", 7).await;
    let other = Tenant::new(&world, "other", "UTC").await;
    let second = adopt(&world, world.partner.id, EvmAddress([0x21; 20])).await;
    let retired = adopt(&world, world.partner.id, EvmAddress([0x22; 20])).await;
    let gone = retired.pause("test").unwrap().then(|wallet| wallet.retire("test")).unwrap();
    world.applied(Change { wallets: vec![gone], ..world.change() }).await;
    let mainnet = ChainId::evm(1);
    let elsewhere = Wallet::adopt(
        WalletId::new(world.ulid()),
        world.partner.id,
        mainnet,
        EvmAddress([0x23; 20]).into(),
        "hot".into(),
        0,
        "test".into(),
        world.now(),
    );
    let there = elsewhere.after().id;
    world.applied(Change { wallets: vec![elsewhere], ..world.change() }).await;
    let asset = Asset { id: AssetId::erc20(mainnet, EvmAddress([0x77; 20])), ..world.asset.clone() };
    world.db.put_asset(asset.clone()).await.unwrap();
    let other_chain = accept(&world, request(&world, "mainnet", |new| new.asset = asset)).await;
    let page = world.db.list(Some(world.partner.id), &Filter::default(), None, 10).await.unwrap();
    let of = |id| page.iter().find(|view| view.withdrawal.id == id).unwrap();
    assert_eq!(of(other_chain.id).lanes.iter().map(|lane| lane.id).collect::<Vec<_>>(), [there]);
    assert_eq!(of(waits.id).lanes.len(), 2, "also where one page holds several chains");
    let lanes = async |partner, id| {
        let view = world.db.withdrawal(partner, id).await.unwrap().unwrap();
        view.lanes.into_iter().map(|lane| lane.id).collect::<Vec<_>>()
    };
    for partner in [Some(world.partner.id), None] {
        assert_eq!(lanes(partner, waits.id).await, [world.wallet.id, second.id]);
        assert_eq!(lanes(partner, paid).await, [], "nothing pays it again");
    }
    assert_ne!(other.wallet.id, second.id);
}

async fn a_page_shows_the_same_as_each_of_its_rows(world: World) {
    world.paid("paid", 7).await;
    world.sent("sent", 8).await;
    settle_in(&world, world.accepted("held").await, "held").await;
    // More than one slice.
    for number in 0..130 {
        world.turn(1);
        world.accepted(&format!("order-{number}")).await;
    }
    let page = world.db.list(Some(world.partner.id), &Filter::default(), None, 200).await.unwrap();
    assert_eq!(page.len(), 133);
    for view in page.into_iter().rev().take(20) {
        let one = world.db.withdrawal(Some(world.partner.id), view.withdrawal.id).await.unwrap();
        assert_eq!(one, Some(view));
    }
}

async fn a_wallet_shows_chain_books_and_what_is_under_way(world: World) {
    world.paid("paid", 7).await;
    world.turn(1_000);
    let (oldest, transfer, _) = world.sent("sent", 8).await;
    world.turn(1_000);
    let fuelled = world.fuelled(world.plan(world.accepted("built").await).await).await;
    world.built(fuelled, 9).await;
    let (_, transfer_seen, signed) = world.sent("seen", 10).await;
    world.seen(transfer_seen, &signed, 102, Effect::Paid { log_index: 0 }).await;
    world.plan(world.accepted("planned").await).await;
    let balance = Balance {
        wallet: world.wallet.id,
        asset: world.asset.id,
        units: Units::from(u128::MAX),
        block: block(101),
        at: world.now(),
    };
    let posting = |account, atoms| Posting {
        partner: world.partner.id,
        wallet: world.wallet.id,
        asset: world.asset.id,
        account,
        atoms,
    };
    let postings = vec![posting(Account::Available, 90_000_000), posting(Account::Adjustment, -90_000_000)];
    world.applied(Change { balances: vec![balance], postings, ..world.change() }).await;
    let view = world.db.wallet(Some(world.partner.id), world.wallet.id).await.unwrap().unwrap();
    assert_eq!(view.balances, [balance], "more than a BIGINT holds");
    let books: Vec<_> = view
        .books
        .iter()
        .filter(|(asset, ..)| *asset == world.asset.id)
        .map(|(_, account, atoms)| (account.as_str(), *atoms))
        .collect();
    let expected = [
        ("adjustment", -90_000_000),
        ("available", 70_000_000),
        ("in_flight", 10_000_000),
        ("paid_out", 5_000_000),
        ("reserved", 5_000_000),
    ];
    assert_eq!(books, expected);
    assert_eq!((view.in_flight, view.unsettled), (2, 2), "built and signed; signed and seen");
    assert_eq!(view.oldest, Some((oldest, transfer.planned_at)), "since it came to the lane");
    assert_eq!(view.wallet, world.wallet);
    assert_eq!(world.db.wallets_of(Some(world.partner.id)).await.unwrap(), [view]);
}

async fn a_wallet_tells_since_when_it_is_as_it_is_and_who_holds_its_lane(world: World) {
    let view = async || world.db.wallet(None, world.wallet.id).await.unwrap().unwrap();
    let adopted = view().await;
    assert_eq!((adopted.since, adopted.cause.as_str()), (world.wallet.adopted_at, "because"));
    world.turn(1_000);
    let paused = view().await.wallet.pause("night").unwrap();
    world.applied(Change { wallets: vec![paused], ..world.change() }).await;
    let paused_at = world.now();
    world.turn(1_000);
    let again = view().await.wallet.pause("still night").unwrap();
    world.applied(Change { wallets: vec![again], ..world.change() }).await;
    assert_eq!((view().await.since, view().await.wallet.reason.as_str()), (paused_at, "still night"));
    let frozen = view().await.wallet.freeze("something left".into()).unwrap();
    let mut change = Change { wallets: vec![frozen], ..world.change() };
    change.cause.as_mut().unwrap().reason = STORE_WENT_BACK.into();
    world.applied(change).await;
    assert_eq!((view().await.since, view().await.cause.as_str()), (world.now(), STORE_WENT_BACK));
    let holders = async |scope| world.db.holders(scope).await.unwrap();
    assert_eq!(holders(Scope::All).await, []);
    let lease = world.db.lease(&format!("lane:{}", world.wallet.id), "a").await.unwrap().unwrap();
    let holder = Holder { owner: "a".into(), epoch: lease.fence().epoch(), until: lease.until() };
    for scope in [
        Scope::All,
        Scope::Partner(world.partner.id),
        Scope::Chain(world.wallet.chain),
        Scope::Asset(world.asset.id),
        Scope::Wallet(world.wallet.id),
    ] {
        assert_eq!(holders(scope).await, std::slice::from_ref(&holder), "{scope:?}");
    }
    assert_eq!(holders(Scope::Chain(ChainId::evm(1))).await, []);
    world.db.release("a").await.unwrap();
    assert_eq!(holders(Scope::All).await, [], "it gave the lane back");
}

async fn what_cannot_be_recalled_is_signed_and_not_final(mut world: World) {
    world.paid("paid", 7).await;
    let (_, signed, _) = world.sent("signed", 8).await;
    let (_, transfer, signature) = world.sent("seen", 9).await;
    let seen = world.seen(transfer, &signature, 102, Effect::Paid { log_index: 0 }).await;
    let fuelled = world.fuelled(world.plan(world.accepted("built").await).await).await;
    world.built(fuelled, 10).await;
    world.plan(world.accepted("planned").await).await;
    let mut other = Tenant::new(&world, "other", "UTC").await;
    other.swap(&mut world);
    let (_, theirs, _) = world.sent("signed", 1).await;
    other.swap(&mut world);
    let ask = async |scope| world.db.irrevocable(None, scope, 10).await.unwrap().0;
    assert_eq!(ask(Scope::Partner(world.partner.id)).await, [signed.clone(), seen.clone()]);
    assert_eq!(ask(Scope::Wallet(world.wallet.id)).await, [signed.clone(), seen.clone()]);
    let all = vec![signed.clone(), seen, theirs.clone()];
    assert_eq!(ask(Scope::All).await, all);
    assert_eq!(ask(Scope::Chain(world.wallet.chain)).await, all);
    assert_eq!(ask(Scope::Asset(world.asset.id)).await, all);
    assert_eq!(ask(Scope::Chain(ChainId::evm(1))).await, []);
    assert_eq!(ask(Scope::Wallet(other.wallet.id)).await, [theirs]);
    assert_eq!(world.db.irrevocable(None, Scope::All, 3).await.unwrap().1, 0, "no more than these");
    assert_eq!(
        world.db.irrevocable(None, Scope::All, 1).await.unwrap(),
        (vec![signed], 2),
        "and how many more"
    );
    let own = world.db.irrevocable(Some(other.partner.id), Scope::All, 1).await.unwrap();
    assert_eq!((own.0[0].partner, own.1), (other.partner.id, 0), "a partner is told of its own");
}

async fn a_chain_tells_how_far_it_was_followed(world: World) {
    let chain = world.wallet.chain;
    let status = world.db.chain_status(chain).await.unwrap();
    assert_eq!(
        (status.latest, status.finalized, status.moved_at, status.settle_after),
        (None, None, None, None)
    );
    let learned = ChainChange {
        chain,
        removed: vec![],
        added: [10, 11, 12].map(|number| (block(number), block(number - 1).hash)).into(),
        finalized: Some(block(10)),
        pause: Pause::Until(40),
    };
    world.applied(Change { chain: Some(learned), ..world.change() }).await;
    let status = world.db.chain_status(chain).await.unwrap();
    assert_eq!((status.latest, status.finalized), (Some(block(12)), Some(block(10))));
    assert_eq!((status.moved_at, status.settle_after), (Some(world.now()), Some(40)));
    assert_eq!(world.db.chain_status(ChainId::evm(1)).await.unwrap().latest, None);
}
