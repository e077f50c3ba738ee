//! A store that went back in time says so, and lets nothing pass before it was compared with the journal (M17).

use std::path::Path;

use sluice_core::id::{AttemptId, FeedId};
use sluice_core::journal::{Back, Pending, Place, Seen};
use sluice_core::port::reader::{HowFound, Reader};
use sluice_core::port::store::{Change, Outcome, Store};
use sluice_core::time::Timestamp;
use sluice_core::withdrawal::{AttentionCode, State};
use sluice_store::copy::{self, CopyError, Mark, Programs};

use crate::world::{Kind, World};

promises! {
    while_it_is_pending_no_lane_opens_and_nothing_is_planned;
    what_is_asked_for_while_it_is_pending_waits_for_two_persons;
    one_time_is_pending_and_an_imported_one_stays_as_it_is;
    the_entry_that_was_compared_only_rises;
    what_waits_is_reported_to_its_tenant_alone;
    a_copy_of_a_file_holds_what_it_held_and_is_shut_from_its_birth;
}

fn noticed(world: &World) -> Change {
    let back = Some(Back::Noticed { evidence: "a mark that it never made".into() });
    Change { back, feed: Some(FeedId::new(world.ulid())), ..world.change() }
}

fn imported(world: &World, from: u64, to: u64) -> Change {
    Change { back: Some(Back::Imported(Seen { from, to })), ..world.change() }
}

async fn while_it_is_pending_no_lane_opens_and_nothing_is_planned(world: World) {
    let frozen = world.wallet.clone().freeze("it went back".into()).unwrap();
    world.applied(Change { wallets: vec![frozen.clone()], ..world.change() }).await;
    world.applied(noticed(&world)).await;
    let open = || frozen.after().clone().unfreeze(0, "a test").unwrap();
    let refused = world.apply(Change { wallets: vec![open()], ..world.change() }).await;
    assert_eq!(refused, Outcome::Refused("m17_no_lane_opens_before_the_import".into()));
    let planned = "insert into transfer (id, partner_id, wallet_id, chain, asset, purpose, payment_hash, state, asked, evidence,
            planned_at, changed_at, version)
        select 'tr_x', w.partner_id, w.id, w.chain, a.id, 'withdrawal', 'aa', 'planned', 0, '{}', 1, 1, 1
        from wallet w, asset a limit 1";
    let why = world.refused_by(planned).await;
    assert!(why.contains("m17_nothing_is_planned_before_the_import"), "{why}");
    world.applied(imported(&world, 0, 7)).await;
    world.applied(Change { wallets: vec![open()], ..world.change() }).await;
}

async fn what_is_asked_for_while_it_is_pending_waits_for_two_persons(world: World) {
    world.applied(noticed(&world)).await;
    let asked = world.accepted("order").await;
    match &asked.state {
        State::NeedsAttention(attention) => assert_eq!(attention.code, AttentionCode::StoreWentBack),
        other => panic!("{other:?}"),
    }
    assert_eq!(
        world.number("select used from usage").await,
        5_000_000,
        "it may have been paid, so it counts (M8)"
    );
    world.applied(imported(&world, 0, 7)).await;
    assert!(matches!(world.accepted("another").await.state, State::Approved(_)));
    let given_up = asked.fail("given_up", None, true, world.now()).unwrap();
    world.applied(Change { withdrawals: vec![given_up], ..world.change() }).await;
    assert_eq!(
        world.number("select used from usage").await,
        5_000_000,
        "what is given up gives its part back"
    );
}

async fn one_time_is_pending_and_an_imported_one_stays_as_it_is(world: World) {
    assert_eq!(world.db.journal_known(&[], &[]).await.unwrap().back, None);
    assert_eq!(world.apply(imported(&world, 0, 7)).await, Outcome::Moved, "nothing is pending");
    world.applied(noticed(&world)).await;
    let pending = Some(Pending { evidence: "a mark that it never made".into(), shut: true });
    assert_eq!(world.db.journal_known(&[], &[]).await.unwrap().back, pending);
    let again = world.apply(noticed(&world)).await;
    assert_eq!(again, Outcome::Refused("went_back_one_pending".into()));
    assert_eq!(
        world.apply(Change { back: Some(Back::Shut), ..world.change() }).await,
        Outcome::Moved,
        "it is shut"
    );
    world.applied(imported(&world, 3, 7)).await;
    assert_eq!(world.db.journal_known(&[], &[]).await.unwrap().back, None);
    for (script, rule) in [
        ("update went_back set journal_to = 9", "went_back_imported_is_final"),
        ("delete from went_back", "went_back_is_kept"),
    ] {
        let why = world.refused_by(script).await;
        assert!(why.contains(rule), "{why}");
    }
    world.applied(noticed(&world)).await;
}

