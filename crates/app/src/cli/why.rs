//! `sluice why`: one sentence that says why a withdrawal is not finished, and the command that helps.

use serde_json::json;
use sluice_api::lane::Lane;
use sluice_api::problem::Lang;
use sluice_api::status::{Status, WaitKind};
use sluice_api::wallet::WalletCustody;
use sluice_api::withdrawal::{TransactionKind, TransactionStatus, WaitingFor, Withdrawal};
use sluice_core::time::Timestamp;

use super::fail::{Exit, Fail};
use super::screen::{Screen, clean};
use super::session::Session;
use super::times;
use super::words::{self, pick, say};

/// Which withdrawal.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Our id (wd_...) or your external id
    #[arg(value_name = "ID")]
    id: String,
}

/// Says why.
pub(super) async fn run(session: &Session, screen: &Screen, args: Args) -> Result<Exit, Fail> {
    let it = session.withdrawal(&args.id).await?;
    let (sentence, mut help) = answer(&it, session.now(), screen.lang);
    if let Some(help) = help.as_mut().filter(|help| help.contains(LANE)) {
        *help = help.replace(LANE, &lane_of(session, &it).await);
    }
    if screen.json {
        let said = json!({
            "id": it.id, "external_id": it.external_id, "status": it.status, "waiting_for": it.waiting_for,
            "reason": it.reason, "sentence": sentence, "help": help,
        });
        screen.object(&said)?;
    } else {
        screen.line(&sentence)?;
        if let Some(help) = help {
            screen.line(&format!("→ {help}"))?;
        }
    }
    Ok(Exit::Done)
}

/// Where a lane's id belongs in a command.
const LANE: &str = "<lane>";

/// The lane that pays it: the one whose oldest it is, or the only one of its chain. Otherwise a person chooses.
async fn lane_of(session: &Session, it: &Withdrawal) -> String {
    let lanes = session.client.lanes().take(LANES_MAX).await.unwrap_or_default();
    let chain = it.asset.split('/').next().unwrap_or_default();
    let oldest = lanes
        .iter()
        .find(|lane| lane.oldest.as_ref().is_some_and(|item| item.withdrawal_id.as_ref() == Some(&it.id)));
    // What a desk pays is pinned to it.
    let here = |lane: &&Lane| lane.chain.as_str() == chain && lane.custody == WalletCustody::Managed;
    let here: Vec<_> = lanes.iter().filter(here).collect();
    match (oldest, here.as_slice()) {
        (Some(lane), _) | (None, &[lane]) => clean(&lane.id),
        (None, _) => LANE.to_owned(),
    }
}

/// Lanes looked through.
const LANES_MAX: usize = 200;

/// The sentence, and the command that helps.
pub(super) fn answer(it: &Withdrawal, now: Timestamp, lang: Lang) -> (String, Option<String>) {
    let id = clean(&it.id);
    match &it.waiting_for {
        _ if it.status.is_terminal() => (over(it, lang), None),
        Some(waiting) => (waits(it, waiting, now, lang), help(waiting.kind, &id)),
        None => {
            let status = words::status(lang, it.status);
            let since = times::shown(&it.updated_at, now, lang);
            let sentence = say!(
                lang,
                "{id} is being worked on ({status}, last change {since}) and waits for nothing.",
                "{id}: 처리 중이며({status}, 마지막 변경 {since}) 기다리는 것이 없습니다."
            );
            (sentence, Some(format!("sluice watch {id}")))
        }
    }
}

fn waits(it: &Withdrawal, waiting: &WaitingFor, now: Timestamp, lang: Lang) -> String {
    let (id, status) = (clean(&it.id), words::status(lang, it.status));
    let kind = words::wait(lang, waiting.kind);
    let since = times::shown(&waiting.since, now, lang);
    let so_far = Timestamp::parse(waiting.since.as_str()).map_or_else(
        |_| String::new(),
        |since| {
            let span = times::span(now.since_ms(since), lang);
            say!(lang, " ({span} so far)", "({span} 경과)")
        },
    );
    let until = waiting.expected_until.as_ref().map_or_else(String::new, |until| {
        let until = times::shown(until, now, lang);
        say!(lang, ", expected until {until}", ", 예상 종료 {until}")
    });
    let released_by = clean(&waiting.released_by);
    // The reason of a withdrawal that needs a person says more than "waits for a decision".
    let reason = it.reason.as_ref().map_or_else(String::new, |reason| {
        let (title, remedy) = (clean(&reason.title), clean(&reason.remedy));
        say!(lang, " Why: {title}. {remedy}", " 사유: {title}. {remedy}")
    });
    let refund = if it.status == Status::NeedsAttention {
        pick(lang, " Do not refund: it may still be paid.", " 아직 지급될 수 있으니 환불하지 마세요.")
    } else {
        ""
    };
    say!(
        lang,
        "{id} ({status}): {kind} since {since}{so_far}{until}. What releases it: {released_by}{reason}{refund}",
        "{id}({status}): {kind} 중, {since}부터{so_far}{until}. {released_by}{reason}{refund}"
    )
}

