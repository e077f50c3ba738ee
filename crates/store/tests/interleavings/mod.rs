//! What the simulator cannot see: two connections to PostgreSQL, statement by statement.
//!
//! The simulator's store has one writer. Here two stores, each with connections of its own, meet in one real database: see
//! [`pair`] for how, [`books`] for what must be true afterwards. Each list below is exhaustive over its pairs and over every
//! statement of both operations.

mod books;
mod given_up;
mod idle;
mod intake;
mod lanes;
mod loans;
mod pair;
mod payments;
mod people;
mod wire;

use self::pair::{Ground, Pair};
use self::wire::Edit;

async fn hold(pairs: &[Pair]) {
    let Some(ground) = Ground::new(None).await else {
        eprintln!("skipped: SLUICE_TEST_POSTGRES_URL is not set");
        return;
    };
    let mut wrong = vec![];
    for pair in pairs {
        match ground.explore(pair).await {
            Ok(pauses) => println!("{}: {pauses} pauses", pair.name),
            Err(why) => wrong.push(format!("{}: {why}", pair.name)),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_meet_are_stored_and_counted_as_one_after_the_other() {
    hold(intake::PAIRS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn steps_to_a_slot_that_meet_are_taken_one_after_the_other() {
    hold(payments::BEGINNINGS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn steps_from_the_chains_answer_that_meet_are_taken_one_after_the_other() {
    hold(payments::ENDS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn holders_and_wallets_that_meet_act_one_after_the_other() {
    hold(lanes::PAIRS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn persons_that_meet_act_one_after_the_other() {
    hold(people::PAIRS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn loans_that_meet_below_a_bound_are_charged_one_after_the_other() {
    hold(loans::PAIRS).await;
}

/// What is taken out: of our own statements on their way to the server, or of the schema.
enum Without {
    Text(Edit),
    Rule(&'static str),
}

const WITHOUT: &[(Without, &str, &[Pair])] = &[
    (Without::Text((" for update", "")), "two requests at the limit", intake::PAIRS),
    (Without::Text((" for share", "")), "a lane's turn and a takeover", lanes::PAIRS),
    (Without::Text((" for no key update", "")), "a lane builds and a partner cancels", payments::BEGINNINGS),
    (Without::Text((" for no key update", "")), "a payment is settled twice", payments::ENDS),
    (
        Without::Text(("withdrawal.version = r.was", "true")),
        "a lane plans and a partner cancels",
        payments::BEGINNINGS,
    ),
    (
        Without::Text((") > $4 limit 1", ") > $4 limit 0")),
        "two loans on account for the last of a bound",
        loans::PAIRS,
    ),
    (
        Without::Rule("drop index m1_one_transfer_per_slot"),
        "two transfers are built with one nonce",
        payments::BEGINNINGS,
    ),
    (
        Without::Rule("alter table paid_log drop constraint paid_log_pkey"),
        "one log settles two payments",
        payments::ENDS,
    ),
    (
        Without::Rule("drop trigger m4_no_slot_beside_a_live_one on transfer_item"),
        "a slot lives again and another is planned",
        payments::ENDS,
    ),
    (Without::Rule("drop index command_one_open"), "two persons ask for one thing", people::PAIRS),
];

/// A check that cannot fail is worth nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_a_version_or_a_rule_left_out_is_noticed() {
    for (without, name, pairs) in WITHOUT {
        let (edit, what) = match without {
            Without::Text(edit) => (Some(*edit), edit.0),
            Without::Rule(script) => (None, *script),
        };
        let Some(ground) = Ground::new(edit).await else { return };
        if let Without::Rule(script) = without {
            ground.tamper(script).await;
        }
        let pair = pairs.iter().find(|pair| pair.name == *name).unwrap();
        let found = ground.explore(pair).await;
        assert_eq!(ground.edited(), edit.is_some(), "{what:?} is no text of ours any more");
        assert!(found.is_err(), "{what:?} was left out and nobody noticed: {name}");
    }
}
