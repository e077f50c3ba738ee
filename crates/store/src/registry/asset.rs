//! Assets as configured.

use sluice_core::access::Actor;
use sluice_core::asset::Asset;
use sluice_core::canonical::Canonical;
use sluice_core::event::Cause;
use sluice_core::partner::PLATFORM;
use sluice_core::port::store::StoreError;

use super::told::{Told, tell};
use crate::engine::Context;
use crate::row;
use crate::sql::{Conn, SqlError};
use crate::{args, sql};

/// Nothing happens when it is what is stored already: every start of the program puts every asset of its configuration.
pub(super) async fn put(conn: &mut Conn<'_>, context: &Context, asset: &Asset) -> Result<(), SqlError> {
    let text = sql!(
        "insert into asset (id, chain, symbol, precision, decimals, freezable) values ($1, $2, $3, $4, $5, $6)
         on conflict (id) do update set symbol = excluded.symbol, freezable = excluded.freezable
            where asset.precision = excluded.precision and asset.decimals = excluded.decimals
              and (asset.symbol <> excluded.symbol or asset.freezable <> excluded.freezable)"
    );
    let id = asset.id.to_string();
    let (precision, decimals) = (u32::from(asset.precision), u32::from(asset.decimals));
    let args = args![&id, asset.id.chain.to_string(), &asset.symbol, precision, decimals, asset.freezable];
    if conn.run(text, args).await? == 0 {
        return same_scale(conn, asset).await;
    }
    let data = Canonical::map([
        ("asset", Some(Canonical::text(asset.id))),
        ("decimals", Some(Canonical::text(asset.decimals))),
        ("freezable", Some(Canonical::text(asset.freezable))),
        ("precision", Some(Canonical::text(asset.precision))),
        ("symbol", Some(Canonical::text(&asset.symbol))),
    ]);
    let cause =
        Cause { actor: Actor::System("registry"), reason: "configuration".into(), at: context.clock.now() };
    tell(conn, context, Told::new("asset.configured", PLATFORM, data), &cause).await
}

/// Every amount in the books counts on the scale it was written with.
async fn same_scale(conn: &mut Conn<'_>, asset: &Asset) -> Result<(), SqlError> {
    let id = asset.id.to_string();
    let row = conn.row(sql!("select * from asset where id = $1 limit 1"), args![&id]).await?;
    let stored = row.as_ref().map(row::asset::read).transpose().map_err(StoreError::from)?;
    match stored {
        Some(stored) if stored.precision == asset.precision && stored.decimals == asset.decimals => Ok(()),
        Some(stored) => {
            let why = format!(
                "its books have {} decimals of {} on chain, and these never change; {} of {} was asked for",
                stored.precision, stored.decimals, asset.precision, asset.decimals
            );
            Err(StoreError::Inconsistent { table: "asset", row: id, why }.into())
        }
        None => Err(StoreError::Statement("an asset was neither stored nor found".into()).into()),
    }
}