async fn the_entry_that_was_compared_only_rises(world: World) {
    assert_eq!(world.db.journal_known(&[], &[]).await.unwrap().place, None);
    for (seq, kept) in [(4, 4), (9, 9), (6, 9)] {
        let place = Place { seq, hash: [u8::try_from(seq).unwrap(); 32] };
        world.applied(Change { journal_place: Some(place), ..world.change() }).await;
        let known = world.db.journal_known(&[], &[]).await.unwrap().place.unwrap();
        assert_eq!((known.seq, known.hash[0]), (kept, u8::try_from(kept).unwrap()));
    }
}

async fn what_waits_is_reported_to_its_tenant_alone(world: World) {
    assert_eq!(world.db.went_back(None).await.unwrap(), None);
    world.applied(noticed(&world)).await;
    let asked = world.accepted("order").await;
    let found = world.db.went_back(Some(world.partner.id)).await.unwrap().unwrap();
    assert_eq!((found.imported, found.carried, found.lost, found.more), (None, 0, 0, 0));
    let named: Vec<_> = found.withdrawals.iter().map(|it| (it.id, it.how)).collect();
    assert_eq!(named, [(asked.id, HowFound::StoreWentBack)]);
    let stranger = sluice_core::id::PartnerId::new(world.ulid());
    let theirs = world.db.went_back(Some(stranger)).await.unwrap().unwrap();
    assert_eq!((theirs.withdrawals, theirs.wallets), (vec![], vec![]));
    world.applied(imported(&world, 3, 7)).await;
    let found = world.db.went_back(None).await.unwrap().unwrap();
    assert_eq!(found.imported.map(|it| it.0), Some(Seen { from: 3, to: 7 }));
}

async fn a_copy_of_a_file_holds_what_it_held_and_is_shut_from_its_birth(world: World) {
    if world.kind != Kind::File {
        return;
    }
    world.accepted("order").await;
    let folder = tempfile::tempdir().unwrap();
    let (file, to) = (folder.path().join("copy"), folder.path().join("put"));
    let at = Timestamp::from_micros(7);
    let mark = Mark { evidence: "a copy".into(), copied_at: at, at };
    let programs = Programs::default();
    let facts = copy::take(&world.url, &file, &mark, &programs).await.unwrap();
    assert_eq!(facts.rows["withdrawal"], 1);
    world.accepted("after").await;
    let (found, broken) = copy::look(copy::Kind::Sqlite, &file, None, &programs).await.unwrap();
    assert_eq!((found, broken), (facts.clone(), vec![]));
    assert!(!beside(&file, "-wal").exists() && !beside(&file, "-shm").exists(), "looking leaves nothing");
    let url = format!("sqlite://{}", to.display());
    std::fs::write(beside(&to, "-wal"), "of another database").unwrap();
    let taken = copy::put(copy::Kind::Sqlite, &file, &url, &mark, &programs).await;
    assert!(matches!(taken, Err(CopyError::NotEmpty(_))), "{taken:?}");
    std::fs::remove_file(beside(&to, "-wal")).unwrap();
    copy::put(copy::Kind::Sqlite, &file, &url, &mark, &programs).await.unwrap();
    let again = copy::put(copy::Kind::Sqlite, &file, &url, &mark, &programs).await;
    assert!(matches!(again, Err(CopyError::NotEmpty(_))), "{again:?}");
    for put in [&file, &to] {
        let url = format!("sqlite://{}", put.display());
        let db = sluice_store::Db::open(&url, world.clock.clone(), world.entropy.clone()).await.unwrap();
        let pending = Some(Pending { evidence: "a copy".into(), shut: false });
        assert_eq!(db.journal_known(&[AttemptId::new(world.ulid())], &[]).await.unwrap().back, pending);
        let spoil = "drop trigger ledger_is_kept; insert into ledger (group_id, partner_id, wallet_id, asset, account, atoms, reason, at)
            select 'g', partner_id, id, 'a', 'available', 5, 'r', 1 from wallet limit 1";
        db.tamper(spoil, spoil).await.unwrap();
        drop(db);
        assert!(!beside(put, "-wal").exists(), "closed, a file is whole by itself");
        let (_, broken) = copy::held(&url).await.unwrap();
        assert_eq!(broken.len(), 2, "{broken:?}");
    }
}

fn beside(path: &Path, suffix: &str) -> std::path::PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(suffix);
    name.into()
}
