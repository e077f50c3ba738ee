//! A check that cannot fail is worth nothing: one rule is off in the real program, and the judges of this harness and the
//! auditor notice what is theirs to notice, row by row of [`sluice_mutant::table`]. The whole program goes through the same
//! scene beside it, and nobody finds anything.

mod scenes;
mod seen;

use sluice_mutant::Mutant;
use sluice_mutant::table::{Look, Row, TABLE};

use crate::harness::Database;
use scenes::Journal;
use seen::Seen;

/// Both go through the scene, at the same time; each of those who look says what the table says.
async fn told_apart<S: Future<Output = Seen>>(mutant: Mutant, scene: impl Fn(Option<Mutant>) -> S) {
    let row = TABLE.into_iter().find(|row| row.mutant == mutant).expect("a row of the table");
    let (whole, broken) = tokio::join!(Box::pin(scene(None)), Box::pin(scene(Some(mutant))));
    eprintln!("{} whole: {whole:?}\n{} off: {broken:?}", row.rule, row.rule);
    assert_eq!(whole, Seen::default(), "{}: nothing is to be found where nothing is off", row.rule);
    as_the_table_says(&row, &broken);
}

fn as_the_table_says(row: &Row, broken: &Seen) {
    for (look, found) in [(row.harness, &broken.harness), (row.auditor, &broken.auditor)] {
        match look {
            Look::Notices(by) => assert!(found.contains(by), "{}: {by} is not among {found:?}", row.rule),
            Look::NotIts(_) => assert!(found.is_empty(), "{}: {found:?}", row.rule),
            Look::NotPlayed(_) => panic!("{}: it is played, and the table says that it is not", row.rule),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn m1_an_engine_that_recognises_nothing_pays_twice() {
    told_apart(Mutant::NoIdentity, scenes::asked_again_after_a_kill).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn m2_an_engine_that_sends_first_pays_what_it_calls_cancelled() {
    let scene = |broken| scenes::killed_between_signature_and_log(broken, Journal::Lost);
    told_apart(Mutant::SendsFirst, scene).await;
}

/// The rule is held twice. Off in the engine alone it costs nobody anything: the signer tells what it signed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn m2_an_engine_that_sends_first_loses_nothing_while_the_signer_logs_first() {
    let scene = scenes::killed_between_signature_and_log(Some(Mutant::SendsFirst), Journal::Kept);
    assert_eq!(scene.await, Seen::default());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn m4_an_engine_that_takes_the_living_for_dead_pays_twice() {
    told_apart(Mutant::ForgedDeath, scenes::paid_and_settled).await;
}

/// Two processes need PostgreSQL.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn m7_a_store_without_a_fence_takes_what_a_former_holder_writes() {
    let Some(database) = Database::postgres() else { return };
    told_apart(Mutant::NoFence, |broken| scenes::woken_after_its_lease(broken, database.clone())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn m8_an_engine_that_counts_nothing_pays_beyond_the_limit() {
    told_apart(Mutant::NoLimit, scenes::more_than_the_day_allows).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn m17_an_engine_that_reads_no_journal_pays_again_from_an_old_copy() {
    told_apart(Mutant::NoJournal, scenes::an_old_copy_put_back).await;
}
