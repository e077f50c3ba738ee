//! Stops: at most one per kind, subject and holder (M12).

use sluice_core::canonical::Canonical;
use sluice_core::command::Command;
use sluice_core::event::{Cause, of_command};
use sluice_core::id::{PartnerId, WalletId};
use sluice_core::moved::Moved;
use sluice_core::partner::PLATFORM;
use sluice_core::port::registry::Lifted;
use sluice_core::port::store::StoreError;
use sluice_core::stop::{Scope, Stop};

use super::told::{Told, tell};
use crate::engine::Context;
use crate::engine::apply::{commands, events};
use crate::sql::{Conn, SqlError};
use crate::{args, sql};

/// The first one stands, with its reason and its time.
pub(crate) async fn set(conn: &mut Conn<'_>, context: &Context, stop: &Stop) -> Result<bool, SqlError> {
    let text = sql!(
        "insert into stop (kind, subject, holder, actor, reason, at) values ($1, $2, $3, $4, $5, $6)
         on conflict (kind, subject, holder) do nothing"
    );
    let (kind, subject) = stop.scope.parts();
    let (holder, actor) = (stop.holder.to_string(), stop.actor.to_string());
    if conn.run(text, args![kind, subject, holder, actor, &stop.reason, stop.at]).await? == 0 {
        return Ok(false);
    }
    let cause = Cause { actor: stop.actor.clone(), reason: stop.reason.clone(), at: stop.at };
    happened(conn, context, "stop.set", (stop.scope, stop.holder), &cause).await?;
    Ok(true)
}

/// The second person's word and the lifting, or neither.
pub(super) async fn lift(
    conn: &mut Conn<'_>,
    context: &Context,
    (scope, holder): (Scope, PartnerId),
    word: &Moved<Command>,
    cause: &Cause,
) -> Result<Lifted, SqlError> {
    let (kind, subject) = scope.parts();
    let held_by = holder.to_string();
    // Looked at before anything is written, because what is written here stays; and held until then.
    let there = sql!(
        lite "select at from stop where kind = $1 and subject = $2 and holder = $3 limit 1",
        pg "select at from stop where kind = $1 and subject = $2 and holder = $3 limit 1 for update",
        because "SQLite has one writer and no row locks"
    );
    if conn.row(there, args![kind, &subject, &held_by]).await?.is_none() {
        return Ok(Lifted::None);
    }
    if !commands::step(conn, word).await? {
        return Ok(Lifted::Moved);
    }
    let gone = sql!("delete from stop where kind = $1 and subject = $2 and holder = $3");
    conn.run(gone, args![kind, subject, held_by]).await?;
    events::write(conn, context, vec![(0, of_command(word))], std::slice::from_ref(cause)).await?;
    happened(conn, context, "stop.lifted", (scope, holder), cause).await?;
    Ok(Lifted::Now)
}

async fn happened(
    conn: &mut Conn<'_>,
    context: &Context,
    kind: &str,
    (scope, holder): (Scope, PartnerId),
    cause: &Cause,
) -> Result<(), SqlError> {
    let (partner, wallet) = match scope {
        Scope::Partner(partner) => (partner, None),
        Scope::Wallet(wallet) => (owner(conn, wallet).await?, Some(wallet)),
        Scope::All | Scope::Chain(_) | Scope::Asset(_) => (PLATFORM, None),
    };
    let (scope, subject) = scope.parts();
    let data = Canonical::map([
        ("holder", Some(Canonical::text(holder))),
        ("scope", Some(Canonical::text(scope))),
        ("subject", Some(subject).filter(|subject| !subject.is_empty()).map(Canonical::Text)),
    ]);
    tell(conn, context, Told::new(kind, partner, data).of_wallet(wallet), cause).await
}

/// A stop may be put on a wallet before it is adopted; then it is the platform's.
async fn owner(conn: &mut Conn<'_>, wallet: WalletId) -> Result<PartnerId, SqlError> {
    let text = sql!("select partner_id from wallet where id = $1 limit 1");
    let Some(row) = conn.row(text, args![wallet.to_string()]).await? else { return Ok(PLATFORM) };
    let partner = PartnerId::parse(row.text("partner_id")?);
    Ok(partner.map_err(|error| StoreError::Statement(error.to_string()))?)
}
