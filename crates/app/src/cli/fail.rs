//! What went wrong, what to do about it, and the exit code. Everything here is one or a few sentences for a person.

use std::error::Error as _;
use std::process::ExitCode;

use serde_json::json;
use sluice_api::client::ClientError;
use sluice_api::problem::{Lang, Problem};

use super::words::{pick, say};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// As asked.
    Done = 0,
    /// The server refused, or a payment did not end as asked.
    Refused = 1,
    /// Wrong usage or configuration.
    Usage = 2,
    /// No answer that could be used.
    Unreachable = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command does not go on.
#[derive(Debug)]
pub(super) enum Fail {
    /// A call has no result.
    Call {
        /// Why.
        error: ClientError,
        /// The server that was called.
        url: String,
    },
    /// Something said here and not by the server.
    Notice(Notice),
    /// Nobody reads our output any more, as after `| head`. Nothing to say, and nobody to say it to.
    Closed,
}

/// A problem found on this side of the wire, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Notice {
    /// How the command ends.
    pub(super) exit: Exit,
    /// A stable code, like those of the server.
    pub(super) code: &'static str,
    /// In a few words.
    pub(super) title: String,
    /// What happened.
    pub(super) detail: String,
    /// What to do.
    pub(super) remedy: String,
}

impl Fail {
    /// Wrong usage or configuration.
    pub(super) fn usage(
        code: &'static str,
        title: impl Into<String>,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        let (title, detail, remedy) = (title.into(), detail.into(), remedy.into());
        Self::Notice(Notice { exit: Exit::Usage, code, title, detail, remedy })
    }

    /// How the command ends.
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Call { error, .. } => match error {
                ClientError::Problem(_) => Exit::Refused,
                ClientError::Transport(_) | ClientError::NotUnderstood { .. } => Exit::Unreachable,
                ClientError::Unsignable(_)
                | ClientError::BaseUrl(_)
                | ClientError::Id(_)
                | ClientError::Tls(_) => Exit::Usage,
            },
            Self::Notice(notice) => notice.exit,
            Self::Closed => Exit::Done,
        }
    }

    /// The stable code: that of the server, or one of ours.
    pub(super) fn code(&self) -> String {
        match self {
            Self::Call { error: ClientError::Problem(problem), .. } => problem.code.clone(),
            Self::Call { error, url } => explain(error, url, Lang::En).code.to_owned(),
            Self::Notice(notice) => notice.code.to_owned(),
            Self::Closed => "closed".to_owned(),
        }
    }

    /// Whether waiting may mend it: no answer, or one that asks to come again.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self, Self::Call { error, .. } if error.is_retryable())
    }

    /// The lines a person reads: title, detail, one line for each field, remedy, code. Empty when there is nobody to read.
    pub(super) fn lines(&self, lang: Lang) -> Vec<String> {
        match self {
            Self::Call { error: ClientError::Problem(problem), .. } => of_problem(problem, lang),
            Self::Call { error, url } => of_notice(&explain(error, url, lang), lang),
            Self::Notice(notice) => of_notice(notice, lang),
            Self::Closed => Vec::new(),
        }
    }

    /// The same for a program: the server's problem as it came, or one in its shape.
    pub(super) fn json(&self, lang: Lang) -> Option<String> {
        let notice = match self {
            Self::Call { error: ClientError::Problem(problem), .. } => {
                return serde_json::to_string(problem).ok();
            }
            Self::Call { error, url } => explain(error, url, lang),
            Self::Notice(notice) => notice.clone(),
            Self::Closed => return None,
        };
        let Notice { exit, code, title, detail, remedy } = notice;
        let said =
            json!({ "code": code, "title": title, "detail": detail, "remedy": remedy, "exit": exit as u8 });
        Some(said.to_string())
    }
}

fn of_problem(problem: &Problem, lang: Lang) -> Vec<String> {
    let mut lines = vec![problem.title.clone(), format!("  {}", problem.detail)];
    // With one fault its text is that of the problem itself: said once is enough.
    let several = problem.errors.len() > 1;
    for fault in &problem.errors {
        let place = fault.pointer.trim_start_matches('/');
        if several {
            lines.push(format!("  - {place}: {} {}", fault.detail, fault.remedy));
        } else {
            lines.push(say!(lang, "  Field: {place}", "  항목: {place}"));
        }
    }
    if !problem.remedy.is_empty() && !several {
        lines.push(format!("  → {}", problem.remedy));
    }
    let request = problem.request_id.as_ref().map_or_else(String::new, |id| format!(", request_id {id}"));
    lines.push(format!("  ({}, HTTP {}{request})", problem.code, problem.status));
    lines
}

fn of_notice(notice: &Notice, _: Lang) -> Vec<String> {
    let mut lines = vec![notice.title.clone(), format!("  {}", notice.detail)];
    if !notice.remedy.is_empty() {
        lines.push(format!("  → {}", notice.remedy));
    }
    lines.push(format!("  ({})", notice.code));
    lines
}

