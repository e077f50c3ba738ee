use super::*;
use crate::body;
use crate::problem::ReasonCode;

const FULL: &str = r#"{
    "external_id": "payout-1", "user_id": "user-81", "asset": "eip155:137/erc20:0x3c49", "amount": "12.50",
    "address": "0x52908400098527886E0F7030069857D2E4169EE7", "type": "scheduled", "memo": "급여",
    "scheduled_for": "2026-11-22T10:00:00+09:00", "metadata": {"order": "81"}
}"#;

fn sample() -> Withdrawal {
    Withdrawal {
        object: tag::Withdrawal::Is,
        id: "wd_01JD2Q8XK5T7M3N9P4R6S8V0WA".into(),
        external_id: "payout-1".into(),
        user_id: "user-81".into(),
        partner_id: "pt_01JD2Q8XK5T7M3N9P4R6S8V0WA".into(),
        status: Status::Confirming,
        waiting_for: Some(WaitingFor::new(
            WaitKind::Finality,
            "2026-11-21T01:02:03.000004Z".into(),
            None,
            Lang::Ko,
        )),
        kind: WithdrawalType::Immediate,
        asset: "eip155:137/erc20:0x3c49".into(),
        amount: "12.5".into(),
        fee: "0.1".into(),
        total_debit: "12.6".into(),
        address: "0x52908400098527886E0F7030069857D2E4169EE7".into(),
        memo: None,
        metadata: BTreeMap::from([("order".into(), "81".into())]),
        attempt_no: 1,
        cancel_requested: false,
        reason: Some(Reason::new(ReasonCode::Reopened, Lang::Ko)),
        errand: None,
        receipt: Some(Receipt {
            energy: 64_285,
            estimated: "2.147".into(),
            network_fee: Some("0.345".into()),
            energy_cost: None,
            total: None,
            burning: "6.7755".into(),
            saved: None,
        }),
        transactions: vec![Transaction {
            txid: "0xabc".into(),
            chain: "eip155:137".into(),
            sender: Some("0x52908400098527886E0F7030069857D2E4169EE7".into()),
            nonce: Some(7),
            kind: TransactionKind::Pay,
            status: TransactionStatus::Included,
            block: Some(Block { number: 9, hash: "0xdef".into() }),
            fee: Some("0.0021".into()),
            reference_block: None,
            expires_at_ms: None,
        }],
        created_at: "2026-11-21T01:02:03.000004Z".into(),
        due_at: "2026-11-21T01:32:03.000004Z".into(),
        scheduled_for: None,
        updated_at: "2026-11-21T01:02:09.000000Z".into(),
        completed_at: None,
        version: 11,
    }
}

#[test]
fn a_full_and_a_smallest_creation_are_read() {
    let full: CreateWithdrawal = body::read(FULL.as_bytes()).expect("right");
    assert_eq!(full.kind, Some(WithdrawalType::Scheduled));
    assert_eq!(full.amount.as_str(), "12.50", "the spelling is kept; core judges it");
    let again = serde_json::to_vec(&full).expect("serialises");
    assert_eq!(body::read::<CreateWithdrawal>(&again), Ok(full));

    let smallest = r#"{"external_id":"p","user_id":"u","asset":"a","amount":"1","address":"0x1"}"#;
    let smallest: CreateWithdrawal = body::read(smallest.as_bytes()).expect("right");
    assert_eq!((smallest.kind, smallest.metadata.clone()), (None, None));
    let json = serde_json::to_value(&smallest).expect("serialises");
    assert_eq!(json.as_object().map(serde_json::Map::len), Some(5), "what was left out stays out");
}

#[test]
fn an_amount_as_a_number_is_refused_on_both_roads_and_named() {
    let number = FULL.replace("\"12.50\"", "12.50");
    let refusal = body::read::<CreateWithdrawal>(number.as_bytes()).expect_err("a number");
    assert_eq!((refusal.code, refusal.faults()[0].pointer.as_str()), (Code::AmountNotString, "/amount"));
    let error = serde_json::from_str::<CreateWithdrawal>(&number).expect_err("a number").to_string();
    assert!(error.contains("`amount` as a JSON string"), "{error}");
}

#[test]
fn an_unknown_field_is_refused_on_both_roads() {
    let more = FULL.replace("\"memo\"", "\"partner_id\": \"pt_1\", \"memo\"");
    let refusal = body::read::<CreateWithdrawal>(more.as_bytes()).expect_err("unknown field");
    assert_eq!((refusal.code, refusal.faults()[0].pointer.as_str()), (Code::FieldUnknown, "/partner_id"));
    assert!(serde_json::from_str::<CreateWithdrawal>(&more).is_err());
}

#[test]
fn each_required_field_is_asked_for_by_name() {
    for field in CreateWithdrawal::FIELDS.iter().filter(|field| field.required) {
        let mut body: serde_json::Value = serde_json::from_str(FULL).expect("right");
        body.as_object_mut().expect("an object").remove(field.name);
        let refusal = body::read::<CreateWithdrawal>(body.to_string().as_bytes()).expect_err(field.name);
        assert_eq!(refusal.code, Code::FieldRequired);
        assert_eq!(refusal.faults()[0].pointer, format!("/{}", field.name));
    }
}

#[test]
fn an_unknown_type_and_an_empty_external_id_have_their_own_codes() {
    for (from, to, code) in [
        ("\"scheduled\"", "\"Immediate\"", Code::TypeUnknown),
        ("payout-1", "pay out", Code::ExternalIdMalformed),
        ("payout-1", "", Code::FieldRequired),
        ("user-81", "user 81", Code::NameMalformed),
    ] {
        let refusal = body::read::<CreateWithdrawal>(FULL.replace(from, to).as_bytes()).expect_err(to);
        assert_eq!(refusal.code, code, "{to}");
        assert!(refusal.is_complete(), "{to}");
    }
}

#[test]
fn a_withdrawal_survives_the_wire_and_names_its_fields_as_promised() {
    let there = serde_json::to_value(sample()).expect("serialises");
    assert_eq!(there["object"], "withdrawal");
    assert_eq!(there["type"], "immediate");
    assert_eq!(there["waiting_for"]["for"], "finality");
    assert_eq!(there["amount"], "12.5");
    assert_eq!(there["transactions"][0]["block"]["number"], 9);
    assert!(there["memo"].is_null(), "a field without a value is null, not absent");
    assert_eq!(serde_json::from_value::<Withdrawal>(there).ok(), Some(sample()));
}

#[test]
fn a_client_ignores_fields_of_a_newer_server_and_refuses_number_amounts_of_any() {
    let mut json = serde_json::to_value(sample()).expect("serialises");
    json["brand_new"] = 1.into();
    assert!(serde_json::from_value::<Withdrawal>(json.clone()).is_ok());
    json["fee"] = 1.into();
    assert!(serde_json::from_value::<Withdrawal>(json).is_err());
}
