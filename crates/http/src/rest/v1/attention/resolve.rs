//! `POST /v1/attention/{id}/resolve`: completes a withdrawal on evidence that it was paid. Recipient, asset and amount are
//! matched on chain, by quorum and finality; it can never be paid again. Two persons.

use sluice_api::attention::Resolve;
use sluice_api::problem::{Code, Refusal};
use sluice_core::chain::ChainId;
use sluice_core::command::Kind;
use sluice_flow::operator::resolve_paid_by;

use crate::call::{Answer, Call};
use crate::problem::{self, Reject};
use crate::rest::v1::commands::{answered, given};

pub(crate) async fn run(call: Call) -> Answer {
    let body: Resolve = call.body()?;
    let view = super::find(&call).await?;
    let (id, kind) = (view.withdrawal.id, Kind::WithdrawalResolve);
    let txid = txid(&body, view.withdrawal.request.asset.id.chain)?;
    let given = given(&call, &body.reason, body.version);
    let done = resolve_paid_by(call.ports(), call.caller.sees(), id, txid, given).await;
    let done = done.map_err(|error| problem::order(error, kind.as_str(), 0))?;
    answered(&call, kind, id, &body.reason, &done, |withdrawal| withdrawal.version)
}

fn txid(body: &Resolve, chain: ChainId) -> Result<[u8; 32], Reject> {
    let Some(text) = &body.paid_by else {
        return Err(Refusal::new(Code::EvidenceInsufficient)
            .with("why", "paid_by names no transaction")
            .into());
    };
    crate::call::txid(text, "paid_by", chain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_is_named_in_full_or_not_at_all() {
        let body =
            |text: Option<&str>| Resolve { paid_by: text.map(Into::into), reason: "r".into(), version: None };
        let full = format!("0x{}", "ab".repeat(32));
        assert_eq!(txid(&body(Some(&full)), ChainId::evm(1)).ok(), Some([0xab; 32]));
        for wrong in [Some("0x12"), Some("ab"), Some(&full[2..]), None] {
            assert!(txid(&body(wrong), ChainId::evm(1)).unwrap_err().refusal.is_complete(), "{wrong:?}");
        }
    }
}
