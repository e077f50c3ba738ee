use std::collections::BTreeMap;

use serde::Deserialize;

use super::*;

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Sample {
    note: String,
    id: Option<String>,
    amount: Option<String>,
    kind: Option<String>,
    scopes: Option<Vec<String>>,
    ips: Option<Vec<String>>,
    version: Option<u64>,
    metadata: Option<BTreeMap<String, String>>,
    at: Option<String>,
}

impl Body for Sample {
    const FIELDS: &'static [Field] = &[
        Field::required("note", Shape::Text(5)),
        Field::optional("id", Shape::Name(4, Code::ExternalIdMalformed)),
        Field::optional("amount", Shape::Amount),
        Field::optional("kind", Shape::Word(&["a", "b"], Code::WordUnknown)),
        Field::optional("scopes", Shape::Words(2, &["x", "y"], Code::WordUnknown)),
        Field::optional("ips", Shape::Texts(2, 3)),
        Field::optional("version", Shape::Whole),
        Field::optional("metadata", Shape::Labels),
        Field::optional("at", Shape::Time),
    ];
}

/// The codes and places of what is wrong, and proof that each fault can be put into words.
fn wrong(body: &str) -> Vec<String> {
    let refusal = read::<Sample>(body.as_bytes()).expect_err(body);
    assert!(refusal.is_complete(), "{refusal:?}");
    refusal.faults().iter().map(|fault| format!("{} {}", fault.code, fault.pointer)).collect()
}

fn refused(body: &str) -> Code {
    read::<Sample>(body.as_bytes()).expect_err(body).code
}

#[test]
fn a_right_body_is_read() {
    let body = r#"{"note":"hello","id":"a-1","amount":"1.5","kind":"b","scopes":["x","y"],"ips":["::1"],
                   "version":3,"metadata":{"a":"b","c":""},"at":"2026-11-21T10:00:00+09:00"}"#;
    let sample: Sample = read(body.as_bytes()).expect("right");
    assert_eq!(sample.amount.as_deref(), Some("1.5"));
    assert_eq!(sample.version, Some(3));
}

