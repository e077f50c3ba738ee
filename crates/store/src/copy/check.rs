//! Rules that a whole database keeps, read from its rows alone: what a person wants to know of a copy before there is need
//! of it.

use std::collections::BTreeMap;

use sluice_core::id::PartnerId;
use sluice_core::port::store::StoreError;
use sluice_core::trail;

use super::facts::Facts;
use crate::row::event;
use crate::sql::{Conn, Row, SqlError};
use crate::{args, sql};

/// Events read at once.
const PAGE: i64 = 1_000;
/// Broken rules that are told; one is enough to throw a copy away.
const TOLD_MAX: usize = 20;

/// Every rule that is broken, in sentences for people; none is good.
pub(super) async fn run(conn: &mut Conn<'_>, facts: &Facts) -> Result<Vec<String>, SqlError> {
    let mut broken = Vec::new();
    if conn.one_writer() {
        of_the_file(conn, &mut broken).await?;
    }
    of_the_trail(conn, facts, &mut broken).await?;
    of_the_ledger(conn, &mut broken).await?;
    broken.truncate(TOLD_MAX);
    Ok(broken)
}

/// Pages, indexes and references of a SQLite file. A dump restores through the constraints themselves.
async fn of_the_file(conn: &mut Conn<'_>, broken: &mut Vec<String>) -> Result<(), SqlError> {
    for row in conn.rows(sql!("pragma integrity_check(20)"), args![]).await? {
        let said = row.text("integrity_check")?;
        if said != "ok" {
            broken.push(format!("the file is damaged: {said}"));
        }
    }
    if let Some(row) =
        conn.row(sql!("select \"table\" as name from pragma_foreign_key_check limit 1"), args![]).await?
    {
        broken.push(format!("table {} refers to a row that is not there", row.text("name")?));
    }
    Ok(())
}

/// The chain of events of each partner, from its first event to its head.
async fn of_the_trail(conn: &mut Conn<'_>, facts: &Facts, broken: &mut Vec<String>) -> Result<(), SqlError> {
    let mut sealed: BTreeMap<String, i64> = BTreeMap::new();
    let text = sql!(
        "select partner_id, count(*) as n from event where number is not null group by partner_id order by partner_id limit $1"
    );
    for row in conn.rows(text, args![crate::sql::LIST_MAX]).await? {
        sealed.insert(row.text("partner_id")?.to_owned(), row.int("n")?);
    }
    for head in &facts.heads {
        sealed.remove(&head.partner);
        let partner = PartnerId::parse(&head.partner).map_err(|error| StoreError::Inconsistent {
            table: "event_head",
            row: head.partner.clone(),
            why: error.to_string(),
        })?;
        let (mut number, mut link) = (0_i64, trail::genesis(partner));
        loop {
            let rows = page(conn, &head.partner, number).await?;
            if rows.is_empty() {
                break;
            }
            for row in &rows {
                number = number.saturating_add(1);
                link = trail::link(&link, number, &event::sealed_text(row).map_err(StoreError::from)?);
                if row.int("number")? != number || row.text("link")? != hex::encode(link) {
                    broken.push(format!("the chain of events of {} is broken at {number}", head.partner));
                    break;
                }
            }
            if broken.len() > TOLD_MAX || rows.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) {
                break;
            }
        }
        if number != head.number || hex::encode(link) != head.link {
            broken.push(format!("the events of {} do not end at its head, {}", head.partner, head.number));
        }
    }
    broken.extend(sealed.keys().map(|partner| format!("{partner} has numbered events and no head")));
    Ok(())
}

async fn page(conn: &mut Conn<'_>, partner: &str, after: i64) -> Result<Vec<Row>, SqlError> {
    let text = sql!(
        "select id, partner_id, kind, withdrawal_id, transfer_id, wallet_id, actor, reason, at, data, number, link
         from event where partner_id = $1 and number > $2 order by number limit $3"
    );
    conn.rows(text, args![partner, after, PAGE]).await
}

/// Each group of postings sums to zero, and the running sums are the sums of the postings (M15).
async fn of_the_ledger(conn: &mut Conn<'_>, broken: &mut Vec<String>) -> Result<(), SqlError> {
    let uneven = sql!(
        "select group_id as name from ledger group by group_id, asset having sum(atoms) <> 0 order by group_id limit 1"
    );
    if let Some(row) = conn.row(uneven, args![]).await? {
        broken.push(format!("the postings of {} do not sum to zero", row.text("name")?));
    }
    let drifted = sql!(
        "select wallet_id as name from (
             select wallet_id, asset, account, partner_id, atoms from ledger
             union all
             select wallet_id, asset, account, partner_id, -atoms as atoms from ledger_balance
         ) as line group by wallet_id, asset, account, partner_id having sum(atoms) <> 0 order by wallet_id limit 1"
    );
    if let Some(row) = conn.row(drifted, args![]).await? {
        broken.push(format!("the sums of {} are not what its postings add up to", row.text("name")?));
    }
    Ok(())
}
