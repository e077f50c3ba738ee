//! A request whose ids were stored before: the same request again, or another under the same name.

use sluice_core::id::WithdrawalId;
use sluice_core::port::store::{Accepted, Intake, StoreError};

use crate::row;
use crate::sql::{Conn, Row, SqlError};
use crate::{args, withdrawals};

/// Compares by content. The external id is asked first: it is the identity of the payment, the key only of the request.
pub(super) async fn answer(conn: &mut Conn<'_>, intake: &Intake) -> Result<Accepted, SqlError> {
    let withdrawal = intake.withdrawal.after();
    let (partner, external_id) = (withdrawal.partner.to_string(), &withdrawal.request.external_id);
    let by_external_id = withdrawals!("where w.partner_id = $1 and w.external_id = $2 limit 1");
    let named = conn.row(by_external_id, args![&partner, external_id]).await?;
    let by_key = withdrawals!("where w.partner_id = $1 and w.idempotency_key = $2 limit 1");
    let keyed = match &intake.idempotency_key {
        Some(key) => conn.row(by_key, args![&partner, key]).await?,
        None => None,
    };
    let content_hash = hex::encode(withdrawal.request.content_hash());
    match (named, keyed) {
        (Some(named), _) if named.text("content_hash")? != content_hash => {
            Ok(Accepted::ExternalIdConflict(id(&named)?))
        }
        (Some(named), Some(keyed)) if named.text("id")? != keyed.text("id")? => {
            Ok(Accepted::IdempotencyKeyConflict(id(&keyed)?))
        }
        (Some(named), _) => {
            let stored = row::withdrawal::read(&named).map_err(StoreError::from)?;
            Ok(Accepted::Replay(Box::new(stored)))
        }
        // The content holds the external id, so another external id is another content.
        (None, Some(keyed)) => Ok(Accepted::IdempotencyKeyConflict(id(&keyed)?)),
        (None, None) => Err(StoreError::Inconsistent {
            table: "withdrawal",
            row: withdrawal.id.to_string(),
            why: "its id or payment key exists under another external id".into(),
        }
        .into()),
    }
}

fn id(row: &Row) -> Result<WithdrawalId, SqlError> {
    let id = WithdrawalId::parse(row.text("id")?);
    id.map_err(|error| StoreError::Statement(error.to_string()).into())
}
