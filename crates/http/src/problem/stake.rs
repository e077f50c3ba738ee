//! Why a stake is not ordered.

use sluice_api::energy::OrderStake;
use sluice_api::problem::{Code, Fault, Form, Refusal};
use sluice_core::errand::ErrandError;
use sluice_core::id::WithdrawalId;
use sluice_core::withdrawal::ID_MAX;
use sluice_flow::operator::StakeError;

use super::Reject;

/// Puts the refusal to order `asked` into a problem; `other` is what its external id belongs to, where that is known.
pub(crate) fn stake(error: StakeError, asked: &OrderStake, other: Option<WithdrawalId>) -> Reject {
    match error {
        StakeError::Wallet(_) => Reject::field("wallet_id", Form::WalletId),
        StakeError::NoLane(id) => Refusal::new(Code::WalletNoLane).with("wallet_id", id).into(),
        StakeError::Errand(error) => errand(error, asked),
        StakeError::ExternalIdConflict(name) => match other {
            Some(id) => Refusal::new(Code::ExternalIdConflict)
                .with("external_id", name)
                .with("withdrawal_id", id)
                .into(),
            None => Reject::internal("an external id is taken by nothing"),
        },
        StakeError::Store(error) => error.into(),
    }
}

fn errand(error: ErrandError, asked: &OrderStake) -> Reject {
    match error {
        ErrandError::NotTron => {
            Fault::field(Code::WalletNotTron, "wallet_id").with("wallet_id", &asked.wallet_id).into()
        }
        ErrandError::Amount => Fault::field(Code::StakeTooSmall, "amount")
            .with("value", asked.amount.as_str())
            .with("min", "1")
            .into(),
        ErrandError::ExternalId => {
            Fault::field(Code::ExternalIdMalformed, "external_id").with("max", ID_MAX).into()
        }
        // A stake is of the wallet's own and of its chain's coin.
        ErrandError::Account | ErrandError::Token => Reject::internal(error),
    }
}
