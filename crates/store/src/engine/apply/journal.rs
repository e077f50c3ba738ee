//! What the store notes of the signer's journal: how far it was seen, and that the store went back in time (M17).

use sluice_core::journal::{Back, Place, Seen};
use sluice_core::port::store::Change;

use super::lost::carried_or_lost;
use super::{Context, Written, cause};
use crate::row::cells::big;
use crate::sql::{Conn, SqlError};
use crate::{args, sql};

pub(super) async fn write(
    conn: &mut Conn<'_>,
    context: &Context,
    changes: &[Change],
) -> Result<Written, SqlError> {
    for seen in together(changes.iter().filter_map(|change| change.journal_seq)) {
        if see(conn, seen).await? == Written::Moved {
            return Ok(Written::Moved);
        }
    }
    for change in changes {
        let at = cause(change, context).at;
        if let Some(feed) = change.feed {
            conn.run(sql!("update meta set feed_id = $1"), args![feed.to_string()]).await?;
        }
        if let Some(mark) = change.mark {
            conn.run(sql!("update meta set mark = $1 where mark < $1"), args![big(mark)]).await?;
        }
        if let Some(Place { seq, hash }) = change.journal_place {
            let text = sql!(
                "update meta set journal_place = $1, journal_hash = $2 where journal_place < $1 or journal_hash is null"
            );
            conn.run(text, args![big(seq), hex::encode(hash)]).await?;
        }
        for attempt in &change.carried {
            let stands = sql!("select id from lost_attempt where id = $1 limit 1");
            carried_or_lost(conn, *attempt, stands).await?;
            let text = sql!("insert into carried_attempt (id, imported_at) values ($1, $2)");
            conn.run(text, args![attempt.to_string(), at]).await?;
        }
        let stepped = match &change.back {
            None => 1,
            Some(Back::Noticed { evidence }) => {
                let text = sql!("insert into went_back (evidence, noticed_at, shut_at) values ($1, $2, $2)");
                conn.run(text, args![evidence, at]).await?
            }
            Some(Back::Shut) => {
                let text = sql!("update went_back set shut_at = $1 where pending = 1 and shut_at is null");
                conn.run(text, args![at]).await?
            }
            Some(Back::Imported(Seen { from, to })) => {
                let text = sql!(
                    "update went_back set pending = 0, journal_from = $1, journal_to = $2, imported_at = $3 where pending = 1"
                );
                conn.run(text, args![big(*from), big(*to), at]).await?
            }
        };
        // Another process has done it meanwhile.
        if stepped != 1 {
            return Ok(Written::Moved);
        }
    }
    Ok(Written::Whole)
}

/// A slice of signatures was all asked for from one place of the journal: only the furthest they reached is written.
fn together(seen: impl Iterator<Item = Seen>) -> Vec<Seen> {
    let mut joined: Vec<Seen> = Vec::new();
    for next in seen {
        match joined.last_mut() {
            Some(last) if last.from == next.from => last.to = last.to.max(next.to),
            _ => joined.push(next),
        }
    }
    joined
}

/// The place only rises, and only from a place at or behind which nothing is unknown (M17).
async fn see(conn: &mut Conn<'_>, seen: Seen) -> Result<Written, SqlError> {
    let text = sql!("update meta set journal_seq = $2 where journal_seq >= $1 and journal_seq < $2");
    if conn.run(text, args![big(seen.from), big(seen.to)]).await? == 1 {
        return Ok(Written::Whole);
    }
    // Either another lane was told of a later place, or the store is not the one that was read.
    let further = sql!("select journal_seq from meta where journal_seq >= $1 limit 1");
    let stands = conn.row(further, args![big(seen.from)]).await?.is_some();
    Ok(if stands { Written::Whole } else { Written::Moved })
}
