//! The journal: crashes, tampering, export, and whose it is.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::Connection;
use sluice_core::address::EvmAddress;
use sluice_core::intent::DeploymentId;
use sluice_core::port::signer::SlotRecord;
use sluice_signer::key::MemoryKey;
use sluice_signer::{Fact, JournalAt, Key, KeyError, KeyRing, OpenError, Raw, SigningService, Tampered};

use crate::house::{
    Asked, NOW, SECRET, caps, deployment, never, not_now, pay, payment, refused, ring, ring_of, slot, usd,
    void,
};

/// A key that can be taken away between the reservation and the signature.
struct Flaky {
    key: MemoryKey,
    dead: AtomicBool,
}

impl Key for Flaky {
    fn address(&self) -> EvmAddress {
        self.key.address()
    }

    fn sign(&self, digest: &[u8; 32]) -> Result<Raw, KeyError> {
        if self.dead.load(Ordering::SeqCst) {
            return Err(KeyError::Down("the power is out".into()));
        }
        self.key.sign(digest)
    }
}

fn flaky() -> Arc<Flaky> {
    Arc::new(Flaky { key: MemoryKey::new(&SECRET).unwrap(), dead: AtomicBool::new(true) })
}

fn at(path: &Path) -> JournalAt {
    JournalAt::File(path.join("journal.db"))
}

fn open(path: &Path, ring: KeyRing) -> SigningService {
    SigningService::open(&at(path), &deployment(), caps(), ring, NOW).unwrap()
}

/// The file as anybody with a shell sees it.
fn behind_its_back(path: &Path, sql: &str) {
    let conn = Connection::open(path.join("journal.db")).unwrap();
    let guards = ["entry_never_changes", "entry_never_goes", "ticket_never_shrinks"];
    let script = guards.map(|trigger| format!("drop trigger {trigger};"));
    conn.execute_batch(&script.concat()).unwrap();
    conn.execute_batch(sql).unwrap();
}

#[test]
fn a_crash_between_reservation_and_signature_gives_the_same_signature_later() {
    let dir = tempfile::tempdir().unwrap();
    let approved = payment("order-1", usd(10));
    let asked = pay(0, &approved);
    let signer = open(dir.path(), ring_of(flaky()));
    signer.admits(1, std::slice::from_ref(&approved), NOW).remove(0).unwrap();
    assert_eq!(refused(signer.sign_one(&asked)), not_now("key_unavailable"));
    drop(signer);

    let signer = open(dir.path(), ring());
    let entries = signer.export(1, 100).unwrap();
    assert!(matches!(entries.last().unwrap().fact().unwrap(), Fact::Reserve(_)), "reserved, not signed");
    let signature = signer.sign_one(&asked).unwrap();
    let elsewhere = crate::house::signer();
    let (_, same) =
        (elsewhere.admits(1, std::slice::from_ref(&approved), NOW), elsewhere.sign_one(&asked).unwrap());
    assert_eq!(signature.raw, same.raw, "RFC 6979");
    let reserved = signer.export(1, 100).unwrap();
    assert_eq!(reserved.iter().filter(|entry| matches!(entry.fact().unwrap(), Fact::Reserve(_))).count(), 1);
    drop(signer);
    assert_eq!(open(dir.path(), ring()).sign_one(&asked).unwrap(), signature, "recorded for ever");
}

#[test]
fn what_was_reserved_and_never_signed_can_be_closed_and_then_stays_closed() {
    let key = flaky();
    let signer =
        SigningService::open(&JournalAt::Memory, &deployment(), caps(), ring_of(Arc::clone(&key) as _), NOW)
            .unwrap();
    let approved = payment("order-1", usd(10));
    signer.admits(1, std::slice::from_ref(&approved), NOW).remove(0).unwrap();
    let asked = pay(0, &approved);
    assert_eq!(refused(signer.sign_one(&asked)), not_now("key_unavailable"));
    assert_eq!(refused(signer.sign_one(&pay(1, &approved))), never("payment_other_slot"), "close it first");
    assert!(matches!(signer.closes(1, &slot(0), NOW), Ok(SlotRecord::Closed(_))));
    key.dead.store(false, Ordering::SeqCst);
    assert_eq!(refused(signer.sign_one(&asked)), never("closed"));
    assert_eq!(refused(signer.sign_one(&pay(1, &approved))), never("closed"), "its refusal closed it too");
    assert!(signer.sign_one(&pay(2, &approved)).is_ok());
    signer.verify(None).unwrap().unwrap();
}

