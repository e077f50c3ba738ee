//! What came to the pool's wallet, how far blocks were read for it, and what partners' credit comes to. Postings of it are in
//! `ledger`, in the same commit.

use sluice_core::energy::credit::{Level, Turned};
use sluice_core::energy::{Assigned, Loan, Look, Prepayment};
use sluice_core::ledger::Account;
use sluice_core::port::store::Change;

use super::{Happened, Written};
use crate::row::cells::big;
use crate::sql::{Conn, SqlError};
use crate::{args, sql};

/// Before the ledger: what was overtaken posts nothing.
pub(super) async fn write(
    conn: &mut Conn<'_>,
    changes: &[Change],
    happened: &mut Happened,
) -> Result<Written, SqlError> {
    for (place, change) in changes.iter().enumerate() {
        if let Some(look) = &change.topups {
            if !follows(conn, look).await? {
                return Ok(Written::Moved);
            }
            for topup in look.came() {
                insert(conn, topup).await?;
                happened.push((place, topup.event()));
            }
        }
        if let Some(assigned) = &change.assigned {
            if !assign(conn, assigned).await? {
                return Ok(Written::Moved);
            }
            happened.push((place, assigned.topup().event()));
        }
        for turned in &change.credit_turned {
            if !turn(conn, turned).await? {
                return Ok(Written::Moved);
            }
            happened.push((place, turned.event()));
        }
    }
    Ok(Written::Whole)
}

/// The next look begins where this one ended; `false` where another has been there.
async fn follows(conn: &mut Conn<'_>, look: &Look) -> Result<bool, SqlError> {
    let (wallet, next) = (look.wallet().to_string(), big(look.next()));
    let written = match look.from() {
        None => {
            let text = sql!(
                "insert into energy_topup_cursor (wallet_id, next_height) values ($1, $2) on conflict do nothing"
            );
            conn.run(text, args![wallet, next]).await?
        }
        Some(from) => {
            let text = sql!(
                "update energy_topup_cursor set next_height = $2 where wallet_id = $1 and next_height = $3"
            );
            conn.run(text, args![wallet, next, big(from)]).await?
        }
    };
    Ok(written == 1)
}

async fn insert(conn: &mut Conn<'_>, topup: &Prepayment) -> Result<(), SqlError> {
    let text = sql!(
        "insert into energy_topup
             (txid, chain, wallet_id, sender, partner_id, sun, block_number, block_hash, block_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
    );
    let args = args![
        hex::encode(topup.txid),
        topup.chain.to_string(),
        topup.wallet.to_string(),
        topup.sender.to_string(),
        topup.partner.map(|partner| partner.to_string()),
        big(topup.sun),
        big(topup.block.number),
        hex::encode(topup.block.hash),
        topup.at.micros()
    ];
    conn.run(text, args).await?;
    Ok(())
}

/// `false` where it is somebody's already.
async fn assign(conn: &mut Conn<'_>, assigned: &Assigned) -> Result<bool, SqlError> {
    let text = sql!(
        "update energy_topup set partner_id = $2 where txid = $1 and wallet_id = $3 and sun = $4
         and partner_id is null"
    );
    let topup = assigned.topup();
    let (txid, partner) = (hex::encode(topup.txid), assigned.partner().to_string());
    let args = args![txid, partner, topup.wallet.to_string(), big(topup.sun)];
    Ok(conn.run(text, args).await? == 1)
}

/// `false` where it was told so already.
async fn turn(conn: &mut Conn<'_>, turned: &Turned) -> Result<bool, SqlError> {
    let text = sql!(
        "insert into energy_credit_level (wallet_id, partner_id, low, since) values ($1, $2, $3, $4)
         on conflict (wallet_id, partner_id) do update set low = excluded.low, since = excluded.since
         where energy_credit_level.low <> excluded.low"
    );
    let standing = turned.standing;
    let low = i64::from(turned.level == Level::Low);
    let args = args![standing.wallet.to_string(), standing.partner.to_string(), low, turned.at.micros()];
    Ok(conn.run(text, args).await? == 1)
}

/// After the ledger and its loans: a loan leaves its partner owing no more than it may, which is nothing where it is paid ahead. What late
/// loans were given back they may be charged again: it is nobody's to lend on. The sum was moved in this transaction, so its row is held
/// until the end: nobody else takes the same credit, or the same room below a bound, meanwhile, nor gives any back.
pub(super) async fn covers(conn: &mut Conn<'_>, loan: &Loan) -> Result<(), SqlError> {
    let Some(owed_max_sun) = loan.billing.owed_max_sun().filter(|_| loan.price_sun.0 > 0) else {
        return Ok(());
    };
    let text = sql!(
        "select atoms from ledger_balance where wallet_id = $1 and partner_id = $2 and account = $3 and atoms + (
             select cast(coalesce(sum(price_sun), 0) as bigint) from energy_loan
             where chain = $5 and ended = 0 and state = 'late' and lender_id = $1 and partner_id = $2
         ) > $4 limit 1"
    );
    let (lender, partner) = (loan.lender.to_string(), loan.partner.to_string());
    let chain = loan.chain.to_string();
    let args = args![lender, partner, Account::EnergyCredit.as_str(), big(owed_max_sun), chain];
    match conn.row(text, args).await? {
        None => Ok(()),
        Some(_) => Err(SqlError::Rule(loan.billing.rule().into())),
    }
}
