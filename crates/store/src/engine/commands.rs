//! Commands that take two persons, who a person is, and what two persons have explained.

use sluice_core::command::person::LINE_MAX;
use sluice_core::command::{Command, Kind, Person};
use sluice_core::id::{KeyId, PartnerId, WalletId};
use sluice_core::time::Timestamp;

use super::limit as size;
use super::unread::Found;
use crate::row::cells::Cells;
use crate::row::{self, Unread};
use crate::sql::{Conn, SqlError};
use crate::{args, sql};

pub(super) async fn open(
    conn: &mut Conn<'_>,
    kind: Kind,
    subject: &str,
) -> Result<Found<Option<Command>>, SqlError> {
    let text = sql!("select * from command where kind = $1 and subject = $2 and state = 'pending' limit 1");
    let rows = conn.rows(text, args![kind.as_str(), subject]).await?;
    let (mut commands, unread) = row::read(&rows, row::command::read);
    Ok((commands.pop(), unread))
}

pub(super) async fn expired(
    conn: &mut Conn<'_>,
    now: Timestamp,
    limit: usize,
) -> Result<Found<Vec<Command>>, SqlError> {
    let text = sql!(
        "select * from command where state = 'pending' and expires_at <= $1 order by expires_at, id limit $2"
    );
    let rows = conn.rows(text, args![now, size(limit)]).await?;
    Ok(row::read(&rows, row::command::read))
}

/// Whether a foreign transaction was explained for this wallet. The chain is the wallet's.
pub(super) async fn is_adopted(
    conn: &mut Conn<'_>,
    wallet: WalletId,
    txid: [u8; 32],
) -> Result<bool, SqlError> {
    let text = sql!("select kind from adoption where wallet_id = $1 and txid = $2 limit 1");
    Ok(conn.row(text, args![wallet.to_string(), hex::encode(txid)]).await?.is_some())
}

/// The key, and every key it descends from. A line that does not end at somebody who is no key is not rooted.
pub(super) async fn person(conn: &mut Conn<'_>, key: KeyId) -> Result<Found<Option<Person>>, SqlError> {
    let text = sql!(
        "with recursive line (id, maker, place) as (
            select id, created_by, 0 from api_key where id = $1
            union all
            select k.id, k.created_by, line.place + 1 from api_key k join line on k.id = line.maker
            where line.place < $2)
         select line.id, line.maker, k.partner_id, k.created_at, k.expires_at, k.revoked_at
         from line join api_key k on k.id = line.id order by line.place limit $3"
    );
    let most = i64::try_from(LINE_MAX).unwrap_or(i64::MAX);
    let rows = conn.rows(text, args![key.to_string(), most, most.saturating_add(1)]).await?;
    let Some(first) = rows.first() else { return Ok((None, vec![])) };
    let read = || -> Result<Person, Unread> {
        let cells = Cells::of("api_key", "id", first);
        let mut line = Vec::with_capacity(rows.len());
        let mut maker = None;
        for row in &rows {
            let cells = Cells::of("api_key", "id", row);
            line.push(cells.parsed("id", KeyId::parse)?);
            maker = cells.opt_parsed("maker", |text| row::actor::parse(text).ok_or(()))?;
        }
        Ok(Person {
            key,
            partner: cells.parsed("partner_id", PartnerId::parse)?,
            created_at: cells.at("created_at")?,
            ends_at: [cells.opt_at("expires_at")?, cells.opt_at("revoked_at")?].into_iter().flatten().min(),
            line,
            rooted: maker.is_some_and(|maker| !matches!(maker, sluice_core::access::Actor::Key(_))),
        })
    };
    Ok(match read() {
        Ok(person) => (Some(person), vec![]),
        Err(unread) => (None, vec![unread]),
    })
}
