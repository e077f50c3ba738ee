//! Why a foreign transaction is not adopted.

use sluice_api::lane::AdoptTransaction;
use sluice_api::problem::{Code, Fault};
use sluice_flow::operator::ExplainError;

use super::{Reject, order};

/// Puts the refusal of `asked` into a problem.
pub(crate) fn explanation(error: ExplainError, asked: &AdoptTransaction) -> Reject {
    let of_txid = |code| Fault::field(code, "txid").with("txid", &asked.txid);
    match error {
        ExplainError::Ours => of_txid(Code::TransactionIsOurs).into(),
        ExplainError::NotFinal => of_txid(Code::TransactionNotFinal).into(),
        ExplainError::OtherWallet => of_txid(Code::TransactionOfOtherWallet).into(),
        ExplainError::Misfit { value_left: true, .. } => {
            Fault::field(Code::AdoptionMovedValue, "type").with("type", asked.kind.as_str()).into()
        }
        ExplainError::Misfit { value_left: false, .. } => {
            Fault::field(Code::AdoptionMovedNothing, "type").with("type", asked.kind.as_str()).into()
        }
        ExplainError::Explained => of_txid(Code::TransactionAdopted).into(),
        ExplainError::Order(error) => order(error, "lane.adopt", 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_core::adoption::Kind;

    #[test]
    fn every_refused_explanation_is_a_complete_problem() {
        let asked: AdoptTransaction =
            sluice_api::body::read(br#"{"txid":"0x1","type":"theft","reason":"r"}"#).unwrap();
        let misfit = |value_left| ExplainError::Misfit { kind: Kind::Permission, value_left };
        for (error, code) in [
            (ExplainError::Ours, Code::TransactionIsOurs),
            (ExplainError::NotFinal, Code::TransactionNotFinal),
            (ExplainError::OtherWallet, Code::TransactionOfOtherWallet),
            (misfit(true), Code::AdoptionMovedValue),
            (misfit(false), Code::AdoptionMovedNothing),
            (ExplainError::Explained, Code::TransactionAdopted),
        ] {
            let reject = explanation(error, &asked);
            assert!(reject.refusal.is_complete(), "{reject:?}");
            assert_eq!(reject.refusal.code, code);
        }
    }
}
