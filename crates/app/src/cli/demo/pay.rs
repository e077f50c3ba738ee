//! Asks for every payment of the list, and follows them to their ends.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt as _;
use sluice_api::status::Status;
use sluice_api::text::Decimal;
use sluice_api::withdrawal::{CreateWithdrawal, Withdrawal};
use sluice_core::time::Timestamp;

use super::bars::{Bars, Standing};
use super::order::Order;
use crate::cli::fail::Fail;
use crate::cli::follow::{CALLS_MAX, Follow, LOOK, feed_end};
use crate::cli::screen::Screen;
use crate::cli::session::Session;
use crate::cli::words::{pick, say};

/// Whom the payments are for.
const USER: &str = "demo";
/// Between two tries of one creation that the server could not take.
const AGAIN: Duration = Duration::from_secs(1);

/// How long prices of energy are waited for, milliseconds.
const PRICE_MS: i64 = 5_000;

/// In place of a code: the time was over before the server answered. It may have taken the order all the same.
const NO_ANSWER: &str = "no_answer";

/// What became of an order.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Accepted; as it was last read.
    Taken(Box<Withdrawal>),
    /// Not accepted, with the code of the refusal.
    Refused(String),
}

/// What became of all of them.
#[derive(Debug)]
pub(super) struct Paid {
    /// One for each order, in the order of the list.
    pub(super) outcomes: Vec<Outcome>,
    /// From the first call to the last end.
    pub(super) elapsed_ms: i64,
}

/// Pays.
///
/// # Errors
/// What following fails with, when waiting does not mend it.
pub(super) async fn run(
    session: &Session,
    screen: &Screen,
    orders: &[Order],
    timeout_ms: i64,
) -> Result<Paid, Fail> {
    let after = feed_end(&session.client).await.map_err(|error| session.failed(error))?;
    let started = session.now();
    let until = started.plus_ms(timeout_ms);
    let mut bars = Bars::of(screen, orders.len(), started);
    let mut follow = Follow::new(session, after);
    let mut asked: BTreeMap<usize, Result<String, Fail>> = BTreeMap::new();
    let mut creations = futures_util::stream::iter(orders.iter().enumerate())
        .map(|(at, order)| async move { (at, create(session, order).await) })
        .buffer_unordered(CALLS_MAX);
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while asked.len() < orders.len() || waiting(&follow) {
        let left = left(until, session.now());
        tokio::select! {
            biased;
            () = tokio::time::sleep(left) => break,
            Some((at, made)) = creations.next() => {
                let id = made.map(|withdrawal| {
                    let id = withdrawal.id.clone();
                    follow.add(withdrawal);
                    id
                });
                asked.insert(at, id);
            }
            _ = look.tick() => {
                // A server that hangs does not keep us past the time we were given.
                let Ok(turned) = tokio::time::timeout(left, follow.turn()).await else { break };
                turned?;
                bars.show(standing(&follow, orders.len(), &asked), session.now());
            }
        }
    }
    drop(creations);
    let ended = session.now();
    bars.finish(standing(&follow, orders.len(), &asked), ended);
    if asked.len() < orders.len() || waiting(&follow) {
        screen.note(pick(
            screen.lang,
            "Not all of them have ended in time; they go on. See `sluice why <id>`.",
            "제한 시간 안에 모두 끝나지 않았지만 계속 처리됩니다. `sluice why <id>`로 확인하세요.",
        ));
    }
    told_refusals(screen, &asked);
    let mut outcomes = outcomes(&follow, orders.len(), asked);
    priced(session, &mut outcomes).await;
    Ok(Paid { outcomes, elapsed_ms: ended.since_ms(started) })
}

/// Looks again at what has been paid and whose energy has no price yet: it gets one once a solid block shows the energy. What
/// still has none after a while is shown without.
async fn priced(session: &Session, outcomes: &mut [Outcome]) {
    let until = session.now().plus_ms(PRICE_MS);
    for outcome in outcomes {
        let Outcome::Taken(withdrawal) = outcome else { continue };
        let open = |it: &Withdrawal| it.receipt.as_ref().is_some_and(|receipt| receipt.energy_cost.is_none());
        while withdrawal.status == Status::Completed && open(withdrawal) && session.now() < until {
            tokio::time::sleep(AGAIN).await;
            // An answer that does not come leaves what is known.
            if let Ok(now) = session.client.withdrawal(&withdrawal.id).await {
                **withdrawal = now;
            }
        }
    }
}

fn left(until: Timestamp, now: Timestamp) -> Duration {
    Duration::from_millis(u64::try_from(until.since_ms(now)).unwrap_or(0))
}

/// Asks for one payment until it is taken or refused for good. The external id makes every repetition the same payment.
async fn create(session: &Session, order: &Order) -> Result<Withdrawal, Fail> {
    let body = CreateWithdrawal {
        external_id: order.external_id.clone(),
        user_id: USER.to_owned(),
        asset: order.asset.clone(),
        amount: Decimal::new(order.amount.clone()),
        address: order.address.clone(),
        kind: None,
        memo: None,
        scheduled_for: None,
        metadata: None,
    };
    loop {
        match session.client.create_withdrawal(&body, None).await {
            Ok(withdrawal) => return Ok(withdrawal),
            Err(error) if error.is_retryable() => tokio::time::sleep(AGAIN).await,
            Err(error) => return Err(session.failed(error)),
        }
    }
}

/// Whether anything is worth waiting for. One that needs a person will not move by itself.
fn waiting(follow: &Follow<'_>) -> bool {
    follow.watched().values().any(|it| !it.over() && it.status != Status::NeedsAttention)
}

fn standing(follow: &Follow<'_>, count: usize, asked: &BTreeMap<usize, Result<String, Fail>>) -> Standing {
    let mut counts: BTreeMap<Status, usize> = BTreeMap::new();
    for watched in follow.watched().values() {
        *counts.entry(watched.status).or_default() += 1;
    }
    // Ids sort by time: the first one still open has waited longest.
    let oldest = follow.watched().values().find(|it| !it.over());
    Standing {
        counts,
        unasked: count - asked.len(),
        refused: asked.values().filter(|made| made.is_err()).count(),
        waits: oldest.and_then(|it| it.withdrawal.waiting_for.as_ref()).map(|waiting| waiting.kind),
        gone: follow.gone(),
    }
}

fn outcomes(
    follow: &Follow<'_>,
    count: usize,
    mut asked: BTreeMap<usize, Result<String, Fail>>,
) -> Vec<Outcome> {
    let outcome = |at: usize| match asked.remove(&at) {
        Some(Err(fail)) => Outcome::Refused(fail.code()),
        Some(Ok(id)) => match follow.watched().get(&id) {
            Some(watched) => Outcome::Taken(Box::new(watched.withdrawal.clone())),
            None => Outcome::Refused(NO_ANSWER.to_owned()),
        },
        None => Outcome::Refused(NO_ANSWER.to_owned()),
    };
    (0..count).map(outcome).collect()
}

/// Says why orders were refused: equal refusals once.
fn told_refusals(screen: &Screen, asked: &BTreeMap<usize, Result<String, Fail>>) {
    let mut kinds: BTreeMap<String, (usize, &Fail)> = BTreeMap::new();
    for fail in asked.values().filter_map(|made| made.as_ref().err()) {
        kinds.entry(fail.code()).or_insert((0, fail)).0 += 1;
    }
    for (count, fail) in kinds.into_values() {
        screen.note(&say!(
            screen.lang,
            "{count} of the orders were not accepted:",
            "{count}건이 접수되지 않았습니다:"
        ));
        screen.fail(fail);
    }
}
