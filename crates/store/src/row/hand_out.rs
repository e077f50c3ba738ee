//! What is handed out to whoever signs.

use serde::Serialize;
use sluice_core::chain::ChainId;
use sluice_core::hand_out::{HandOut, Holder, Life, Made, Record, State};
use sluice_core::id::{AttemptId, HandOutId, PartnerId, TransferId, WalletId, WithdrawalId};

use super::cells::Cells;
use super::table::Table;
use super::{Unread, actor, kept};
use crate::sql::Row;

pub(crate) const TABLE: Table = Table {
    name: "hand_out",
    texts: &[
        "id",
        "withdrawal_id",
        "partner_id",
        "wallet_id",
        "holder",
        "state",
        "transfer_id",
        "attempt_id",
        "chain",
        "txid",
        "code",
    ],
    ints: &["life_ms", "wished_at", "wish_until", "expires_at_ms", "made_at", "lease_until", "version"],
    blobs: &[],
};

/// What a step may change.
pub(crate) const MUTABLE: &[&str] = &[
    "holder",
    "state",
    "transfer_id",
    "attempt_id",
    "txid",
    "code",
    "expires_at_ms",
    "made_at",
    "lease_until",
    "version",
];

/// A row of `hand_out`. `was` is the version it is expected to have.
#[derive(Debug, Serialize)]
pub(crate) struct HandOutRow {
    id: String,
    withdrawal_id: String,
    partner_id: String,
    wallet_id: String,
    holder: String,
    state: &'static str,
    transfer_id: Option<String>,
    attempt_id: Option<String>,
    chain: String,
    txid: Option<String>,
    code: Option<String>,
    life_ms: i64,
    wished_at: i64,
    wish_until: i64,
    expires_at_ms: Option<i64>,
    made_at: Option<i64>,
    lease_until: Option<i64>,
    version: i64,
    was: Option<i64>,
}

impl HandOutRow {
    pub(crate) fn of(it: &HandOut, was: Option<i64>) -> Self {
        let made = it.state.made();
        Self {
            id: it.id.to_string(),
            withdrawal_id: it.withdrawal.to_string(),
            partner_id: it.partner.to_string(),
            wallet_id: it.wallet.to_string(),
            holder: it.holder.to_string(),
            state: it.state.as_str(),
            transfer_id: made.map(|made| made.transfer.to_string()),
            attempt_id: made.map(|made| made.attempt.to_string()),
            chain: it.chain.to_string(),
            txid: made.map(|made| hex::encode(made.txid)),
            code: match &it.state {
                State::Lapsed { code } => Some(code.clone()),
                State::Wished | State::Made(_) | State::Told(_) => None,
            },
            life_ms: it.life.ms(),
            wished_at: it.wished_at.micros(),
            wish_until: it.wish_until.micros(),
            expires_at_ms: made.map(|made| made.expires_at_ms),
            made_at: made.map(|made| made.at.micros()),
            lease_until: made.map(|made| made.lease_until.micros()),
            version: it.version,
            was,
        }
    }
}

/// From a row of `hand_out`.
///
/// # Errors
/// [`Unread`].
pub(crate) fn read(row: &Row) -> Result<HandOut, Unread> {
    let cells = Cells::of("hand_out", "id", row);
    let made = || -> Result<Made, Unread> {
        Ok(Made {
            transfer: cells.parsed("transfer_id", TransferId::parse)?,
            attempt: cells.parsed("attempt_id", AttemptId::parse)?,
            txid: cells.hash("txid")?,
            expires_at_ms: cells.int("expires_at_ms")?,
            at: cells.at("made_at")?,
            lease_until: cells.at("lease_until")?,
        })
    };
    let state = match cells.text("state")? {
        "wished" => State::Wished,
        "made" => State::Made(made()?),
        "told" => State::Told(made()?),
        "lapsed" => State::Lapsed { code: cells.text("code")?.to_owned() },
        other => return Err(cells.unread(format!("state {other:?}"))),
    };
    let life = Life::from_ms(cells.int("life_ms")?);
    Ok(kept(Record {
        id: cells.parsed("id", HandOutId::parse)?,
        withdrawal: cells.parsed("withdrawal_id", WithdrawalId::parse)?,
        partner: cells.parsed("partner_id", PartnerId::parse)?,
        wallet: cells.parsed("wallet_id", WalletId::parse)?,
        chain: cells.parsed("chain", ChainId::parse)?,
        holder: cells.parsed("holder", |text| actor::parse(text).as_ref().and_then(Holder::of).ok_or(()))?,
        life: life.ok_or_else(|| cells.unread("a life outside its bounds"))?,
        wished_at: cells.at("wished_at")?,
        wish_until: cells.at("wish_until")?,
        state,
        version: cells.int("version")?,
    }))
}
