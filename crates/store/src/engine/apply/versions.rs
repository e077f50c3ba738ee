//! Whether what a change steps is still as its caller had read it.

use std::collections::BTreeSet;

use serde::Serialize;
use sluice_core::port::store::Change;

use super::super::limit;
use crate::sql::{Conn, Sql, SqlError, json};
use crate::{args, sql};

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Expected {
    id: String,
    version: i64,
}

macro_rules! as_expected {
    ($table:literal) => {
        sql!(
            lite concat!("with t as (select id, version from ", $table, ")",
                " select t.id, t.version from json_each($1) as r
                  join t on t.id = r.value->>'id' and t.version = r.value->>'version' limit $2"),
            pg concat!("with t as (select id, version from ", $table, ")",
                " select t.id, t.version from json_to_recordset($1::json) as r(id text, version bigint)
                  join t on t.id = r.id and t.version = r.version limit $2"),
            because "each database reads JSON in its own way"
        )
    };
}

/// What one change steps, by table.
#[derive(Default)]
struct Steps {
    wallets: Vec<Expected>,
    commands: Vec<Expected>,
    needs: Vec<Expected>,
    orders: Vec<Expected>,
    loans: Vec<Expected>,
    hand_outs: Vec<Expected>,
    requests: Vec<Expected>,
    transfers: Vec<Expected>,
    withdrawals: Vec<Expected>,
}

impl Steps {
    fn of(change: &Change) -> Self {
        fn expected(id: impl ToString, version: i64) -> Expected {
            Expected { id: id.to_string(), version }
        }
        let wallets = change.wallets.iter().filter_map(|step| step.before());
        let commands = change.commands.iter().filter_map(|step| step.before());
        let needs = change.needs.iter().filter_map(|step| step.before());
        let orders = change.orders.iter().filter_map(|step| step.before());
        let loans = change.loans.iter().filter_map(|step| step.before());
        let hand_outs = change.hand_outs.iter().filter_map(|step| step.before());
        let requests = change.requests.iter().filter_map(|step| step.before());
        let transfers = change.transfers.iter().filter_map(|step| step.before());
        let withdrawals = change.withdrawals.iter().filter_map(|step| step.before());
        Self {
            wallets: wallets.map(|it| expected(it.id, it.version)).collect(),
            commands: commands.map(|it| expected(it.id, it.version)).collect(),
            needs: needs.map(|it| expected(it.id, it.version)).collect(),
            orders: orders.map(|it| expected(it.id, it.version)).collect(),
            loans: loans.map(|it| expected(it.need, it.version)).collect(),
            hand_outs: hand_outs.map(|it| expected(it.id, it.version)).collect(),
            requests: requests.map(|it| expected(it.id, it.version)).collect(),
            transfers: transfers.map(|it| expected(it.id, it.version)).collect(),
            withdrawals: withdrawals.map(|it| expected(it.id, it.version)).collect(),
        }
    }
}

/// Of each change, whether anything it steps has moved since.
pub(super) async fn stale(conn: &mut Conn<'_>, changes: &[Change]) -> Result<Vec<bool>, SqlError> {
    let steps: Vec<Steps> = changes.iter().map(Steps::of).collect();
    let mut stale = vec![false; changes.len()];
    type Of = fn(&Steps) -> &[Expected];
    let tables: [(&Sql, Of); 9] = [
        (as_expected!("wallet"), |steps| &steps.wallets),
        (as_expected!("command"), |steps| &steps.commands),
        (as_expected!("energy_need"), |steps| &steps.needs),
        (as_expected!("energy_order"), |steps| &steps.orders),
        (as_expected!("energy_loan"), |steps| &steps.loans),
        (as_expected!("hand_out"), |steps| &steps.hand_outs),
        (as_expected!("energy_request"), |steps| &steps.requests),
        (as_expected!("transfer"), |steps| &steps.transfers),
        (as_expected!("withdrawal"), |steps| &steps.withdrawals),
    ];
    for (text, of) in tables {
        let expected: BTreeSet<&Expected> = steps.iter().flat_map(of).collect();
        if expected.is_empty() {
            continue;
        }
        let expected: Vec<&Expected> = expected.into_iter().collect();
        let rows = conn.rows(text, args![json(&expected)?, limit(expected.len() + 1)]).await?;
        let there = rows
            .iter()
            .map(|row| Ok(Expected { id: row.text("id")?.to_owned(), version: row.int("version")? }))
            .collect::<Result<BTreeSet<_>, SqlError>>()?;
        for (steps, stale) in steps.iter().zip(&mut stale) {
            *stale |= of(steps).iter().any(|it| !there.contains(it));
        }
    }
    Ok(stale)
}

/// What changes of a batch would have made, and have not. A later one of the batch may step from there: that version may exist all
/// the same, made by somebody else of something else.
#[derive(Default)]
pub(super) struct Unmade(BTreeSet<(&'static str, String, i64)>);

impl Unmade {
    /// Whether a change steps what was not made.
    pub(super) fn is_under(&self, change: &Change) -> bool {
        let mut steps = steps(change).into_iter();
        steps.any(|(of, id, before, _)| before.is_some_and(|version| self.0.contains(&(of, id, version))))
    }

    /// It was not made.
    pub(super) fn note(&mut self, change: &Change) {
        self.0.extend(steps(change).into_iter().map(|(of, id, _, after)| (of, id, after)));
    }
}

/// Names of all that a change steps.
pub(super) fn stepped(change: &Change) -> impl Iterator<Item = String> {
    steps(change).into_iter().map(|(of, id, ..)| format!("{of} {id}"))
}

/// Of what, its name, its version before unless it is born, and after.
type Step = (&'static str, String, Option<i64>, i64);

fn steps(change: &Change) -> Vec<Step> {
    let mut all = Vec::new();
    macro_rules! take {
        ($($of:ident by $id:ident),+) => {$(
            all.extend(change.$of.iter().map(|step| {
                let (before, after) = (step.before().map(|it| it.version), step.after());
                (stringify!($of), after.$id.to_string(), before, after.version)
            }));
        )+};
    }
    take!(wallets by id, commands by id, needs by id, orders by id, loans by need, hand_outs by id, requests by id);
    take!(transfers by id, withdrawals by id);
    all
}
