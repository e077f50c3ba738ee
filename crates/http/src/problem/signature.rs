//! Why nothing is handed out, why what came back is not taken, and why a refill or a sweep is not ordered.

use sluice_api::problem::{Code, Fault, Form, Refusal};
use sluice_api::signature::OrderMovement;
use sluice_core::errand::ErrandError;
use sluice_core::id::{WalletId, WithdrawalId};
use sluice_core::withdrawal::ID_MAX;
use sluice_flow::operator::{AdoptError, HandOutError, MovementError, ReturnedError, SubmitError};

use super::{Reject, order};

/// Puts the refusal to hand bytes of a desk out into a problem.
pub(crate) fn hand_out(error: HandOutError, desk: WalletId) -> Reject {
    let of_desk = |code| Refusal::new(code).with("wallet_id", desk);
    match error {
        HandOutError::Nobody => return Reject::internal("a caller without a key that is stored"),
        HandOutError::NoDesk => of_desk(Code::WalletNoDesk),
        HandOutError::NotDue(status) => Refusal::new(Code::SignatureRequestNotDue).with("status", status),
        HandOutError::Held { holder, until } => {
            Refusal::new(Code::SignatureRequestHeld).with("holder", holder).with("until", until)
        }
        HandOutError::Expired => Refusal::new(Code::HandOutUnsettled),
        HandOutError::Shut => of_desk(Code::DeskShut),
        HandOutError::Order(error) => return order(error, "signature.hand_out", 0),
    }
    .into()
}

/// Puts the refusal of a signature into a problem.
pub(crate) fn submission(error: SubmitError, desk: WalletId) -> Reject {
    match error {
        SubmitError::NotHandedOut => Reject::new(Code::NotHandedOut),
        SubmitError::Expired => Reject::new(Code::HandOutExpired),
        SubmitError::Returned(error) => returned(error),
        SubmitError::HandOut(error) => hand_out(error, desk),
    }
}

fn returned(error: ReturnedError) -> Reject {
    match error {
        ReturnedError::Differs(differences) => {
            let faults = differences.into_iter().map(|it| {
                Fault::field(Code::TransactionDiffers, "raw_data_hex")
                    .with("name", it.field)
                    .with("stored", it.stored)
                    .with("returned", it.returned)
            });
            match Refusal::of(faults.collect()) {
                Some(refusal) => refusal.into(),
                None => Reject::internal("other bytes say the same"),
            }
        }
        ReturnedError::Unread(why) => {
            Fault::field(Code::TransactionUnreadable, "raw_data_hex").with("why", why).into()
        }
        ReturnedError::Signature => Fault::field(Code::SignatureMalformed, "signature").into(),
        ReturnedError::Key { wanted, found } => Fault::field(Code::SignatureOfOtherKey, "signature")
            .with("wanted", wanted)
            .with("found", found.map_or_else(|| "nobody".to_owned(), |it| it.to_string()))
            .into(),
    }
}

/// Puts the refusal to order `asked`, a refill or a sweep, into a problem; `other` is what its external id belongs to, where that is known.
pub(crate) fn refill(error: MovementError, asked: &OrderMovement, other: Option<WithdrawalId>) -> Reject {
    let of_wallet = |code, wallet: WalletId| Reject::from(Refusal::new(code).with("wallet_id", wallet));
    match error {
        MovementError::Wallet(id) if id.to_string() == asked.to_wallet_id => {
            Reject::field("to_wallet_id", Form::WalletId)
        }
        MovementError::Wallet(_) => Reject::field("from_wallet_id", Form::WalletId),
        MovementError::NoDesk(id) => of_wallet(Code::WalletNoDesk, id),
        MovementError::NoLane(id) => of_wallet(Code::WalletNoLane, id),
        MovementError::NotTrusted(id) => of_wallet(Code::WalletNotRefillable, id),
        MovementError::Asset(_) => {
            Fault::field(Code::AssetUnknown, "asset").with("asset", &asked.asset).into()
        }
        MovementError::Errand(error) => errand(error, asked),
        MovementError::ExternalIdConflict(name) => match other {
            Some(id) => Refusal::new(Code::ExternalIdConflict)
                .with("external_id", name)
                .with("withdrawal_id", id)
                .into(),
            None => Reject::internal("an external id is taken by nothing"),
        },
        MovementError::AlreadyOpen(id) => of_wallet(Code::RefillOpen, id),
        MovementError::Store(error) => error.into(),
    }
}

fn errand(error: ErrandError, asked: &OrderMovement) -> Reject {
    match error {
        ErrandError::NotTron => {
            Refusal::new(Code::WalletNoDesk).with("wallet_id", &asked.from_wallet_id).into()
        }
        ErrandError::Account => {
            Refusal::new(Code::WalletNotRefillable).with("wallet_id", &asked.to_wallet_id).into()
        }
        ErrandError::Amount => Fault::field(Code::AmountNotPositive, "amount").into(),
        ErrandError::Token => {
            Fault::field(Code::AssetNotRefillable, "asset").with("asset", &asked.asset).into()
        }
        ErrandError::ExternalId => {
            Fault::field(Code::ExternalIdMalformed, "external_id").with("max", ID_MAX).into()
        }
    }
}

