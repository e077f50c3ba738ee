//! Mail through a relay: one for each change of an alert. Plain text in the clear to this machine only; everywhere else
//! TLS, or nothing.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use reqwest::Url;
use sluice_core::alert::Alert;
use sluice_core::port::Fut;
use sluice_core::time::Timestamp;

use super::words::{self, runbook};
use super::{Sink, Unusable};
use crate::Secret;
use crate::client::excerpt;

/// Which relay, and who is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// `smtp://host:port`: in the clear to this machine, STARTTLS elsewhere. `smtps://host:port`: TLS from the first
    /// byte.
    pub url: String,
    /// Sender.
    pub from: String,
    /// Recipients.
    pub to: Vec<String>,
    /// Name and password, where the relay asks for them.
    pub login: Option<(String, Secret)>,
    /// Longest wait for one mail.
    pub timeout_ms: u64,
    /// Language of the mails; both when left out.
    pub language: Option<Language>,
}

/// A language people read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Korean.
    Ko,
    /// English.
    En,
}

impl Mail {
    /// One without a password, with the usual time limit.
    pub fn via(url: impl Into<String>, from: impl Into<String>, to: Vec<String>) -> Self {
        Self { url: url.into(), from: from.into(), to, login: None, timeout_ms: 10_000, language: None }
    }
}

/// Most recipients of a mail.
const RECIPIENTS_MAX: usize = 50;
/// Longest sentence that is mailed, characters.
const DETAIL_CHARS_MAX: usize = 2_000;
/// Mails still to be sent are given up when a batch has taken this many times the limit of one mail.
const BATCH_LIMITS: u32 = 3;

pub(super) struct Opened {
    relay: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    to: Vec<Mailbox>,
    timeout: Duration,
    runbooks: String,
    language: Option<Language>,
}

pub(super) fn open(settings: &Mail, runbooks: String) -> Result<Opened, Unusable> {
    let unusable = |why: String| Unusable::Mail { why };
    let address =
        |text: &String| text.parse::<Mailbox>().map_err(|_| unusable(format!("{text:?} is no mail address")));
    if settings.to.is_empty() || settings.to.len() > RECIPIENTS_MAX {
        return Err(unusable(format!("name 1 to {RECIPIENTS_MAX} recipients")));
    }
    let timeout = Duration::from_millis(settings.timeout_ms);
    Ok(Opened {
        relay: relay(settings, timeout)?,
        from: address(&settings.from)?,
        to: settings.to.iter().map(address).collect::<Result<_, _>>()?,
        timeout,
        runbooks,
        language: settings.language,
    })
}

fn relay(settings: &Mail, timeout: Duration) -> Result<AsyncSmtpTransport<Tokio1Executor>, Unusable> {
    let unusable = |why: &str| Unusable::Mail { why: why.to_owned() };
    let url = Url::parse(&settings.url).map_err(|_| unusable("smtp_url must be smtp://host:port"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(unusable("smtp_url carries a password: URLs are logged, configure it apart"));
    }
    let host =
        url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| unusable("smtp_url names no host"))?;
    let host = host.trim_matches(['[', ']']);
    let wrapped = match url.scheme() {
        "smtp" => false,
        "smtps" => true,
        _ => return Err(unusable("smtp_url must begin with smtp:// or smtps://")),
    };
    let tls = || {
        TlsParameters::new(host.to_owned()).map_err(|error| Unusable::Mail { why: format!("TLS: {error}") })
    };
    let security = match (wrapped, is_this_machine(host)) {
        (true, _) => Tls::Wrapper(tls()?),
        (false, true) => Tls::None,
        (false, false) => Tls::Required(tls()?),
    };
    let port = url.port().unwrap_or(if wrapped { 465 } else { 587 });
    let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host);
    let mut builder = builder.port(port).tls(security).timeout(Some(timeout));
    if let Some((name, password)) = &settings.login {
        builder = builder.credentials(Credentials::new(name.clone(), password.expose().to_owned()));
    }
    Ok(builder.build())
}

fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

impl Sink for Opened {
    fn name(&self) -> &'static str {
        "mail"
    }

    fn hand<'a>(&'a self, alerts: &'a [Alert]) -> Fut<'a, Vec<Result<(), String>>> {
        Box::pin(async move {
            let mut answers: Vec<Result<(), String>> = Vec::with_capacity(alerts.len());
            let batch = async {
                for alert in alerts {
                    let answer = self.send(alert).await;
                    let down = matches!(answer, Err(Failure::Relay(_)));
                    answers.push(answer.map_err(Failure::into_text));
                    // A relay that does not work will not work for the next mail either.
                    if down {
                        break;
                    }
                }
            };
            let cut_short = tokio::time::timeout(self.timeout * BATCH_LIMITS, batch).await.is_err();
            let why = match answers.last() {
                Some(Err(why)) if !cut_short => why.clone(),
                _ => "the relay is too slow".to_owned(),
            };
            answers.resize(alerts.len(), Err(why));
            answers
        })
    }
}

