//! API keys: rows, and what is done with them.

use std::collections::BTreeSet;

use sluice_core::access::{Actor, Scope};
use sluice_core::canonical::Canonical;
use sluice_core::event::Cause;
use sluice_core::id::{KeyId, PartnerId};
use sluice_core::partner::{ApiKey, Credential};
use sluice_core::port::store::StoreError;
use sluice_core::time::Timestamp;

use super::told::{Told, tell};
use crate::engine::unread::Found;
use crate::engine::{Context, LIST_MAX};
use crate::row::cells::Cells;
use crate::row::{self, Unread};
use crate::sql::{Conn, Row, SqlError};
use crate::{args, sql};

/// Stores a key, unless its maker is revoked: whoever revokes a key with all that came of it must find this one. Its event
/// names everything but the credential.
pub(super) async fn create(
    conn: &mut Conn<'_>,
    context: &Context,
    key: &ApiKey,
    cause: &Cause,
) -> Result<bool, SqlError> {
    if let Actor::Key(maker) = &cause.actor {
        let text = sql!(
            lite "select revoked_at from api_key where id = $1 limit 1",
            pg "select revoked_at from api_key where id = $1 limit 1 for share",
            because "SQLite has one writer"
        );
        let rows = conn.rows(text, args![maker.to_string()]).await?;
        if rows.first().map(|row| row.opt_int("revoked_at")).transpose()?.flatten().is_some() {
            return Ok(false);
        }
    }
    let text = sql!(
        "insert into api_key (id, partner_id, label, kind, sealed_secret, public_key, scopes, networks, expires_at,
            revoked_at, created_at, created_by) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
    );
    let (kind, sealed, public) = match &key.credential {
        Credential::Hmac { sealed_secret } => ("hmac", Some(sealed_secret.clone()), None),
        Credential::Ed25519 { public } => ("ed25519", None, Some(hex::encode(public))),
    };
    let scopes: BTreeSet<&str> = key.scopes.iter().map(|scope| scope.as_str()).collect();
    let json = |texts: Vec<&str>| {
        serde_json::to_string(&texts).map_err(|error| StoreError::Statement(error.to_string()))
    };
    let networks: Vec<&str> = key.networks.iter().map(String::as_str).collect();
    let args = args![
        key.id.to_string(),
        key.partner.to_string(),
        &key.label,
        kind,
        sealed,
        public,
        json(scopes.iter().copied().collect())?,
        json(networks)?,
        key.expires_at,
        key.revoked_at,
        key.created_at,
        cause.actor.to_string(),
    ];
    conn.run(text, args).await?;
    let list = |texts: Vec<&str>| Canonical::List(texts.into_iter().map(Canonical::text).collect());
    let data = Canonical::map([
        ("credential", Some(Canonical::text(kind))),
        ("expires_at", key.expires_at.map(Canonical::text)),
        ("key", Some(Canonical::text(key.id))),
        ("label", Some(Canonical::text(&key.label))),
        ("networks", Some(list(key.networks.iter().map(String::as_str).collect()))),
        ("scopes", Some(list(scopes.into_iter().collect()))),
    ]);
    tell(conn, context, Told::new("key.created", key.partner, data), cause).await?;
    Ok(true)
}

pub(super) async fn one(conn: &mut Conn<'_>, id: KeyId) -> Result<Found<Option<ApiKey>>, SqlError> {
    let rows = conn.rows(sql!("select * from api_key where id = $1 limit 1"), args![id.to_string()]).await?;
    let (mut keys, unread) = row::read(&rows, read);
    Ok((keys.pop(), unread))
}

/// Oldest first, revoked ones included.
pub(super) async fn of(conn: &mut Conn<'_>, partner: PartnerId) -> Result<Found<Vec<ApiKey>>, SqlError> {
    let text = sql!("select * from api_key where partner_id = $1 order by created_at, id limit $2");
    let rows = conn.rows(text, args![partner.to_string(), LIST_MAX]).await?;
    Ok(row::read(&rows, read))
}

/// Whatever came of a key and is not revoked, oldest first: through those that are, too.
pub(super) async fn made_by(conn: &mut Conn<'_>, id: KeyId) -> Result<Found<Vec<ApiKey>>, SqlError> {
    let text = sql!(
        "with recursive line(id) as (
             select k.id from api_key k where k.created_by = $1
             union select k.id from api_key k join line on k.created_by = line.id)
         select * from api_key where id in (select id from line) and revoked_at is null
         order by created_at, id limit $2"
    );
    let rows = conn.rows(text, args![id.to_string(), LIST_MAX]).await?;
    Ok(row::read(&rows, read))
}

/// Revoking twice is the same as once: the first time stands.
pub(super) async fn revoke(
    conn: &mut Conn<'_>,
    context: &Context,
    partner: PartnerId,
    id: KeyId,
    cause: &Cause,
) -> Result<bool, SqlError> {
    let text =
        sql!("update api_key set revoked_at = $3 where id = $1 and partner_id = $2 and revoked_at is null");
    if conn.run(text, args![id.to_string(), partner.to_string(), cause.at]).await? == 1 {
        let data = Canonical::map([("key", Some(Canonical::text(id)))]);
        tell(conn, context, Told::new("key.revoked", partner, data), cause).await?;
        return Ok(true);
    }
    let text = sql!("select id from api_key where id = $1 and partner_id = $2 limit 1");
    Ok(conn.row(text, args![id.to_string(), partner.to_string()]).await?.is_some())
}

/// Notes that a key was used. The time only rises: two processes may note it in any order.
pub(super) async fn used(conn: &mut Conn<'_>, id: KeyId, at: Timestamp) -> Result<(), SqlError> {
    let text = sql!("update api_key set last_used_at = $2 where id = $1 and coalesce(last_used_at, 0) < $2");
    conn.run(text, args![id.to_string(), at]).await?;
    Ok(())
}

fn read(row: &Row) -> Result<ApiKey, Unread> {
    let cells = Cells::of("api_key", "id", row);
    let scopes: Vec<String> = cells.json("scopes")?;
    Ok(ApiKey {
        id: cells.parsed("id", KeyId::parse)?,
        partner: cells.parsed("partner_id", PartnerId::parse)?,
        label: cells.text("label")?.to_owned(),
        credential: match cells.text("kind")? {
            "hmac" => Credential::Hmac { sealed_secret: cells.bytes("sealed_secret")?.to_vec() },
            "ed25519" => Credential::Ed25519 { public: cells.hash("public_key")? },
            other => return Err(cells.unread(format!("kind {other:?}"))),
        },
        // A scope of a newer version is a door this one does not have; the key opens the others.
        scopes: scopes.iter().filter_map(|scope| Scope::parse(scope)).collect(),
        networks: cells.json("networks")?,
        expires_at: cells.opt_at("expires_at")?,
        revoked_at: cells.opt_at("revoked_at")?,
        created_at: cells.at("created_at")?,
        created_by: cells.opt_parsed("created_by", |text| row::actor::parse(text).ok_or(()))?,
        last_used_at: cells.opt_at("last_used_at")?,
    })
}
