//! `POST /v1/energy/orders/{id}/resolve`: says what a vendor has kept for an order, by its own statement, once two persons of the
//! platform say the same of it. What may still be delivered is refused.

use sluice_api::energy::ResolveEnergyOrder;
use sluice_core::amount::{Amount, AmountError, Cost};
use sluice_core::command::Kind;
use sluice_core::energy::TOP_UP_SUN_MAX;
use sluice_core::id::EnergyOrderId;
use sluice_flow::operator::resolve_energy;

use crate::call::{Answer, Call};
use crate::problem::{self, Reject};
use crate::rest::v1::commands::{answered, given};
use crate::wire::energy::TRX_DECIMALS;

pub(crate) async fn run(call: Call) -> Answer {
    let body: ResolveEnergyOrder = call.body()?;
    if !call.caller.is_platform() {
        return Err(Reject::platform_only());
    }
    let id = call.id(EnergyOrderId::parse)?;
    let kept = kept(body.kept.as_str())
        .map_err(|error| problem::amount(error, "kept", body.kept.as_str(), "TRX"))?;
    let given = given(&call, &body.reason, body.version);
    let done = resolve_energy(call.ports(), call.reader(), id, kept, given).await;
    let done = done.map_err(|error| problem::resolution(error, id))?;
    answered(&call, Kind::EnergyResolve, id, &body.reason, &done, |order| order.version)
}

/// No vendor keeps more than anybody pays in.
fn kept(text: &str) -> Result<Cost, AmountError> {
    let kept = Cost(u128::from(Amount::parse(text, TRX_DECIMALS)?.atoms().unsigned_abs()));
    if kept.0 > TOP_UP_SUN_MAX { Err(AmountError::OutOfRange) } else { Ok(kept) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_nothing_or_a_bounded_figure() {
        assert_eq!(kept("0"), Ok(Cost::ZERO));
        assert_eq!(kept("1.8"), Ok(Cost(1_800_000)));
        assert_eq!(kept("1000000000"), Ok(Cost(TOP_UP_SUN_MAX)));
        assert_eq!(kept("1000000000.000001"), Err(AmountError::OutOfRange));
        for wrong in ["-1", "", "0.0000001", "1e3"] {
            assert!(kept(wrong).is_err(), "{wrong}");
        }
    }
}
