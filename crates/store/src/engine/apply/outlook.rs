//! Rungs that wallets come to stand on with their energy, and what vendors asked.

use std::sync::LazyLock;

use sluice_core::energy::price::KEPT_DAYS;
use sluice_core::port::store::Change;

use super::{Happened, Written};
use crate::row::outlook::{MODES, ModeRow, PRICES, PriceRow};
use crate::sql::{Conn, EachRow, SqlError};
use crate::{args, sql};

const DAY_US: i64 = 86_400_000_000;

// A rung that a wallet stands on already is none that it comes to: somebody else was faster.
static SET_MODE: LazyLock<EachRow> = LazyLock::new(|| {
    MODES.insert(
        "on conflict (wallet_id) do update set mode = excluded.mode, energy = excluded.energy, most = excluded.most,
         since = excluded.since where energy_mode.mode <> excluded.mode",
    )
});
static ADD_PRICE: LazyLock<EachRow> = LazyLock::new(|| {
    PRICES.insert(
        "on conflict (chain, span_at, vendor) do update set
         low_micro_sun = case when excluded.low_micro_sun < energy_price.low_micro_sun
             then excluded.low_micro_sun else energy_price.low_micro_sun end,
         high_micro_sun = case when excluded.high_micro_sun > energy_price.high_micro_sun
             then excluded.high_micro_sun else energy_price.high_micro_sun end,
         last_micro_sun = excluded.last_micro_sun, energy = excluded.energy, duration_s = excluded.duration_s,
         quotes = energy_price.quotes + 1, last_at = excluded.last_at",
    )
});

pub(super) async fn write(
    conn: &mut Conn<'_>,
    changes: &[Change],
    happened: &mut Happened,
) -> Result<Written, SqlError> {
    for (place, change) in changes.iter().enumerate() {
        let rows: Vec<ModeRow> = change.turned.iter().map(ModeRow::of).collect();
        if !rows.is_empty() && conn.run_each(&SET_MODE, &rows).await? != rows.len() as u64 {
            return Ok(Written::Moved);
        }
        happened.extend(change.turned.iter().map(|turned| (place, turned.event())));
        for heard in &change.heard {
            conn.run_each(&ADD_PRICE, &[PriceRow::of(heard)]).await?;
        }
        let Some(last) = change.heard.last() else { continue };
        let oldest = last.span_at().micros().saturating_sub(KEPT_DAYS * DAY_US);
        let text = sql!("delete from energy_price where chain = $1 and span_at < $2");
        conn.run(text, args![last.chain.to_string(), oldest]).await?;
    }
    Ok(Written::Whole)
}
