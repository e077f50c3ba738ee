//! Mail, as the wire shows it.

use sluice_core::alert::Code;
use sluice_core::port::deliver::Deliver as _;
use sluice_outbound::Secret;
use sluice_outbound::alert::{Language, Mail, Settings, Sinks, Unusable};

use crate::sample::{alert, resolved};
use crate::smtp::{Manner, Receiver};

fn settings(url: String) -> Mail {
    let to = vec!["On call <oncall@example.com>".to_owned(), "second@example.com".to_owned()];
    Mail { timeout_ms: 3_000, ..Mail::via(url, "sluice@example.com", to) }
}

fn open(url: String) -> Result<Sinks, Unusable> {
    Sinks::open(Settings { mail: Some(settings(url)), ..Settings::default() })
}

/// A header as a person reads it: unfolded, its encoded words decoded (RFC 2047).
fn header(data: &str, name: &str) -> String {
    let (_, rest) = data.split_once(&format!("{name}: ")).unwrap();
    let unfolded = rest.replace("\r\n ", " ");
    let line = unfolded.lines().next().unwrap().replace("?= =?", "?==?");
    let (mut text, mut rest) = (String::new(), line.as_str());
    while let Some((before, word)) = rest.split_once("=?utf-8?b?") {
        let (coded, after) = word.split_once("?=").unwrap();
        text.push_str(before);
        text.push_str(std::str::from_utf8(&base64(coded)).unwrap());
        rest = after;
    }
    text + rest
}

fn base64(coded: &str) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0u32, 0);
    for letter in coded.bytes().filter(|letter| LETTERS.contains(letter)) {
        held = (held << 6) | u32::try_from(LETTERS.iter().position(|it| *it == letter).unwrap()).unwrap();
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    bytes
}

/// The body with its soft line breaks joined (RFC 2045); what is not ASCII stays coded.
fn body(data: &str) -> String {
    let (head, body) = data.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("Content-Transfer-Encoding: quoted-printable"), "{head}");
    body.replace("=\r\n", "")
}

#[tokio::test]
async fn each_change_of_an_alert_is_one_mail_with_both_languages_in_its_subject() {
    let receiver = Receiver::start(Manner::Takes).await;
    let sinks = open(format!("smtp://{}", receiver.address)).unwrap();
    let raised = alert(1, Code::FundsShort);
    sinks.alerts(std::slice::from_ref(&raised)).await.unwrap();
    sinks.alerts(std::slice::from_ref(&raised)).await.unwrap();
    sinks.alerts(&[resolved(&raised)]).await.unwrap();
    let mails = receiver.mails();
    assert_eq!(mails.len(), 2, "raised and resolved; handed over again in between");
    assert_eq!(mails[0].from, "sluice@example.com");
    assert_eq!(mails[0].to, ["oncall@example.com", "second@example.com"]);
    let subjects: Vec<String> = mails.iter().map(|mail| header(&mail.data, "Subject")).collect();
    assert_eq!(subjects[0], "[Sluice P2] 핫월렛 잔액 부족 / Funds short: wa_1");
    assert_eq!(subjects[1], "[Sluice 해소 resolved P2] 핫월렛 잔액 부족 / Funds short: wa_1");
    let text = body(&mails[0].data);
    assert!(text.contains(&raised.raise.detail) && text.contains("docs/runbooks.md#funds_short"), "{text}");
}

#[tokio::test]
async fn the_same_change_has_the_same_message_id_and_hangs_on_its_beginning() {
    let receiver = Receiver::start(Manner::Takes).await;
    let raised = alert(1, Code::GasLow);
    for alert in [raised.clone(), raised.clone(), resolved(&raised)] {
        // A fresh process each time: nothing is remembered.
        open(format!("smtp://{}", receiver.address)).unwrap().alerts(&[alert]).await.unwrap();
    }
    let mails = receiver.mails();
    let id = |mail: usize| header(&mails[mail].data, "Message-ID");
    assert_eq!(id(0), id(1));
    assert_ne!(id(0), id(2));
    assert_eq!(header(&mails[2].data, "References"), id(0));
}

