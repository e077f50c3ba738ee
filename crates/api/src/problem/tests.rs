use std::collections::BTreeSet;

use super::catalog::{Catalog, catalog, next_placeholder};
use super::*;
use crate::status::{Status, WaitKind};

fn placeholders(template: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    let mut rest = template;
    while let Some((_, name, after)) = next_placeholder(rest) {
        names.insert(name);
        rest = after;
    }
    names
}

fn every_text(catalog: &Catalog) -> Vec<&str> {
    let mut texts = Vec::new();
    for text in catalog.problems.values() {
        texts.extend([&*text.title, &*text.detail, &*text.remedy]);
    }
    for text in catalog.reasons.values() {
        texts.extend([&*text.title, &*text.remedy]);
    }
    for text in catalog.waits.values() {
        texts.extend([&*text.title, &*text.released_by]);
    }
    texts.extend(catalog.statuses.values().map(String::as_str));
    texts.extend(catalog.forms.values().map(String::as_str));
    texts
}

#[test]
fn every_word_has_its_text_in_every_language() {
    for &lang in Lang::ALL {
        let catalog = catalog(lang);
        assert!(catalog.problems.keys().eq(Code::ALL.iter().collect::<BTreeSet<_>>()), "{lang}: problems");
        assert!(
            catalog.reasons.keys().eq(ReasonCode::ALL.iter().collect::<BTreeSet<_>>()),
            "{lang}: reasons"
        );
        assert!(catalog.waits.keys().eq(WaitKind::ALL), "{lang}: waits");
        assert!(catalog.statuses.keys().eq(Status::ALL), "{lang}: statuses");
        assert!(catalog.forms.keys().eq(Form::ALL), "{lang}: forms");
    }
}

/// A Korean sentence with an English phrase in the middle is no Korean sentence.
#[test]
fn what_is_expected_is_said_in_the_callers_language() {
    for &form in Form::ALL {
        let wrong = Refusal::new(Code::FieldWrongType).with("field", "amount").with("expected", form);
        let [english, korean] = [Lang::En, Lang::Ko].map(|lang| wrong.problem(lang).detail);
        assert!(english.contains(&catalog(Lang::En).forms[&form]), "{english}");
        assert!(
            korean.contains(&catalog(Lang::Ko).forms[&form]) && !korean.contains(form.as_str()),
            "{korean}"
        );
    }
    let moved = Refusal::new(Code::VersionConflict).with("expected", 3).with("actual", 4);
    assert!(moved.problem(Lang::Ko).detail.contains('3'));
}

#[test]
fn every_problem_text_has_exactly_the_placeholders_of_its_code() {
    for &lang in Lang::ALL {
        for &code in Code::ALL {
            let text = &catalog(lang).problems[&code];
            let declared: BTreeSet<_> = code.params().iter().copied().collect();
            let mut used = placeholders(&text.detail);
            used.extend(placeholders(&text.remedy));
            assert_eq!(used, declared, "{lang}: {code}");
            assert!(placeholders(&text.title).is_empty(), "{lang}: {code}");
        }
    }
}

#[test]
fn no_text_is_empty_untrimmed_or_has_loose_braces() {
    for &lang in Lang::ALL {
        for text in every_text(catalog(lang)) {
            assert!(!text.is_empty() && text.trim() == text, "{lang}: {text:?}");
            assert_eq!(text.matches('{').count(), text.matches('}').count(), "{lang}: {text:?}");
            assert_eq!(text.matches('{').count() >= 1, !placeholders(text).is_empty(), "{lang}: {text:?}");
        }
    }
}

#[test]
fn korean_texts_are_korean_and_english_ones_are_not() {
    let hangul = |text: &str| text.chars().any(|c| ('\u{ac00}'..='\u{d7a3}').contains(&c));
    assert!(every_text(catalog(Lang::Ko)).into_iter().all(hangul));
    assert!(!every_text(catalog(Lang::En)).into_iter().any(hangul));
}

/// `{value}은` reads wrong for half of all values: the particle depends on the last sound of the word before it.
#[test]
fn no_korean_particle_that_depends_on_a_sound_follows_a_placeholder() {
    for text in every_text(catalog(Lang::Ko)) {
        for (at, _) in text.match_indices('}') {
            let next = text[at + 1..].chars().next();
            assert!(!next.is_some_and(|c| "은는이가을를과와로".contains(c)), "{text}");
        }
    }
}

