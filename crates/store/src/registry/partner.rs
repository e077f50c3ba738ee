//! Partners and their limits.

use sluice_core::canonical::Canonical;
use sluice_core::event::Cause;
use sluice_core::id::PartnerId;
use sluice_core::partner::{Limit, Partner};
use sluice_core::port::store::StoreError;

use super::told::{Told, tell};
use crate::engine::unread::Found;
use crate::engine::{Context, LIST_MAX};
use crate::row::{self, cells::Cells};
use crate::sql::{Conn, SqlError};
use crate::{args, sql};

/// A limit as it stands after it was set, with the precision of its asset to write it with.
struct Set {
    limit: Limit,
    precision: u8,
}

/// All of it, or nothing when the id exists.
pub(super) async fn create(
    conn: &mut Conn<'_>,
    context: &Context,
    partner: &Partner,
    limits: &[Limit],
    cause: &Cause,
) -> Result<bool, SqlError> {
    let text = sql!(
        "insert into partner (id, name, zone, test_mode, created_at) values ($1, $2, $3, $4, $5)
         on conflict (id) do nothing"
    );
    let id = partner.id.to_string();
    let args = args![&id, &partner.name, &partner.zone, partner.test_mode, partner.created_at];
    if conn.run(text, args).await? == 0 {
        return Ok(false);
    }
    let mut granted = Vec::with_capacity(limits.len());
    for limit in limits {
        granted.push(facts(&put(conn, partner.id, limit).await?));
    }
    let data = Canonical::map([
        ("limits", Some(Canonical::List(granted))),
        ("name", Some(Canonical::text(&partner.name))),
        ("partner", Some(Canonical::text(partner.id))),
        ("test_mode", Some(Canonical::text(partner.test_mode))),
        ("zone", Some(Canonical::text(&partner.zone))),
    ]);
    tell(conn, context, Told::new("partner.created", partner.id, data), cause).await?;
    Ok(true)
}

/// Oldest first.
pub(super) async fn all(conn: &mut Conn<'_>) -> Result<Found<Vec<Partner>>, SqlError> {
    let rows =
        conn.rows(sql!("select * from partner order by created_at, id limit $1"), args![LIST_MAX]).await?;
    Ok(row::read(&rows, row::partner::read))
}

pub(super) async fn one(conn: &mut Conn<'_>, id: PartnerId) -> Result<Found<Option<Partner>>, SqlError> {
    let rows = conn.rows(sql!("select * from partner where id = $1 limit 1"), args![id.to_string()]).await?;
    let (mut partners, unread) = row::read(&rows, row::partner::read);
    Ok((partners.pop(), unread))
}

pub(super) async fn limits(conn: &mut Conn<'_>, partner: PartnerId) -> Result<Found<Vec<Limit>>, SqlError> {
    let text = sql!("select * from partner_limit where partner_id = $1 order by asset limit $2");
    let rows = conn.rows(text, args![partner.to_string(), LIST_MAX]).await?;
    Ok(row::read(&rows, row::partner::read_limit))
}

pub(super) async fn set_limit(
    conn: &mut Conn<'_>,
    context: &Context,
    partner: PartnerId,
    limit: &Limit,
    cause: &Cause,
) -> Result<(), SqlError> {
    let data = facts(&put(conn, partner, limit).await?);
    tell(conn, context, Told::new("limit.set", partner, data), cause).await
}

/// The version is the store's to give: two callers who set the same limit from the same reading get two versions.
async fn put(conn: &mut Conn<'_>, partner: PartnerId, limit: &Limit) -> Result<Set, SqlError> {
    let asset = limit.asset.to_string();
    let row = conn.row(sql!("select precision from asset where id = $1 limit 1"), args![&asset]).await?;
    let Some(row) = row else {
        let why = format!("there is no asset {asset}: configure it before it is given a limit");
        return Err(StoreError::Statement(why).into());
    };
    let precision = Cells::of("asset", "precision", &row).number("precision").map_err(StoreError::from)?;
    let text = sql!(
        "insert into partner_limit (partner_id, asset, per_transaction, daily, version) values ($1, $2, $3, $4, 1)
         on conflict (partner_id, asset) do update set per_transaction = excluded.per_transaction,
            daily = excluded.daily, version = partner_limit.version + 1
         returning version"
    );
    let args = args![partner.to_string(), &asset, limit.per_transaction.atoms(), limit.daily.atoms()];
    let row = conn
        .row(text, args)
        .await?
        .ok_or_else(|| StoreError::Statement("an upsert answered nothing".into()))?;
    Ok(Set { limit: Limit { version: row.int("version")?, ..limit.clone() }, precision })
}

fn facts(set: &Set) -> Canonical {
    let Set { limit, precision } = set;
    Canonical::map([
        ("asset", Some(Canonical::text(limit.asset))),
        ("daily", Some(Canonical::text(limit.daily.text(*precision)))),
        ("per_transaction", Some(Canonical::text(limit.per_transaction.text(*precision)))),
        ("version", Some(Canonical::text(limit.version))),
    ])
}
