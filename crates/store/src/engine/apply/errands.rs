//! Errands of the house, asked for in one commit with what made them necessary (ADR 0023). Each is accepted as any request is:
//! once, under its external id.

use sluice_core::port::store::{Accepted, Change, Intake, StoreError};

use super::super::{Context, accept};
use crate::sql::{Conn, SqlError};
use crate::{args, sql};

pub(super) async fn write(
    conn: &mut Conn<'_>,
    context: &Context,
    changes: &[Change],
) -> Result<(), SqlError> {
    let asked: Vec<Intake> = changes.iter().flat_map(|change| change.errands.iter().cloned()).collect();
    if asked.is_empty() {
        return Ok(());
    }
    for intake in &asked {
        asset(conn, intake).await?;
    }
    for answer in accept::group(conn, context, asked).await? {
        match answer {
            Accepted::New(_) | Accepted::Replay(_) => {}
            Accepted::ExternalIdConflict(_) | Accepted::IdempotencyKeyConflict(_) => {
                return Err(SqlError::Rule("m1_one_external_id".into()));
            }
        }
    }
    Ok(())
}

/// What an errand is of has a row, for its withdrawal to refer to; nobody configures it.
async fn asset(conn: &mut Conn<'_>, intake: &Intake) -> Result<(), SqlError> {
    let request = &intake.withdrawal.after().request;
    if request.pinned_to.is_none() {
        return Err(StoreError::Statement("an errand is pinned to the wallet that does it".into()).into());
    }
    let asset = &request.asset;
    let text = sql!(
        "insert into asset (id, chain, symbol, precision, decimals, freezable) values ($1, $2, $3, $4, $5, $6)
         on conflict (id) do nothing"
    );
    let (precision, decimals) = (u32::from(asset.precision), u32::from(asset.decimals));
    let (id, chain) = (asset.id.to_string(), asset.id.chain.to_string());
    conn.run(text, args![id, chain, &asset.symbol, precision, decimals, asset.freezable]).await?;
    Ok(())
}
