//! A payment from request to proof, as rows, events and books see it.

use sluice_core::alert::{Alert, Code, Raise};
use sluice_core::amount::Units;
use sluice_core::asset::Asset;
use sluice_core::id::{TransferId, Ulid};
use sluice_core::ledger::{Account, Posting};
use sluice_core::port::store::{ChainChange, Change, Outcome, Pause, Store, Undelivered, Wanted};
use sluice_core::proof::Effect;
use sluice_core::time::Timestamp;
use sluice_core::wallet::Balance;

use crate::world::{Kind, World, block};

promises! {
    a_payment_is_followed_from_request_to_proof;
    every_group_of_the_ledger_sums_to_zero;
    what_came_in_is_booked_once_however_often_it_is_said;
    what_is_promised_never_falls_below_zero;
    a_queue_answers_in_order_of_due_time_and_only_what_may_start;
    what_waits_of_one_asset_hides_nothing_of_another;
    every_undelivered_alert_is_reached_however_many_newer_ones_wait;
    the_watcher_finds_its_place_again;
    an_alert_is_open_once_and_told_when_it_opens_and_closes;
}

async fn a_payment_is_followed_from_request_to_proof(world: World) {
    let withdrawal = world.accepted("order").await;
    let id = withdrawal.id;
    let mut statuses = vec![world.status(id).await];
    let planned = world.plan(withdrawal).await;
    statuses.push(world.status(id).await);
    let fuelled = world.fuelled(planned).await;
    statuses.push(world.status(id).await);
    let (built, attempt) = world.built(fuelled, 7).await;
    statuses.push(world.status(id).await);
    let lane = world.db.lane(world.wallet.id).await.unwrap().unwrap();
    let durable = lane.open[0].1[0].unsigned().unwrap();
    assert_eq!(durable.get(), &attempt, "what may be signed was read from the store");
    let (signed_transfer, signed) = world.signed(built, &attempt).await;
    statuses.push(world.status(id).await);
    let chain = world.wallet.chain;
    assert_eq!(
        world.db.attempts_by_txid(chain, &[signed.txid, [1; 32]]).await.unwrap(),
        [(signed.txid, attempt.transfer)]
    );
    let effect = Effect::Paid { log_index: 4 };
    let seen = world.seen(signed_transfer, &signed, 101, effect).await;
    statuses.push(world.status(id).await);
    assert_eq!(world.db.settleable(chain, 100, None, 9).await.unwrap(), []);
    for after in [
        None,
        Some((100, attempt.transfer)),
        Some((101, TransferId::new(Ulid::new(Timestamp::from_micros(0), 0)))),
    ] {
        assert_eq!(world.db.settleable(chain, 101, after, 9).await.unwrap(), [attempt.transfer], "{after:?}");
    }
    assert_eq!(world.db.settleable(chain, 101, Some((101, attempt.transfer)), 9).await.unwrap(), []);
    assert_eq!(world.db.included_in(chain, &[block(101)]).await.unwrap(), [attempt.transfer]);
    let (mut change, proof) = world.settled(seen, world.inclusion(&signed, 101, effect));
    change.withdrawals = vec![world.withdrawal(id).await.pay(&proof, world.now()).unwrap()];
    world.applied(change).await;
    statuses.push(world.status(id).await);
    assert_eq!(
        statuses,
        ["approved", "queued", "wallet_funded", "processing", "broadcast", "confirming", "completed"]
    );
    let kinds = world
        .db
        .inspect("select kind from event where withdrawal_id is not null order by rowseq")
        .await
        .unwrap();
    let kinds: Vec<_> =
        kinds.iter().map(|row| row.text("kind").unwrap().trim_start_matches("withdrawal.")).collect();
    assert_eq!(
        kinds,
        [
            "created",
            "approved",
            "queued",
            "wallet_funded",
            "processing",
            "signing",
            "broadcast",
            "confirming",
            "completed"
        ]
    );
    assert_eq!(world.db.lane(world.wallet.id).await.unwrap().unwrap().open.len(), 0);
    assert_eq!(
        world.db.included_in(chain, &[block(101)]).await.unwrap(),
        [attempt.transfer],
        "also once final"
    );
    assert_eq!(world.db.journal_seq().await.unwrap(), 3);
    assert_eq!(world.text("select outcome from reservation").await, "kept");
    let booked = world.db.booked(world.wallet.id, 1 << 40).await.unwrap().unwrap();
    let coin = booked.iter().find(|(asset, _)| asset.to_string().contains("slip44")).unwrap().1;
    assert_eq!(coin, -1_500_000, "gas in the books' precision, rounded up");
    let token = booked.iter().find(|(asset, _)| *asset == world.asset.id).unwrap().1;
    assert_eq!(token, -5_000_000);
    let before = world.db.booked(world.wallet.id, 100).await.unwrap().unwrap();
    assert!(before.iter().all(|(_, atoms)| *atoms == 0), "as the books stood before that block: {before:?}");
    let there = world.db.booked(world.wallet.id, 101).await.unwrap().unwrap();
    assert_eq!(there, booked);
    let ended = async |height| world.db.ended_since(world.wallet.id, height).await.unwrap();
    assert_eq!((ended(0).await, ended(101).await, ended(102).await), (Some(101), Some(101), None));
}

