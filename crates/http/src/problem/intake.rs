//! Why a withdrawal was not taken: the field, the rule, what to do.

use sluice_api::problem::{Code, Fault, Refusal, pointer};
use sluice_api::withdrawal::CreateWithdrawal;
use sluice_core::address::AddressError;
use sluice_core::amount::AmountError;
use sluice_core::withdrawal::{
    ID_MAX, MEMO_MAX, METADATA_MAX, METADATA_TEXT_MAX, RequestError, SCHEDULE_DAYS_MAX,
};
use sluice_flow::intake::IntakeError;

use super::Reject;

/// Puts the refusal of `asked` into a problem.
pub(crate) fn intake(error: IntakeError, asked: &CreateWithdrawal) -> Reject {
    match error {
        IntakeError::AssetUnknown => {
            Fault::field(Code::AssetUnknown, "asset").with("asset", &asked.asset).into()
        }
        IntakeError::Amount(error) => amount(error, "amount", asked.amount.as_str(), &asked.asset).into(),
        IntakeError::Address(error) => address(error, asked),
        IntakeError::Request(error) => request(error, asked),
        IntakeError::ExternalIdConflict(id) => Refusal::new(Code::ExternalIdConflict)
            .with("external_id", &asked.external_id)
            .with("withdrawal_id", id)
            .into(),
        IntakeError::IdempotencyKeyConflict(id) => {
            Refusal::new(Code::IdempotencyKeyConflict).with("withdrawal_id", id).into()
        }
        // The key is of a partner that is gone: nobody may know more.
        IntakeError::PartnerUnknown => Reject::new(Code::KeyUnknown),
        IntakeError::Store(error) => error.into(),
    }
}

/// Why a text is no amount of an asset.
pub(crate) fn amount(error: AmountError, field: &'static str, value: &str, asset: &str) -> Fault {
    let sized = |code, max: &dyn std::fmt::Display| {
        Fault::field(code, field).with("value", value).with("asset", asset).with("max", max)
    };
    match error {
        AmountError::Malformed => Fault::field(Code::AmountMalformed, field).with("value", value),
        AmountError::TooPrecise { precision } => sized(Code::AmountTooPrecise, &precision),
        AmountError::OutOfRange => sized(Code::AmountOutOfRange, &i64::MAX),
        AmountError::NotPositive => Fault::field(Code::AmountNotPositive, field),
    }
}

fn address(error: AddressError, asked: &CreateWithdrawal) -> Reject {
    let chain = asked.asset.split('/').next().unwrap_or_default();
    match error {
        AddressError::Malformed => Fault::field(Code::AddressMalformed, "address").with("chain", chain),
        AddressError::Checksum => Fault::field(Code::AddressChecksum, "address"),
        AddressError::Zero => Fault::field(Code::AddressZero, "address"),
    }
    .into()
}

fn request(error: RequestError, asked: &CreateWithdrawal) -> Reject {
    let scheduled = asked.scheduled_for.as_ref().map_or("", |at| at.as_str());
    match error {
        RequestError::ExternalId => {
            Fault::field(Code::ExternalIdMalformed, "external_id").with("max", ID_MAX)
        }
        RequestError::UserId => Fault::field(Code::NameMalformed, "user_id").with("max", ID_MAX),
        RequestError::Memo => {
            let length = asked.memo.as_ref().map_or(0, String::len);
            Fault::field(Code::FieldTooLong, "memo").with("length", length).with("max", MEMO_MAX)
        }
        RequestError::Metadata => metadata(asked),
        RequestError::ScheduleMissing => Fault::field(Code::ScheduledForRequired, "scheduled_for"),
        RequestError::ScheduleUnexpected => {
            let kind = asked.kind.map_or("regular", sluice_api::status::WithdrawalType::as_str);
            Fault::field(Code::ScheduledForUnexpected, "scheduled_for").with("type", kind)
        }
        RequestError::SchedulePast => {
            Fault::field(Code::ScheduledForPast, "scheduled_for").with("value", scheduled)
        }
        RequestError::ScheduleFar => Fault::field(Code::ScheduledForTooFar, "scheduled_for")
            .with("value", scheduled)
            .with("max_days", SCHEDULE_DAYS_MAX),
        RequestError::Amount => Fault::field(Code::AmountNotPositive, "amount"),
        RequestError::TokenItself => {
            Fault::field(Code::AddressIsToken, "address").with("asset", &asked.asset)
        }
        RequestError::OwnWallet => Fault::field(Code::AddressIsOwnWallet, "address"),
        RequestError::Total => Fault::field(Code::AmountOutOfRange, "amount")
            .with("value", asked.amount.as_str())
            .with("asset", &asked.asset)
            .with("max", i64::MAX),
    }
    .into()
}