#[test]
fn a_void_after_the_crash_bars_the_reserved_payment() {
    let key = flaky();
    let signer =
        SigningService::open(&JournalAt::Memory, &deployment(), caps(), ring_of(Arc::clone(&key) as _), NOW)
            .unwrap();
    let approved = payment("order-1", usd(10));
    signer.admits(1, std::slice::from_ref(&approved), NOW).remove(0).unwrap();
    let asked = pay(0, &approved);
    assert_eq!(refused(signer.sign_one(&asked)), not_now("key_unavailable"));
    key.dead.store(false, Ordering::SeqCst);
    signer.sign_one(&void(0, &[approved])).unwrap();
    assert_eq!(refused(signer.sign_one(&asked)), never("voided"));
}

#[test]
fn a_key_that_signs_for_another_account_is_not_believed() {
    struct Liar(MemoryKey, MemoryKey);
    impl Key for Liar {
        fn address(&self) -> EvmAddress {
            self.0.address()
        }
        fn sign(&self, digest: &[u8; 32]) -> Result<Raw, KeyError> {
            self.1.sign(digest)
        }
    }
    /// The same signature with the other s: valid for the curve, refused by every node (EIP-2).
    struct High(MemoryKey);
    impl Key for High {
        fn address(&self) -> EvmAddress {
            self.0.address()
        }
        fn sign(&self, digest: &[u8; 32]) -> Result<Raw, KeyError> {
            let raw = self.0.sign(digest)?;
            let n = sluice_core::amount::Units::from_str_radix(
                "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
                16,
            );
            let s = n.unwrap() - sluice_core::amount::Units::from_be_bytes(raw.s);
            Ok(Raw { s: s.to_be_bytes(), y_parity: !raw.y_parity, ..raw })
        }
    }
    let key = |secret| MemoryKey::new(secret).unwrap();
    let approved = payment("order-1", usd(10));
    let keys: [Arc<dyn Key>; 2] = [Arc::new(Liar(key(&SECRET), key(&[9; 32]))), Arc::new(High(key(&SECRET)))];
    for wrong in keys {
        let signer =
            SigningService::open(&JournalAt::Memory, &deployment(), caps(), ring_of(wrong), NOW).unwrap();
        signer.admits(1, std::slice::from_ref(&approved), NOW).remove(0).unwrap();
        assert_eq!(refused(signer.sign_one(&pay(0, &approved))), not_now("key_unavailable"));
    }
}

#[test]
fn a_journal_is_found_changed_cut_or_contradicted() {
    let dir = tempfile::tempdir().unwrap();
    let signer = open(dir.path(), ring());
    for nonce in 0..3 {
        signer.paid(nonce, &payment(&format!("order-{nonce}"), usd(10)));
    }
    let head = signer.verify(None).unwrap().unwrap();
    assert_eq!(signer.verify(Some(head)).unwrap(), Ok(head));
    drop(signer);

    let cases = [
        (
            "update entry set body = replace(body, '10000000', '10000001') where seq = 4",
            Tampered::Changed { seq: 4 },
        ),
        ("update entry set at = at + 1 where seq = 5", Tampered::Changed { seq: 5 }),
        ("pragma foreign_keys = off; delete from entry where seq = 4", Tampered::Missing { seq: 4 }),
        ("update slot set voided_by = 1 where id like '%/0'", Tampered::Table { table: "slot".into() }),
        ("delete from spent", Tampered::Table { table: "spent".into() }),
        ("update ticket set atoms = 1", Tampered::Table { table: "ticket".into() }),
    ];
    for (sql, expected) in cases {
        let copy = tempfile::tempdir().unwrap();
        std::fs::copy(dir.path().join("journal.db"), copy.path().join("journal.db")).unwrap();
        behind_its_back(copy.path(), sql);
        assert_eq!(open(copy.path(), ring()).verify(None).unwrap(), Err(expected), "{sql}");
    }

    // Cut with everything that hangs on it, the rest is a whole journal; only a head noted elsewhere tells.
    let cut = "delete from attempt where reserved_by >= 10; delete from entry where seq >= 10";
    let copy = tempfile::tempdir().unwrap();
    std::fs::copy(dir.path().join("journal.db"), copy.path().join("journal.db")).unwrap();
    behind_its_back(
        copy.path(),
        &format!(
            "pragma foreign_keys = off; drop trigger slot_never_goes; drop trigger reach_never_shrinks; {cut};
             delete from slot where id like '%/2'; delete from ticket where seq >= 10;
             update spent set atoms = 20000000; update opened set slots = 2; update reach set nonce = 1;
             update burned set gwei = gwei / 3 * 2"
        ),
    );
    let cut = open(copy.path(), ring());
    assert!(cut.verify(None).unwrap().is_ok());
    assert_eq!(cut.verify(Some(head)).unwrap(), Err(Tampered::Cut { seq: head.seq }));
}

