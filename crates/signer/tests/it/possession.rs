//! What the signer tells of its keys, the proof that it holds one, keys that are barred, and journals of older programs.

use std::path::Path;

use sluice_codec::Possession;
use sluice_core::chain::ChainId;
use sluice_core::id::WalletId;
use sluice_core::port::signer::{Held, Setter, Shown, SlotRecord};
use sluice_core::stop::Scope;
use sluice_core::time::Timestamp;
use sluice_signer::{Caps, Fact, JournalAt, JournalEntry, KeyRing, SigningService};

use crate::house::{
    Asked, NOW, caps, deployment, never, not_now, partner, pay, payment, refused, ring, sender, signer, slot,
    ulid, usd, void, wallet,
};

fn statement(deployment: &sluice_core::intent::DeploymentId, challenge: [u8; 32]) -> Possession<'_> {
    Possession {
        deployment,
        wallet: wallet(),
        partner: partner(),
        chain: ChainId::evm(137),
        address: sender().into(),
        challenge,
    }
}

#[test]
fn a_held_key_is_listed_and_shown_by_its_own_signature_over_the_challenge() {
    let (signer, deployment) = (signer(), deployment());
    let held = Held {
        wallet: wallet(),
        partner: partner(),
        chain: ChainId::evm(137),
        address: sender().into(),
        barred: false,
    };
    assert_eq!(signer.held().unwrap(), [held]);
    let Shown { r, s, y_parity } = signer.show(wallet(), [7; 32], NOW).unwrap().unwrap();
    assert!(statement(&deployment, [7; 32]).is_shown_by(&r, &s, y_parity));
    assert!(!statement(&deployment, [8; 32]).is_shown_by(&r, &s, y_parity), "another challenge");
    let other = sluice_core::intent::DeploymentId("other".into());
    assert!(!statement(&other, [7; 32]).is_shown_by(&r, &s, y_parity), "another installation");
    let again = signer.show(wallet(), [7; 32], NOW).unwrap().unwrap();
    assert_eq!(again, Shown { r, s, y_parity });
    let said = signer.export(1, 100).unwrap();
    let facts: Vec<Fact> = said.iter().map(|entry| entry.fact().unwrap()).collect();
    let shows = facts.iter().filter(|fact| matches!(fact, Fact::Show { .. })).count();
    let shown = facts.iter().filter(|fact| matches!(fact, Fact::Shown { .. })).count();
    assert_eq!((shows, shown), (1, 1), "asked twice, on record once");
    assert!(signer.verify(None).unwrap().is_ok());
    let stranger = WalletId::new(ulid(99));
    assert_eq!(refused(signer.show(stranger, [7; 32], NOW).unwrap()), not_now("wallet_unknown"));
}

#[test]
fn proofs_of_one_key_are_bounded() {
    let signer = signer();
    for challenge in 0..60 {
        signer.show(wallet(), [challenge; 32], NOW).unwrap().unwrap();
    }
    assert_eq!(refused(signer.show(wallet(), [60; 32], NOW).unwrap()), not_now("cap_proofs"));
    assert!(signer.show(wallet(), [0; 32], NOW).unwrap().is_ok(), "an old question has its old answer");
    let later = Timestamp::from_micros(NOW.micros() + 3_700_000_000);
    assert!(signer.show(wallet(), [60; 32], later).unwrap().is_ok());
}

#[test]
fn a_barred_key_signs_nothing_for_ever_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let at = JournalAt::File(dir.path().join("journal"));
    let caps = || Caps { bar_after_ms: 60_000, ..caps() };
    let open = || SigningService::open(&at, &deployment(), caps(), ring(), NOW).unwrap();
    let signer = open();
    let approved = payment("order-1", usd(1));
    let (pair, _) = signer.paid(0, &approved);
    signer.show(wallet(), [1; 32], NOW).unwrap().unwrap();
    let later = NOW.plus_ms(59_999);
    assert_eq!(refused(signer.bar(wallet(), "in use", later).unwrap()), not_now("wallet_busy"));
    assert!(signer.sign_one(&pair).is_ok(), "nothing happened");
    let place = signer.bar(wallet(), "retired", NOW.plus_ms(60_000)).unwrap().unwrap();
    assert_eq!(signer.bar(wallet(), "again", NOW).unwrap(), Ok(place));
    drop(signer);
    let signer = open();
    assert!(signer.held().unwrap()[0].barred);
    let barred = never("wallet_barred");
    assert_eq!(refused(signer.sign_one(&pair)), barred);
    assert_eq!(refused(signer.sign_one(&void(1, &[]))), barred);
    assert_eq!(refused(signer.sign_one(&pay(1, &payment("order-2", usd(1))))), barred);
    let later = payment("order-3", usd(1));
    assert_eq!(refused(signer.admits(1, &[later], NOW).remove(0)), barred);
    let closed = signer.closes(1, &slot(5), NOW).unwrap();
    assert!(matches!(closed, SlotRecord::Closed(_)), "a slot can be closed by whoever has no key any more");
    for challenge in [[1; 32], [2; 32]] {
        assert_eq!(refused(signer.show(wallet(), challenge, NOW).unwrap()), barred);
    }
    assert!(signer.verify(None).unwrap().is_ok());
    let stranger = signer.bar(WalletId::new(ulid(99)), "r", NOW).unwrap();
    assert_eq!(refused(stranger), not_now("wallet_unknown"));
}

