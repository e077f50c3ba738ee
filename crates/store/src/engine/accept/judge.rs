//! Counters of limits: locked, judged in order, bumped, and the reservations that remember what was taken (M8).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Serialize;
use sluice_core::amount::Amount;
use sluice_core::moved::{Moved, Refusal};
use sluice_core::policy::Decision;
use sluice_core::port::store::{Intake, StoreError};
use sluice_core::time::Timestamp;
use sluice_core::usage::{Draw, admit};
use sluice_core::withdrawal::{AttentionCode, Withdrawal};

use crate::row::cells::Cells;
use crate::row::table::Table;
use crate::sql::{Conn, EachRow, SqlError, slice};
use crate::{args, sql};

const USAGE: Table = Table { name: "usage", texts: &["key"], ints: &["used"], blobs: &[] };
static BEGIN: LazyLock<EachRow> = LazyLock::new(|| USAGE.insert("on conflict do nothing"));
static BUMP: LazyLock<EachRow> = LazyLock::new(|| USAGE.update(&["used"], &["key"], ""));

const RESERVATIONS: Table =
    Table { name: "reservation", texts: &["withdrawal_id", "usage_key"], ints: &["amount"], blobs: &[] };
static RESERVE: LazyLock<EachRow> = LazyLock::new(|| RESERVATIONS.insert(""));

const DECISIONS: Table = Table {
    name: "decision",
    texts: &["withdrawal_id", "outcome", "detail"],
    ints: &["number", "at"],
    blobs: &[],
};
static RECORD: LazyLock<EachRow> = LazyLock::new(|| DECISIONS.insert(""));

/// A request with its decision.
pub(super) struct Judged {
    pub(super) step: Moved<Withdrawal>,
    outcome: &'static str,
    detail: String,
    at: Timestamp,
    taken: Vec<Draw>,
}

/// Counters of a group, as they are and as they become.
pub(super) struct Counters {
    used: BTreeMap<String, Amount>,
    bumped: BTreeSet<String>,
}

#[derive(Serialize)]
struct UsageRow<'a> {
    key: &'a str,
    used: i64,
}

#[derive(Serialize)]
struct ReservationRow {
    withdrawal_id: String,
    usage_key: String,
    amount: i64,
}

#[derive(Serialize)]
struct DecisionRow<'a> {
    withdrawal_id: String,
    outcome: &'static str,
    detail: &'a str,
    number: i64,
    at: i64,
}