async fn every_group_of_the_ledger_sums_to_zero(world: World) {
    world.paid("one", 7).await;
    world.paid("two", 8).await;
    let posting = |account, atoms| Posting {
        partner: world.partner.id,
        wallet: world.wallet.id,
        asset: world.asset.id,
        account,
        atoms,
    };
    let opening = vec![posting(Account::Available, 90_000_000), posting(Account::Adjustment, -90_000_000)];
    world.applied(Change { postings: opening, ..world.change() }).await;
    let lopsided = vec![posting(Account::Available, 5), posting(Account::Adjustment, -4)];
    let outcome = world.apply(Change { postings: lopsided, ..world.change() }).await;
    assert_eq!(outcome, Outcome::Refused("ledger_sums_to_zero".into()));
    let crooked = "select count(*) from (select group_id from ledger group by group_id, asset having sum(atoms) <> 0) as g";
    assert_eq!(world.number(crooked).await, 0);
    let differs = "select count(*) from ledger_balance b where b.atoms <>
        (select coalesce(sum(l.atoms), 0) from ledger l where l.wallet_id = b.wallet_id and l.asset = b.asset
            and l.account = b.account and l.partner_id = b.partner_id)";
    assert_eq!(world.number(differs).await, 0, "running sums are the sums");
    assert!(world.number("select count(*) from ledger").await > 10);
    let booked = world.db.booked(world.wallet.id, 1 << 40).await.unwrap().unwrap();
    assert!(booked.contains(&(world.asset.id, 80_000_000)), "{booked:?}");
}

async fn what_came_in_is_booked_once_however_often_it_is_said(world: World) {
    let postings: Vec<_> = Posting::brought(&world.wallet, world.asset.id, 5).into_iter().collect();
    let brought = Change { postings, posted_as: Some("reconciled_wa@0x01".into()), ..world.change() };
    world.applied(brought.clone()).await;
    let again = world.apply(brought.clone()).await;
    assert_eq!(again, Outcome::Refused("ledger_one_posting".into()));
    world.applied(Change { posted_as: Some("reconciled_wa@0x02".into()), ..brought }).await;
    let booked = world.db.booked(world.wallet.id, 1 << 40).await.unwrap().unwrap();
    assert!(booked.contains(&(world.asset.id, 10)), "{booked:?}");
}

async fn what_is_promised_never_falls_below_zero(world: World) {
    let posting = |account, atoms| Posting {
        partner: world.partner.id,
        wallet: world.wallet.id,
        asset: world.asset.id,
        account,
        atoms,
    };
    let less = vec![posting(Account::Reserved, -1), posting(Account::Available, 1)];
    let outcome = world.apply(Change { postings: less, ..world.change() }).await;
    assert_eq!(outcome, Outcome::Refused("ledger_promise_not_negative".into()));
}

