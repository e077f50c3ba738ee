//! `sluice watch`: withdrawals as they move, until each has ended.

use std::collections::BTreeMap;

use sluice_api::event::Event;
use sluice_api::status::{Status, WaitKind};
use sluice_api::withdrawal::{TransactionStatus, Withdrawal};
use sluice_core::time::Timestamp;

use super::fail::{Exit, Fail};
use super::follow::{Follow, LOOK, Watched, feed_end, status_of};
use super::get;
use super::screen::{Screen, Style, clean};
use super::session::Session;
use super::times;
use super::why;
use super::words::{self, pick, say};

/// After so long people ask what a withdrawal waits for, milliseconds.
const WONDER_MS: i64 = 3_000;
/// The most events of one withdrawal that are shown of the time before.
const PAST_MAX: usize = 200;

/// Which withdrawals.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Our ids (wd_...) or your external ids
    #[arg(value_name = "ID", required = true)]
    ids: Vec<String>,
}

/// Watches them.
pub(super) async fn run(session: &Session, screen: &Screen, args: Args) -> Result<Exit, Fail> {
    // Before they are read: whatever happens in between is then in the feed.
    let after = feed_end(&session.client).await.map_err(|error| session.failed(error))?;
    let mut withdrawals = Vec::new();
    for id in &args.ids {
        withdrawals.push(session.withdrawal(id).await?);
    }
    until_the_end(session, screen, after, withdrawals).await
}

/// Prints what happened to them and what happens, until each has ended or somebody presses Ctrl-C.
///
/// # Errors
/// What a call fails with, when waiting does not mend it.
pub(super) async fn until_the_end(
    session: &Session,
    screen: &Screen,
    after: u64,
    withdrawals: Vec<Withdrawal>,
) -> Result<Exit, Fail> {
    let ids: Vec<String> = withdrawals.iter().map(|it| clean(&it.id)).collect();
    match unless_interrupted(follow(session, screen, after, withdrawals)).await {
        Some(done) => done,
        None => {
            // Nothing is undone by looking away.
            let ids = ids.join(" ");
            screen.note(&say!(
                screen.lang,
                "They go on without you. To go on watching: sluice watch {ids}",
                "출금은 계속 처리됩니다. 다시 지켜보려면: sluice watch {ids}"
            ));
            Ok(Exit::Refused)
        }
    }
}

/// Does `work`, unless somebody presses Ctrl-C before it is done.
pub(super) async fn unless_interrupted<T>(work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        Ok(()) = tokio::signal::ctrl_c() => None,
        done = work => Some(done),
    }
}

async fn follow(
    session: &Session,
    screen: &Screen,
    after: u64,
    withdrawals: Vec<Withdrawal>,
) -> Result<Exit, Fail> {
    let lang = screen.lang;
    let mut told =
        Told { screen, several: withdrawals.len() > 1, last: BTreeMap::new(), waits: BTreeMap::new() };
    let mut follow = Follow::new(session, after);
    for withdrawal in withdrawals {
        told.past(session, &withdrawal).await?;
        follow.add(withdrawal);
    }
    let mut gone = false;
    while !follow.over() {
        tokio::time::sleep(LOOK).await;
        for event in follow.turn().await? {
            let of = event.withdrawal_id.as_ref().and_then(|id| follow.watched().get(id));
            told.event(&event, of.map_or("", |it| it.withdrawal.external_id.as_str()))?;
        }
        for watched in follow.watched().values().filter(|it| !it.over()) {
            told.waiting(&watched.withdrawal, session.now());
        }
        if follow.gone() != gone {
            gone = follow.gone();
            screen.note(if gone {
                pick(
                    lang,
                    "The server does not answer; waiting for it.",
                    "서버가 응답하지 않아 기다리고 있습니다.",
                )
            } else {
                pick(lang, "The server answers again.", "서버가 다시 응답합니다.")
            });
        }
    }
    for watched in follow.watched().values() {
        // Its last events may be sealed a moment after the end could be read.
        told.past(session, &watched.withdrawal).await?;
    }
    let mut all_paid = true;
    for Watched { withdrawal, .. } in follow.watched().values() {
        all_paid &= withdrawal.status == Status::Completed;
        if screen.json {
            screen.item(withdrawal)?;
        } else if told.several {
            screen.line(&ended(screen, withdrawal))?;
        } else {
            screen.line("")?;
            get::show(session, screen, withdrawal).await?;
        }
    }
    Ok(if all_paid { Exit::Done } else { Exit::Refused })
}

