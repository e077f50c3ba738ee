//! A request whose ids were stored before: the same request again, or another under the same name.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde::Serialize;
use sluice_core::id::WithdrawalId;
use sluice_core::port::store::{Accepted, Intake, StoreError};

use crate::row;
use crate::sql::{Conn, EachRow, LIST_MAX, Row, SqlError};
use crate::{args, withdrawals};

/// The two names of a request, and its place in the group.
#[derive(Serialize)]
struct Names<'i> {
    place: usize,
    partner_id: String,
    external_id: &'i str,
    idempotency_key: Option<&'i str>,
}

static KNOWN: LazyLock<EachRow> = LazyLock::new(|| {
    EachRow::new(
        "select :place as place where exists
             (select 1 from withdrawal where partner_id = :partner_id and external_id = :external_id)
         or exists
             (select 1 from withdrawal where partner_id = :partner_id and idempotency_key = :idempotency_key)
         limit $2"
            .into(),
        // `limit` inside: each name is looked up by its index, whatever the planner believes of the table.
        "with r as (select * from json_to_recordset($1::json)
             as r(place bigint, partner_id text, external_id text, idempotency_key text))
         select r.place from r, lateral (select 1 from withdrawal w
             where w.partner_id = r.partner_id and w.external_id = r.external_id limit 1) as named
         union
         select r.place from r, lateral (select 1 from withdrawal w
             where w.partner_id = r.partner_id and w.idempotency_key = r.idempotency_key limit 1) as keyed
         limit $2"
            .into(),
    )
});

/// Which requests of a group carry a name that is stored, or that an earlier one of the group carries.
pub(super) async fn places(conn: &mut Conn<'_>, intakes: &[Intake]) -> Result<BTreeSet<usize>, SqlError> {
    let names: Vec<Names<'_>> = intakes
        .iter()
        .enumerate()
        .map(|(place, intake)| {
            let withdrawal = intake.withdrawal.after();
            Names {
                place,
                partner_id: withdrawal.partner.to_string(),
                external_id: &withdrawal.request.external_id,
                idempotency_key: intake.idempotency_key.as_deref(),
            }
        })
        .collect();
    let mut places = BTreeSet::new();
    for row in conn.rows_each(&KNOWN, &names, args![LIST_MAX]).await? {
        places.insert(usize::try_from(row.int("place")?).unwrap_or(usize::MAX));
    }
    let (mut ids, mut keys) = (BTreeSet::new(), BTreeSet::new());
    for one in &names {
        if places.contains(&one.place) {
            continue;
        }
        let key = one.idempotency_key.map(|key| (&one.partner_id, key));
        if ids.contains(&(&one.partner_id, one.external_id)) || key.is_some_and(|key| keys.contains(&key)) {
            places.insert(one.place);
            continue;
        }
        ids.insert((&one.partner_id, one.external_id));
        keys.extend(key);
    }
    Ok(places)
}

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