#[test]
fn every_code_renders_complete_in_every_language() {
    for &code in Code::ALL {
        let mut refusal = Refusal::new(code);
        for name in code.params() {
            assert!(!refusal.is_complete(), "{code}");
            refusal = refusal.with(name, format!("<{name}>"));
        }
        assert!(refusal.is_complete(), "{code}");
        for &lang in Lang::ALL {
            let problem = refusal.problem(lang);
            let text = format!("{} {}", problem.detail, problem.remedy);
            assert!(!text.contains(['{', '}']), "{code}: {text}");
            assert!(code.params().iter().all(|name| text.contains(&format!("<{name}>"))), "{code}: {text}");
            assert_eq!(problem.known(), Some(code));
            assert_eq!(problem.status, code.status());
        }
    }
}

#[test]
fn a_problem_of_faults_leads_with_the_first_and_lists_all() {
    let refusal = Refusal::of(vec![
        Fault::field(Code::AmountNotString, "amount"),
        Fault::field(Code::FieldUnknown, "amuont").with("known", "amount"),
    ])
    .expect("there are faults");
    assert!(refusal.is_complete());
    let problem = refusal
        .problem(Lang::En)
        .about("/v1/withdrawals", "req_1")
        .documented_at("https://docs.test/problems/");
    assert_eq!((problem.code.as_str(), problem.status), ("amount_not_string", 422));
    assert_eq!(problem.errors.len(), 2);
    assert_eq!(problem.errors[0].pointer, "/amount");
    assert!(problem.errors[0].detail.contains("amount"));
    assert!(!problem.errors[1].remedy.is_empty());
    assert_eq!(problem.doc_url.as_deref(), Some("https://docs.test/problems/amount_not_string"));
    assert_eq!(Refusal::of(Vec::new()), None);
}

#[test]
fn a_problem_lists_a_bounded_number_of_faults() {
    let faults = vec![Fault::field(Code::FieldRequired, "reason"); FAULTS_MAX + 5];
    assert_eq!(Refusal::of(faults).map(|refusal| refusal.faults().len()), Some(FAULTS_MAX));
}

#[test]
fn a_callers_value_is_quoted_clipped_and_clean() {
    let nasty = format!("\u{1b}[31m{}", "x".repeat(500));
    let detail = Refusal::new(Code::AssetUnknown).with("asset", nasty).problem(Lang::Ko).detail;
    assert!(!detail.chars().any(char::is_control));
    assert!(detail.chars().count() < 200, "{detail}");
    assert!(detail.contains('\u{2026}'));
    let literal = Refusal::new(Code::AssetUnknown).with("asset", "{asset}{x}").problem(Lang::En).detail;
    assert!(literal.contains("{asset}{x}"), "a value is not a template: {literal}");
}

#[test]
fn a_missing_fact_never_breaks_an_answer() {
    let problem = Refusal::new(Code::ScopeMissing).problem(Lang::En);
    assert!(problem.detail.contains('?'));
}

#[test]
fn a_problem_survives_the_wire_and_a_newer_server() {
    let problem = Refusal::new(Code::NotFound).problem(Lang::Ko).about("/v1/x", "req_2");
    let json = serde_json::to_value(&problem).expect("problems serialise");
    assert_eq!(json["type"], "urn:sluice:problem:not_found");
    assert_eq!(json["errors"], serde_json::json!([]));
    assert!(json.get("doc_url").is_none());
    assert_eq!(serde_json::from_value::<Problem>(json).ok(), Some(problem));

    let newer = r#"{"type":"urn:x","title":"t","status":418,"detail":"d","code":"teapot","retryable":false,"more":1}"#;
    let newer: Problem = serde_json::from_str(newer).expect("unknown members and codes are read");
    assert_eq!(newer.known(), None);
}

#[test]
fn a_pointer_escapes_what_rfc_6901_says() {
    assert_eq!(pointer(&["metadata", "a/b~c"]), "/metadata/a~1b~0c");
    assert_eq!(pointer(&[]), "");
}

#[test]
fn a_reason_is_told_in_the_callers_language() {
    let (en, ko) = (Reason::new(ReasonCode::GasEmpty, Lang::En), Reason::new(ReasonCode::GasEmpty, Lang::Ko));
    assert_eq!(en.code, ko.code);
    assert_ne!(en.title, ko.title);
    assert_eq!(status_title(Lang::Ko, Status::Completed), "완료");
    assert!(wait_text(Lang::En, WaitKind::Gas).released_by.ends_with('.'));
}
