//! What a withdrawal took from counters is released once, into exactly those, when it ends (M8).
//!
//! Paid: what was reserved has become use and stays counted. Refused, cancelled or given up: it is given back. A
//! completion that is taken back (M16) takes back its release too.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Serialize;
use sluice_core::port::store::Change;
use sluice_core::withdrawal::State;

use super::{Context, cause};
use crate::row::table::Table;
use crate::sql::{Conn, EachRow, SqlError, slice};
use crate::{args, sql};

const RELEASES: Table =
    Table { name: "reservation", texts: &["withdrawal_id", "outcome"], ints: &["released_at"], blobs: &[] };
static GIVE_BACK: LazyLock<EachRow> = LazyLock::new(|| {
    EachRow::new(
        "update usage set used = used - :amount where key = :key".into(),
        "update usage set used = used - r.amount from json_to_recordset($1::json) as r(key text, amount bigint)
         where usage.key = r.key"
            .into(),
    )
});

static RELEASE: LazyLock<EachRow> = LazyLock::new(|| {
    RELEASES.update(
        &["outcome", "released_at"],
        &["withdrawal_id"],
        "and reservation.released_at is null returning usage_key, amount, reservation.outcome as outcome",
    )
});

#[derive(Serialize)]
struct Release {
    withdrawal_id: String,
    outcome: &'static str,
    released_at: i64,
}

#[derive(Serialize)]
struct Back {
    key: String,
    amount: i64,
}

pub(super) async fn settle(
    conn: &mut Conn<'_>,
    context: &Context,
    changes: &[Change],
) -> Result<(), SqlError> {
    let (mut releases, mut reopened) = (Vec::new(), Vec::new());
    for change in changes {
        let released_at = cause(change, context).at.micros();
        for step in &change.withdrawals {
            let ended_before = step.before().is_some_and(|before| before.state.terminal());
            let outcome = match &step.after().state {
                State::Paid(_) => "kept",
                State::Rejected(_) | State::Cancelled(_) | State::Failed(_) => "given_back",
                State::Requested
                | State::Held(_)
                | State::Approved(_)
                | State::Queued(_)
                | State::Assigned(_)
                | State::NeedsAttention(_) => {
                    if ended_before {
                        reopened.push(step.after().id);
                    }
                    continue;
                }
            };
            if !ended_before {
                releases.push(Release { withdrawal_id: step.after().id.to_string(), outcome, released_at });
            }
        }
    }
    if !reopened.is_empty() {
        let text = sql!(
            lite "update reservation set released_at = null, outcome = null
                  where outcome = 'kept' and withdrawal_id in (select value from json_each($1))",
            pg "update reservation set released_at = null, outcome = null
                where outcome = 'kept' and withdrawal_id in (select jsonb_array_elements_text($1::jsonb))",
            because "each database reads JSON in its own way"
        );
        conn.run(text, args![slice(reopened)]).await?;
    }
    if releases.is_empty() {
        return Ok(());
    }
    let mut back: BTreeMap<String, i64> = BTreeMap::new();
    for row in conn.rows_each(&RELEASE, &releases, args![]).await? {
        if row.text("outcome")? == "given_back" {
            let sum = back.entry(row.text("usage_key")?.to_owned()).or_default();
            *sum = sum.saturating_add(row.int("amount")?);
        }
    }
    give_back(conn, back).await
}

async fn give_back(conn: &mut Conn<'_>, back: BTreeMap<String, i64>) -> Result<(), SqlError> {
    if back.is_empty() {
        return Ok(());
    }
    lock(conn, back.keys().cloned().collect()).await?;
    let rows: Vec<Back> = back.into_iter().map(|(key, amount)| Back { key, amount }).collect();
    conn.run_each(&GIVE_BACK, &rows).await?;
    Ok(())
}

/// Locks counters in key order.
pub(crate) async fn lock(conn: &mut Conn<'_>, keys: Vec<String>) -> Result<(), SqlError> {
    if !conn.one_writer() {
        let text = sql!(
            "select key from usage where key in (select jsonb_array_elements_text($1::jsonb))
             order by key limit 100000 for update"
        );
        conn.run(text, args![slice(keys)]).await?;
    }
    Ok(())
}