impl Counters {
    /// Reads the counters that the requests draw from, and holds them until the commit.
    pub(super) async fn of<'i>(
        conn: &mut Conn<'_>,
        intakes: impl Iterator<Item = &'i Intake>,
    ) -> Result<Self, SqlError> {
        let keys: BTreeSet<String> = intakes
            .filter_map(|intake| match &intake.decision {
                Decision::Pass { draws, .. } => Some(draws),
                Decision::Reject { .. } => None,
            })
            .flatten()
            .map(|draw| draw.key.text())
            .collect();
        let mut used = read(conn, &keys).await?;
        if used.len() < keys.len() {
            // The first draw of a window. What was locked stays so; in key order once more, with what is new.
            let zero: Vec<UsageRow<'_>> = keys.iter().map(|key| UsageRow { key, used: 0 }).collect();
            conn.run_each(&BEGIN, &zero).await?;
            used = read(conn, &keys).await?;
        }
        Ok(Self { used, bumped: BTreeSet::new() })
    }

    /// All draws fit and are taken, or the request is rejected by the first that does not and takes nothing.
    pub(super) fn judge(&mut self, intake: Intake) -> Result<Judged, SqlError> {
        let at = intake.cause.at;
        let withdrawal = intake.withdrawal.into_after();
        let refused = |error: Refusal| StoreError::Statement(error.to_string());
        let (draws, passed) = match intake.decision {
            Decision::Reject { code } => {
                let step = withdrawal.reject(code, at).map_err(refused)?;
                return Ok(Judged { step, outcome: "reject", detail: code.to_owned(), at, taken: vec![] });
            }
            Decision::Pass { draws, passed } => (draws, passed),
        };
        let mut after = BTreeMap::new();
        for draw in &draws {
            let key = draw.key.text();
            // Two draws of one request may share a counter.
            let before = after.get(&key).or_else(|| self.used.get(&key)).copied().unwrap_or_default();
            let Some(total) = admit(before, draw) else {
                let step = withdrawal.reject(draw.code, at).map_err(refused)?;
                let detail = format!("{}; {}", draw.code, passed.into_decision());
                return Ok(Judged { step, outcome: "reject", detail, at, taken: vec![] });
            };
            after.insert(key, total);
        }
        self.bumped.extend(after.keys().cloned());
        self.used.append(&mut after);
        let detail = passed.clone().into_decision();
        let step = withdrawal.approve(passed, at).map_err(refused)?;
        Ok(Judged { step, outcome: "pass", detail, at, taken: draws })
    }

    /// Its payment was made in a life that the store has lost: no limit is asked, a person is (M17). What it paid is paid, and counts.
    pub(super) fn recognised(&mut self, intake: Intake) -> Result<Judged, SqlError> {
        let at = intake.cause.at;
        let step = intake.withdrawal.into_after().recognise(false, at);
        self.for_a_person(step, AttentionCode::PaidBeforeRestore, intake.decision, at)
    }

    /// The store went back in time and does not know yet what it has lost, so it cannot know whether this was paid (M17). It
    /// counts as if it was, until a person gives it up.
    pub(super) fn doubted(&mut self, intake: Intake) -> Result<Judged, SqlError> {
        let at = intake.cause.at;
        let step = intake.withdrawal.into_after().doubt(true, at);
        self.for_a_person(step, AttentionCode::StoreWentBack, intake.decision, at)
    }

    /// Takes every draw, whether it fits or not: what a lost life has paid leaves less for others, and may leave nothing (M8).
    fn for_a_person(
        &mut self,
        step: Result<Moved<Withdrawal>, Refusal>,
        code: AttentionCode,
        decision: Decision,
        at: Timestamp,
    ) -> Result<Judged, SqlError> {
        let step = step.map_err(|error| StoreError::Statement(error.to_string()))?;
        let taken = match decision {
            Decision::Pass { draws, .. } => draws,
            Decision::Reject { .. } => vec![],
        };
        for draw in &taken {
            let key = draw.key.text();
            let used = self.used.entry(key.clone()).or_default();
            *used = used.saturating_add(draw.amount);
            self.bumped.insert(key);
        }
        Ok(Judged { step, outcome: "pass", detail: code.as_str().into(), at, taken })
    }

    /// Writes counters, reservations and the decisions.
    pub(super) async fn write(self, conn: &mut Conn<'_>, judged: &[Judged]) -> Result<(), SqlError> {
        let bumped = self.used.iter().filter(|(key, _)| self.bumped.contains(*key));
        let usage: Vec<UsageRow<'_>> =
            bumped.map(|(key, used)| UsageRow { key, used: used.atoms() }).collect();
        let reservations: Vec<ReservationRow> = judged.iter().flat_map(reserve).collect();
        let decisions: Vec<DecisionRow<'_>> = judged
            .iter()
            .map(|one| DecisionRow {
                withdrawal_id: one.step.after().id.to_string(),
                outcome: one.outcome,
                detail: &one.detail,
                number: 1,
                at: one.at.micros(),
            })
            .collect();
        if !usage.is_empty() {
            conn.run_each(&BUMP, &usage).await?;
            conn.run_each(&RESERVE, &reservations).await?;
        }
        conn.run_each(&RECORD, &decisions).await?;
        Ok(())
    }
}

/// Counters, held until the commit: locked in key order, and read as they are once they are locked.
async fn read(conn: &mut Conn<'_>, keys: &BTreeSet<String>) -> Result<BTreeMap<String, Amount>, SqlError> {
    let mut used = BTreeMap::new();
    if keys.is_empty() {
        return Ok(used);
    }
    let text = sql!(
        lite "select key, used from usage where key in (select value from json_each($1)) order by key limit $2",
        pg "select key, used from usage where key in (select jsonb_array_elements_text($1::jsonb))
            order by key limit $2 for update",
        because "SQLite has one writer; each database reads JSON in its own way"
    );
    let count = i64::try_from(keys.len()).unwrap_or(i64::MAX);
    for row in conn.rows(text, args![slice(keys), count]).await? {
        let amount = Cells::of("usage", "key", &row).amount("used").map_err(StoreError::from)?;
        used.insert(row.text("key")?.to_owned(), amount);
    }
    Ok(used)
}

/// What one request took, joined by counter.
fn reserve(judged: &Judged) -> Vec<ReservationRow> {
    let mut by_key: BTreeMap<String, i64> = BTreeMap::new();
    for draw in &judged.taken {
        let sum = by_key.entry(draw.key.text()).or_default();
        *sum = sum.saturating_add(draw.amount.atoms());
    }
    let withdrawal_id = judged.step.after().id.to_string();
    by_key
        .into_iter()
        .map(|(usage_key, amount)| ReservationRow { withdrawal_id: withdrawal_id.clone(), usage_key, amount })
        .collect()
}
