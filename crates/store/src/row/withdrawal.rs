//! Withdrawals.

pub(crate) mod evidence;

use serde::Serialize;
use sluice_core::address::Address;
use sluice_core::id::{PartnerId, ProofId, TransferId, WalletId, WithdrawalId};
use sluice_core::intent::PaymentKey;
use sluice_core::withdrawal::{CancelRequest, Record, Request, State, Status, Type, Withdrawal};

use self::evidence::Links;
use super::cells::Cells;
use super::table::Table;
use super::{Unread, actor, asset, kept};
use crate::sql::Row;

/// `withdrawals!("where ..")`: a statement that answers what [`read`] reads. The table is `w`, its asset `a`.
#[macro_export]
macro_rules! withdrawals {
    ($tail:literal) => {
        &$crate::sql::Sql::one($crate::withdrawals!(text $tail))
    };
    (lite $lite:literal, pg $pg:literal, because $why:literal) => {
        &$crate::sql::Sql::two($crate::withdrawals!(text $lite), $crate::withdrawals!(text $pg), $why)
    };
    (text $tail:literal) => {
        concat!(
            "select w.*, a.symbol, a.precision, a.decimals, a.freezable from withdrawal w join asset a on a.id = w.asset ",
            $tail
        )
    };
}

pub(crate) const TABLE: Table = Table {
    name: "withdrawal",
    texts: &[
        "id",
        "partner_id",
        "external_id",
        "idempotency_key",
        "content_hash",
        "payment_key",
        "user_id",
        "asset",
        "chain",
        "address",
        "type",
        "memo",
        "metadata",
        "state",
        "status",
        "evidence",
        "transfer_id",
        "wallet_id",
        "proof_id",
        "cancel_by",
        "cancel_reason",
        "pinned_to",
    ],
    ints: &[
        "amount",
        "fee",
        "scheduled_for",
        "accepted_at",
        "due_at",
        "deadline_at",
        "attempt_no",
        "retries",
        "not_before",
        "expires_at",
        "ended_at",
        "cancel_at",
        "updated_at",
        "version",
    ],
    blobs: &[],
};

/// What a step may change.
pub(crate) const MUTABLE: &[&str] = &[
    "state",
    "status",
    "evidence",
    "transfer_id",
    "wallet_id",
    "proof_id",
    "attempt_no",
    "retries",
    "not_before",
    "expires_at",
    "ended_at",
    "cancel_by",
    "cancel_reason",
    "cancel_at",
    "updated_at",
    "version",
];

/// A row of `withdrawal`. `was` is the version it is expected to have.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct WithdrawalRow {
    pub(crate) id: String,
    pub(crate) partner_id: String,
    pub(crate) external_id: String,
    pub(crate) idempotency_key: Option<String>,
    pub(crate) content_hash: String,
    payment_key: String,
    user_id: String,
    asset: String,
    chain: String,
    amount: i64,
    fee: i64,
    address: String,
    r#type: &'static str,
    memo: Option<String>,
    metadata: String,
    scheduled_for: Option<i64>,
    accepted_at: i64,
    due_at: i64,
    deadline_at: i64,
    state: &'static str,
    status: &'static str,
    evidence: String,
    transfer_id: Option<String>,
    wallet_id: Option<String>,
    proof_id: Option<String>,
    attempt_no: u32,
    retries: u32,
    not_before: Option<i64>,
    expires_at: Option<i64>,
    ended_at: Option<i64>,
    cancel_by: Option<String>,
    cancel_reason: Option<String>,
    cancel_at: Option<i64>,
    updated_at: i64,
    version: i64,
    pinned_to: Option<String>,
    was: Option<i64>,
}