async fn a_queue_answers_in_order_of_due_time_and_only_what_may_start(world: World) {
    let late = world.accepted("late").await;
    world.turn(1_000);
    let later = world.accepted("later").await;
    let claim_after = async |skip, limit| {
        let wanted = Wanted { assets: vec![world.asset.id], replacements: true, pinned_to: None, skip };
        let found = world.db.claimable(world.partner.id, &wanted, world.now(), limit).await.unwrap();
        found.into_iter().map(|withdrawal| withdrawal.id).collect::<Vec<_>>()
    };
    let claim = async |limit| claim_after(0, limit).await;
    assert_eq!(claim(10).await, [late.id, later.id]);
    assert_eq!(claim_after(1, 1).await, [later.id], "what others take is left to them");
    assert_eq!(
        claim_after(1, 10).await,
        [late.id, later.id],
        "a queue that is shorter is read from its head"
    );
    assert_eq!(claim_after(2, 1).await, [late.id]);
    assert_eq!(claim(1).await, [late.id], "a list has a limit");
    world.plan(late.clone()).await;
    assert_eq!(claim(10).await, [later.id]);
    assert_eq!(world.db.overdue(world.now(), 10).await.unwrap(), []);
    world.turn(31 * 60_000);
    assert_eq!(world.db.overdue(world.now(), 10).await.unwrap().len(), 2);
    let raise = Raise {
        code: Code::DeadlineMissed,
        subject: late.id.to_string(),
        partner: None,
        detail: "late".into(),
    };
    world.applied(Change { raise: vec![raise], ..world.change() }).await;
    let overdue = world.db.overdue(world.now(), 10).await.unwrap();
    assert_eq!(overdue.iter().map(|it| it.id).collect::<Vec<_>>(), [later.id], "told once");
}

async fn what_waits_of_one_asset_hides_nothing_of_another(world: World) {
    let (first, second) = (world.asset.clone(), world.another_asset().await);
    for number in 0..70 {
        world.accepted(&format!("first-{number}")).await;
    }
    world.turn(1_000);
    let behind = world.accepted_of("behind", &second).await;
    let claim = async |assets: &[&Asset], limit| {
        let wanted = Wanted {
            assets: assets.iter().map(|it| it.id).collect(),
            replacements: true,
            pinned_to: None,
            skip: 0,
        };
        world.db.claimable(world.partner.id, &wanted, world.now(), limit).await.unwrap()
    };
    let both = claim(&[&first, &second], 64).await;
    assert!(both.len() == 64 && !both.iter().any(|it| it.id == behind.id), "earliest due first");
    assert_eq!(claim(&[&second], 64).await, vec![behind.clone()]);
    let all = claim(&[&second, &first], 71).await;
    assert_eq!(all.last(), Some(&behind), "in order of due time, whatever the order of assets");
    assert_eq!(claim(&[], 64).await, vec![], "nothing is wanted");
    // Each asset's question is answered from an index that holds no other asset.
    if world.kind != Kind::Postgres {
        let plan = world
            .db
            .inspect(&format!(
                "explain query plan select w.id from withdrawal w where w.partner_id = '{}' and w.asset = '{}'
                   and w.state in ('approved', 'queued') and w.due_at <= 1 order by w.due_at, w.id limit 64",
                world.partner.id, second.id
            ))
            .await
            .unwrap();
        let plan: Vec<&str> = plan.iter().map(|row| row.text("detail").unwrap()).collect();
        let by_index = plan.iter().any(|step| {
            step.contains("INDEX withdrawal_queue_of_asset (partner_id=? AND asset=? AND due_at<?)")
        });
        assert!(by_index && !plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:?}");
    }
}

async fn every_undelivered_alert_is_reached_however_many_newer_ones_wait(world: World) {
    let raise = |number: u32| Raise {
        code: Code::FundsShort,
        subject: format!("{number:03}"),
        partner: None,
        detail: "short".into(),
    };
    for number in 0..7 {
        world.applied(Change { raise: vec![raise(number)], ..world.change() }).await;
        world.turn(10);
    }
    let ask = async |which, limit| world.db.undelivered_alerts(which, limit).await.unwrap();
    let subjects = |alerts: &[Alert]| alerts.iter().map(|it| it.raise.subject.clone()).collect::<Vec<_>>();
    assert_eq!(subjects(&ask(Undelivered::Newest, 2).await), ["006", "005"]);
    let (mut seen, mut after) = (vec![], None);
    loop {
        let page = ask(Undelivered::After(after), 3).await;
        seen.extend(subjects(&page));
        after = page.last().map(|it| it.id);
        if page.len() < 3 {
            break;
        }
    }
    assert_eq!(seen, ["000", "001", "002", "003", "004", "005", "006"], "each once, oldest first");
}

