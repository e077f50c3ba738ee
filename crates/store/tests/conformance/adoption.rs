//! A foreign transaction is explained once, with its books and its event, or not at all (M6).

use sluice_core::adoption::{Adopted, Kind};
use sluice_core::amount::{Cost, Units};
use sluice_core::ledger::{Account, Posting};
use sluice_core::port::store::{Change, Outcome, Store};
use sluice_core::sighting::{Sighting, Word};

use crate::world::{World, block};

promises! {
    a_foreign_transaction_is_explained_once_and_a_second_time_nothing_is_written;
    what_people_explained_is_never_changed_and_never_forgotten;
    what_a_wallet_did_stays_on_its_lanes_list_until_it_is_explained_or_denied;
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
    let booked = world.db.booked(world.wallet.id, 1 << 40).await.unwrap().unwrap();
    assert_eq!(booked, [(world.asset.id, -5)], "booked once");
    let before = world.db.booked(world.wallet.id, 4).await.unwrap();
    assert_eq!(before, None, "what was adopted of a later block stands in the sums");
    let events = "select count(*) from event where kind = 'lane.transaction_adopted'";
    assert_eq!(world.number(events).await, 1);
    assert!(world.text("select evidence from adoption").await.contains("\"operators\":[\"one\",\"two\"]"));
}

async fn what_people_explained_is_never_changed_and_never_forgotten(world: World) {
    world.applied(adopted(&world, Kind::Theft)).await;
    world.applied(Change { sighted: vec![sighting(&world, 1, Word::Confirmed)], ..world.change() }).await;
    for text in [
        "update adoption set kind = 'internal_move'",
        "delete from adoption",
        "update sighting set told_by = told_by, nonce = 99",
        "update sighting set seen_at = 0",
        "delete from sighting",
    ] {
        assert!(world.db.tamper(text, text).await.is_err(), "{text}");
    }
}

fn sighting(world: &World, txid: u8, word: Word) -> Sighting {
    Sighting {
        wallet: world.wallet.id,
        partner: world.wallet.partner,
        chain: world.wallet.chain,
        txid: [txid; 32],
        block: block(u64::from(txid)),
        nonce: (txid > 1).then_some(7),
        what: "something left".into(),
        told_by: "one/a".into(),
        word,
        seen_at: world.now(),
    }
}

async fn what_a_wallet_did_stays_on_its_lanes_list_until_it_is_explained_or_denied(world: World) {
    let listed = async || {
        let view = world.db.lane(world.wallet.id).await.unwrap().unwrap();
        view.sightings.iter().map(|it| (it.txid[0], it.word)).collect::<Vec<_>>()
    };
    let all = [sighting(&world, 2, Word::Confirmed), sighting(&world, 1, Word::Claimed)];
    world.applied(Change { sighted: all.to_vec(), ..world.change() }).await;
    let view = world.db.lane(world.wallet.id).await.unwrap().unwrap();
    assert_eq!(view.sightings, [all[1].clone(), all[0].clone()], "whole, lowest block first");
    // Claimed again it is the same one, first seen when it was.
    let later =
        Sighting { seen_at: world.now().plus_ms(5), block: block(9), ..sighting(&world, 1, Word::Claimed) };
    world.applied(Change { sighted: vec![later], ..world.change() }).await;
    assert_eq!(listed().await, [(2, Word::Confirmed), (1, Word::Claimed)]);
    let view = world.db.lane(world.wallet.id).await.unwrap().unwrap();
    assert_eq!((view.sightings[1].seen_at, view.sightings[1].block), (all[1].seen_at, block(9)));
    world.applied(Change { sighted: vec![sighting(&world, 1, Word::Denied)], ..world.change() }).await;
    assert_eq!(listed().await, [(2, Word::Confirmed)]);
    let mut explains = adopted(&world, Kind::Theft);
    explains.adopted[0].txid = [2; 32];
    world.applied(explains).await;
    assert_eq!(listed().await, []);
    let events = "select count(*) from event where kind = 'lane.transaction_sighted'";
    assert_eq!(world.number(events).await, 4);
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
