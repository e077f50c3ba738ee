//! Refills that a person signs with unmodified tronweb (ADR 0027): paid once, whoever sends them and whatever dies on the way; other
//! bytes and other keys are refused; and what is never signed dies by proof.

pub mod vault;

use serde_json::json;
use sluice_api::client::ClientError;
use sluice_api::lane::LaneState;
use sluice_api::signature::{SignatureStatus, SubmitSignature};
use sluice_api::status::{Status, WaitKind};
use sluice_api::wallet::WalletCustody;

use crate::on_both;
use vault::{AMOUNT, KEY, STRANGER, Vault, code, handing, person, submission};

/// Where the engine is killed while a refill is handed out, signed and sent.
pub const POINTS: [&str; 7] = [
    "store.apply/hand_out_wished:after",
    "store.apply/hand_out_made:after",
    "store.apply/hand_out_told:before",
    "store.apply/hand_out_told:after",
    "store.apply/signed:before",
    "store.apply/signed:after",
    "chain.submit:after",
];
/// Past the longest that these bytes live.
const PAST_MS: i64 = 11 * 60_000;

on_both! {
    /// The engine is killed while the person has the bytes; other bytes and another key are refused.
    async fn a_refill_that_tronweb_signs_is_paid_once(database: Database) {
        let (vault, engine) = Vault::begin(database).await;
        let (opening, (cold, hot)) = (vault.stands().await, vault.hold());
        let (caller, second) = (engine.caller(), engine.second());
        let check = caller.client.check_refill(&vault.refill("refill-1")).await.expect("a check");
        assert!(check.covered, "{check:?}");
        let ordered = caller.client.order_refill(&vault.refill("refill-1")).await.expect("ordered");
        let id = ordered.id.clone();
        assert_eq!((ordered.status, ordered.to_wallet_id), (SignatureStatus::Waiting, Some(vault.lane.clone())));
        let why = caller.client.withdrawal(&id).await.expect("an errand").waiting_for.expect("it waits");
        assert_eq!(why.kind, WaitKind::Signature);
        let raw = vault.bytes(&caller, &id).await;
        let desk = caller.client.lane(&ordered.wallet_id).await.expect("a desk is among the lanes");
        assert_eq!((desk.custody, desk.state, desk.in_flight), (WalletCustody::External, LaneState::Open, 1));
        assert_eq!(code(second.client.hand_out(&id, &handing()).await), "signature_request_held");
        let seen = second.client.signature_request(&id).await.expect("it is told");
        assert_eq!(seen.status, SignatureStatus::HandedOut);
        assert_eq!(seen.hand_out.expect("it is in hand").transaction, None, "to its holder alone");

        engine.kill().await;
        let engine = vault.engine().await;
        let caller = engine.caller();
        assert_eq!(vault.bytes(&caller, &id).await, raw, "always the same bytes");
        let told = caller.client.signature_request(&id).await.expect("it is told");
        let fields = told.hand_out.and_then(|it| it.transaction).expect("the bytes").fields;
        let says = |name: &str| fields.iter().find(|it| it.name == name).map(|it| it.value.clone());
        assert_eq!(says("recipient"), Some(vault.hot.to_string()));
        assert_eq!(says("units"), Some(AMOUNT.1.to_string()));

        // Its fee limit is raised before it is signed: both the wallet's own key, and not what was handed out.
        let change = json!({"fee_limit": 1_000_000_000});
        let other = person(json!({"do": "sign", "raw_data_hex": raw, "key": KEY, "change": change})).await;
        match caller.client.submit_signature(&id, &submission(&other)).await {
            Err(ClientError::Problem(problem)) => {
                assert_eq!(problem.code, "transaction_differs");
                assert!(problem.detail.contains("fee_limit_sun"), "{problem:?}");
                assert_eq!(problem.errors.len(), 1, "no other field: {problem:?}");
            }
            other => panic!("{other:?}"),
        }
        let alone = SubmitSignature { raw_data_hex: None, ..submission(&other) };
        assert_eq!(code(caller.client.submit_signature(&id, &alone).await), "signature_of_other_key");
        let stranger = person(json!({"do": "sign", "raw_data_hex": raw, "key": STRANGER})).await;
        assert_eq!(
            code(caller.client.submit_signature(&id, &submission(&stranger)).await),
            "signature_of_other_key"
        );

        let signed = Vault::signed(&raw).await;
        for _ in 0..2 {
            let taken = caller.client.submit_signature(&id, &submission(&signed)).await.expect("it is taken");
            assert!(matches!(taken.status, SignatureStatus::Submitted | SignatureStatus::Completed), "{taken:?}");
        }
        vault.becomes(&caller, &id, SignatureStatus::Completed).await;
        let paid = caller.client.withdrawal(&id).await.expect("an errand");
        assert_eq!(paid.status, Status::Completed);
        let again = caller.client.order_refill(&vault.refill("refill-1")).await.expect("it was ordered");
        assert_eq!((again.id, again.status), (id, SignatureStatus::Completed), "ordered twice it is one");
        assert_eq!(vault.hold(), (cold - AMOUNT.1, hot + AMOUNT.1), "once");
        vault.is_proven(&engine, opening).await;
    }

    /// Whatever dies between the wish and the chain, each refill is paid once.
    async fn refills_are_paid_once_wherever_the_engine_dies(database: Database) {
        let (vault, engine) = Vault::begin(database).await;
        let (opening, (cold, hot)) = (vault.stands().await, vault.hold());
        engine.kill().await;
        for (number, point) in POINTS.iter().enumerate() {
            vault.refills_though_killed(&format!("refill-{number}"), point).await;
        }
        let moved = AMOUNT.1 * POINTS.len() as u128;
        assert_eq!(vault.hold(), (cold - moved, hot + moved), "each once");
        let engine = vault.engine().await;
        vault.is_proven(&engine, opening).await;
    }

    /// No signature is handed in before the chain shows it; the same engine takes it afterwards too.
    async fn a_refill_that_the_person_sends_himself_is_the_same_payment(database: Database) {
        let (vault, engine) = Vault::begin(database).await;
        let (opening, (cold, hot)) = (vault.stands().await, vault.hold());
        let caller = engine.caller();
        let id = caller.client.order_refill(&vault.refill("refill-1")).await.expect("ordered").id;
        let signed = Vault::signed(&vault.bytes(&caller, &id).await).await;
        let said = vault.sent(&signed).await;
        assert_eq!(said["result"], json!(true), "{said}");
        vault.becomes(&caller, &id, SignatureStatus::Completed).await;
        assert_eq!(vault.hold(), (cold - AMOUNT.1, hot + AMOUNT.1), "once");
        let next = caller.client.order_refill(&vault.refill("refill-2")).await.expect("there is room for another");
        assert_eq!(next.status, SignatureStatus::Waiting);
        vault.is_proven(&engine, opening).await;
    }

    /// Its death is proven by the chain's own time, and what is signed too late is refused by engine and chain.
    async fn what_is_never_signed_dies_by_proof_and_waits_to_be_handed_out_anew(database: Database) {
        let (vault, engine) = Vault::begin(database).await;
        let before = vault.hold();
        let caller = engine.caller();
        let id = caller.client.order_refill(&vault.refill("refill-1")).await.expect("ordered").id;
        let raw = vault.bytes(&caller, &id).await;
        vault.control.advance_ms(PAST_MS);
        let waiting = vault.becomes(&caller, &id, SignatureStatus::Waiting).await;
        assert_eq!(waiting.id, id);
        let signed = Vault::signed(&raw).await;
        assert_eq!(code(caller.client.submit_signature(&id, &submission(&signed)).await), "not_handed_out");
        let said = vault.sent(&signed).await;
        assert_ne!(said["result"], json!(true), "no block takes it any more: {said}");
        let history = caller.history(&id).await;
        let steps: Vec<&str> = history.iter().map(|it| it.kind.as_str()).collect();
        assert!(steps.contains(&"hand_out.made") && steps.contains(&"hand_out.told"), "{steps:?}");
        // Asked for again it is a wish of its own.
        let again = caller.client.hand_out(&id, &handing()).await.expect("it may be wished again");
        assert_eq!(again.status, SignatureStatus::Making);
        assert_eq!(vault.hold(), before, "nothing was paid");
    }
}
