//! Proofs, before everything that refers to them; and which on-chain log pays what.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde::Serialize;
use sluice_core::chain::ChainId;
use sluice_core::port::store::{Change, StoreError};
use sluice_core::proof::{Effect, Proof, Verdict};
use sluice_core::withdrawal::State;

use crate::row::cells::big;
use crate::row::proof::{ProofRow, TABLE};
use crate::row::table::Table;
use crate::sql::{Conn, EachRow, SqlError};

static INSERT: LazyLock<EachRow> = LazyLock::new(|| TABLE.insert(""));

pub(super) async fn write(conn: &mut Conn<'_>, changes: &[Change]) -> Result<(), SqlError> {
    let rows =
        changes.iter().flat_map(|change| &change.proofs).map(ProofRow::of).collect::<Result<Vec<_>, _>>();
    let rows = rows.map_err(|error| StoreError::Statement(error.to_string()))?;
    if rows.is_empty() {
        return Ok(());
    }
    conn.run_each(&INSERT, &rows).await?;
    pay(conn, changes).await
}

const PAID: Table =
    Table { name: "paid_log", texts: &["chain", "txid", "payee"], ints: &["log_index"], blobs: &[] };
static PAY: LazyLock<EachRow> = LazyLock::new(|| {
    PAID.insert(
        "on conflict (chain, txid, log_index) do update set payee = excluded.payee
            where paid_log.payee = excluded.payee",
    )
});

#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
struct PaidRow {
    chain: String,
    txid: String,
    log_index: i64,
    payee: String,
}

/// Notes which logs proofs of payment rest on. A log that has paid something else pays nothing more (M1).
async fn pay(conn: &mut Conn<'_>, changes: &[Change]) -> Result<(), SqlError> {
    let mut rows = BTreeSet::new();
    for change in changes {
        for proof in &change.proofs {
            rows.extend(paid(change, proof)?);
        }
    }
    let twice = || SqlError::Rule("m1_one_log_pays_once".into());
    let rows: Vec<PaidRow> = rows.into_iter().collect();
    // One log under two payees of one slice: no statement may touch a row twice.
    let log = |row: &PaidRow| (row.chain.clone(), row.txid.clone(), row.log_index);
    if rows.iter().map(log).collect::<BTreeSet<_>>().len() < rows.len() {
        return Err(twice());
    }
    if rows.is_empty() || conn.run_each(&PAY, &rows).await? == rows.len() as u64 {
        return Ok(());
    }
    Err(twice())
}

fn paid(change: &Change, proof: &Proof) -> Result<Option<PaidRow>, SqlError> {
    let (txid, log_index) = match proof.verdict() {
        Verdict::Paid(inclusion) => match inclusion.effect {
            Effect::Paid { log_index } => (inclusion.txid, log_index),
            Effect::Reverted | Effect::OutOfEnergy | Effect::Voided | Effect::Mismatch => return Ok(None),
        },
        Verdict::PaidElsewhere { txid, log_index, .. } => (*txid, *log_index),
        Verdict::Dead(_) => return Ok(None),
    };
    let Some((chain, payee)) = payee(change, proof) else {
        return Err(SqlError::Rule("m1_a_payment_has_its_payee".into()));
    };
    let (chain, txid) = (chain.to_string(), hex::encode(txid));
    Ok(Some(PaidRow { chain, txid, log_index: big(log_index), payee }))
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