/// Puts an error of the client into words.
fn explain(error: &ClientError, url: &str, lang: Lang) -> Notice {
    let exit = match error {
        ClientError::Transport(_) | ClientError::NotUnderstood { .. } => Exit::Unreachable,
        _ => Exit::Usage,
    };
    let again = if error.may_have_happened() {
        pick(
            lang,
            "The request may have been carried out all the same: look (get, list, lane list) before giving it again.",
            "요청이 이미 처리되었을 수 있습니다. 다시 실행하기 전에 get, list, lane list로 확인하세요.",
        )
    } else {
        pick(
            lang,
            "Start the server (`make run` on this machine), or check --url.",
            "서버를 시작하거나(이 컴퓨터에서는 `make run`) --url을 확인하세요.",
        )
    };
    let (code, title, detail, remedy) = match error {
        ClientError::Transport(_) => {
            let why = innermost(error);
            (
                "unreachable",
                say!(lang, "No answer from {url}", "{url}에서 응답이 없습니다"),
                why,
                again.to_owned(),
            )
        }
        ClientError::NotUnderstood { status, why } => (
            "not_understood",
            say!(lang, "{url} gave no answer that could be used", "{url}의 응답을 이해할 수 없습니다"),
            say!(lang, "It answered HTTP {status}, {why}.", "HTTP {status} 응답: {why}."),
            again.to_owned(),
        ),
        ClientError::Id(id) => (
            "id_malformed",
            pick(lang, "That cannot be an id", "ID 형식이 아닙니다").to_owned(),
            say!(lang, "`{id}` is not an id.", "`{id}`은(는) ID가 아닙니다."),
            pick(lang, "Copy the id from a list.", "목록에서 ID를 복사하세요.").to_owned(),
        ),
        ClientError::BaseUrl(text) => (
            "url_malformed",
            pick(lang, "That is not the address of a server", "서버 주소 형식이 아닙니다").to_owned(),
            say!(lang, "`{text}` cannot be used as --url.", "`{text}`은(는) --url로 쓸 수 없습니다."),
            pick(
                lang,
                "Write it as http://host:port or https://host, with nothing behind it.",
                "http://host:port 또는 https://host 형식으로, 뒤에 아무것도 붙이지 말고 쓰세요.",
            )
            .to_owned(),
        ),
        ClientError::Unsignable(_) => (
            "unsignable",
            pick(lang, "The request cannot be signed", "요청에 서명할 수 없습니다").to_owned(),
            innermost(error),
            pick(lang, "Shorten the arguments.", "인자를 줄여 보세요.").to_owned(),
        ),
        ClientError::Tls(_) => (
            "tls_unavailable",
            pick(lang, "TLS cannot be set up", "TLS를 설정할 수 없습니다").to_owned(),
            innermost(error),
            pick(
                lang,
                "Install the system's root certificates (Debian: ca-certificates).",
                "시스템 루트 인증서를 설치하세요(Debian: ca-certificates).",
            )
            .to_owned(),
        ),
        // Printed as the server said it; see `Fail::lines`.
        ClientError::Problem(problem) => {
            ("refused", problem.title.clone(), problem.detail.clone(), String::new())
        }
    };
    Notice { exit, code, title, detail, remedy }
}

/// The last cause of a chain: the others only say that something failed.
fn innermost(error: &ClientError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = error.to_string();
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use sluice_api::problem::{Code, Fault, Refusal};

    use super::*;

    fn refused(faults: Vec<Fault>) -> Fail {
        let problem = Refusal::of(faults).unwrap().problem(Lang::En).about("/v1/withdrawals", "rq_1");
        Fail::Call { error: ClientError::Problem(Box::new(problem)), url: "http://x".into() }
    }

    #[test]
    fn a_problem_names_the_field_the_rule_and_what_to_do() {
        let fail = refused(vec![Fault::field(Code::FieldRequired, "asset")]);
        let text = fail.lines(Lang::En).join("\n");
        assert_eq!(fail.exit(), Exit::Refused);
        for part in ["Field: asset", "→ ", "(field_required, HTTP 422, request_id rq_1)"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn several_faults_have_a_line_each() {
        let faults =
            vec![Fault::field(Code::FieldRequired, "asset"), Fault::new(Code::AddressZero, "/address")];
        let lines = refused(faults).lines(Lang::Ko);
        assert!(lines.iter().any(|line| line.starts_with("  - asset: ")), "{lines:?}");
        assert!(lines.iter().any(|line| line.starts_with("  - address: ")), "{lines:?}");
    }

    #[test]
    fn every_kind_of_failure_has_its_exit_code() {
        let call = |error| Fail::Call { error, url: "http://x".into() };
        assert_eq!(
            call(ClientError::NotUnderstood { status: 502, why: "x".into() }).exit(),
            Exit::Unreachable
        );
        assert_eq!(call(ClientError::Id("a/b".into())).exit(), Exit::Usage);
        assert_eq!(call(ClientError::BaseUrl("x".into())).exit(), Exit::Usage);
        assert_eq!(Fail::usage("c", "t", "d", "r").exit(), Exit::Usage);
        assert_eq!(Fail::Closed.exit(), Exit::Done);
    }

    #[test]
    fn a_program_reads_json_of_one_shape() {
        for fail in
            [refused(vec![Fault::field(Code::FieldRequired, "asset")]), Fail::usage("c", "t", "d", "r")]
        {
            let said: serde_json::Value = serde_json::from_str(&fail.json(Lang::En).unwrap()).unwrap();
            for key in ["code", "title", "detail", "remedy"] {
                assert!(said[key].is_string(), "{key}: {said}");
            }
        }
    }
}