fn ended(screen: &Screen, it: &Withdrawal) -> String {
    let (id, status) = (clean(&it.external_id), words::status(screen.lang, it.status));
    let paid = it.transactions.iter().find(|it| it.status == TransactionStatus::Final);
    let by = paid.map_or_else(String::new, |paid| format!("  {}", clean(&paid.txid)));
    format!("{id}: {}{by}", screen.paint(words::status_style(it.status), status))
}

/// What has been printed.
struct Told<'a> {
    screen: &'a Screen,
    several: bool,
    /// By withdrawal: the number and the time of its last event.
    last: BTreeMap<String, (u64, Option<Timestamp>)>,
    /// By withdrawal: what it was said to wait for.
    waits: BTreeMap<String, WaitKind>,
}

impl Told<'_> {
    /// What has happened so far.
    async fn past(&mut self, session: &Session, of: &Withdrawal) -> Result<(), Fail> {
        let pages = session.client.withdrawal_events(&of.id);
        let events = match pages {
            Ok(mut pages) => pages.take(PAST_MAX).await,
            Err(error) => Err(error),
        };
        for event in events.map_err(|error| session.failed(error))? {
            self.event(&event, &of.external_id)?;
        }
        Ok(())
    }

    /// Says once what it waits for, when it has waited for long enough to wonder.
    fn waiting(&mut self, of: &Withdrawal, now: Timestamp) {
        let Some(waiting) = &of.waiting_for else {
            self.waits.remove(&of.id);
            return;
        };
        let long = Timestamp::parse(waiting.since.as_str()).is_ok_and(|at| now.since_ms(at) >= WONDER_MS);
        if self.screen.json || !long || self.waits.get(&of.id) == Some(&waiting.kind) {
            return;
        }
        self.waits.insert(of.id.clone(), waiting.kind);
        let (sentence, help) = why::answer(of, now, self.screen.lang);
        self.screen.note(&help.map_or(sentence.clone(), |help| format!("{sentence} {help}")));
    }

    fn event(&mut self, event: &Event, external_id: &str) -> Result<(), Fail> {
        let Some(id) = &event.withdrawal_id else { return Ok(()) };
        let (last, before) = self.last.get(id).copied().unwrap_or_default();
        if event.number <= last {
            return Ok(());
        }
        let at = Timestamp::parse(event.created_at.as_str()).ok();
        self.last.insert(id.clone(), (event.number, at));
        if self.screen.json {
            return self.screen.item(event);
        }
        let lang = self.screen.lang;
        let time = at.map_or_else(|| event.created_at.to_string(), |at| times::of_day(at, lang));
        let what = match status_of(&event.kind) {
            Some(_) if event.kind == "withdrawal.reopened" => self.screen.paint(
                Style::Red,
                pick(lang, "Reopened: its block left the chain", "재개됨: 블록이 체인에서 제외되었습니다"),
            ),
            Some(status) => self.screen.paint(words::status_style(status), words::status(lang, status)),
            None => clean(&event.kind),
        };
        let whose = if self.several { format!("{}  ", clean(external_id)) } else { String::new() };
        let took = at.zip(before).map_or_else(String::new, |(at, before)| {
            format!("  +{}", times::span(at.since_ms(before), lang))
        });
        let took = self.screen.paint(Style::Dim, &took);
        self.screen.line(&format!("{time}  {whose}{what}{took}"))
    }
}
