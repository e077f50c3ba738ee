//! Loans of the pool.

use serde::{Deserialize, Serialize};
use sluice_core::address::TronAddress;
use sluice_core::amount::Cost;
use sluice_core::chain::ChainId;
use sluice_core::energy::credit::Billing;
use sluice_core::energy::{Loan, LoanRecord, LoanState};
use sluice_core::id::{EnergyNeedId, PartnerId, TransferId, WalletId, WithdrawalId};

use super::sun;
use crate::row::cells::{Cells, big};
use crate::row::table::Table;
use crate::row::version::V;
use crate::row::{Unread, kept};
use crate::sql::Row;

pub(crate) const LOANS: Table = Table {
    name: "energy_loan",
    texts: &[
        "id",
        "partner_id",
        "wallet_id",
        "chain",
        "receiver",
        "lender_id",
        "errand_id",
        "return_id",
        "state",
        "evidence",
    ],
    ints: &[
        "energy",
        "stake_sun",
        "price_sun",
        "prepaid",
        "owed_max_sun",
        "stay_s",
        "deadline_at",
        "ended",
        "asked_at",
        "changed_at",
        "version",
    ],
    blobs: &[],
};

/// What a step of a loan writes.
pub(crate) const LOAN_MOVES: &[&str] = &["return_id", "state", "evidence", "ended", "changed_at", "version"];

/// A row of `energy_loan`. `was` is the version it is expected to have.
#[derive(Debug, Serialize)]
pub(crate) struct LoanRow {
    id: String,
    partner_id: String,
    wallet_id: String,
    chain: String,
    receiver: String,
    lender_id: String,
    errand_id: String,
    return_id: Option<String>,
    state: &'static str,
    evidence: String,
    energy: i64,
    stake_sun: i64,
    price_sun: i64,
    prepaid: u8,
    owed_max_sun: Option<i64>,
    stay_s: i64,
    deadline_at: i64,
    ended: u8,
    asked_at: i64,
    changed_at: i64,
    version: i64,
    was: Option<i64>,
}

/// What a loan's state needs beyond its columns, version 1.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    v: V<1>,
    /// Until when it is counted on, or from when on it may be taken back; microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<i64>,
    /// Transfers that may use it yet.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    counted: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tries: Option<u32>,
    /// Lent, and its need had gone elsewhere.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    unneeded: bool,
}

impl LoanRow {
    pub(crate) fn of(loan: &Loan, was: Option<i64>) -> Result<Self, serde_json::Error> {
        let return_id = match &loan.state {
            LoanState::Returning { errand, .. } => Some(errand.to_string()),
            _ => None,
        };
        let shape = match &loan.state {
            LoanState::Asked | LoanState::Late | LoanState::Absent | LoanState::Returned => Shape::default(),
            LoanState::Lent { until, unneeded } => {
                Shape { at: Some(until.micros()), unneeded: *unneeded, ..Shape::default() }
            }
            LoanState::Ending { counted } => {
                Shape { counted: counted.iter().map(ToString::to_string).collect(), ..Shape::default() }
            }
            LoanState::Free { tries, not_before } => {
                Shape { at: Some(not_before.micros()), tries: Some(*tries), ..Shape::default() }
            }
            LoanState::Returning { tries, .. } => Shape { tries: Some(*tries), ..Shape::default() },
        };
        let owed_max_sun = match loan.billing {
            Billing::OnAccount { owed_max_sun } => Some(big(owed_max_sun)),
            Billing::Prepaid | Billing::Postpaid => None,
        };
        Ok(Self {
            id: loan.need.to_string(),
            partner_id: loan.partner.to_string(),
            wallet_id: loan.wallet.to_string(),
            chain: loan.chain.to_string(),
            receiver: loan.receiver.to_string(),
            lender_id: loan.lender.to_string(),
            errand_id: loan.errand.to_string(),
            return_id,
            state: loan.state.as_str(),
            evidence: serde_json::to_string(&shape)?,
            energy: big(loan.energy),
            stake_sun: big(loan.stake_sun),
            price_sun: sun(loan.price_sun),
            prepaid: u8::from(loan.billing == Billing::Prepaid),
            owed_max_sun,
            stay_s: big(loan.stay_s),
            deadline_at: loan.deadline.micros(),
            ended: u8::from(loan.state.is_ended()),
            asked_at: loan.asked_at.micros(),
            changed_at: loan.changed_at.micros(),
            version: loan.version,
            was,
        })
    }
}

/// From a row of `energy_loan`.
///
/// # Errors
/// [`Unread`].
pub(crate) fn read_loan(row: &Row) -> Result<Loan, Unread> {
    let cells = Cells::of("energy_loan", "id", row);
    Ok(kept(LoanRecord {
        need: cells.parsed("id", EnergyNeedId::parse)?,
        partner: cells.parsed("partner_id", PartnerId::parse)?,
        wallet: cells.parsed("wallet_id", WalletId::parse)?,
        receiver: cells.parsed("receiver", TronAddress::parse)?,
        chain: cells.parsed("chain", ChainId::parse)?,
        lender: cells.parsed("lender_id", WalletId::parse)?,
        energy: cells.number("energy")?,
        stake_sun: cells.number("stake_sun")?,
        price_sun: Cost(cells.number("price_sun")?),
        billing: billing(&cells)?,
        stay_s: cells.number("stay_s")?,
        deadline: cells.at("deadline_at")?,
        errand: cells.parsed("errand_id", WithdrawalId::parse)?,
        state: state(&cells)?,
        asked_at: cells.at("asked_at")?,
        changed_at: cells.at("changed_at")?,
        version: cells.int("version")?,
    }))
}

/// A bound stands beside no loan that is paid ahead, which the schema holds too.
fn billing(cells: &Cells<'_>) -> Result<Billing, Unread> {
    Ok(match (cells.flag("prepaid")?, cells.opt_number("owed_max_sun")?) {
        (true, None) => Billing::Prepaid,
        (false, Some(owed_max_sun)) => Billing::OnAccount { owed_max_sun },
        (false, None) => Billing::Postpaid,
        (true, Some(_)) => return Err(cells.unread("paid ahead, and with a bound")),
    })
}

fn state(cells: &Cells<'_>) -> Result<LoanState, Unread> {
    let shape: Shape = cells.json("evidence")?;
    let missing = |what: &str| cells.unread(format!("evidence without {what}"));
    let at = || shape.at.map(sluice_core::time::Timestamp::from_micros).ok_or_else(|| missing("a time"));
    let tries = || shape.tries.ok_or_else(|| missing("tries"));
    Ok(match cells.text("state")? {
        "asked" => LoanState::Asked,
        "late" => LoanState::Late,
        "absent" => LoanState::Absent,
        "lent" => LoanState::Lent { until: at()?, unneeded: shape.unneeded },
        "ending" => {
            let counted: Result<Vec<_>, _> = shape.counted.iter().map(|id| TransferId::parse(id)).collect();
            LoanState::Ending { counted: counted.map_err(|error| cells.unread(error))? }
        }
        "free" => LoanState::Free { tries: tries()?, not_before: at()? },
        "returning" => {
            let errand = cells.parsed("return_id", WithdrawalId::parse)?;
            LoanState::Returning { errand, tries: tries()? }
        }
        "returned" => LoanState::Returned,
        other => return Err(cells.unread(format!("state {other:?}"))),
    })
}
