//! `POST /v1/signature-requests/{id}/submit`: hands a signature in.

use sluice_api::problem::{Code, Fault};
use sluice_api::signature::SubmitSignature;
use sluice_flow::operator::{Returned, submit};

use crate::call::{Answer, Call, ok};
use crate::problem;
use crate::rest::v1::wallets::show_key::signature;

pub(crate) async fn run(call: Call) -> Answer {
    let body: SubmitSignature = call.body()?;
    let raw = |text: &String| {
        let bytes = hex::decode(text.strip_prefix("0x").unwrap_or(text));
        bytes.map_err(|_| {
            Fault::field(Code::TransactionUnreadable, "raw_data_hex").with("why", "it is not hex")
        })
    };
    let raw = body.raw_data_hex.as_ref().map(raw).transpose()?;
    let given = Returned { raw, signature: signature(&body.signature)? };
    let found = super::find(&call).await?;
    let (errand, desk) = (&found.errand.withdrawal, found.desk.wallet.id);
    let taken = submit(call.ports(), errand.partner, errand.id, &given, call.cause(&body.reason)).await;
    taken.map_err(|error| problem::submission(error, desk))?;
    ok(&super::told(&call, errand.id).await?)
}
