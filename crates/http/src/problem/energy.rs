//! Why an account at a vendor of energy stays as it is.

use sluice_api::energy::BookTopUp;
use sluice_api::problem::{Code, Fault, Refusal};
use sluice_core::amount::AmountError;
use sluice_core::energy::Unbookable;
use sluice_core::id::EnergyOrderId;
use sluice_core::port::market::VendorId;
use sluice_core::time::Timestamp;
use sluice_flow::operator::EnergyError;

use super::{Reject, amount, order};

/// Puts the refusal to book `asked` at a vendor into a problem.
pub(crate) fn booking(error: EnergyError, asked: &BookTopUp, vendor: &VendorId, now: Timestamp) -> Reject {
    match error {
        EnergyError::Unbookable(Unbookable::NotOpen) => {
            Refusal::new(Code::EnergyAccountNotOpen).with("vendor", vendor).into()
        }
        EnergyError::Unbookable(Unbookable::OutOfTime { opened_at }) => {
            Reject::time("/paid_at", "paid_at", &asked.paid_at, opened_at, Some(now))
        }
        EnergyError::Unbookable(Unbookable::OutOfRange) => {
            amount(AmountError::OutOfRange, "amount", asked.amount.as_str(), "TRX").into()
        }
        EnergyError::Booked => Fault::field(Code::EnergyReferenceTaken, "reference")
            .with("vendor", vendor)
            .with("reference", &asked.reference)
            .into(),
        // A booking is of no order.
        EnergyError::Unsettled { .. } => Reject::internal("a payment was taken for an order"),
        EnergyError::Order(error) => order(error, "energy.book", 0),
    }
}

/// Puts the refusal to resolve an order into a problem.
pub(crate) fn resolution(error: EnergyError, id: EnergyOrderId) -> Reject {
    match error {
        EnergyError::Unsettled { until } => {
            Refusal::new(Code::EnergyOrderUnsettled).with("order", id).with("until", until).into()
        }
        EnergyError::Order(error) => order(error, "energy.resolve", 0),
        // An order is no payment.
        EnergyError::Unbookable(_) | EnergyError::Booked => {
            Reject::internal("an order was taken for a payment")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_core::id::Ulid;
    use sluice_flow::operator::OrderError;

    #[test]
    fn every_refusal_of_an_account_is_a_complete_problem() {
        let asked: BookTopUp = sluice_api::body::read(
            br#"{"reference":"tx-1","amount":"5","paid_at":"2026-11-22T00:00:00Z","reason":"r"}"#,
        )
        .unwrap();
        let (vendor, at) = (VendorId::parse("catfee").unwrap(), Timestamp::default());
        let unbookable = EnergyError::Unbookable;
        for (error, code) in [
            (unbookable(Unbookable::NotOpen), Code::EnergyAccountNotOpen),
            (unbookable(Unbookable::OutOfTime { opened_at: at }), Code::TimeOutOfRange),
            (unbookable(Unbookable::OutOfRange), Code::AmountOutOfRange),
            (EnergyError::Booked, Code::EnergyReferenceTaken),
            (OrderError::Moved.into(), Code::StateConflict),
        ] {
            let reject = booking(error, &asked, &vendor, at);
            assert!(reject.refusal.is_complete(), "{reject:?}");
            assert_eq!(reject.refusal.code, code);
        }
        let id = EnergyOrderId::new(Ulid::new(at, 1));
        for (error, code) in [
            (EnergyError::Unsettled { until: at }, Code::EnergyOrderUnsettled),
            (OrderError::NotFound.into(), Code::NotFound),
        ] {
            let reject = resolution(error, id);
            assert!(reject.refusal.is_complete(), "{reject:?}");
            assert_eq!(reject.refusal.code, code);
        }
    }
}