fn over(it: &Withdrawal, lang: Lang) -> String {
    let (id, status) = (clean(&it.id), words::status(lang, it.status));
    if it.status == Status::Completed {
        let at = it.completed_at.as_ref().unwrap_or(&it.updated_at);
        let at = times::full(at, lang);
        let paid = it
            .transactions
            .iter()
            .find(|it| it.kind == TransactionKind::Pay && it.status == TransactionStatus::Final);
        return match paid {
            Some(paid) => {
                let txid = clean(&paid.txid);
                say!(
                    lang,
                    "{id} waits for nothing: it was paid by {txid}, final at {at}.",
                    "{id}: 이미 지급되었습니다. 트랜잭션 {txid}, 최종 확정 {at}."
                )
            }
            None => say!(
                lang,
                "{id} waits for nothing: it was paid, final at {at}.",
                "{id}: 이미 지급되었습니다. 최종 확정 {at}."
            ),
        };
    }
    let reason = it.reason.as_ref().map_or_else(String::new, |reason| {
        let (title, remedy) = (clean(&reason.title), clean(&reason.remedy));
        format!(" {title}. {remedy}")
    });
    say!(
        lang,
        "{id} is over and was not paid ({status}); nothing will ever pay it.{reason}",
        "{id}: 지급되지 않고 끝났으며({status}) 앞으로도 지급되지 않습니다.{reason}"
    )
}

/// The command to look at, or to give, for each kind of wait.
fn help(kind: WaitKind, id: &str) -> Option<String> {
    Some(match kind {
        WaitKind::Funds | WaitKind::Energy | WaitKind::Gas => "sluice wallet list".to_owned(),
        WaitKind::FeeCap => {
            "sluice lane cap <lane> --max-fee-gwei <gwei> --for 30m --reason <why>".to_owned()
        }
        WaitKind::Slot | WaitKind::Lane => "sluice lane list".to_owned(),
        WaitKind::Asset => "sluice alerts".to_owned(),
        WaitKind::Signature => "sluice health".to_owned(),
        WaitKind::Person => format!("sluice attention show {id}"),
        WaitKind::Node => "sluice chains".to_owned(),
        WaitKind::Inclusion => "sluice lane speed-up <lane> --reason <why>".to_owned(),
        WaitKind::Finality => format!("sluice watch {id}"),
        WaitKind::Stop => "sluice stops".to_owned(),
        // Nothing here hurries these; calling it off is the one thing a partner can do.
        WaitKind::Approval
        | WaitKind::TwoFactor
        | WaitKind::Email
        | WaitKind::CallBack
        | WaitKind::Delay
        | WaitKind::Cooling
        | WaitKind::DepositAge
        | WaitKind::TravelRule
        | WaitKind::Review
        | WaitKind::Schedule => format!("sluice cancel {id} --reason <why>"),
    })
}

#[cfg(test)]
mod tests {
    use sluice_api::problem::{Reason, ReasonCode};

    use super::super::tests::withdrawal;
    use super::*;

    fn now() -> Timestamp {
        Timestamp::parse("2026-11-21T01:05:00Z").unwrap()
    }

    #[test]
    fn every_wait_is_answered_in_one_sentence_in_both_languages() {
        for &lang in Lang::ALL {
            for &kind in WaitKind::ALL {
                let mut it = withdrawal("p-1", Status::Queued);
                it.waiting_for = Some(WaitingFor::new(kind, "2026-11-21T01:00:00Z".into(), None, lang));
                let (sentence, help) = answer(&it, now(), lang);
                assert!(!sentence.contains('\n') && sentence.contains(words::wait(lang, kind)), "{sentence}");
                assert!(sentence.contains(&it.waiting_for.unwrap().released_by), "{sentence}");
                assert!(help.is_some_and(|help| help.starts_with("sluice ")), "{kind}");
            }
        }
    }

    #[test]
    fn it_says_since_when_and_until_when() {
        let mut it = withdrawal("p-1", Status::Queued);
        let until = Some("2026-11-21T01:10:00Z".into());
        it.waiting_for = Some(WaitingFor::new(WaitKind::Gas, "2026-11-21T01:00:00Z".into(), until, Lang::En));
        let (sentence, _) = answer(&it, now(), Lang::En);
        assert!(
            sentence.contains("since 01:00:00 (5 min 0 s so far), expected until 01:10:00"),
            "{sentence}"
        );
    }

    #[test]
    fn what_is_over_says_how_it_ended_and_whether_it_was_paid() {
        let mut it = withdrawal("p-1", Status::Rejected);
        it.reason = Some(Reason::new(ReasonCode::LimitDaily, Lang::En));
        let (sentence, help) = answer(&it, now(), Lang::En);
        assert!(sentence.contains("was not paid (Rejected)") && sentence.contains("limit"), "{sentence}");
        assert_eq!(help, None);
        let (sentence, _) = answer(&withdrawal("p-2", Status::Completed), now(), Lang::Ko);
        assert!(sentence.contains("지급되었습니다"), "{sentence}");
    }

    #[test]
    fn what_needs_a_person_says_not_to_refund() {
        let mut it = withdrawal("p-1", Status::NeedsAttention);
        it.waiting_for =
            Some(WaitingFor::new(WaitKind::Person, "2026-11-21T01:00:00Z".into(), None, Lang::En));
        let (sentence, help) = answer(&it, now(), Lang::En);
        assert!(sentence.contains("Do not refund"), "{sentence}");
        assert_eq!(help.as_deref(), Some("sluice attention show wd_01JD2Q8XK5T7M3N9P4R6S8V0WA"));
    }
}
