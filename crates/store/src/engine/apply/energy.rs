//! Steps of needs, orders and loans of energy, what explains them, and what was paid in at vendors.

use std::sync::LazyLock;

use sluice_core::energy::{Origin, of_credit, of_loan, of_need, of_order, of_request};
use sluice_core::port::store::{Change, StoreError};

use super::super::Context;
use super::{Happened, Written, cause, topups};
use crate::row::energy::{
    ARRIVALS, ArrivalRow, LOAN_MOVES, LOANS, LoanRow, NEED_ENDS, NEEDS, NeedRow, ORDER_MOVES, ORDERS,
    OrderRow, REQUEST_ITEMS, REQUEST_MOVES, REQUESTS, RequestItemRow, RequestRow, sun,
};
use crate::sql::{Conn, EachRow, SqlError};
use crate::{args, sql};

static NEW_NEED: LazyLock<EachRow> = LazyLock::new(|| NEEDS.insert(""));
static NEED_STEP: LazyLock<EachRow> = LazyLock::new(|| NEEDS.update(NEED_ENDS, &["id", "was"], ""));
static NEW_ORDER: LazyLock<EachRow> = LazyLock::new(|| ORDERS.insert(""));
static NEW_LOAN: LazyLock<EachRow> = LazyLock::new(|| LOANS.insert(""));
static LOAN_STEP: LazyLock<EachRow> = LazyLock::new(|| LOANS.update(LOAN_MOVES, &["id", "was"], ""));
static ORDER_STEP: LazyLock<EachRow> = LazyLock::new(|| ORDERS.update(ORDER_MOVES, &["id", "was"], ""));

static NEW_REQUEST: LazyLock<EachRow> = LazyLock::new(|| REQUESTS.insert(""));
static REQUEST_STEP: LazyLock<EachRow> = LazyLock::new(|| REQUESTS.update(REQUEST_MOVES, &["id", "was"], ""));
static NEW_ITEM: LazyLock<EachRow> = LazyLock::new(|| REQUEST_ITEMS.insert(""));
static ITEM_STEP: LazyLock<EachRow> =
    LazyLock::new(|| REQUEST_ITEMS.update(&["open"], &["request_id", "withdrawal_id"], ""));
static NEW_ARRIVAL: LazyLock<EachRow> = LazyLock::new(|| ARRIVALS.insert(""));

/// What ends is written before what begins: the one may make room for the other.
pub(super) async fn write(
    conn: &mut Conn<'_>,
    context: &Context,
    changes: &[Change],
    happened: &mut Happened,
) -> Result<Written, SqlError> {
    let failed = |error: serde_json::Error| StoreError::Statement(error.to_string());
    let (mut ended, mut opened, mut moved, mut planned) = (vec![], vec![], vec![], vec![]);
    let mut arrived = vec![];
    for (place, change) in changes.iter().enumerate() {
        for step in &change.needs {
            match step.before() {
                Some(before) => ended.push(NeedRow::of(step.after(), Some(before.version))),
                None => opened.push(NeedRow::of(step.after(), None)),
            }
            happened.push((place, of_need(step)));
        }
        for step in &change.orders {
            match step.before() {
                Some(before) => moved.push(OrderRow::of(step.after(), Some(before.version)).map_err(failed)?),
                None => planned.push(OrderRow::of(step.after(), None).map_err(failed)?),
            }
            arrived.extend(ArrivalRow::of(step));
            happened.extend(of_order(step).map(|event| (place, event)));
        }
    }
    for (text, rows) in [(&NEED_STEP, &ended), (&NEW_NEED, &opened)] {
        if !rows.is_empty() && conn.run_each(text, rows).await? != rows.len() as u64 {
            return Ok(Written::Moved);
        }
    }
    if write_requests(conn, changes, happened).await? == Written::Moved {
        return Ok(Written::Moved);
    }
    for (text, rows) in [(&ORDER_STEP, &moved), (&NEW_ORDER, &planned)] {
        if !rows.is_empty() && conn.run_each(text, rows).await? != rows.len() as u64 {
            return Ok(Written::Moved);
        }
    }
    if !arrived.is_empty() {
        conn.run_each(&NEW_ARRIVAL, &arrived).await?;
    }
    for (place, change) in changes.iter().enumerate() {
        let cause = cause(change, context);
        for credit in &change.credits {
            let text = sql!(
                "insert into energy_credit (id, vendor, sun, opening, actor, reason, at, reference, paid_at)
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
            );
            let (id, actor) = (context.ulid().to_string(), cause.actor.to_string());
            let (opening, reference, paid_at) = match &credit.origin {
                Origin::Opening => (1i64, None, None),
                Origin::TopUp { reference, paid_at } => (0, Some(reference.as_str()), Some(paid_at.micros())),
            };
            let args = args![
                id,
                credit.vendor.as_str(),
                sun(credit.sun),
                opening,
                actor,
                &cause.reason,
                cause.at.micros(),
                reference,
                paid_at
            ];
            conn.run(text, args).await?;
            happened.push((place, of_credit(credit)));
        }
    }
    Ok(Written::Whole)
}

/// Requests refer to the need by which they are asked for, which is written before. What has ended lets its withdrawals go.
async fn write_requests(
    conn: &mut Conn<'_>,
    changes: &[Change],
    happened: &mut Happened,
) -> Result<Written, SqlError> {
    let (mut moved, mut opened, mut let_go, mut named) = (vec![], vec![], vec![], vec![]);
    for (place, change) in changes.iter().enumerate() {
        for step in &change.requests {
            let request = step.after();
            match step.before() {
                Some(before) => {
                    moved.push(RequestRow::of(request, Some(before.version)));
                    if request.state.is_ended() {
                        let_go.extend(RequestItemRow::all(request));
                    }
                }
                None => {
                    opened.push(RequestRow::of(request, None));
                    named.extend(RequestItemRow::all(request));
                }
            }
            happened.push((place, of_request(step)));
        }
    }
    for (text, rows) in [(&REQUEST_STEP, &moved), (&NEW_REQUEST, &opened)] {
        if !rows.is_empty() && conn.run_each(text, rows).await? != rows.len() as u64 {
            return Ok(Written::Moved);
        }
    }
    for (text, rows) in [(&ITEM_STEP, &let_go), (&NEW_ITEM, &named)] {
        if !rows.is_empty() && conn.run_each(text, rows).await? != rows.len() as u64 {
            return Ok(Written::Moved);
        }
    }
    Ok(Written::Whole)
}

/// Loans refer to their errands, which are written before.
pub(super) async fn write_loans(
    conn: &mut Conn<'_>,
    changes: &[Change],
    happened: &mut Happened,
) -> Result<Written, SqlError> {
    let failed = |error: serde_json::Error| StoreError::Statement(error.to_string());
    let (mut moved, mut asked) = (vec![], vec![]);
    for (place, change) in changes.iter().enumerate() {
        for step in &change.loans {
            match step.before() {
                Some(before) => moved.push(LoanRow::of(step.after(), Some(before.version)).map_err(failed)?),
                None => asked.push(LoanRow::of(step.after(), None).map_err(failed)?),
            }
            happened.push((place, of_loan(step)));
        }
    }
    for (text, rows) in [(&LOAN_STEP, &moved), (&NEW_LOAN, &asked)] {
        if !rows.is_empty() && conn.run_each(text, rows).await? != rows.len() as u64 {
            return Ok(Written::Moved);
        }
    }
    for step in changes.iter().flat_map(|change| &change.loans).filter(|step| step.before().is_none()) {
        topups::covers(conn, step.after()).await?;
    }
    Ok(Written::Whole)
}
