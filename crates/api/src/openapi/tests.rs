use std::collections::BTreeSet;

use serde_json::Value;

use super::*;
use crate::body::{Body, Field};
use crate::withdrawal::CreateWithdrawal;

fn json() -> Value {
    serde_json::to_value(document()).expect("serialises")
}

/// Every `$ref` anywhere in a value.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                found.insert(reference.clone());
            }
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn it_is_openapi_3_1_and_lists_every_route_once() {
    let json = json();
    assert!(json["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
    let ids: BTreeSet<_> = ENDPOINTS.iter().map(|endpoint| endpoint.id).collect();
    assert_eq!(ids.len(), ENDPOINTS.len());
    for endpoint in ENDPOINTS {
        let method = endpoint.method.as_str().to_lowercase();
        assert_eq!(json["paths"][endpoint.path][&method]["operationId"], endpoint.id);
    }
}

#[test]
fn every_reference_leads_somewhere_and_no_schema_is_there_for_nothing() {
    let json = json();
    let mut found = BTreeSet::new();
    references(&json, &mut found);
    let names: BTreeSet<_> = json["components"]["schemas"]
        .as_object()
        .expect("schemas")
        .keys()
        .map(|name| format!("#/components/schemas/{name}"))
        .collect();
    let lost: Vec<_> = found.difference(&names).collect();
    assert!(lost.is_empty(), "{lost:?}");
    let unused: Vec<_> = names.difference(&found).collect();
    assert!(unused.is_empty(), "{unused:?}");
}

#[test]
fn no_amount_is_a_number_and_no_number_has_a_point() {
    let text = document().to_json().expect("serialises");
    assert!(!text.contains("\"type\":\"number\""));
    assert_eq!(json()["components"]["schemas"]["Decimal"]["type"], "string");
}

#[test]
fn every_route_but_health_needs_credentials_and_names_its_scope() {
    let json = json();
    for endpoint in ENDPOINTS {
        let operation = &json["paths"][endpoint.path][endpoint.method.as_str().to_lowercase()];
        match endpoint.scope {
            Some(scope) => {
                assert_eq!(operation["x-scope"], scope.as_str(), "{}", endpoint.id);
                assert!(operation["security"][0].get("signature").is_some(), "{}", endpoint.id);
            }
            None if endpoint.any_key => {
                assert!(operation["security"][0].get("signature").is_some(), "{}", endpoint.id);
            }
            None => assert!(!endpoint.path.starts_with("/v1"), "{}", endpoint.id),
        }
        assert!(operation["responses"].get("default").is_some());
    }
}

#[test]
fn the_field_list_of_a_body_is_that_of_its_schema() {
    fn same<T: Body + ToSchema>() {
        let schema = serde_json::to_value(T::schema()).expect("serialises");
        let name = T::name();
        let fields: BTreeSet<_> = T::FIELDS.iter().map(|field: &Field| field.name).collect();
        let properties = schema["properties"].as_object().expect("an object");
        assert_eq!(properties.keys().map(String::as_str).collect::<BTreeSet<_>>(), fields, "{name}");
        let required: BTreeSet<_> =
            T::FIELDS.iter().filter(|field| field.required).map(|field| field.name).collect();
        let listed = schema["required"].as_array().cloned().unwrap_or_default();
        assert_eq!(listed.iter().filter_map(Value::as_str).collect::<BTreeSet<_>>(), required, "{name}");
        assert_eq!(schema["additionalProperties"], false, "{name}: unknown fields are refused");
    }
    same::<CreateWithdrawal>();
    same::<crate::withdrawal::CancelWithdrawal>();
    same::<crate::command::Because>();
    same::<crate::lane::SpeedUp>();
    same::<crate::lane::SetCap>();
    same::<crate::lane::AdoptTransaction>();
    same::<crate::attention::Resolve>();
    same::<crate::stop::CreateStop>();
    same::<crate::partner::CreatePartner>();
    same::<crate::key::CreateApiKey>();
    same::<crate::wallet::AdoptWallet>();
}

#[test]
fn the_create_body_is_the_promised_one() {
    let names: Vec<_> = CreateWithdrawal::FIELDS.iter().map(|field| field.name).collect();
    let promised =
        ["external_id", "user_id", "asset", "amount", "address", "type", "memo", "scheduled_for", "metadata"];
    assert_eq!(names, promised);
}

#[test]
fn an_enum_lists_its_words() {
    let schemas = &json()["components"]["schemas"];
    assert_eq!(schemas["Status"]["enum"].as_array().map(Vec::len), Some(16));
    assert_eq!(schemas["WaitKind"]["enum"][9], "2fa");
    assert_eq!(schemas["WithdrawalObject"]["enum"], serde_json::json!(["withdrawal"]));
    assert_eq!(
        schemas["Withdrawal"]["properties"]["object"]["$ref"],
        "#/components/schemas/WithdrawalObject"
    );
}

#[test]
fn a_page_size_is_a_bounded_whole_number() {
    let json = json();
    let parameters =
        json["paths"]["/v1/withdrawals"]["get"]["parameters"].as_array().expect("a list").clone();
    let limit = parameters.iter().find(|parameter| parameter["name"] == "limit").expect("listed");
    assert_eq!(limit["schema"], serde_json::json!({"type": "integer", "minimum": 1, "maximum": 100}));
}

/// Where the committed copy lies.
const COPY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");

fn printed() -> String {
    document().to_pretty_json().expect("serialises") + "\n"
}

#[test]
fn the_committed_copy_is_up_to_date() {
    let copy = std::fs::read_to_string(COPY).unwrap_or_default();
    assert!(copy == printed(), "run: cargo test -p sluice-api -- --ignored write_the_copy");
}

#[test]
#[ignore = "writes openapi.json"]
fn write_the_copy() {
    std::fs::write(COPY, printed()).expect("the folder is ours");
}
