//! Top-ups of the pool, and how partners' credit was told last.

use sluice_core::address::TronAddress;
use sluice_core::chain::ChainId;
use sluice_core::energy::Prepayment;
use sluice_core::energy::credit::{Level, Standing};
use sluice_core::id::{PartnerId, WalletId};

use crate::row::Unread;
use crate::row::cells::Cells;
use crate::sql::Row;

/// From a row of `energy_topup`.
///
/// # Errors
/// [`Unread`].
pub(crate) fn read_topup(row: &Row) -> Result<Prepayment, Unread> {
    let cells = Cells::of("energy_topup", "txid", row);
    Ok(Prepayment {
        txid: cells.hash("txid")?,
        chain: cells.parsed("chain", ChainId::parse)?,
        wallet: cells.parsed("wallet_id", WalletId::parse)?,
        sender: cells.parsed("sender", TronAddress::parse)?,
        partner: cells.opt_parsed("partner_id", PartnerId::parse)?,
        sun: cells.number("sun")?,
        block: cells.block("block_number", "block_hash")?,
        at: cells.at("block_at")?,
    })
}

/// From a sum of `energy_credit` and the level that was told of it: what is owed stands above zero in the books.
///
/// # Errors
/// [`Unread`].
pub(crate) fn read_standing(row: &Row) -> Result<Standing, Unread> {
    let cells = Cells::of("ledger_balance", "partner_id", row);
    let low = cells.opt_int("low")?.is_some_and(|low| low != 0);
    Ok(Standing {
        wallet: cells.parsed("wallet_id", WalletId::parse)?,
        partner: cells.parsed("partner_id", PartnerId::parse)?,
        balance_sun: cells.int("atoms")?.saturating_neg(),
        level: if low { Level::Low } else { Level::Enough },
    })
}