async fn the_watcher_finds_its_place_again(world: World) {
    let chain = world.wallet.chain;
    let learned = |removed: Vec<u64>, added: Vec<u64>, finalized: Option<u64>, pause| Change {
        chain: Some(ChainChange {
            chain,
            removed: removed.into_iter().map(block).collect(),
            added: added.into_iter().map(|number| (block(number), block(number - 1).hash)).collect(),
            finalized: finalized.map(block),
            pause,
        }),
        ..world.change()
    };
    world.applied(learned(vec![], vec![10, 11, 12], Some(10), Pause::Unchanged)).await;
    world.applied(learned(vec![12], vec![], Some(9), Pause::Until(40))).await;
    let cursor = world.db.cursor(chain, 2).await.unwrap();
    assert_eq!(cursor.blocks, [block(11), block(10)]);
    assert_eq!(
        (cursor.finalized, cursor.settle_after),
        (Some(block(10)), Some(40)),
        "finality never goes back"
    );
    let twice = world.apply(learned(vec![], vec![11], None, Pause::Unchanged)).await;
    assert_eq!(twice, Outcome::Refused("block_pkey".into()), "one block per height");
    world.applied(learned(vec![], vec![], Some(40), Pause::Over)).await;
    let paused = async || world.db.cursor(chain, 1).await.unwrap().settle_after;
    assert_eq!(paused().await, None, "a pause that is over is none at all, not one until height 0");
    world.applied(learned(vec![], vec![], None, Pause::Until(0))).await;
    world.applied(learned(vec![], vec![], None, Pause::Unchanged)).await;
    assert_eq!(paused().await, Some(0), "and one from the very beginning is one");
    let balance = |units: u64, seconds: i64| Balance {
        wallet: world.wallet.id,
        asset: world.asset.id,
        units: Units::from(units),
        block: block(11),
        at: world.now().plus_ms(seconds * 1_000),
    };
    world.applied(Change { balances: vec![balance(9, 2)], ..world.change() }).await;
    world.applied(Change { balances: vec![balance(5, 1)], ..world.change() }).await;
    assert_eq!(world.text("select units from wallet_balance").await, "9", "an older reading changes nothing");
    let facts = world.db.intake_facts(world.partner.id, world.asset.id).await.unwrap().unwrap();
    assert_eq!(
        (facts.partner, facts.asset, facts.limit),
        (world.partner.clone(), Some(world.asset.clone()), None)
    );
    assert_eq!(facts.own_wallets, [world.wallet.address]);
    assert_eq!(world.db.wallets(Some(chain)).await.unwrap(), vec![world.wallet.clone()]);
    assert_eq!(world.db.assets(None).await.unwrap(), vec![world.asset.clone()]);
}

async fn an_alert_is_open_once_and_told_when_it_opens_and_closes(world: World) {
    let raise = |detail: &str| Change {
        raise: vec![Raise {
            code: Code::GasLow,
            subject: "wallet".into(),
            partner: Some(world.partner.id),
            detail: detail.into(),
        }],
        ..world.change()
    };
    world.applied(raise("1 left")).await;
    world.applied(raise("0 left")).await;
    let told = world.db.undelivered_alerts(Undelivered::Newest, 10).await.unwrap();
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].count, told[0].raise.detail.as_str()), (2, "0 left"));
    // It closes while the word of its opening is on the way.
    world.applied(Change { close: vec![(Code::GasLow, "wallet".into())], ..world.change() }).await;
    world.db.alerts_delivered(&told, world.now()).await.unwrap();
    let told = world.db.undelivered_alerts(Undelivered::Newest, 10).await.unwrap();
    assert!(told.len() == 1 && told[0].resolved_at.is_some());
    world.db.alerts_delivered(&told, world.now()).await.unwrap();
    assert_eq!(world.db.undelivered_alerts(Undelivered::Newest, 10).await.unwrap(), []);
    world.applied(raise("again")).await;
    assert_eq!(world.number("select count(*) from alert").await, 2, "a closed one stays closed");
}
