//! Counts of what has ended (`withdrawal_tally`), which statistics read instead of the rows. They are kept in the commit that
//! ends a withdrawal, or opens it again because its proof's block left the chain (M16).
//!
//! Triggers did the same and cost a payout a quarter of its rate on PostgreSQL: each of the eight updates of a withdrawal kept
//! its rows for them. The counters are locked last in their transaction and in the order of their key, so that whoever waits
//! for one holds nothing that its holder still wants.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Serialize;
use sluice_core::moved::Moved;
use sluice_core::withdrawal::Withdrawal;
use sluice_core::withdrawal::status::project;

use crate::reader::stats::{DAY_US, HALF, HOUR_US};
use crate::row::table::Table;
use crate::sql::{Conn, EachRow, SqlError};

const TABLE: Table = Table {
    name: "withdrawal_tally",
    texts: &["partner_id", "status", "type", "asset"],
    ints: &["span", "start", "count", "high", "low"],
    blobs: &[],
};

static ADD: LazyLock<EachRow> = LazyLock::new(|| {
    TABLE.insert(
        "on conflict (partner_id, span, start, status, type, asset) do update set
         count = withdrawal_tally.count + excluded.count, high = withdrawal_tally.high + excluded.high,
         low = withdrawal_tally.low + excluded.low",
    )
});

/// Partner, span, start, status, type, asset: the order of the key.
type Key = (String, i64, i64, &'static str, &'static str, String);

#[derive(Serialize)]
struct Row {
    partner_id: String,
    span: i64,
    start: i64,
    status: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    asset: String,
    count: i64,
    high: i64,
    low: i64,
}

#[derive(Default)]
struct Sum {
    count: i64,
    high: i64,
    low: i64,
}

/// Counts what these steps have ended, and no longer what they have opened again. The last statement of a transaction.
pub(super) async fn write<'a>(
    conn: &mut Conn<'_>,
    steps: impl Iterator<Item = &'a Moved<Withdrawal>>,
) -> Result<(), SqlError> {
    let mut sums: BTreeMap<Key, Sum> = BTreeMap::new();
    // Errands of the house are none of what partners asked for.
    for step in steps.filter(|step| step.after().request.pinned_to.is_none()) {
        let was = step.before().filter(|before| before.state.terminal());
        let is = Some(step.after()).filter(|after| after.state.terminal());
        match (was, is) {
            (None, Some(ended)) => count(&mut sums, ended, 1),
            (Some(open_again), None) => count(&mut sums, open_again, -1),
            (None, None) | (Some(_), Some(_)) => {}
        }
    }
    if sums.is_empty() {
        return Ok(());
    }
    let row = |((partner_id, span, start, status, kind, asset), sum): (Key, Sum)| {
        let Sum { count, high, low } = sum;
        Row { partner_id, span, start, status, kind, asset, count, high, low }
    };
    let rows: Vec<Row> = sums.into_iter().map(row).collect();
    conn.run_each(&ADD, &rows).await?;
    Ok(())
}

fn count(sums: &mut BTreeMap<Key, Sum>, ended: &Withdrawal, sign: i64) {
    let (at, atoms) = (ended.accepted_at.micros(), ended.request.amount.atoms());
    for span in [HOUR_US, DAY_US] {
        let key = (
            ended.partner.to_string(),
            span,
            at.saturating_sub(at.rem_euclid(span)),
            // Whatever has ended shows its end, and no transfer of it.
            project(&ended.state, None).as_str(),
            ended.request.kind.as_str(),
            ended.request.asset.id.to_string(),
        );
        let sum = sums.entry(key).or_default();
        sum.count += sign;
        sum.high += sign * (atoms / HALF);
        sum.low += sign * (atoms % HALF);
    }
}