#[test]
fn the_file_refuses_what_the_guard_should_have() {
    let dir = tempfile::tempdir().unwrap();
    let signer = open(dir.path(), ring());
    let approved = payment("order-1", usd(10));
    signer.paid(0, &approved);
    signer.sign_one(&void(1, &[])).unwrap();
    drop(signer);
    let conn = Connection::open(dir.path().join("journal.db")).unwrap();
    let refusals = [
        "update entry set at = 0",
        "delete from entry",
        "insert into entry values (99, 0, '', zeroblob(32), randomblob(32))",
        "update slot set payment_hash = zeroblob(32)",
        "delete from slot",
        "update wallet set epoch = epoch - 1",
        "update attempt set raw = x'00'",
        "insert into attempt (id, slot, kind, digest, reserved_by)
            select 'at_x', id, 'pay', zeroblob(32), 2 from slot where voided_by is not null",
        "insert into slot (id, wallet, payment_key, payment_hash)
            select 'second', wallet, payment_key, payment_hash from slot where payment_key is not null",
    ];
    for sql in refusals {
        assert!(conn.execute(sql, []).is_err(), "{sql}");
    }
}

#[test]
fn an_export_explains_every_attempt() {
    let signer = crate::house::signer();
    let approved = payment("order-1", usd(10));
    let (asked, signature) = signer.paid(0, &approved);
    let facts: Vec<_> = signer.export(1, 100).unwrap().iter().map(|entry| entry.fact().unwrap()).collect();
    let Some(Fact::Ticket { payment, .. }) = facts.iter().find(|fact| matches!(fact, Fact::Ticket { .. }))
    else {
        panic!("no ticket")
    };
    assert_eq!(*payment, approved.payment.canonical().json());
    let Some(Fact::Reserve(reserve)) = facts.iter().find(|fact| matches!(fact, Fact::Reserve(_))) else {
        panic!("no reservation")
    };
    assert_eq!(reserve.unsigned(), Some(asked.unsigned.clone()), "what the store had, to the last field");
    let Some(Fact::Signature { raw, attempt, .. }) = facts.last() else { panic!("no signature") };
    assert_eq!((raw, attempt), (&hex::encode(&signature.raw), &asked.request.attempt.to_string()));
    assert_eq!(signature.journal_seq, signer.head().unwrap().seq);

    let pages: Vec<_> = (1..=5).flat_map(|from| signer.export(from, 1).unwrap()).collect();
    assert_eq!(pages, signer.export(1, 5).unwrap());
    assert!(signer.export(99, 10).unwrap().is_empty());
}

#[test]
fn a_journal_belongs_to_one_deployment_one_process_and_its_wallets() {
    let dir = tempfile::tempdir().unwrap();
    let signer = open(dir.path(), ring());
    assert!(SigningService::open(&at(dir.path()), &deployment(), caps(), ring(), NOW).is_err(), "in use");
    drop(signer);
    let other = SigningService::open(&at(dir.path()), &DeploymentId("other".into()), caps(), ring(), NOW);
    assert!(matches!(other, Err(OpenError::OtherDeployment { found }) if found == "test"));
    let swapped = ring_of(Arc::new(MemoryKey::new(&[9; 32]).unwrap()));
    let swapped = SigningService::open(&at(dir.path()), &deployment(), caps(), swapped, NOW);
    assert!(matches!(swapped, Err(OpenError::Enrol(_))), "a wallet keeps its account");
    std::fs::write(dir.path().join("note.txt"), "no journal").unwrap();
    let note = JournalAt::File(dir.path().join("note.txt"));
    assert!(SigningService::open(&note, &deployment(), caps(), ring(), NOW).is_err());
}

#[test]
fn nobody_but_its_user_reads_the_journal() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let _open = open(dir.path(), ring());
    let mode = std::fs::metadata(dir.path().join("journal.db")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
