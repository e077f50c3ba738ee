//! Steps of withdrawals, with their public status, their events and the release of what they reserved.
//!
//! The public status depends on two machines, so the phases of the transfers involved are learned first: from the
//! change where it steps them, from the table otherwise.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use sluice_core::event::of_withdrawal;
use sluice_core::id::TransferId;
use sluice_core::moved::Moved;
use sluice_core::port::store::{Change, StoreError};
use sluice_core::transfer::Phase;
use sluice_core::withdrawal::status::project;
use sluice_core::withdrawal::{State, Withdrawal};

use super::{Context, Happened, Written, attempts, cause, reservations, status, transfers};
use crate::row::transfer::read_phase;
use crate::row::withdrawal::{MUTABLE, TABLE, WithdrawalRow};
use crate::sql::{Conn, EachRow, SqlError, slice};
use crate::{args, sql};

static UPDATE: LazyLock<EachRow> = LazyLock::new(|| TABLE.update(MUTABLE, &["id", "was"], ""));

/// Phases before and after the changes.
pub(super) struct Phases(BTreeMap<TransferId, (Option<Phase>, Phase)>);

/// Learns the phases of every transfer that a stepped withdrawal is or was assigned to.
pub(super) async fn in_phase(conn: &mut Conn<'_>, changes: &[Change]) -> Result<Phases, SqlError> {
    let mut phases = transfers::phases(changes);
    let steps = changes.iter().flat_map(|change| &change.withdrawals);
    let mentioned: BTreeSet<TransferId> = steps
        .flat_map(|step| [step.before().map(|before| &before.state), Some(&step.after().state)])
        .flatten()
        .filter_map(assigned)
        .filter(|transfer| !phases.contains_key(transfer))
        .collect();
    if !mentioned.is_empty() {
        let text = sql!(
            lite "select id, chain, state, asked from transfer where id in (select value from json_each($1)) limit $2",
            pg "select id, chain, state, asked from transfer
                where id in (select jsonb_array_elements_text($1::jsonb)) limit $2",
            because "each database reads JSON in its own way"
        );
        let count = super::super::limit(mentioned.len());
        for row in conn.rows(text, args![slice(&mentioned), count]).await? {
            let phase = read_phase(&row).map_err(StoreError::from)?;
            if let Ok(id) = TransferId::parse(row.text("id")?) {
                phases.insert(id, (Some(phase), phase));
            }
        }
    }
    Ok(Phases(phases))
}

impl Phases {
    fn before(&self, state: &State) -> Option<Phase> {
        assigned(state).and_then(|transfer| self.0.get(&transfer)?.0)
    }

    fn after(&self, state: &State) -> Option<Phase> {
        assigned(state).and_then(|transfer| Some(self.0.get(&transfer)?.1))
    }

    /// Transfers, attempts and withdrawals, in the order in which they refer to each other.
    pub(super) async fn write(
        self,
        conn: &mut Conn<'_>,
        context: &Context,
        changes: &[Change],
        happened: &mut Happened,
    ) -> Result<Written, SqlError> {
        if transfers::write(conn, changes).await? == Written::Moved
            || attempts::write(conn, context, changes).await? == Written::Moved
        {
            return Ok(Written::Moved);
        }
        let mut rows = Vec::new();
        for (place, change) in changes.iter().enumerate() {
            let at = cause(change, context).at.micros();
            for step in &change.withdrawals {
                rows.push(self.row(step, at)?);
                let before = step.before().and_then(|before| self.before(&before.state));
                let event = of_withdrawal(step, before, self.after(&step.after().state));
                happened.extend(event.map(|event| (place, event)));
            }
        }
        if !rows.is_empty() && conn.run_each(&UPDATE, &rows).await? != rows.len() as u64 {
            return Ok(Written::Moved);
        }
        status::follow(conn, context, changes, happened).await?;
        reservations::settle(conn, context, changes).await?;
        Ok(Written::Whole)
    }

    fn row(&self, step: &Moved<Withdrawal>, at: i64) -> Result<WithdrawalRow, SqlError> {
        let after = step.after();
        let Some(before) = step.before() else {
            // Its counters are judged where it is accepted, and nowhere else (M8).
            return Err(SqlError::Rule("withdrawal_born_by_accept".into()));
        };
        let status = project(&after.state, self.after(&after.state));
        let row = WithdrawalRow::of(after, status, None, at, Some(before.version));
        Ok(row.map_err(|error| StoreError::Statement(error.to_string()))?)
    }
}

const fn assigned(state: &State) -> Option<TransferId> {
    match state {
        State::Assigned(assigned) => Some(assigned.transfer),
        State::Requested
        | State::Held(_)
        | State::Approved(_)
        | State::Queued(_)
        | State::Paid(_)
        | State::NeedsAttention(_)
        | State::Rejected(_)
        | State::Cancelled(_)
        | State::Failed(_) => None,
    }
}
