//! `POST /v1/energy/accounts/{id}/book`: books what was paid in at a vendor, once two persons of the platform say the same of it.
//! The account adds up again by itself, and explains orders as before.

use sluice_api::energy::BookTopUp;
use sluice_api::problem::Form;
use sluice_core::amount::{Amount, Cost};
use sluice_core::command::Kind;
use sluice_core::energy::{Reference, TopUp};
use sluice_core::port::market::VendorId;
use sluice_flow::operator::{TOP_UP_VERSION, book_top_up};

use crate::call::{Answer, Call, time};
use crate::problem::{self, Reject};
use crate::rest::v1::commands::{answered, given};
use crate::wire::energy::TRX_DECIMALS;

pub(crate) async fn run(call: Call) -> Answer {
    let body: BookTopUp = call.body()?;
    if !call.caller.is_platform() {
        return Err(Reject::platform_only());
    }
    let vendor = call.id(VendorId::parse)?;
    let amount = Amount::parse_positive(body.amount.as_str(), TRX_DECIMALS);
    let amount = amount.map_err(|error| problem::amount(error, "amount", body.amount.as_str(), "TRX"))?;
    let reference = Reference::parse(&body.reference);
    let top_up = TopUp {
        vendor,
        reference: reference.ok_or_else(|| Reject::field("reference", Form::Documented))?,
        sun: Cost(u128::from(amount.atoms().unsigned_abs())),
        paid_at: time(&body.paid_at, "paid_at")?,
    };
    let given = given(&call, &body.reason, None);
    let done = book_top_up(call.ports(), call.reader(), &top_up, given).await;
    let done = done.map_err(|error| problem::booking(error, &body, &top_up.vendor, call.now))?;
    answered(&call, Kind::EnergyBook, &top_up.vendor, &body.reason, &done, |()| TOP_UP_VERSION)
}
