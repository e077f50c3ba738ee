//! Why no energy is asked for ahead.

use sluice_api::problem::{Code, Fault, Refusal};
use sluice_core::energy::{REQUEST_ITEMS_MAX, REQUEST_LASTS_MAX_MS, Unrequestable};
use sluice_core::time::Timestamp;
use sluice_flow::operator::{Ahead, AheadError};

use super::{Reject, order};

/// Puts the refusal of what was `asked` into a problem.
pub(crate) fn ahead(error: AheadError, asked: &Ahead, now: Timestamp) -> Reject {
    match error {
        AheadError::ExternalIdConflict(id) => Refusal::new(Code::EnergyRequestConflict)
            .with("external_id", &asked.external_id)
            .with("request", id)
            .into(),
        AheadError::Named { withdrawal, request } => Refusal::new(Code::EnergyAlreadyRequested)
            .with("withdrawal", withdrawal)
            .with("request", request)
            .into(),
        AheadError::NotAwaited(id) => Refusal::new(Code::EnergyNotAwaited).with("withdrawal", id).into(),
        AheadError::Lanes(count) => {
            Fault::field(Code::EnergyLaneRequired, "wallet").with("count", count).into()
        }
        AheadError::NoLane => Refusal::new(Code::EnergyLaneAbsent).with("chain", asked.chain).into(),
        AheadError::Unrequestable(Unrequestable::Items) => {
            let count =
                Fault::field(Code::FieldTooMany, "withdrawals").with("count", asked.withdrawals.len());
            count.with("max", REQUEST_ITEMS_MAX).into()
        }
        AheadError::Unrequestable(Unrequestable::Time) => {
            let begins = asked.not_before.unwrap_or(now).max(now);
            let last = now.plus_ms(REQUEST_LASTS_MAX_MS);
            match asked.expires_at {
                Some(at) => Reject::time("/expires_at", "expires_at", at, begins, Some(last)),
                None => Reject::time("/not_before", "not_before", begins, now, Some(last)),
            }
        }
        AheadError::Order(error) => order(error, "energy.request", 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_core::chain::ChainId;
    use sluice_core::id::{EnergyRequestId, PartnerId, Ulid, WithdrawalId};
    use sluice_flow::operator::OrderError;

    #[test]
    fn every_refusal_of_a_request_is_a_complete_problem() {
        let at = Timestamp::default();
        let ulid = Ulid::new(at, 1);
        let mut asked = Ahead {
            partner: PartnerId::new(ulid),
            chain: ChainId::tron(31_337),
            wallet: None,
            external_id: "friday".into(),
            withdrawals: vec![],
            not_before: None,
            expires_at: None,
        };
        let (request, withdrawal) = (EnergyRequestId::new(ulid), WithdrawalId::new(ulid));
        for (error, code) in [
            (AheadError::ExternalIdConflict(request), Code::EnergyRequestConflict),
            (AheadError::Named { withdrawal, request }, Code::EnergyAlreadyRequested),
            (AheadError::NotAwaited(withdrawal), Code::EnergyNotAwaited),
            (AheadError::Lanes(2), Code::EnergyLaneRequired),
            (AheadError::NoLane, Code::EnergyLaneAbsent),
            (Unrequestable::Items.into(), Code::FieldTooMany),
            (Unrequestable::Time.into(), Code::TimeOutOfRange),
            (OrderError::Moved.into(), Code::StateConflict),
        ] {
            let reject = ahead(error, &asked, at);
            assert!(reject.refusal.is_complete(), "{reject:?}");
            assert_eq!(reject.refusal.code, code);
        }
        asked.expires_at = Some(at);
        assert!(ahead(Unrequestable::Time.into(), &asked, at).refusal.is_complete());
    }
}