/// The bounds of the books are in bytes and may be tighter than those of the contract: names the entry that is too long.
fn metadata(asked: &CreateWithdrawal) -> Fault {
    let entries = asked.metadata.iter().flatten();
    let long = entries
        .flat_map(|(key, value)| [(key, key.len()), (key, value.len())])
        .find(|(_, length)| *length > METADATA_TEXT_MAX);
    match long {
        Some((key, length)) => Fault::new(Code::FieldTooLong, pointer(&["metadata", key]))
            .with("field", format!("metadata/{key}"))
            .with("length", length)
            .with("max", METADATA_TEXT_MAX),
        None => {
            let count = asked.metadata.as_ref().map_or(0, |labels| labels.len());
            Fault::field(Code::FieldTooMany, "metadata").with("count", count).with("max", METADATA_MAX)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_api::problem::Lang;
    use sluice_core::id::{Ulid, WithdrawalId};
    use sluice_core::time::Timestamp;

    fn asked() -> CreateWithdrawal {
        CreateWithdrawal {
            external_id: "order-1".into(),
            user_id: "u".into(),
            asset: "eip155:137/erc20:0x3c499c542cef5e3811e1192ce70d8cc03d5c3359".into(),
            amount: "1.5".into(),
            address: "0x52908400098527886E0F7030069857D2E4169EE7".into(),
            kind: None,
            memo: None,
            scheduled_for: None,
            metadata: Some([("note".to_owned(), "x".repeat(300))].into()),
        }
    }

    #[test]
    fn every_refusal_is_complete_and_names_its_field() {
        let id = WithdrawalId::new(Ulid::new(Timestamp::default(), 1));
        let amounts = [
            AmountError::Malformed,
            AmountError::TooPrecise { precision: 6 },
            AmountError::OutOfRange,
            AmountError::NotPositive,
        ];
        let addresses = [AddressError::Malformed, AddressError::Checksum, AddressError::Zero];
        let requests = [
            RequestError::ExternalId,
            RequestError::UserId,
            RequestError::Memo,
            RequestError::Metadata,
            RequestError::ScheduleMissing,
            RequestError::ScheduleUnexpected,
            RequestError::SchedulePast,
            RequestError::ScheduleFar,
            RequestError::Amount,
            RequestError::TokenItself,
            RequestError::OwnWallet,
            RequestError::Total,
        ];
        let fields = amounts
            .map(IntakeError::Amount)
            .into_iter()
            .chain(addresses.map(IntakeError::Address))
            .chain(requests.map(IntakeError::Request))
            .chain([IntakeError::AssetUnknown]);
        for error in fields {
            let reject = intake(error.clone(), &asked());
            assert!(reject.refusal.is_complete(), "{error:?}: {reject:?}");
            assert_eq!(reject.refusal.faults().len(), 1, "{error:?}");
            let problem = reject.refusal.problem(Lang::Ko);
            assert!(problem.errors[0].pointer.starts_with('/') && !problem.errors[0].remedy.is_empty());
        }
        for error in [IntakeError::ExternalIdConflict(id), IntakeError::IdempotencyKeyConflict(id)] {
            let reject = intake(error, &asked());
            assert_eq!((reject.refusal.code.status(), reject.refusal.is_complete()), (409, true));
        }
    }

    #[test]
    fn the_label_that_is_too_long_is_named() {
        let reject = intake(IntakeError::Request(RequestError::Metadata), &asked());
        assert_eq!(reject.refusal.faults()[0].pointer, "/metadata/note");
    }
}
