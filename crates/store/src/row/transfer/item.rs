//! Items of a transfer: what each withdrawal is paid, as it was planned, and what became of it.

use serde::{Deserialize, Serialize};
use sluice_core::address::Address;
use sluice_core::amount::Amount;
use sluice_core::asset::AssetId;
use sluice_core::id::{PartnerId, ProofId, TransferId, WithdrawalId};
use sluice_core::intent::{Approval, Approved, Payment, PaymentKey};
use sluice_core::time::Timestamp;
use sluice_core::transfer::{Item, Life};

use crate::row::Unread;
use crate::row::cells::{Cells, hash};
use crate::row::table::Table;
use crate::row::version::V;
use crate::sql::Row;

pub(crate) const TABLE: Table = Table {
    name: "transfer_item",
    texts: &["transfer_id", "withdrawal_id", "approved", "paid_by", "dead_by"],
    ints: &["position", "dropped"],
    blobs: &[],
};

/// What may change: the fate of an item.
pub(crate) const MUTABLE: &[&str] = &["paid_by", "dead_by", "dropped"];

/// A row of `transfer_item`.
#[derive(Debug, Serialize)]
pub(crate) struct ItemRow {
    transfer_id: String,
    withdrawal_id: String,
    position: usize,
    approved: String,
    paid_by: Option<String>,
    dead_by: Option<String>,
    dropped: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    v: V<1>,
    payment: PaymentShape,
    decision: String,
    approvals: Vec<ApprovalShape>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PaymentShape {
    key: String,
    partner: String,
    withdrawal: String,
    asset: String,
    atoms: String,
    precision: u8,
    to: String,
    memo: Option<String>,
    expires_at: Option<i64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ApprovalShape {
    key: String,
    signature: String,
    at: i64,
}

impl ItemRow {
    pub(crate) fn of(
        transfer: TransferId,
        position: usize,
        item: &Item,
        dropped: bool,
    ) -> Result<Self, serde_json::Error> {
        let (paid_by, dead_by) = match item.life {
            Life::Live => (None, None),
            Life::Paid(proof) => (Some(proof.to_string()), None),
            Life::Dead(proof) => (None, Some(proof.to_string())),
        };
        let payment = &item.approved.payment;
        let shape = Shape {
            v: V,
            payment: PaymentShape {
                key: payment.key.to_string(),
                partner: payment.partner.to_string(),
                withdrawal: payment.withdrawal.to_string(),
                asset: payment.asset.to_string(),
                atoms: payment.amount.atoms().to_string(),
                precision: payment.precision,
                to: payment.to.key(),
                memo: payment.memo.clone(),
                expires_at: payment.expires_at.map(|at| at.micros()),
            },
            decision: item.approved.decision.clone(),
            approvals: item
                .approved
                .approvals
                .iter()
                .map(|approval| ApprovalShape {
                    key: approval.key.clone(),
                    signature: approval.signature.clone(),
                    at: approval.at.micros(),
                })
                .collect(),
        };
        Ok(Self {
            transfer_id: transfer.to_string(),
            withdrawal_id: item.withdrawal.to_string(),
            position,
            approved: serde_json::to_string(&shape)?,
            // The fate of an item that died before its transfer was dropped is its death.
            dropped: u32::from(dropped && item.life == Life::Live),
            paid_by,
            dead_by,
        })
    }
}

pub(crate) fn read(row: &Row) -> Result<Item, Unread> {
    let cells = Cells::of("transfer_item", "transfer_id", row);
    let shape: Shape = cells.json("approved")?;
    let payment = payment(&shape.payment).ok_or_else(|| cells.unread("a payment that does not read"))?;
    let approvals = shape.approvals.into_iter();
    let approvals = approvals.map(|ApprovalShape { key, signature, at }| Approval {
        key,
        signature,
        at: Timestamp::from_micros(at),
    });
    let paid = cells.opt_parsed("paid_by", ProofId::parse)?;
    let dead = cells.opt_parsed("dead_by", ProofId::parse)?;
    Ok(Item {
        withdrawal: cells.parsed("withdrawal_id", WithdrawalId::parse)?,
        approved: Approved { payment, decision: shape.decision, approvals: approvals.collect() },
        life: match (paid, dead) {
            (Some(proof), None) => Life::Paid(proof),
            (None, Some(proof)) => Life::Dead(proof),
            (None, None) => Life::Live,
            (Some(_), Some(_)) => return Err(cells.unread("an item that is both paid and dead")),
        },
    })
}

fn payment(shape: &PaymentShape) -> Option<Payment> {
    Some(Payment {
        key: PaymentKey(hash(&shape.key).ok()?),
        partner: PartnerId::parse(&shape.partner).ok()?,
        withdrawal: WithdrawalId::parse(&shape.withdrawal).ok()?,
        asset: AssetId::parse(&shape.asset).ok()?,
        amount: Amount::from_atoms(shape.atoms.parse().ok()?)?,
        precision: shape.precision,
        to: Address::read(&shape.to).ok()?,
        memo: shape.memo.clone(),
        expires_at: shape.expires_at.map(Timestamp::from_micros),
    })
}
