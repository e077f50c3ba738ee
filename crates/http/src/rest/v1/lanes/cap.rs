//! `POST /v1/lanes/{id}/cap`: sets the fee cap of a lane for a time. A cap that the signer would not sign for is refused.

use sluice_api::lane::SetCap;
use sluice_api::problem::{Code, Fault};
use sluice_core::fee::RAISED_TIMES_MAX;
use sluice_core::time::Timestamp;
use sluice_core::wallet::RaisedCap;
use sluice_flow::operator::LaneCommand;

use crate::call::{Answer, Call, time};
use crate::problem::Reject;

/// The longest a cap may be set for, milliseconds: a week.
const UNTIL_MS_MAX: i64 = 7 * 86_400_000;

pub(crate) async fn run(call: Call) -> Answer {
    let body: SetCap = call.body()?;
    let until = until(&body, call.now)?;
    let chain = crate::rest::v1::wallets::find(&call).await?.wallet.chain;
    let own = call.ports().chains.get(&chain).and_then(|chain| Some(chain.profile().evm()?.max_fee_cap_wei));
    let max_fee_wei = fee(body.max_fee_wei.as_str(), own.unwrap_or(0).saturating_mul(RAISED_TIMES_MAX))?;
    let cap = LaneCommand::Cap(Some(RaisedCap { max_fee_wei, until }));
    super::order(&call, &cap, &body.reason, body.version).await
}

fn until(body: &SetCap, now: Timestamp) -> Result<Timestamp, Reject> {
    let until = time(&body.until, "until")?;
    if until <= now || until.since_ms(now) > UNTIL_MS_MAX {
        return Err(Reject::time("/until", "until", &body.until, now, Some(now.plus_ms(UNTIL_MS_MAX))));
    }
    Ok(until)
}

/// A fee per gas, wei, from the field `max_fee_wei`.
pub(super) fn fee(text: &str, max: u128) -> Result<u128, Reject> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Fault::field(Code::AmountMalformed, "max_fee_wei").with("value", text).into());
    }
    let fee = text.parse().ok().filter(|fee| (1..=max).contains(fee));
    let out = || Fault::new(Code::FeeCapOutOfRange, "/max_fee_wei").with("value", text).with("max", max);
    fee.ok_or_else(|| out().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(until: &str) -> SetCap {
        SetCap { max_fee_wei: "1".into(), until: until.into(), reason: "spike".into(), version: None }
    }

    #[test]
    fn a_cap_is_a_bounded_whole_number_for_a_bounded_time() {
        let now = Timestamp::parse("2026-11-21T10:00:00Z").unwrap();
        assert!(until(&body("2026-11-21T11:00:00Z"), now).is_ok());
        for wrong in ["2026-11-21T10:00:00Z", "2026-11-29T10:00:00Z", "soon"] {
            assert!(until(&body(wrong), now).unwrap_err().refusal.is_complete(), "{wrong}");
        }
        assert_eq!(fee("100", 100).ok(), Some(100));
        for wrong in ["", "0", "101", "-1", "1.5", "1e9", "999999999999999999999999999999999999999999"] {
            assert!(fee(wrong, 100).unwrap_err().refusal.is_complete(), "{wrong}");
        }
    }
}