#[tokio::test]
async fn a_mail_the_relay_refuses_keeps_no_other_from_being_sent() {
    let receiver = Receiver::start(Manner::Refuses("wa_2")).await;
    let sinks = open(format!("smtp://{}", receiver.address)).unwrap();
    let alerts: Vec<_> = (1..=3).map(|number| alert(number, Code::SingleSource)).collect();
    let error = sinks.alerts(&alerts).await.unwrap_err();
    assert!(error.sink == "mail" && error.why.contains("550"), "{error}");
    assert_eq!(receiver.mails().len(), 2);
}

#[tokio::test]
async fn a_relay_that_does_not_greet_times_out() {
    let receiver = Receiver::start(Manner::Sleeps).await;
    let sinks = open(format!("smtp://{}", receiver.address)).unwrap();
    let alerts: Vec<_> = (1..=8).map(|number| alert(number, Code::SignerDown)).collect();
    let began = tokio::time::timeout(std::time::Duration::from_secs(3), sinks.alerts(&alerts));
    assert!(began.await.expect("one time limit, not one for each mail").is_err());
}

#[tokio::test]
async fn nothing_is_mailed_in_the_clear_beyond_this_machine() {
    let receiver = Receiver::start(Manner::Takes).await;
    let port = receiver.address.port();
    // 0.0.0.0 leads to this machine without being its loopback address: a stranger to the sink, and reachable in a test.
    for url in [format!("smtp://0.0.0.0:{port}"), format!("smtps://127.0.0.1:{port}")] {
        let mail = Mail { login: Some(("sluice".into(), Secret::new("pw".into()))), ..settings(url.clone()) };
        let sinks = Sinks::open(Settings { mail: Some(mail), ..Settings::default() }).unwrap();
        sinks.alerts(&[alert(1, Code::LaneFrozen)]).await.unwrap_err();
    }
    assert!(receiver.mails().is_empty());
    let said = receiver.lines().join("\n").to_uppercase();
    assert!(!said.contains("AUTH") && !said.contains("MAIL FROM"), "{said}");
}

#[test]
fn settings_that_make_no_sense_are_refused_in_one_sentence() {
    for url in ["mail.example.com", "http://mail.example.com", "smtp://user:pw@mail.example.com", "smtp://"] {
        assert!(matches!(open(url.into()).map(|_| ()), Err(Unusable::Mail { .. })), "{url}");
    }
    let refused = |change: fn(&mut Mail)| {
        let mut mail = settings("smtp://127.0.0.1:25".into());
        change(&mut mail);
        Sinks::open(Settings { mail: Some(mail), ..Settings::default() }).map(|_| ()).unwrap_err().to_string()
    };
    assert!(refused(|mail| mail.to.clear()).contains("recipients"));
    assert!(refused(|mail| mail.from = "nobody".into()).contains("\"nobody\" is no mail address"));
}

#[tokio::test]
async fn mails_are_written_in_the_configured_language() {
    let receiver = Receiver::start(Manner::Takes).await;
    let raised = alert(1, Code::FundsShort);
    for (language, subject, english) in [
        (Language::Ko, "[Sluice 해소 P2] 핫월렛 잔액 부족: wa_1", false),
        (Language::En, "[Sluice resolved P2] Funds short: wa_1", true),
    ] {
        let mail = Mail { language: Some(language), ..settings(format!("smtp://{}", receiver.address)) };
        let sinks = Sinks::open(Settings { mail: Some(mail), ..Settings::default() }).unwrap();
        sinks.alerts(&[resolved(&raised)]).await.unwrap();
        let mails = receiver.mails();
        let last = &mails[mails.len() - 1].data;
        assert_eq!(header(last, "Subject"), subject);
        for word in ["Funds short", "code: funds_short", "closed: ", "The hot wallet has not enough"] {
            assert_eq!(last.replace("=\r\n", "").contains(word), english, "{word}: {last}");
        }
    }
}
