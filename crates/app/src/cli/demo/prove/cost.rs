//! The engine's own receipt of what a payment cost: it is there, it says what the chain says, and nothing was burned for energy
//! that had been bought.

use ruint::aliases::U256;
use sluice_api::text::Decimal;
use sluice_api::withdrawal::Receipt;

use super::{Doubt, Evidence};
use crate::cli::decimal;

pub(super) fn check(receipt: Option<&Receipt>, evidence: &Evidence) -> Result<(), Doubt> {
    let receipt = receipt.ok_or(Doubt::NoCost)?;
    let sun = |decimal: &Decimal| decimal::scaled(decimal.as_str(), evidence.digits);
    if receipt.network_fee.as_ref().and_then(sun) != Some(evidence.fee) {
        return Err(Doubt::Fee(evidence.fee_text()));
    }
    // What has no price yet was bought too.
    let bought = receipt.energy_cost.as_ref().is_none_or(|cost| sun(cost) != Some(U256::ZERO));
    if bought && !evidence.for_energy.is_zero() {
        return Err(Doubt::Burned(decimal::text(evidence.for_energy, evidence.digits)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(network_fee: Option<&str>, energy_cost: Option<&str>) -> Receipt {
        Receipt {
            energy: 64_285,
            estimated: "2.1".into(),
            network_fee: network_fee.map(Into::into),
            energy_cost: energy_cost.map(Into::into),
            total: None,
            burning: "6.7735".into(),
            saved: None,
        }
    }

    fn evidence(fee: u64, for_energy: u64) -> Evidence {
        let (fee, for_energy) = (U256::from(fee), U256::from(for_energy));
        Evidence { txid: "ab".into(), log_index: 0, fee, for_energy, digits: 6 }
    }

    #[test]
    fn a_receipt_is_there_and_says_what_the_chain_says() {
        assert_eq!(check(None, &evidence(0, 0)), Err(Doubt::NoCost));
        assert_eq!(check(Some(&receipt(Some("0.345"), Some("1.8"))), &evidence(345_000, 0)), Ok(()));
        let differs = check(Some(&receipt(Some("0.344"), Some("1.8"))), &evidence(345_000, 0));
        assert_eq!(differs, Err(Doubt::Fee("0.345".into())));
        let absent = check(Some(&receipt(None, Some("1.8"))), &evidence(345_000, 0));
        assert_eq!(absent, Err(Doubt::Fee("0.345".into())));
    }

    #[test]
    fn nothing_is_burned_for_energy_that_was_bought() {
        let burned = evidence(6_428_500, 6_428_500);
        assert_eq!(check(Some(&receipt(Some("6.4285"), Some("0"))), &burned), Ok(()), "nothing was bought");
        for bought in [Some("1.8"), None] {
            let twice = check(Some(&receipt(Some("6.4285"), bought)), &burned);
            assert_eq!(twice, Err(Doubt::Burned("6.4285".into())));
        }
    }
}