/// Takes the tables of version 4 back.
const VERSION_3: &str = "
    drop table burned; drop table reach; drop trigger slot_gets_no_cheaper; alter table slot drop column cost_gwei; alter table slot drop column expires_at;
    create table stop_3 (scope text not null, subject text not null, reason text not null,
        seq integer not null unique references entry (seq), primary key (scope, subject)) strict, without rowid;
    insert into stop_3 select scope, subject, reason, seq from stop; drop table stop;
    alter table stop_3 rename to stop; pragma user_version = 3;";

/// Entries as a program before version 4 wrote them: no costs, and stops without setters.
fn as_version_3(path: &Path) {
    let conn = rusqlite::Connection::open(path).unwrap();
    conn.execute_batch(VERSION_3).unwrap();
    conn.execute_batch("drop trigger entry_never_changes;").unwrap();
    let mut rows = conn.prepare("select seq, at, body from entry order by seq").unwrap();
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    let rows: Vec<(u32, i64, String)> = rows.map(Result::unwrap).collect();
    let mut prev = [0; 32];
    for (seq, at, body) in rows {
        let cut = body.find(",\"cost_gwei\"").or(body.find(",\"setter\""));
        let body = cut.map_or(body.clone(), |at| format!("{}}}", &body[..at]));
        let at = Timestamp::from_micros(at);
        let hash =
            JournalEntry { seq: seq.into(), at, body: body.clone(), prev, hash: [0; 32] }.computed_hash();
        let sql = "update entry set body = ?2, prev = ?3, hash = ?4 where seq = ?1";
        conn.execute(sql, rusqlite::params![seq, body, prev, hash]).unwrap();
        prev = hash;
    }
}

#[test]
fn a_journal_of_before_costs_and_setters_reads_the_same_and_counts_from_now_on() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    let open = || {
        let at = JournalAt::File(path.clone());
        SigningService::open(&at, &deployment(), caps(), ring(), NOW).unwrap()
    };
    let signer = open();
    let (pair, signature) = signer.paid(7, &payment("order-1", usd(10)));
    signer.sign_one(&void(8, &[])).unwrap();
    signer.stop(&Scope::All, Setter::Console, "long ago", NOW).unwrap();
    drop(signer);
    as_version_3(&path);
    let signer = open();
    assert_eq!(signer.verify(None).unwrap().err(), None, "the new tables say what the old entries say");
    assert_eq!(signer.sign_one(&pair).unwrap(), signature);
    signer.lift(&Scope::All, Setter::Engine, None, "the engine", NOW).unwrap();
    assert_eq!(signer.stops().unwrap().len(), 1, "nobody knows who set it: a person here lifts it");
    signer.lift(&Scope::All, Setter::Console, None, "over", NOW).unwrap();
    assert_eq!(
        refused(signer.sign_one(&void(8 + 600, &[]))),
        not_now("nonce_ahead"),
        "it knows how far it came"
    );
    signer.paid(9, &payment("order-2", usd(10)));
    assert_eq!(signer.verify(None).unwrap().err(), None);
}

#[test]
fn a_journal_of_the_first_program_gets_its_new_tables() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    let open = |ring| SigningService::open(&JournalAt::File(path.clone()), &deployment(), caps(), ring, NOW);
    let signer = open(ring()).unwrap();
    signer.admits(1, &[payment("order-1", usd(10))], NOW).remove(0).unwrap();
    drop(signer);
    let conn = rusqlite::Connection::open(&path).unwrap();
    conn.execute_batch(VERSION_3).unwrap();
    conn.execute_batch(
        "drop trigger no_attempt_by_a_barred_key; drop table bar; drop table shown; drop trigger ticket_never_shrinks;
         alter table ticket drop column slots; alter table ticket drop column minute; pragma user_version = 0;",
    )
    .unwrap();
    drop(conn);
    let signer = open(ring()).unwrap();
    assert!(signer.verify(None).unwrap().is_ok(), "what it held says the same in the new tables");
    signer.show(wallet(), [1; 32], NOW).unwrap().unwrap();
    drop(signer);
    let conn = rusqlite::Connection::open(&path).unwrap();
    conn.execute_batch("pragma user_version = 9;").unwrap();
    drop(conn);
    assert!(open(KeyRing::new()).is_err(), "a newer program's journal is not touched");
}
