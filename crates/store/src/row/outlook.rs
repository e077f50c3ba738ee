//! How wallets stand with their energy, and what vendors asked.

use serde::Serialize;
use sluice_core::chain::ChainId;
use sluice_core::energy::mode::{Level, Mode, Standing, Stood, Turned};
use sluice_core::energy::price::{Heard, Span};
use sluice_core::id::WalletId;
use sluice_core::port::market::VendorId;

use super::Unread;
use super::cells::{Cells, big};
use super::table::Table;
use crate::sql::Row;

pub(crate) const MODES: Table = Table {
    name: "energy_mode",
    texts: &["wallet_id", "mode"],
    ints: &["energy", "most", "since"],
    blobs: &[],
};

pub(crate) const PRICES: Table = Table {
    name: "energy_price",
    texts: &["chain", "vendor"],
    ints: &[
        "span_at",
        "low_micro_sun",
        "high_micro_sun",
        "last_micro_sun",
        "energy",
        "duration_s",
        "quotes",
        "last_at",
    ],
    blobs: &[],
};

/// A row of `energy_mode`.
#[derive(Debug, Serialize)]
pub(crate) struct ModeRow {
    wallet_id: String,
    mode: &'static str,
    energy: i64,
    most: i64,
    since: i64,
}

impl ModeRow {
    pub(crate) fn of(turned: &Turned) -> Self {
        Self {
            wallet_id: turned.now.wallet.to_string(),
            mode: turned.now.mode.as_str(),
            energy: big(turned.now.level.energy),
            most: big(turned.now.level.most),
            since: turned.now.since.micros(),
        }
    }
}

/// A row of `energy_price`, as the first quote of its span makes it.
#[derive(Debug, Serialize)]
pub(crate) struct PriceRow {
    chain: String,
    vendor: String,
    span_at: i64,
    low_micro_sun: i64,
    high_micro_sun: i64,
    last_micro_sun: i64,
    energy: i64,
    duration_s: i64,
    quotes: i64,
    last_at: i64,
}

impl PriceRow {
    pub(crate) fn of(heard: &Heard) -> Self {
        let micro_sun = big(heard.micro_sun);
        Self {
            chain: heard.chain.to_string(),
            vendor: heard.vendor.to_string(),
            span_at: heard.span_at().micros(),
            low_micro_sun: micro_sun,
            high_micro_sun: micro_sun,
            last_micro_sun: micro_sun,
            energy: big(heard.energy),
            duration_s: big(heard.duration_s),
            quotes: 1,
            last_at: heard.at.micros(),
        }
    }
}

/// From a row of `energy_price`.
///
/// # Errors
/// [`Unread`].
pub fn read_price(row: &Row) -> Result<Span, Unread> {
    let cells = Cells::of("energy_price", "span_at", row);
    Ok(Span {
        chain: cells.parsed("chain", ChainId::parse)?,
        vendor: cells.parsed("vendor", VendorId::parse)?,
        from: cells.at("span_at")?,
        low_micro_sun: cells.number("low_micro_sun")?,
        high_micro_sun: cells.number("high_micro_sun")?,
        last_micro_sun: cells.number("last_micro_sun")?,
        energy: cells.number("energy")?,
        duration_s: cells.number("duration_s")?,
        quotes: cells.number("quotes")?,
        last_at: cells.at("last_at")?,
    })
}

/// The rung of a row of `energy_mode`.
///
/// # Errors
/// [`Unread`].
pub fn read_mode(row: &Row) -> Result<Mode, Unread> {
    Cells::of("energy_mode", "mode", row).parsed("mode", |text| Mode::parse(text).ok_or(()))
}

/// From a wallet beside its row of `energy_mode`, if it has one, and what is rented.
///
/// # Errors
/// [`Unread`].
pub fn read_stood(row: &Row) -> Result<Stood, Unread> {
    let cells = Cells::of("energy_mode", "wallet_id", row);
    let wallet = cells.parsed("wallet_id", WalletId::parse)?;
    let standing = match cells.opt_parsed("mode", |text| Mode::parse(text).ok_or(()))? {
        Some(mode) => {
            let level = Level { energy: cells.number("energy")?, most: cells.number("most")? };
            Some(Standing { wallet, mode, level, since: cells.at("since")? })
        }
        None => None,
    };
    Ok(Stood { wallet, standing, rented: cells.number("rented")? })
}