impl WithdrawalRow {
    pub(crate) fn of(
        withdrawal: &Withdrawal,
        status: Status,
        idempotency_key: Option<&str>,
        updated_at: i64,
        was: Option<i64>,
    ) -> Result<Self, serde_json::Error> {
        let request = &withdrawal.request;
        let (evidence, links) = evidence::write(&withdrawal.state)?;
        let cancel = withdrawal.cancel_requested.as_ref();
        Ok(Self {
            id: withdrawal.id.to_string(),
            partner_id: withdrawal.partner.to_string(),
            external_id: request.external_id.clone(),
            idempotency_key: idempotency_key.map(str::to_owned),
            content_hash: hex::encode(request.content_hash()),
            payment_key: withdrawal.key.to_string(),
            user_id: request.user_id.clone(),
            asset: request.asset.id.to_string(),
            chain: request.asset.id.chain.to_string(),
            amount: request.amount.atoms(),
            fee: request.fee.atoms(),
            address: request.to.key(),
            r#type: request.kind.as_str(),
            memo: request.memo.clone(),
            metadata: serde_json::to_string(&request.metadata)?,
            scheduled_for: request.scheduled_for.map(|at| at.micros()),
            accepted_at: withdrawal.accepted_at.micros(),
            due_at: withdrawal.due_at.micros(),
            deadline_at: withdrawal.deadline_at.micros(),
            state: withdrawal.state.as_str(),
            status: status.as_str(),
            evidence,
            transfer_id: links.transfer.map(|id| id.to_string()),
            wallet_id: links.wallet.map(|id| id.to_string()),
            proof_id: links.proof.map(|id| id.to_string()),
            attempt_no: withdrawal.attempt_no,
            retries: withdrawal.retries,
            not_before: links.not_before.map(|at| at.micros()),
            expires_at: links.expires_at.map(|at| at.micros()),
            ended_at: links.ended_at.map(|at| at.micros()),
            cancel_by: cancel.map(|cancel| cancel.by.to_string()),
            cancel_reason: cancel.map(|cancel| cancel.reason.clone()),
            cancel_at: cancel.map(|cancel| cancel.at.micros()),
            updated_at,
            version: withdrawal.version,
            pinned_to: request.pinned_to.map(|id| id.to_string()),
            was,
        })
    }
}

/// From a row of `withdrawal` joined with its asset: see [`withdrawals!`](crate::withdrawals).
///
/// # Errors
/// [`Unread`].
pub fn read(row: &Row) -> Result<Withdrawal, Unread> {
    let cells = Cells::of("withdrawal", "id", row);
    let request = Request {
        external_id: cells.text("external_id")?.to_owned(),
        user_id: cells.text("user_id")?.to_owned(),
        asset: asset::joined(&cells)?,
        amount: cells.amount("amount")?,
        fee: cells.amount("fee")?,
        to: cells.parsed("address", Address::read)?,
        kind: cells.parsed("type", |text| Type::parse(text).ok_or(()))?,
        memo: cells.opt_text("memo")?.map(str::to_owned),
        scheduled_for: cells.opt_at("scheduled_for")?,
        metadata: cells.json("metadata")?,
        pinned_to: cells.opt_parsed("pinned_to", WalletId::parse)?,
    };
    Ok(kept(Record {
        id: cells.parsed("id", WithdrawalId::parse)?,
        partner: cells.parsed("partner_id", PartnerId::parse)?,
        request,
        key: PaymentKey(cells.hash("payment_key")?),
        accepted_at: cells.at("accepted_at")?,
        due_at: cells.at("due_at")?,
        deadline_at: cells.at("deadline_at")?,
        attempt_no: cells.number("attempt_no")?,
        retries: cells.number("retries")?,
        cancel_requested: cancel(&cells)?,
        version: cells.int("version")?,
        state: state(&cells)?,
    }))
}

/// The public status as stored.
///
/// # Errors
/// [`Unread`].
pub fn read_status(row: &Row) -> Result<Status, Unread> {
    Cells::of("withdrawal", "id", row).parsed("status", |text| Status::parse(text).ok_or(()))
}

fn state(cells: &Cells<'_>) -> Result<State, Unread> {
    let links = Links {
        transfer: cells.opt_parsed("transfer_id", TransferId::parse)?,
        wallet: cells.opt_parsed("wallet_id", WalletId::parse)?,
        proof: cells.opt_parsed("proof_id", ProofId::parse)?,
        not_before: cells.opt_at("not_before")?,
        expires_at: cells.opt_at("expires_at")?,
        ended_at: cells.opt_at("ended_at")?,
    };
    evidence::read(cells.text("state")?, cells.text("evidence")?, &links).map_err(|why| cells.unread(why))
}

fn cancel(cells: &Cells<'_>) -> Result<Option<CancelRequest>, Unread> {
    let Some(at) = cells.opt_at("cancel_at")? else { return Ok(None) };
    Ok(Some(CancelRequest {
        by: cells.parsed("cancel_by", |text| actor::parse(text).ok_or(()))?,
        reason: cells.text("cancel_reason")?.to_owned(),
        at,
    }))
}
