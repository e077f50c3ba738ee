//! A request is stored once (M1), judged against its counters in the commit that stores it (M8).
//!
//! Requests come in groups: those that wait for the same commit. Within a group: look up what is known, lock the counters
//! of the new ones in key order, fold over them in their order, so that exactly as many pass as fit, and insert each as it
//! was judged; then answer what is not new. What another process stored between the look and the insert sends the whole
//! group back to the look. A refused request is stored as `rejected`: it refuses itself alone, and spends its ids.

mod judge;
mod known;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use sluice_core::event::{Cause, of_withdrawal};
use sluice_core::intent::PaymentKey;
use sluice_core::moved::Moved;
use sluice_core::port::store::{Accepted, Intake, StoreError};
use sluice_core::withdrawal::Withdrawal;
use sluice_core::withdrawal::status::project;

use self::judge::Counters;
use super::Context;
use super::apply::events;
use super::{journal, tally};
use crate::args;
use crate::db::Db;
use crate::row::withdrawal::{TABLE, WithdrawalRow};
use crate::sql::{Conn, EachRow, SqlError};

static INSERT: LazyLock<EachRow> = LazyLock::new(|| TABLE.insert("on conflict do nothing returning id"));

/// One request. Where the backend has many callers at a time, it shares a commit with whatever waits beside it.
pub(super) async fn one(db: &Db, intake: Intake) -> Result<Accepted, StoreError> {
    if let Some(groups) = db.groups() {
        return groups.accept.ask(intake).await;
    }
    let context = db.context();
    let mut answers =
        db.write(move |conn| Box::pin(async move { group(conn, &context, vec![intake]).await })).await?;
    if let Some(meter) = db.observer.get() {
        meter.accepted(&answers);
    }
    answers.pop().ok_or_else(|| StoreError::Statement("a group of one has no answer".into()))
}

/// A group of requests; one answer each, in order.
pub(super) async fn group(
    conn: &mut Conn<'_>,
    context: &Context,
    intakes: Vec<Intake>,
) -> Result<Vec<Accepted>, SqlError> {
    let known = known::places(conn, &intakes).await?;
    let (known, news): (Vec<_>, Vec<_>) =
        intakes.into_iter().enumerate().partition(|(place, _)| known.contains(place));
    let mut answers = if news.is_empty() { BTreeMap::new() } else { judged(conn, context, news).await? };
    // After the new ones are stored: one of them may be what another request of this group names.
    for (place, intake) in known {
        answers.insert(place, known::answer(conn, &intake).await?);
    }
    Ok(answers.into_values().collect())
}

/// Judges what is new and stores it; the answers by their place in the group.
async fn judged(
    conn: &mut Conn<'_>,
    context: &Context,
    news: Vec<(usize, Intake)>,
) -> Result<BTreeMap<usize, Accepted>, SqlError> {
    let mut answers = BTreeMap::new();
    let lost = lost(conn, &news).await?;
    let went_back = journal::pending(conn).await?.is_some();
    let mut counters = Counters::of(conn, news.iter().map(|(_, intake)| intake)).await?;
    let (mut judged, mut rows) = (Vec::with_capacity(news.len()), Vec::with_capacity(news.len()));
    let mut causes = Vec::with_capacity(news.len());
    let mut happened = Vec::new();
    for (place, intake) in &news {
        let (born, cause) = (intake.withdrawal.clone(), intake.cause.clone());
        let one = if lost.contains(&intake.withdrawal.after().key) {
            counters.recognised(intake.clone())?
        } else if went_back {
            counters.doubted(intake.clone())?
        } else {
            counters.judge(intake.clone())?
        };
        rows.push(row(&one.step, intake.idempotency_key.as_deref(), &cause)?);
        happened.extend(of_withdrawal(&born, None, None).map(|event| (causes.len(), event)));
        happened.extend(of_withdrawal(&one.step, None, None).map(|event| (causes.len(), event)));
        answers.insert(*place, Accepted::New(Box::new(one.step.after().clone())));
        judged.push(one);
        causes.push(cause);
    }
    insert(conn, rows, &news).await?;
    counters.write(conn, &judged).await?;
    events::write(conn, context, happened, &causes).await?;
    tally::write(conn, judged.iter().map(|one| &one.step)).await?;
    Ok(answers)
}

/// Which of the new ones ask for a payment whose attempts a restored store has lost (M17).
async fn lost(conn: &mut Conn<'_>, news: &[(usize, Intake)]) -> Result<BTreeSet<PaymentKey>, SqlError> {
    let keys: Vec<PaymentKey> = news.iter().map(|(_, intake)| intake.withdrawal.after().key).collect();
    let lost = journal::lost_payments(conn, &keys).await?;
    Ok(lost.into_iter().map(|payment| payment.key).collect())
}

/// Inserts all of them, or sends the group back.
async fn insert(
    conn: &mut Conn<'_>,
    mut rows: Vec<WithdrawalRow>,
    news: &[(usize, Intake)],
) -> Result<(), SqlError> {
    // In key order, so that two groups that hold the same ids wait for each other in one direction only.
    rows.sort_by(|a, b| (&a.partner_id, &a.external_id).cmp(&(&b.partner_id, &b.external_id)));
    let inserted = conn.rows_each(&INSERT, &rows, args![]).await?;
    if inserted.len() == rows.len() {
        return Ok(());
    }
    let ids = inserted.iter().map(|row| row.text("id")).collect::<Result<BTreeSet<_>, _>>()?;
    for (_, intake) in
        news.iter().filter(|(_, intake)| !ids.contains(&*intake.withdrawal.after().id.to_string()))
    {
        // Its names were free a moment ago. Either another process has stored them since, or its own id is taken, which
        // no second look mends.
        known::answer(conn, intake).await?;
    }
    Err(SqlError::Retry("another process stored one of these requests".into()))
}

fn row(
    step: &Moved<Withdrawal>,
    idempotency_key: Option<&str>,
    cause: &Cause,
) -> Result<WithdrawalRow, SqlError> {
    let status = project(&step.after().state, None);
    let row = WithdrawalRow::of(step.after(), status, idempotency_key, cause.at.micros(), None);
    row.map_err(|error| StoreError::Statement(error.to_string()).into())
}
