//! What partners have with pools of energy.

use sluice_api::energy::{
    EnergyBilling, EnergyCredit, EnergyCreditEntry, EnergyCreditEntryType, EnergyTopUp,
};
use sluice_api::tag;
use sluice_api::text::Decimal;
use sluice_core::amount::Cost;
use sluice_core::chain::{ChainId, txid_text};
use sluice_core::energy::credit::{Billing, Level};
use sluice_core::energy::{Pool, Prepayment};
use sluice_core::id::PartnerId;
use sluice_core::port::reader::{CreditEntry, EnergyCredit as Sums};
use sluice_core::time::Timestamp;

use super::{micro_sun, sun};
use crate::wire::{block, time, units};

/// Whose credit with which pool.
pub(crate) struct Credit<'a> {
    pub partner: PartnerId,
    /// Whose stake it is.
    pub owner: PartnerId,
    pub chain: ChainId,
    pub pool: &'a Pool,
    pub sums: Sums,
    pub at: Timestamp,
}

/// Sun as TRX, with a minus below zero.
fn signed(sun: i64) -> Decimal {
    let sign = if sun < 0 { "-" } else { "" };
    Decimal::new(format!("{sign}{}", units(&sun.unsigned_abs().to_string(), 6)))
}

fn whole(of: u64) -> Decimal {
    sun(Cost(u128::from(of)))
}

/// How it stands.
pub(crate) fn credit(of: &Credit<'_>) -> EnergyCredit {
    let Credit { partner, owner, chain, pool, sums, at } = of;
    let each = pool.base_micro_sun.saturating_add(pool.fee_micro_sun);
    let billing = pool.billing_of(*partner);
    let low_below_sun = billing.low_below_sun(pool.low_credit_sun);
    EnergyCredit {
        object: tag::EnergyCredit::Is,
        partner_id: partner.to_string(),
        chain: chain.to_string(),
        billing: match billing {
            Billing::Prepaid => EnergyBilling::Prepaid,
            Billing::OnAccount { .. } => EnergyBilling::OnAccount,
            Billing::Postpaid => EnergyBilling::Postpaid,
        },
        address: pool.wallet.to_string(),
        balance: signed(sums.balance_sun),
        owed: whole(u64::try_from(sums.balance_sun.saturating_neg()).unwrap_or_default()),
        owed_max: billing.owed_max_sun().map(whole),
        topped_up: whole(sums.topped_up_sun),
        charged: whole(sums.charged_sun),
        given_back: whole(sums.given_back_sun),
        price: micro_sun(if partner == owner { 0 } else { each }),
        low_below: (low_below_sun > 0).then(|| whole(low_below_sun)),
        low: sums.level == Level::Low,
        read_below: sums.next_height,
        at: time(*at),
    }
}

/// A line of it. What is no top-up is of a loan, by its need.
pub(crate) fn entry(of: &CreditEntry) -> EnergyCreditEntry {
    let txid = of.group.strip_prefix("topup_").map(str::to_owned);
    let need = of.group.split_once('@').map(|(need, _)| need.to_owned());
    EnergyCreditEntry {
        object: tag::EnergyCreditEntry::Is,
        kind: match (&txid, of.sun < 0) {
            (Some(_), _) => EnergyCreditEntryType::TopUp,
            (None, true) => EnergyCreditEntryType::Charge,
            (None, false) => EnergyCreditEntryType::GiveBack,
        },
        amount: signed(of.sun),
        txid,
        need,
        at: time(of.at),
    }
}

/// A top-up.
pub(crate) fn topup(of: &Prepayment) -> EnergyTopUp {
    EnergyTopUp {
        object: tag::EnergyTopUp::Is,
        txid: txid_text(&of.txid),
        chain: of.chain.to_string(),
        sender: of.sender.to_string(),
        amount: whole(of.sun),
        partner_id: of.partner.map(|partner| partner.to_string()),
        block: block(of.block),
        at: time(of.at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(reason: &str, group: &str, sun: i64) -> EnergyCreditEntry {
        let (reason, group) = (reason.to_owned(), group.to_owned());
        entry(&CreditEntry { number: 1, reason, group, sun, at: Timestamp::default() })
    }

    #[test]
    fn a_line_says_what_it_was_and_what_it_is_of() {
        let topped = line("topup", "topup_0x12", 1_500_000);
        assert_eq!((topped.kind, topped.amount.as_str()), (EnergyCreditEntryType::TopUp, "1.5"));
        assert_eq!((topped.txid.as_deref(), topped.need), (Some("0x12"), None));
        let charged = line("loan.asked", "en_1@1", -1);
        assert_eq!((charged.kind, charged.amount.as_str()), (EnergyCreditEntryType::Charge, "-0.000001"));
        assert_eq!((charged.txid, charged.need.as_deref()), (None, Some("en_1")));
        assert_eq!(line("loan.late", "en_1@2", 2_000_000).kind, EnergyCreditEntryType::GiveBack);
        assert_eq!(line("loan.lent", "en_1@3", -2_000_000).kind, EnergyCreditEntryType::Charge);
    }
}
