//! Withdrawals that are due for something: a lane, the end of a hold, a word about a missed deadline.

use sluice_core::amount::Amount;
use sluice_core::id::PartnerId;
use sluice_core::port::store::Wanted;
use sluice_core::time::Timestamp;
use sluice_core::withdrawal::{Type, Withdrawal, allowance_ms};

use super::limit as size;
use super::unread::{Found, keep};
use crate::row;
use crate::sql::{Conn, SqlError};
use crate::{args, withdrawals};

/// What may start now, earliest due first; each asset by an index of its own. The bound on `due_at` keeps the range from
/// reaching into what is scheduled for later: nothing is due longer after it may start than the longest allowance. What the
/// schema refuses a slot is not offered, or it would be offered first for ever.
pub(super) async fn claimable(
    conn: &mut Conn<'_>,
    partner: PartnerId,
    wanted: &Wanted,
    now: Timestamp,
    limit: usize,
) -> Result<Found<Vec<Withdrawal>>, SqlError> {
    let text = withdrawals!(
        "where w.partner_id = $1 and w.asset = $2 and w.pinned_to is null and w.state in ('approved', 'queued') and w.due_at <= $4
           and coalesce(w.not_before, 0) <= $3 and coalesce(w.scheduled_for, 0) <= $3
           and ($6 = 1 or w.transfer_id is null)
           and not exists (select 1 from transfer_item i join transfer t on t.id = i.transfer_id
                           left join proof d on d.id = i.dead_by left join proof p on p.id = t.proof_id
                           where i.withdrawal_id = w.id
                             and ((t.state = 'final' and p.verdict = 'paid')
                               or (t.state in ('built', 'signed', 'seen') and d.head_number is not null)))
           and not exists (select 1 from lost_attempt l where l.payment_key = w.payment_key)
         order by w.due_at, w.id limit $5 offset $7"
    );
    // The errands of one wallet, through an index of their own.
    let pinned = withdrawals!(
        "where w.pinned_to = $1 and w.state in ('approved', 'queued') and coalesce(w.not_before, 0) <= $2
           and ($3 = 1 or w.transfer_id is null)
           and not exists (select 1 from transfer_item i join transfer t on t.id = i.transfer_id
                           left join proof d on d.id = i.dead_by left join proof p on p.id = t.proof_id
                           where i.withdrawal_id = w.id
                             and ((t.state = 'final' and p.verdict = 'paid')
                               or (t.state in ('built', 'signed', 'seen') and d.head_number is not null)))
           and not exists (select 1 from lost_attempt l where l.payment_key = w.payment_key)
         order by w.due_at, w.id limit $4"
    );
    let latest = now.plus_ms(allowance_ms(Type::Regular, Amount::ZERO, 0, false));
    let (mut due, mut unread) = (Vec::new(), Vec::new());
    for asset in &wanted.assets {
        let (partner, asset) = (partner.to_string(), asset.to_string());
        let ask = |skip: usize| {
            args![&partner, &asset, now, latest, size(limit), wanted.replacements, size(skip)].to_vec()
        };
        let mut rows = conn.rows(text, &ask(wanted.skip)).await?;
        if rows.len() < limit && wanted.skip > 0 {
            rows = conn.rows(text, &ask(0)).await?;
        }
        due.extend(keep(row::read(&rows, row::withdrawal::read), &mut unread));
    }
    if let Some(wallet) = wanted.pinned_to {
        let args = args![wallet.to_string(), now, wanted.replacements, size(limit)];
        due.extend(keep(row::read(&conn.rows(pinned, args).await?, row::withdrawal::read), &mut unread));
    }
    due.sort_by_key(|it| (it.due_at, it.id));
    due.truncate(limit);
    Ok((due, unread))
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
