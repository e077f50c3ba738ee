//! Withdrawals that are due for something: a lane, the end of a hold, a word about a missed deadline.

use sluice_core::amount::Amount;
use sluice_core::chain::ChainId;
use sluice_core::id::PartnerId;
use sluice_core::time::Timestamp;
use sluice_core::withdrawal::{Type, Withdrawal, allowance_ms};

use super::limit as size;
use super::unread::Found;
use crate::row;
use crate::sql::{Conn, SqlError};
use crate::{args, withdrawals};

/// What may start now, earliest due first. The bound on `due_at` keeps the index range from reaching into what is
/// scheduled for later: nothing is due longer after it may start than the longest allowance.
pub(super) async fn claimable(
    conn: &mut Conn<'_>,
    partner: PartnerId,
    chain: ChainId,
    now: Timestamp,
    limit: usize,
) -> Result<Found<Vec<Withdrawal>>, SqlError> {
    let text = withdrawals!(
        "where w.partner_id = $1 and w.chain = $2 and w.state in ('approved', 'queued') and w.due_at <= $4
           and coalesce(w.not_before, 0) <= $3 and coalesce(w.scheduled_for, 0) <= $3
         order by w.due_at, w.id limit $5"
    );
    let latest = now.plus_ms(allowance_ms(Type::Regular, Amount::ZERO, 0, false));
    let args = args![partner.to_string(), chain.to_string(), now, latest, size(limit)];
    let rows = conn.rows(text, args).await?;
    Ok(row::read(&rows, row::withdrawal::read))
}

pub(super) async fn expired_holds(
    conn: &mut Conn<'_>,
    now: Timestamp,
    limit: usize,
) -> Result<Found<Vec<Withdrawal>>, SqlError> {
    let text =
        withdrawals!("where w.state = 'held' and w.expires_at <= $1 order by w.expires_at, w.id limit $2");
    let rows = conn.rows(text, args![now, size(limit)]).await?;
    Ok(row::read(&rows, row::withdrawal::read))
}

/// Past the deadline with nobody told: the alert itself is the note that somebody was. The clock stands still while a
/// person is awaited, so holds and `needs_attention` are not late.
pub(super) async fn overdue(
    conn: &mut Conn<'_>,
    now: Timestamp,
    limit: usize,
) -> Result<Found<Vec<Withdrawal>>, SqlError> {
    let text = withdrawals!(
        "where w.state in ('requested', 'approved', 'queued', 'assigned') and w.deadline_at <= $1
           and not exists (select 1 from alert l
             where l.code = 'deadline_missed' and l.subject = w.id and l.resolved_at is null)
         order by w.deadline_at, w.id limit $2"
    );
    let rows = conn.rows(text, args![now, size(limit)]).await?;
    Ok(row::read(&rows, row::withdrawal::read))
}

/// Waits for a person, and no open alert says so.
pub(super) async fn untold_attention(
    conn: &mut Conn<'_>,
    limit: usize,
) -> Result<Found<Vec<Withdrawal>>, SqlError> {
    let text = withdrawals!(
        "where w.state = 'needs_attention'
           and not exists (select 1 from alert l
             where l.code = 'needs_attention' and l.subject = w.id and l.resolved_at is null)
         order by w.accepted_at, w.id limit $1"
    );
    let rows = conn.rows(text, args![size(limit)]).await?;
    Ok(row::read(&rows, row::withdrawal::read))
}