/// Puts the refusal to take a key as shown into a problem.
pub(crate) fn key_not_shown(error: AdoptError, address: &str) -> Reject {
    match error {
        AdoptError::NotShown(why) => {
            Fault::field(Code::KeyNotShown, "signature").with("address", address).with("why", why).into()
        }
        AdoptError::Order(error) => order(error, "wallet.show_key", 0),
        other => super::adoption::unmet(other, address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_core::access::Actor;
    use sluice_core::address::TronAddress;
    use sluice_core::asset::AssetId;
    use sluice_core::hand_out::Holder;
    use sluice_core::id::Ulid;
    use sluice_core::time::Timestamp;
    use sluice_flow::operator::{Difference, OrderError};

    fn desk() -> WalletId {
        WalletId::new(Ulid::new(Timestamp::default(), 1))
    }

    fn difference(field: &'static str) -> Difference {
        Difference { field, stored: "1".into(), returned: "2".into() }
    }

    #[test]
    fn every_refusal_of_a_signature_request_is_a_complete_problem() {
        let holder = Holder::of(&Actor::Console).unwrap();
        let held = HandOutError::Held { holder, until: Timestamp::default() };
        for (error, code) in [
            (HandOutError::Nobody, Code::Internal),
            (HandOutError::NoDesk, Code::WalletNoDesk),
            (HandOutError::NotDue("paid"), Code::SignatureRequestNotDue),
            (held, Code::SignatureRequestHeld),
            (HandOutError::Expired, Code::HandOutUnsettled),
            (HandOutError::Shut, Code::DeskShut),
            (OrderError::Stopped.into(), Code::Stopped),
        ] {
            let reject = submission(error.into(), desk());
            assert!(reject.refusal.is_complete(), "{reject:?}");
            assert_eq!(reject.refusal.code, code);
        }
        let wanted = TronAddress([1; 20]);
        for (error, code) in [
            (SubmitError::NotHandedOut, Code::NotHandedOut),
            (SubmitError::Expired, Code::HandOutExpired),
            (ReturnedError::Signature.into(), Code::SignatureMalformed),
            (ReturnedError::Key { wanted, found: None }.into(), Code::SignatureOfOtherKey),
            (ReturnedError::Key { wanted, found: Some(wanted) }.into(), Code::SignatureOfOtherKey),
            (ReturnedError::Differs(vec![difference("memo")]).into(), Code::TransactionDiffers),
        ] {
            let reject = submission(error, desk());
            assert!(reject.refusal.is_complete(), "{reject:?}");
            assert_eq!(reject.refusal.code, code);
        }
    }

    #[test]
    fn each_field_that_differs_is_named() {
        let reject = returned(ReturnedError::Differs(vec![difference("recipient"), difference("units")]));
        let fault = |name: &str| {
            let fault = Fault::field(Code::TransactionDiffers, "raw_data_hex");
            fault.with("name", name).with("stored", "1").with("returned", "2")
        };
        assert_eq!(reject.refusal.faults(), [fault("recipient"), fault("units")]);
    }

    #[test]
    fn every_refusal_of_a_refill_is_a_complete_problem() {
        let asked: OrderMovement = sluice_api::body::read(
            br#"{"external_id":"r-1","from_wallet_id":"a","to_wallet_id":"b","asset":"x","amount":"5","reason":"r"}"#,
        )
        .unwrap();
        let other = Some(WithdrawalId::new(Ulid::new(Timestamp::default(), 1)));
        let asset = AssetId::parse("eip155:137/slip44:60").unwrap();
        for (error, code) in [
            (MovementError::Wallet(desk()), Code::BodyInvalid),
            (MovementError::NoDesk(desk()), Code::WalletNoDesk),
            (MovementError::NoLane(desk()), Code::WalletNoLane),
            (MovementError::NotTrusted(desk()), Code::WalletNotRefillable),
            (MovementError::Asset(asset), Code::AssetUnknown),
            (ErrandError::NotTron.into(), Code::WalletNoDesk),
            (ErrandError::Account.into(), Code::WalletNotRefillable),
            (ErrandError::Amount.into(), Code::AmountNotPositive),
            (ErrandError::Token.into(), Code::AssetNotRefillable),
            (ErrandError::ExternalId.into(), Code::ExternalIdMalformed),
            (MovementError::ExternalIdConflict("r-1".into()), Code::ExternalIdConflict),
            (MovementError::AlreadyOpen(desk()), Code::RefillOpen),
        ] {
            let reject = refill(error, &asked, other);
            assert!(reject.refusal.is_complete(), "{reject:?}");
            assert_eq!(reject.refusal.code, code);
        }
    }

    #[test]
    fn a_key_that_is_not_shown_says_why() {
        for (error, code) in [
            (AdoptError::NotShown("old".into()), Code::KeyNotShown),
            (AdoptError::HasCode, Code::WalletNotPlain),
            (AdoptError::Moving("USDT".into()), Code::WalletBalanceMoving),
            (OrderError::NotFound.into(), Code::NotFound),
        ] {
            let reject = key_not_shown(error, "T1");
            assert!(reject.refusal.is_complete(), "{reject:?}");
            assert_eq!(reject.refusal.code, code);
        }
    }
}
