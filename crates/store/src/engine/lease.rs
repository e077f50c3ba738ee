//! Leases: who works what (M7).
//!
//! PostgreSQL judges by its own clock. SQLite has none, and one process: it judges by the clock given at `open`, which
//! in the simulator is virtual. The epoch rises with every change of holder, and also when the same owner takes a lease
//! again that had ended: what it sent before the pause must not count as sent by the new holder.

use sluice_core::lane::{Fence, LEASE_MS, Lease};
use sluice_core::port::store::StoreError;
use sluice_core::time::Timestamp;

use super::Context;
use crate::sql::{Conn, SqlError};
use crate::{args, sql};

/// Now, as the database sees it.
pub(super) async fn now(conn: &mut Conn<'_>, context: &Context) -> Result<Timestamp, SqlError> {
    if conn.one_writer() {
        return Ok(context.clock.now());
    }
    let text = sql!("select (extract(epoch from clock_timestamp()) * 1000000)::bigint as now");
    // Without an answer no time is assumed: at the beginning of time every lease is alive.
    let silent = || StoreError::Statement("the database tells no time".to_owned());
    let row = conn.row(text, args![]).await?.ok_or_else(silent)?;
    Ok(Timestamp::from_micros(row.int("now")?))
}

pub(super) async fn take(
    conn: &mut Conn<'_>,
    context: &Context,
    name: &str,
    owner: &str,
) -> Result<Option<Lease>, SqlError> {
    let held = sql!(
        lite "select owner, epoch, until from lease where name = $1 limit 1",
        pg "select owner, epoch, until from lease where name = $1 limit 1 for update",
        because "SQLite has one writer"
    );
    let row = conn.row(held, args![name]).await?;
    // Asked after the lock was granted: waiting for it takes time too.
    let now = now(conn, context).await?;
    let until = now.plus_ms(LEASE_MS);
    let epoch = match row {
        None => {
            let first = sql!(
                "insert into lease (name, owner, epoch, until) values ($1, $2, 1, $3) on conflict do nothing"
            );
            if conn.run(first, args![name, owner, until]).await? == 0 {
                return Ok(None);
            }
            1
        }
        Some(row) => {
            let (epoch, alive) = (row.int("epoch")?, row.int("until")? > now.micros());
            let epoch = match (alive, row.text("owner")? == owner) {
                (true, true) => epoch,
                (true, false) => return Ok(None),
                (false, _) => epoch.saturating_add(1),
            };
            let renew = sql!("update lease set owner = $2, epoch = $3, until = $4 where name = $1");
            conn.run(renew, args![name, owner, epoch, until]).await?;
            epoch
        }
    };
    Ok(Some(granted(name, epoch, until)))
}

#[expect(clippy::disallowed_methods, reason = "the row that says so is written in this commit")]
fn granted(name: &str, epoch: i64, until: Timestamp) -> Lease {
    Lease::granted(name.to_owned(), epoch, until)
}

pub(super) async fn release(conn: &mut Conn<'_>, owner: &str) -> Result<(), SqlError> {
    let give_up = sql!("update lease set owner = '', until = 0 where owner = $1");
    conn.run(give_up, args![owner]).await?;
    Ok(())
}

/// Raises the epoch of a held lease above one that the signer has seen of a former life of this store (M17).
pub(super) async fn outbid(
    conn: &mut Conn<'_>,
    context: &Context,
    fence: &Fence,
    seen: i64,
) -> Result<Option<Lease>, SqlError> {
    let now = now(conn, context).await?;
    let (epoch, until) = (fence.epoch().max(seen).saturating_add(1), now.plus_ms(LEASE_MS));
    let raise = sql!("update lease set epoch = $3, until = $4 where name = $1 and epoch = $2 and until > $5");
    let raised = conn.run(raise, args![fence.name(), fence.epoch(), epoch, until, now]).await? == 1;
    Ok(raised.then(|| granted(fence.name(), epoch, until)))
}

/// Whether the fence still holds. It then holds until this transaction ends: nobody can take the lease meanwhile.
pub(super) async fn held(conn: &mut Conn<'_>, context: &Context, fence: &Fence) -> Result<bool, SqlError> {
    let text = sql!(
        lite "select until from lease where name = $1 and epoch = $2 limit 1",
        pg "select until from lease where name = $1 and epoch = $2 limit 1 for share",
        because "SQLite has one writer"
    );
    let Some(row) = conn.row(text, args![fence.name(), fence.epoch()]).await? else { return Ok(false) };
    // A process that was paused past its lease can do nothing, even if nobody else has come.
    Ok(row.int("until")? > now(conn, context).await?.micros())
}
