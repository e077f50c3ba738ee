//! Postings of every step, and the running sums they move, in the same commit (M15).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Serialize;
use sluice_core::asset::{Asset, AssetId};
use sluice_core::chain::{ChainId, ChainProfile};
use sluice_core::energy::{Assigned, Look, credit};
use sluice_core::id::{PartnerId, TransferId, WalletId};
use sluice_core::ledger::{Account, Posting, effects};
use sluice_core::port::store::Change;

use super::{Context, cause};
use crate::row;
use crate::row::table::Table;
use crate::sql::{Conn, EachRow, SqlError};
use crate::{args, sql};

const LEDGER: Table = Table {
    name: "ledger",
    texts: &["group_id", "partner_id", "wallet_id", "asset", "account", "transfer_id", "reason"],
    ints: &["atoms", "at"],
    blobs: &[],
};
static POST: LazyLock<EachRow> = LazyLock::new(|| LEDGER.insert(""));

const SUMS: Table = Table {
    name: "ledger_balance",
    texts: &["partner_id", "wallet_id", "asset", "account"],
    ints: &["atoms"],
    blobs: &[],
};
// A new sum begins at zero and is then moved: `check` looks at a row before it sees that the row exists already.
static ADD: LazyLock<EachRow> = LazyLock::new(|| {
    EachRow::new(
        "update ledger_balance set atoms = atoms + :atoms
         where wallet_id = :wallet_id and asset = :asset and account = :account and partner_id = :partner_id"
            .into(),
        "update ledger_balance set atoms = ledger_balance.atoms + r.atoms
         from json_to_recordset($1::json)
             as r(partner_id text, wallet_id text, asset text, account text, atoms bigint)
         where ledger_balance.wallet_id = r.wallet_id and ledger_balance.asset = r.asset
           and ledger_balance.account = r.account and ledger_balance.partner_id = r.partner_id"
            .into(),
    )
});
static BEGIN_SUM: LazyLock<EachRow> = LazyLock::new(|| SUMS.insert("on conflict do nothing"));

#[derive(Serialize)]
struct Line {
    group_id: String,
    partner_id: String,
    wallet_id: String,
    asset: String,
    account: &'static str,
    transfer_id: Option<String>,
    reason: String,
    atoms: i64,
    at: i64,
}

#[derive(Serialize)]
struct Sum {
    partner_id: String,
    wallet_id: String,
    asset: String,
    account: &'static str,
    atoms: i64,
}

/// Wallet first: sums are touched in this order.
type Key = (WalletId, AssetId, Account, PartnerId);

pub(super) async fn write(
    conn: &mut Conn<'_>,
    context: &Context,
    changes: &[Change],
) -> Result<(), SqlError> {
    let mut lines = Vec::new();
    let mut natives: BTreeMap<ChainId, Asset> = BTreeMap::new();
    for change in changes {
        let cause = cause(change, context);
        for step in &change.transfers {
            let after = step.after();
            let native = native(conn, &mut natives, after.asset.id.chain).await?;
            let group = format!("{}@{}", after.id, after.version);
            let reason = format!("transfer.{}", after.state.as_str());
            post(&mut lines, &effects(step, &native), &group, Some(after.id), &reason, cause.at.micros())?;
        }
        for step in &change.loans {
            let loan = step.after();
            let native = native(conn, &mut natives, loan.chain).await?;
            let (group, reason) =
                (format!("{}@{}", loan.need, loan.version), format!("loan.{}", loan.state.as_str()));
            post(&mut lines, &credit::postings(step, &native), &group, None, &reason, cause.at.micros())?;
        }
        let looked = change.topups.iter().flat_map(Look::came);
        for topup in looked.chain(change.assigned.iter().map(Assigned::topup)) {
            let native = native(conn, &mut natives, topup.chain).await?;
            let (group, at) = (topup.posted_as(), cause.at.micros());
            post(&mut lines, &credit::topped_up(topup, &native), &group, None, "topup", at)?;
        }
        if !change.postings.is_empty() {
            let named = change.posted_as.clone();
            let group = named.unwrap_or_else(|| format!("manual_{}", context.ulid()));
            post(&mut lines, &change.postings, &group, None, &cause.reason, cause.at.micros())?;
        }
    }
    if lines.is_empty() {
        return Ok(());
    }
    conn.run_each(&POST, &lines).await?;
    move_sums(conn, &lines).await
}

