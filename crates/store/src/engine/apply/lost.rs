//! Attempts that the signer's journal holds and no transfer carries (M17). Written again, they stay what they are.

use sluice_core::id::AttemptId;
use sluice_core::journal::{Lost, LostFact};
use sluice_core::port::store::{Change, StoreError};

use super::{Context, cause};
use crate::row::{self, cells::big};
use crate::sql::{Conn, Sql, SqlError};
use crate::{args, sql};

/// Deaths of lost slots: after their proofs, and before the withdrawals that are given up on them.
pub(super) async fn died(conn: &mut Conn<'_>, changes: &[Change]) -> Result<(), SqlError> {
    for fact in changes.iter().flat_map(|change| &change.lost) {
        let LostFact::Died(death) = fact else { continue };
        let text = sql!("insert into lost_death (slot, proof_id) values ($1, $2)");
        conn.run(text, args![death.slot().to_string(), death.proof().id().to_string()]).await?;
    }
    Ok(())
}

/// Refuses an attempt that stands where it must not: two who import at once, one of whom has read before the other wrote, would
/// have it on its transfer and lost, and its signature would be with the lost one.
pub(super) async fn carried_or_lost(
    conn: &mut Conn<'_>,
    attempt: AttemptId,
    stands: &Sql,
) -> Result<(), SqlError> {
    let lock = sql!(
        lite "select 1 as locked where $1 <> '' limit 1",
        pg "select 1 as locked from (select pg_advisory_xact_lock(17, hashtext($1))) held limit 1",
        because "PostgreSQL writes at once what does not meet in a row"
    );
    conn.row(lock, args![attempt.to_string()]).await?;
    match conn.row(stands, args![attempt.to_string()]).await? {
        Some(_) => Err(SqlError::Rule("m17_carried_or_lost".into())),
        None => Ok(()),
    }
}

pub(super) async fn write(
    conn: &mut Conn<'_>,
    context: &Context,
    changes: &[Change],
) -> Result<(), SqlError> {
    for change in changes {
        let at = cause(change, context).at;
        for fact in &change.lost {
            match fact {
                LostFact::Reserved(lost) => {
                    let stands = sql!("select id from attempt where id = $1 limit 1");
                    carried_or_lost(conn, lost.attempt, stands).await?;
                    let text = sql!(
                        "insert into lost_attempt
                             (id, wallet_id, chain, slot, kind, evidence, payment_key, journal_seq, imported_at)
                         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (id) do nothing"
                    );
                    let Lost { wallet, attempt, kind, slot, tron, pays, seq } = lost;
                    let evidence = tron.as_ref().map(row::attempt::tron_terms).transpose();
                    let evidence = evidence.map_err(|error| StoreError::Statement(error.to_string()))?;
                    let (id, wallet) = (attempt.to_string(), wallet.to_string());
                    let (chain, slot) = (slot.chain().to_string(), slot.to_string());
                    let pays = pays.map(|key| key.to_string());
                    let values = args![id, wallet, chain, slot, kind.as_str(), evidence, pays, big(*seq), at];
                    conn.run(text, values).await?;
                }
                LostFact::Signed { attempt, raw, txid } => {
                    let text =
                        sql!("update lost_attempt set raw = $2, txid = $3 where id = $1 and raw is null");
                    conn.run(text, args![attempt.to_string(), raw, hex::encode(txid)]).await?;
                }
                LostFact::Died(_) => {} // Written before.
            }
        }
    }
    Ok(())
}
