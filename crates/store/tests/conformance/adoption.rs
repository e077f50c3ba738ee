//! A foreign transaction is explained once, with its books and its event, or not at all (M6).

use sluice_core::adoption::{Adopted, Kind};
use sluice_core::amount::{Cost, Units};
use sluice_core::ledger::{Account, Posting};
use sluice_core::port::store::{Change, Outcome, Store};

use crate::world::{World, block};

promises! {
    a_foreign_transaction_is_explained_once_and_a_second_time_nothing_is_written;
    an_order_to_speed_up_is_kept_with_its_wallet;
}

fn adopted(world: &World, kind: Kind) -> Change {
    let wallet = &world.wallet;
    let line = |account, atoms| Posting {
        partner: wallet.partner,
        wallet: wallet.id,
        asset: world.asset.id,
        account,
        atoms,
    };
    let adopted = Adopted {
        wallet: wallet.id,
        partner: wallet.partner,
        chain: wallet.chain,
        txid: [0xcd; 32],
        kind,
        block: block(5),
        nonce: Some(7),
        cost: Cost(u128::MAX),
        moved: vec![(world.asset.id, Units::MAX)],
        head: block(9),
        operators: vec!["one".into(), "two".into()],
    };
    let postings = vec![line(Account::Available, -5), line(Account::Adjustment, 5)];
    Change { adopted: vec![adopted], postings, ..world.change() }
}

async fn a_foreign_transaction_is_explained_once_and_a_second_time_nothing_is_written(world: World) {
    let told = async |txid| world.db.is_adopted(world.wallet.id, txid).await.unwrap();
    assert!(!told([0xcd; 32]).await);
    world.applied(adopted(&world, Kind::Theft)).await;
    assert!(told([0xcd; 32]).await && !told([0xce; 32]).await);
    let again = world.apply(adopted(&world, Kind::ManualPayment)).await;
    assert!(matches!(again, Outcome::Refused(_)), "{again:?}");
    assert_eq!(world.text("select kind from adoption").await, "theft");
    let booked = world.db.booked(world.wallet.id).await.unwrap();
    assert_eq!(booked, [(world.asset.id, -5)], "booked once");
    let events = "select count(*) from event where kind = 'lane.transaction_adopted'";
    assert_eq!(world.number(events).await, 1);
    assert!(world.text("select evidence from adoption").await.contains("\"operators\":[\"one\",\"two\"]"));
}

async fn an_order_to_speed_up_is_kept_with_its_wallet(world: World) {
    let order = sluice_core::wallet::SpeedUp { nonce: 7, max_fee_wei: Some(u128::MAX), at: world.now() };
    let step = world.wallet.clone().speed_up(order).unwrap();
    world.applied(Change { wallets: vec![step], ..world.change() }).await;
    let hurried = world.db.lane(world.wallet.id).await.unwrap().unwrap().wallet;
    assert_eq!(hurried.speed_up, Some(order));
    world.applied(Change { wallets: vec![hurried.sped_up().unwrap()], ..world.change() }).await;
    assert_eq!(world.db.lane(world.wallet.id).await.unwrap().unwrap().wallet.speed_up, None);
    assert_eq!(world.number("select count(*) from event where kind = 'lane.speed_up'").await, 1);
}
