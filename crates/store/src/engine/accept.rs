//! A request is stored once (M1), judged against its counters in the commit that stores it (M8).
//!
//! Requests come in groups: on PostgreSQL those that wait for the same commit, on SQLite each its own job of the writer
//! thread. Within a group: insert what is new, lock the counters of the new ones in key order, fold over them in their
//! order, so that exactly as many pass as fit; then answer what is not new. A refused request is stored as
//! `rejected`: it refuses itself alone, and spends its ids.

mod judge;
mod known;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use sluice_core::event::{Cause, of_withdrawal};
use sluice_core::id::WithdrawalId;
use sluice_core::intent::PaymentKey;
use sluice_core::moved::Moved;
use sluice_core::port::store::{Accepted, Intake, StoreError};
use sluice_core::withdrawal::Withdrawal;
use sluice_core::withdrawal::status::project;

use self::judge::{Counters, Judged};
use super::Context;
use super::apply::events;
use super::journal;
use crate::args;
use crate::db::Db;
use crate::row::table::json;
use crate::row::withdrawal::{MUTABLE, TABLE, WithdrawalRow};
use crate::sql::{Conn, Sql, SqlError};

static INSERT: LazyLock<Sql> = LazyLock::new(|| TABLE.insert("on conflict do nothing returning id"));
static DECIDE: LazyLock<Sql> = LazyLock::new(|| TABLE.update(MUTABLE, &["id", "was"], ""));

/// One request. Where the backend has a committer, it shares a commit with whatever waits beside it.
pub(super) async fn one(db: &Db, intake: Intake) -> Result<Accepted, StoreError> {
    #[cfg(feature = "postgres")]
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
    let fresh = insert(conn, &intakes).await?;
    let (news, known): (Vec<_>, Vec<_>) = intakes
        .into_iter()
        .enumerate()
        .partition(|(_, intake)| fresh.contains(&intake.withdrawal.after().id));
    let mut answers = if news.is_empty() { BTreeMap::new() } else { judged(conn, context, news).await? };
    // After the new ones are decided: one of them may be what another request of this group names.
    for (place, intake) in known {
        answers.insert(place, known::answer(conn, &intake).await?);
    }
    Ok(answers.into_values().collect())
}

/// Judges what was just inserted; the answers by their place in the group.
async fn judged(
    conn: &mut Conn<'_>,
    context: &Context,
    news: Vec<(usize, Intake)>,
) -> Result<BTreeMap<usize, Accepted>, SqlError> {
    let mut answers = BTreeMap::new();
    let lost = lost(conn, &news).await?;
    let went_back = journal::pending(conn).await?.is_some();
    let mut counters = Counters::of(conn, news.iter().map(|(_, intake)| intake)).await?;
    let mut judged = Vec::with_capacity(news.len());
    let mut causes = Vec::with_capacity(news.len());
    let mut happened = Vec::new();
    for (place, intake) in news {
        let born = intake.withdrawal.clone();
        let cause = intake.cause.clone();
        let one = if lost.contains(&intake.withdrawal.after().key) {
            Judged::recognised(intake)?
        } else if went_back {
            Judged::doubted(intake)?
        } else {
            counters.judge(intake)?
        };
        happened.extend(of_withdrawal(&born, None, None).map(|event| (causes.len(), event)));
        happened.extend(of_withdrawal(&one.step, None, None).map(|event| (causes.len(), event)));
        answers.insert(place, Accepted::New(Box::new(one.step.after().clone())));
        judged.push(one);
        causes.push(cause);
    }
    decide(conn, &judged, &causes).await?;
    counters.write(conn, &judged).await?;
    events::write(conn, context, happened, &causes).await?;
    Ok(answers)
}

/// Which of the new ones ask for a payment whose attempts a restored store has lost (M17).
async fn lost(conn: &mut Conn<'_>, news: &[(usize, Intake)]) -> Result<BTreeSet<PaymentKey>, SqlError> {
    let keys: Vec<PaymentKey> = news.iter().map(|(_, intake)| intake.withdrawal.after().key).collect();
    let lost = journal::lost_payments(conn, &keys).await?;
    Ok(lost.into_iter().map(|payment| payment.key).collect())
}

/// Inserts what is new; the ids that are. Two requests of one group may carry the same ids: the first wins.
async fn insert(conn: &mut Conn<'_>, intakes: &[Intake]) -> Result<BTreeSet<WithdrawalId>, SqlError> {
    let mut rows = intakes
        .iter()
        .map(|intake| row(&intake.withdrawal, intake.idempotency_key.as_deref(), &intake.cause, None))
        .collect::<Result<Vec<_>, _>>()?;
    // In key order, so that two groups that hold the same ids wait for each other in one direction only. The sort keeps
    // the order of arrival between equals.
    rows.sort_by(|a, b| (&a.partner_id, &a.external_id).cmp(&(&b.partner_id, &b.external_id)));
    let mut fresh = BTreeSet::new();
    for row in conn.rows(&INSERT, args![json(&rows)?]).await? {
        let id = WithdrawalId::parse(row.text("id")?);
        fresh.insert(id.map_err(|error| StoreError::Statement(error.to_string()))?);
    }
    Ok(fresh)
}

/// Writes what was decided over the rows just inserted.
async fn decide(conn: &mut Conn<'_>, judged: &[Judged], causes: &[Cause]) -> Result<(), SqlError> {
    let rows = judged
        .iter()
        .zip(causes)
        .map(|(one, cause)| row(&one.step, None, cause, one.step.before().map(|before| before.version)))
        .collect::<Result<Vec<_>, _>>()?;
    if conn.run(&DECIDE, args![json(&rows)?]).await? == rows.len() as u64 {
        return Ok(());
    }
    Err(StoreError::Statement("a withdrawal moved inside the transaction that made it".into()).into())
}

fn row(
    step: &Moved<Withdrawal>,
    idempotency_key: Option<&str>,
    cause: &Cause,
    was: Option<i64>,
) -> Result<WithdrawalRow, SqlError> {
    let status = project(&step.after().state, None);
    let row = WithdrawalRow::of(step.after(), status, idempotency_key, cause.at.micros(), was);
    row.map_err(|error| StoreError::Statement(error.to_string()).into())
}