#[test]
fn an_optional_field_may_be_null() {
    let all_null = r#"{"note":"x","id":null,"amount":null,"kind":null,"scopes":null,"ips":null,"version":null,
                       "metadata":null,"at":null}"#;
    assert_eq!(read::<Sample>(all_null.as_bytes()).ok(), read::<Sample>(br#"{"note":"x"}"#).ok());
}

#[test]
fn an_amount_as_a_number_is_refused_by_name() {
    for number in ["5", "5.0", "-1", "1e3", "1e400"] {
        assert_eq!(
            wrong(&format!(r#"{{"note":"x","amount":{number}}}"#)),
            ["amount_not_string /amount"],
            "{number}"
        );
    }
    let refusal = read::<Sample>(br#"{"note":"x","amount":5}"#).expect_err("a number");
    let problem = refusal.problem(crate::problem::Lang::En);
    assert!(problem.errors[0].detail.contains("amount"), "{problem:?}");
}

#[test]
fn every_fault_is_told_at_once() {
    let body = r#"{"id":"has space","amount":1,"kind":"c","extra":true,"version":"1"}"#;
    let told = [
        "field_required /note",
        "external_id_malformed /id",
        "amount_not_string /amount",
        "word_unknown /kind",
        "field_wrong_type /version",
        "field_unknown /extra",
    ];
    assert_eq!(wrong(body), told);
}

#[test]
fn unknown_and_repeated_fields_are_refused() {
    assert_eq!(wrong(r#"{"note":"x","Note":"y"}"#), ["field_unknown /Note"]);
    assert_eq!(wrong(r#"{"note":"x","note":"y"}"#), ["field_repeated /note"]);
    assert_eq!(wrong(r#"{"note":"x","n\u006fte":"y"}"#), ["field_repeated /note"]);
    assert_eq!(wrong(r#"{"note":"x","metadata":{"a":"1","a":"2"}}"#), ["field_repeated /metadata/a"]);
}

#[test]
fn texts_are_bounded_and_clean() {
    assert_eq!(wrong(r#"{"note":""}"#), ["field_required /note"]);
    assert_eq!(wrong(r#"{"note":"  "}"#), ["field_required /note"]);
    assert_eq!(wrong(r#"{"note":null}"#), ["field_required /note"]);
    assert_eq!(wrong(r#"{"note":"123456"}"#), ["field_too_long /note"]);
    assert_eq!(wrong(r#"{"note":"a\u0000b"}"#), ["text_malformed /note"]);
    assert_eq!(wrong(r#"{"note":"a\nb"}"#), ["text_malformed /note"]);
    assert_eq!(wrong(r#"{"note":7}"#), ["field_wrong_type /note"]);
    assert!(
        read::<Sample>(r#"{"note":"다섯글자임"}"#.as_bytes()).is_ok(),
        "characters are counted, not bytes"
    );
}

#[test]
fn names_are_visible_ascii() {
    for id in ["", " ", "a b", "\\u0000", "\\ub098", "abcde"] {
        assert!(read::<Sample>(format!(r#"{{"note":"x","id":"{id}"}}"#).as_bytes()).is_err(), "{id:?}");
    }
    assert!(read::<Sample>(br#"{"note":"x","id":"A-_9"}"#).is_ok());
}

#[test]
fn lists_and_labels_are_bounded_and_name_the_entry() {
    assert_eq!(wrong(r#"{"note":"x","scopes":["x","z"]}"#), ["word_unknown /scopes/1"]);
    assert_eq!(wrong(r#"{"note":"x","scopes":["x","y","x"]}"#), ["field_too_many /scopes"]);
    assert_eq!(wrong(r#"{"note":"x","scopes":"x"}"#), ["field_wrong_type /scopes"]);
    assert_eq!(
        wrong(r#"{"note":"x","ips":["1234",5]}"#),
        ["field_too_long /ips/0", "field_wrong_type /ips/1"]
    );
    assert_eq!(wrong(r#"{"note":"x","metadata":{"a/b":1}}"#), ["field_wrong_type /metadata/a~1b"]);
    assert_eq!(wrong(r#"{"note":"x","metadata":[]}"#), ["field_wrong_type /metadata"]);
    let many: Vec<_> = (0..=LABELS_MAX).map(|n| format!(r#""k{n}":"v""#)).collect();
    assert_eq!(
        wrong(&format!(r#"{{"note":"x","metadata":{{{}}}}}"#, many.join(","))),
        ["field_too_many /metadata"]
    );
    let long = "v".repeat(LABEL_VALUE_CHARS_MAX + 1);
    assert_eq!(
        wrong(&format!(r#"{{"note":"x","metadata":{{"k":"{long}"}}}}"#)),
        ["field_too_long /metadata/k"]
    );
    assert_eq!(wrong(r#"{"note":"x","metadata":{"":"v"}}"#), ["field_required /metadata/"]);
}

#[test]
fn a_negative_broken_or_endless_version_is_refused_by_name() {
    for version in ["-1", "1.5", "1e3", "18446744073709551616"] {
        let body = format!(r#"{{"note":"x","version":{version}}}"#);
        assert_eq!(wrong(&body), ["field_wrong_type /version"], "{version}");
    }
}

#[test]
fn what_is_no_json_object_is_refused() {
    for body in ["{", "nonsense", "{\"note\":\"x\"} {}", "{'note':'x'}", "{\"note\":\"x\",}", "\u{feff}{}"] {
        assert_eq!(refused(body), Code::BodyNotJson, "{body}");
    }
    for body in ["[]", "null", "7", "\"x\""] {
        assert_eq!(refused(body), Code::BodyInvalid, "{body}");
    }
    assert_eq!(read::<Sample>(b"{\"note\":\"\xff\"}").expect_err("not UTF-8").code, Code::BodyNotJson);
    assert_eq!(wrong(r#"{"note":"\ud800"}"#), ["field_wrong_type /note"]);
    assert_eq!(wrong(""), ["field_required /note"]);
}

#[test]
fn a_body_of_brackets_or_of_thousands_of_fields_is_refused_quickly() {
    let deep = format!(r#"{{"note":{}{}}}"#, "[".repeat(30_000), "]".repeat(30_000));
    assert_eq!(wrong(&deep), ["field_wrong_type /note"]);
    let many: Vec<_> = (0..6_000).map(|n| format!("\"{n}\":1")).collect();
    assert_eq!(wrong(&format!("{{{}}}", many.join(","))).len(), FAULTS_MAX);
    assert_eq!(refused(&" ".repeat(BODY_BYTES_MAX + 1)), Code::BodyTooLarge);
}
