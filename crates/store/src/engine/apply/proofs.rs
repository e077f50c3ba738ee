//! Proofs, before everything that refers to them; and which on-chain log pays what.

use std::sync::LazyLock;

use sluice_core::chain::ChainId;
use sluice_core::port::store::{Change, StoreError};
use sluice_core::proof::{Effect, Proof, Verdict};
use sluice_core::withdrawal::State;

use crate::row::cells::big;
use crate::row::proof::{ProofRow, TABLE};
use crate::row::table::json;
use crate::sql::{Conn, Sql, SqlError};
use crate::{args, sql};

static INSERT: LazyLock<Sql> = LazyLock::new(|| TABLE.insert(""));

pub(super) async fn write(conn: &mut Conn<'_>, changes: &[Change]) -> Result<(), SqlError> {
    let rows =
        changes.iter().flat_map(|change| &change.proofs).map(ProofRow::of).collect::<Result<Vec<_>, _>>();
    let rows = rows.map_err(|error| StoreError::Statement(error.to_string()))?;
    if rows.is_empty() {
        return Ok(());
    }
    conn.run(&INSERT, args![json(&rows)?]).await?;
    for change in changes {
        for proof in &change.proofs {
            pay(conn, change, proof).await?;
        }
    }
    Ok(())
}

/// Notes which log a proof of payment rests on. A log that has paid something else pays nothing more (M1).
async fn pay(conn: &mut Conn<'_>, change: &Change, proof: &Proof) -> Result<(), SqlError> {
    let (txid, log_index) = match proof.verdict() {
        Verdict::Paid(inclusion) => match inclusion.effect {
            Effect::Paid { log_index } => (inclusion.txid, log_index),
            Effect::Reverted | Effect::Voided | Effect::Mismatch => return Ok(()),
        },
        Verdict::PaidElsewhere { txid, log_index, .. } => (*txid, *log_index),
        Verdict::Dead(_) => return Ok(()),
    };
    let Some((chain, payee)) = payee(change, proof) else {
        return Err(SqlError::Rule("m1_a_payment_has_its_payee".into()));
    };
    let text = sql!(
        "insert into paid_log (chain, txid, log_index, payee) values ($1, $2, $3, $4)
         on conflict (chain, txid, log_index) do update set payee = excluded.payee
            where paid_log.payee = excluded.payee"
    );
    let noted = conn.run(text, args![chain.to_string(), hex::encode(txid), big(log_index), payee]).await?;
    if noted == 1 { Ok(()) } else { Err(SqlError::Rule("m1_one_log_pays_once".into())) }
}

/// What a proof of payment is about: a transfer of ours, or a withdrawal that somebody else paid.
fn payee(change: &Change, proof: &Proof) -> Option<(ChainId, String)> {
    match *proof.verdict() {
        Verdict::Paid(_) => {
            let step = change.transfers.iter().find(|step| Some(step.after().id) == proof.transfer())?;
            Some((step.after().asset.id.chain, step.after().id.to_string()))
        }
        Verdict::PaidElsewhere { .. } => {
            let paid = change
                .withdrawals
                .iter()
                .map(|step| step.after())
                .find(|it| matches!(&it.state, State::Paid(paid) if paid.proof == proof.id()))?;
            Some((paid.request.asset.id.chain, paid.id.to_string()))
        }
        Verdict::Dead(_) => None,
    }
}