enum Failure {
    /// This mail; the next one may pass.
    Mail(String),
    /// The relay.
    Relay(String),
}

impl Failure {
    fn into_text(self) -> String {
        match self {
            Self::Mail(why) | Self::Relay(why) => why,
        }
    }
}

impl Opened {
    async fn send(&self, alert: &Alert) -> Result<(), Failure> {
        let mail = self.compose(alert).map_err(|error| Failure::Mail(error.to_string()))?;
        match tokio::time::timeout(self.timeout, self.relay.send(mail)).await {
            Ok(Ok(_)) => Ok(()),
            // 5xx after the greeting is about this mail; everything else is about the relay.
            Ok(Err(error)) if error.is_permanent() => Err(Failure::Mail(excerpt(&error.to_string()))),
            Ok(Err(error)) => Err(Failure::Relay(excerpt(&error.to_string()))),
            Err(_) => Err(Failure::Relay(format!("no answer within {} ms", self.timeout.as_millis()))),
        }
    }

    fn compose(&self, alert: &Alert) -> Result<Message, lettre::error::Error> {
        let raise = &alert.raise;
        let said = raise.code.words();
        let title = match self.language {
            Some(Language::Ko) => said.title_ko.to_owned(),
            Some(Language::En) => said.title_en.to_owned(),
            None => format!("{} / {}", said.title_ko, said.title_en),
        };
        let severity = raise.code.severity().as_str();
        let (mark, changed_at) = match (&alert.resolved_at, &alert.acknowledged_by) {
            (Some(at), _) => (self.pick("해소 ", "resolved "), *at),
            (None, Some(_)) => {
                let at = alert.acknowledged_at.unwrap_or(alert.last_seen);
                (self.pick("확인 ", "acknowledged "), at)
            }
            (None, None) => (String::new(), alert.since),
        };
        let subject = format!("[Sluice {mark}{severity}] {title}: {}", raise.subject);
        let mut mail = Message::builder()
            .from(self.from.clone())
            .date(system_time(changed_at))
            // The same change mailed twice is one mail to a reader that looks at this.
            .message_id(Some(format!("<{}.{}@sluice>", alert.id, changed_at.micros())))
            .references(format!("<{}.{}@sluice>", alert.id, alert.since.micros()))
            .subject(subject);
        for to in &self.to {
            mail = mail.to(to.clone());
        }
        mail.header(ContentType::TEXT_PLAIN).body(self.text(alert, title))
    }

    /// A word in the configured language; in both where none is configured.
    fn pick(&self, ko: &str, en: &str) -> String {
        match self.language {
            Some(Language::Ko) => ko.to_owned(),
            Some(Language::En) => en.to_owned(),
            None => format!("{ko}{en}"),
        }
    }

    /// A label of a line.
    fn label(&self, ko: &str, en: &str) -> String {
        match self.language {
            Some(Language::Ko) => ko.to_owned(),
            Some(Language::En) => en.to_owned(),
            None => format!("{ko} / {en}"),
        }
    }

    fn text(&self, alert: &Alert, title: String) -> String {
        let raise = &alert.raise;
        let said = raise.code.words();
        let partner = raise.partner.map_or_else(|| words::PLATFORM.to_owned(), |partner| partner.to_string());
        let detail: String = raise.detail.chars().take(DETAIL_CHARS_MAX).collect();
        let mut lines = vec![title, String::new()];
        lines.extend(
            [said.says_ko].into_iter().filter(|_| self.language != Some(Language::En)).map(str::to_owned),
        );
        lines.extend(
            [said.says_en].into_iter().filter(|_| self.language != Some(Language::Ko)).map(str::to_owned),
        );
        let severity = raise.code.severity().as_str();
        lines.extend([String::new(), detail, String::new()]);
        let mut line = |ko, en, value: String| lines.push(format!("{}: {value}", self.label(ko, en)));
        line("코드", "code", format!("{} ({severity})", raise.code.as_str()));
        line("담당 조직", "owner", raise.code.owner().as_str().to_owned());
        line("대상", "subject", raise.subject.clone());
        line("파트너", "partner", partner);
        line("시작", "since", alert.since.to_string());
        if let Some(person) = &alert.acknowledged_by {
            line("담당", "taken by", person.clone());
        }
        if let Some(at) = alert.resolved_at {
            line("해소", "closed", at.to_string());
        }
        line("대응 절차", "runbook", runbook(&self.runbooks, raise.code));
        lines.join("\n") + "\n"
    }
}

fn system_time(at: Timestamp) -> SystemTime {
    let since = Duration::from_micros(u64::try_from(at.micros()).unwrap_or(0));
    SystemTime::UNIX_EPOCH + since
}
