//! What was typed and cannot be: said in the reader's language, with a code and an exit code like every other refusal.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};
use sluice_api::problem::Lang;

use super::fail::{Exit, Fail};
use super::global::Global;
use super::screen::Screen;
use super::words::{pick, say};

/// Between the two languages of a sentence that a reader of arguments gives: clap knows no language.
const EN_AND_KO: &str = " · ";

/// The options that say how a refusal is to be said.
#[derive(Parser)]
#[command(disable_help_flag = true)]
struct Manner {
    #[command(flatten)]
    global: Global,
}

/// Says what clap found: help and version as they are, everything else as a refusal.
pub fn refuse(error: &Error, typed: impl IntoIterator<Item = OsString>) -> ExitCode {
    if !error.use_stderr() || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        // Nobody may be reading any more, as after `| head`.
        let _said = error.print();
        return if error.use_stderr() { Exit::Usage.into() } else { Exit::Done.into() };
    }
    let Some(global) = manner(typed) else {
        let _said = error.print();
        return Exit::Usage.into();
    };
    let fail = explain(error, global.lang());
    Screen::of_process(&global).fail(&fail);
    fail.exit().into()
}

/// `--json` and `--lang` wherever they stand, and what the environment says. None when that itself is wrong: then clap's
/// own words name it.
fn manner(typed: impl IntoIterator<Item = OsString>) -> Option<Global> {
    let mut kept = vec![OsString::from("sluice")];
    let mut words = typed.into_iter().skip(1);
    while let Some(word) = words.next() {
        if word == "--lang" {
            kept.push(word);
            kept.extend(words.next());
        } else if word == "--json" || word.to_string_lossy().starts_with("--lang=") {
            kept.push(word);
        }
    }
    Manner::try_parse_from(kept).ok().map(|manner| manner.global)
}

fn explain(error: &Error, lang: Lang) -> Fail {
    let of = |kind| error.get(kind).map(listed).unwrap_or_default();
    let (argument, value, valid) =
        (of(ContextKind::InvalidArg), of(ContextKind::InvalidValue), of(ContextKind::ValidValue));
    let suggested = [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg]
        .into_iter()
        .map(of)
        .find(|text| !text.is_empty());
    let why = error::source(error, lang);
    let (code, detail) = match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let command = of(ContextKind::InvalidSubcommand);
            let detail = say!(lang, "There is no command `{command}`.", "`{command}` 명령은 없습니다.");
            ("command_unknown", detail)
        }
        ErrorKind::MissingSubcommand => {
            let of = of(ContextKind::ValidSubcommand);
            let detail =
                say!(lang, "A command is missing; there are: {of}.", "명령이 빠졌습니다. 사용 가능: {of}.");
            ("command_missing", detail)
        }
        ErrorKind::UnknownArgument => {
            let detail = say!(
                lang,
                "This command does not take `{argument}`.",
                "이 명령에서는 `{argument}` 인자를 쓸 수 없습니다."
            );
            ("argument_unknown", detail)
        }
        ErrorKind::MissingRequiredArgument => {
            ("argument_missing", say!(lang, "Missing: {argument}.", "빠진 인자: {argument}."))
        }
        ErrorKind::ArgumentConflict => {
            let other = of(ContextKind::PriorArg);
            let detail = say!(
                lang,
                "`{argument}` does not go together with `{other}`, or was given twice.",
                "`{argument}` 인자는 `{other}` 인자와 함께 쓸 수 없거나 두 번 쓰였습니다."
            );
            ("argument_conflict", detail)
        }
        ErrorKind::InvalidValue if value.is_empty() => {
            let detail = say!(lang, "`{argument}` needs a value.", "`{argument}` 인자에 값이 필요합니다.");
            ("value_missing", detail)
        }
        ErrorKind::InvalidValue => {
            let detail = say!(
                lang,
                "`{argument}` does not take `{value}`; known: {valid}.",
                "`{argument}` 인자에 `{value}` 값을 쓸 수 없습니다. 사용 가능: {valid}."
            );
            ("value_unknown", detail)
        }
        ErrorKind::ValueValidation => {
            let detail = say!(
                lang,
                "`{argument}` does not take `{value}`: {why}.",
                "`{argument}` 인자에 `{value}` 값을 쓸 수 없습니다: {why}."
            );
            ("value_malformed", detail)
        }
        // A count of values, a missing `=`, bytes that are no text: rare enough for clap's own words.
        _ => ("usage", error::own_words(error)),
    };
    let title = pick(lang, "The command is not understood", "명령을 이해할 수 없습니다");
    let help =
        command(error).map_or_else(|| "sluice --help".to_owned(), |command| format!("{command} --help"));
    let remedy = match suggested {
        None if matches!(error.kind(), ErrorKind::InvalidValue | ErrorKind::ValueValidation) => {
            pick(lang, "Correct the value and give the command again.", "값을 고쳐 다시 실행하세요.")
                .to_owned()
        }
        Some(word) => say!(
            lang,
            "Did you mean `{word}`? `{help}` tells how it is used.",
            "`{word}` 뜻인가요? 사용법은 `{help}`로 확인하세요."
        ),
        None => say!(lang, "`{help}` tells how it is used.", "사용법은 `{help}`로 확인하세요."),
    };
    Fail::usage(code, title, detail, remedy)
}

