//! The public status of withdrawals that take no step themselves follows the transfer that pays them.
//!
//! Their version stays: it counts steps of the withdrawal's own machine, and an API caller who read it before its
//! transfer was signed has read nothing stale.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Serialize;
use sluice_core::event::{Event, of_fill, of_transfer};
use sluice_core::id::WithdrawalId;
use sluice_core::port::store::Change;

use super::{Context, Happened, cause};
use crate::args;
use crate::sql::{Conn, EachRow, SqlError};

#[derive(Serialize)]
struct Follows {
    id: String,
    transfer_id: String,
    status: &'static str,
    updated_at: i64,
}

static FOLLOW: LazyLock<EachRow> = LazyLock::new(|| {
    EachRow::new(
        "update withdrawal set status = :status, updated_at = :updated_at
         where id = :id and transfer_id = :transfer_id and state = 'assigned' and status <> :status
         returning id"
            .into(),
        "update withdrawal set status = r.status, updated_at = r.updated_at
         from json_to_recordset($1::json) as r(id text, transfer_id text, status text, updated_at bigint)
         where withdrawal.id = r.id and withdrawal.transfer_id = r.transfer_id
           and withdrawal.state = 'assigned' and withdrawal.status <> r.status
         returning withdrawal.id as id"
            .into(),
    )
});

pub(super) async fn follow(
    conn: &mut Conn<'_>,
    context: &Context,
    changes: &[Change],
    happened: &mut Happened,
) -> Result<(), SqlError> {
    let stepped: BTreeSet<WithdrawalId> =
        changes.iter().flat_map(|change| &change.withdrawals).map(|step| step.after().id).collect();
    let mut follows = Vec::new();
    let mut events: BTreeMap<String, (usize, WithdrawalId, Event)> = BTreeMap::new();
    for (place, change) in changes.iter().enumerate() {
        let updated_at = cause(change, context).at.micros();
        for step in &change.transfers {
            happened.extend(of_fill(step).map(|event| (place, event)));
            let Some((status, event)) = of_transfer(step) else { continue };
            let items = step.after().items.iter().map(|item| item.withdrawal);
            for withdrawal in items.filter(|withdrawal| !stepped.contains(withdrawal)) {
                let (id, transfer_id) = (withdrawal.to_string(), step.after().id.to_string());
                events.insert(id.clone(), (place, withdrawal, event.clone()));
                follows.push(Follows { id, transfer_id, status: status.as_str(), updated_at });
            }
        }
    }
    if follows.is_empty() {
        return Ok(());
    }
    // Only those that this transfer still pays, and only where the face changes.
    for row in conn.rows_each(&FOLLOW, &follows, args![]).await? {
        if let Some((place, withdrawal, event)) = events.remove(row.text("id")?) {
            happened.push((place, Event { withdrawal: Some(withdrawal), ..event }));
        }
    }
    Ok(())
}