/// Adds a group; lines of one account are joined, and the group must sum to zero per asset.
fn post(
    lines: &mut Vec<Line>,
    postings: &[Posting],
    group: &str,
    transfer: Option<TransferId>,
    reason: &str,
    at: i64,
) -> Result<(), SqlError> {
    let unbalanced = || SqlError::Rule("ledger_sums_to_zero".into());
    let (mut joined, mut totals): (BTreeMap<Key, i64>, BTreeMap<AssetId, i64>) = Default::default();
    for posting in postings {
        let sum =
            joined.entry((posting.wallet, posting.asset, posting.account, posting.partner)).or_default();
        *sum = sum.checked_add(posting.atoms).ok_or_else(unbalanced)?;
        let total = totals.entry(posting.asset).or_default();
        *total = total.checked_add(posting.atoms).ok_or_else(unbalanced)?;
    }
    if totals.values().any(|total| *total != 0) {
        return Err(unbalanced());
    }
    lines.extend(joined.into_iter().filter(|(_, atoms)| *atoms != 0).map(
        |((wallet, asset, account, partner), atoms)| Line {
            group_id: group.to_owned(),
            partner_id: partner.to_string(),
            wallet_id: wallet.to_string(),
            asset: asset.to_string(),
            account: account.as_str(),
            transfer_id: transfer.map(|id| id.to_string()),
            reason: reason.to_owned(),
            atoms,
            at,
        },
    ));
    Ok(())
}

async fn move_sums(conn: &mut Conn<'_>, lines: &[Line]) -> Result<(), SqlError> {
    let mut sums: BTreeMap<(&str, &str, &'static str, &str), i64> = BTreeMap::new();
    for line in lines {
        let sum = sums.entry((&line.wallet_id, &line.asset, line.account, &line.partner_id)).or_default();
        *sum = sum.checked_add(line.atoms).ok_or_else(|| SqlError::Rule("ledger_sum_fits".into()))?;
    }
    let rows = |atoms: fn(i64) -> i64| {
        let row =
            move |((wallet, asset, account, partner), sum): (&(&str, &str, &'static str, &str), &i64)| Sum {
                partner_id: (*partner).to_owned(),
                wallet_id: (*wallet).to_owned(),
                asset: (*asset).to_owned(),
                account,
                atoms: atoms(*sum),
            };
        sums.iter().map(row).collect::<Vec<_>>()
    };
    conn.run_each(&BEGIN_SUM, &rows(|_| 0)).await?;
    conn.run_each(&ADD, &rows(|sum| sum)).await?;
    Ok(())
}

/// The coin that pays for gas on a chain: as configured, or as the shipped profile of the chain says.
async fn native(
    conn: &mut Conn<'_>,
    known: &mut BTreeMap<ChainId, Asset>,
    chain: ChainId,
) -> Result<Asset, SqlError> {
    if let Some(asset) = known.get(&chain) {
        return Ok(asset.clone());
    }
    let text = sql!("select * from asset where chain = $1 and id like $2 order by id limit 1");
    let rows = conn.rows(text, args![chain.to_string(), format!("{chain}/slip44:%")]).await?;
    let configured = row::read(&rows, row::asset::read).0.pop();
    let shipped = || ChainProfile::known(chain).map(|profile| Asset::native(&profile));
    let asset =
        configured.or_else(shipped).ok_or_else(|| SqlError::Rule("chain_has_a_native_asset".into()))?;
    known.insert(chain, asset.clone());
    Ok(asset)
}