fn listed(value: &ContextValue) -> String {
    match value {
        ContextValue::String(text) => text.clone(),
        ContextValue::Strings(texts) => texts.join(", "),
        ContextValue::StyledStr(text) => text.to_string(),
        ContextValue::StyledStrs(texts) => {
            texts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

/// The command that was being typed: `sluice lane cap`, from `Usage: sluice lane cap [OPTIONS] ..`.
fn command(error: &Error) -> Option<String> {
    let usage = error.get(ContextKind::Usage).map(listed).unwrap_or_default();
    let words = usage.split_whitespace().skip_while(|word| *word != "sluice");
    let path: Vec<&str> = words.take_while(|word| !word.starts_with(['[', '<', '-'])).collect();
    (!path.is_empty()).then(|| path.join(" "))
}

mod error {
    use std::error::Error as _;

    use clap::error::Error;
    use sluice_api::problem::Lang;

    /// What a reader of an argument said, in this language where it speaks both.
    pub(super) fn source(error: &Error, lang: Lang) -> String {
        let said = error.source().map(ToString::to_string).unwrap_or_default();
        match (said.split_once(super::EN_AND_KO), lang) {
            (Some((english, _)), Lang::En) => english.to_owned(),
            (Some((_, korean)), Lang::Ko) => korean.to_owned(),
            (None, Lang::En) => said,
            // Of the library, which speaks English alone.
            (None, Lang::Ko) => "형식이나 범위가 맞지 않습니다".to_owned(),
        }
    }

    /// The first line, without its label.
    pub(super) fn own_words(error: &Error) -> String {
        let said = error.to_string();
        said.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(words: &[&str], lang: Lang) -> (String, String) {
        let error = crate::Arguments::try_parse_from(words).err().expect("it cannot be");
        let fail = explain(&error, lang);
        assert_eq!(fail.exit(), Exit::Usage);
        (fail.code(), fail.lines(lang).join("\n"))
    }

    #[test]
    fn what_cannot_be_typed_is_said_in_both_languages_with_a_code_and_where_to_look() {
        for (words, code, named) in [
            (&["sluice", "frobnicate"][..], "command_unknown", &["frobnicate", "sluice --help"][..]),
            (&["sluice", "whitdraw"], "command_unknown", &["withdraw"]),
            (&["sluice", "list", "--statsu", "x"], "argument_unknown", &["--statsu", "sluice list --help"]),
            (
                &["sluice", "withdraw", "--to", "x"],
                "argument_missing",
                &["--amount", "sluice withdraw --help"],
            ),
            (&["sluice", "list", "--status", "paid"], "value_unknown", &["paid", "completed", "--status"]),
            (&["sluice", "list", "--status"], "value_missing", &["--status"]),
            (
                &["sluice", "lane", "cap", "wa_1", "--reason", "r", "--max-fee-gwei", "much", "--for", "1h"],
                "value_malformed",
                &["--max-fee-gwei", "much", "42.5"],
            ),
            (
                &["sluice", "lane", "cap", "wa_1", "--reason", "r", "--max-fee-gwei", "1", "--for", "soon"],
                "value_malformed",
                &["--for", "soon", "30m"],
            ),
            (&["sluice", "list", "--limit", "many"], "value_malformed", &["--limit", "many"]),
            (&["sluice", "list", "--limit", "1", "--limit", "2"], "argument_conflict", &["--limit"]),
            (&["sluice", "list", "--limit", "-3"], "argument_unknown", &["-3"]),
        ] {
            for lang in [Lang::En, Lang::Ko] {
                let (told, text) = said(words, lang);
                assert_eq!(told, code, "{words:?}: {text}");
                for name in named {
                    assert!(text.contains(name), "{name} of {words:?}: {text}");
                }
                let korean =
                    text.lines().take(2).all(|line| line.chars().any(|it| ('가'..='힣').contains(&it)));
                assert_eq!(korean, lang == Lang::Ko, "{text}");
                assert!(!text.contains(EN_AND_KO), "one language at a time: {text}");
            }
        }
    }

    #[test]
    fn the_manner_is_read_wherever_it_stands() {
        let manner = |words: &[&str]| manner(words.iter().map(OsString::from)).expect("a manner");
        let told = manner(&["sluice", "frobnicate", "--json", "--lang", "ko"]);
        assert_eq!((told.json, told.lang()), (true, Lang::Ko));
        assert_eq!(manner(&["sluice", "--lang=en", "x"]).lang(), Lang::En);
    }
}
