//! What the wallets of a partner did over a time. What they hold now is in the running sums; what was posted since the time
//! began is taken back from it, so a day of long ago costs what happened after it and not what came before.

use std::collections::BTreeMap;

use sluice_core::asset::AssetId;
use sluice_core::id::{PartnerId, WalletId};
use sluice_core::ledger::Account;
use sluice_core::port::store::StoreError;
use sluice_core::statement::{Line, Moved};
use sluice_core::time::Timestamp;

use crate::engine::LIST_MAX;
use crate::row::Unread;
use crate::row::cells::Cells;
use crate::sql::{Conn, Row, SqlError};
use crate::{args, sql};

type Sums = BTreeMap<(WalletId, AssetId), BTreeMap<Account, Moved>>;

/// Every row has to read: a part of a statement would be a wrong one.
pub(super) async fn of(
    conn: &mut Conn<'_>,
    partner: PartnerId,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<Line>, SqlError> {
    let mut sums = Sums::new();
    let now = sql!(
        "select wallet_id, asset, account, atoms from ledger_balance where partner_id = $1
         order by wallet_id, asset, account limit $2"
    );
    for row in conn.rows(now, args![partner.to_string(), LIST_MAX]).await? {
        entry(&mut sums, &row, |sums, cells| {
            sums.now = cells.int("atoms")?;
            Ok(())
        })?;
    }
    let since = sql!(
        "select wallet_id, asset, account,
             cast(sum(case when at >= $3 then atoms else 0 end) as bigint) as later,
             cast(sum(case when at < $3 and atoms > 0 then atoms else 0 end) as bigint) as plus,
             cast(sum(case when at < $3 and atoms < 0 then atoms else 0 end) as bigint) as minus
         from ledger where partner_id = $1 and at >= $2
         group by wallet_id, asset, account order by wallet_id, asset, account limit $4"
    );
    for row in conn.rows(since, args![partner.to_string(), from, to, LIST_MAX]).await? {
        entry(&mut sums, &row, |sums, cells| {
            (sums.later, sums.plus, sums.minus) =
                (cells.int("later")?, cells.int("plus")?, cells.int("minus")?);
            Ok(())
        })?;
    }
    let line = |((wallet, asset), accounts): (&(WalletId, AssetId), &BTreeMap<Account, Moved>)| {
        let accounts: Vec<Moved> = accounts.values().copied().collect();
        Line::of(*wallet, *asset, &accounts).map_err(|uneven| {
            let why = uneven.to_string();
            StoreError::Inconsistent { table: "ledger", row: wallet.to_string(), why }.into()
        })
    };
    sums.iter().map(line).collect()
}

fn entry(
    sums: &mut Sums,
    row: &Row,
    take: impl FnOnce(&mut Moved, &Cells<'_>) -> Result<(), Unread>,
) -> Result<(), SqlError> {
    let cells = Cells::of("ledger", "wallet_id", row);
    let read = || -> Result<(), Unread> {
        let wallet = cells.parsed("wallet_id", WalletId::parse)?;
        let asset = cells.parsed("asset", AssetId::parse)?;
        let account = cells.parsed("account", |text| Account::parse(text).ok_or(()))?;
        let none = Moved { account, now: 0, later: 0, plus: 0, minus: 0 };
        take(sums.entry((wallet, asset)).or_default().entry(account).or_insert(none), &cells)
    };
    Ok(read().map_err(StoreError::from)?)
}
