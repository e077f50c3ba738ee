//! Progress: a bar and the counts of each status on a terminal, a line now and then elsewhere.

use std::collections::BTreeMap;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use sluice_api::problem::Lang;
use sluice_api::status::{Status, WaitKind};
use sluice_core::time::Timestamp;

use crate::cli::screen::Screen;
use crate::cli::times;
use crate::cli::words::{self, pick, say};

/// Between two lines where nothing can be drawn.
const LINE_MS: i64 = 1_000;
/// How long nothing has to change before it is said what is waited for.
const QUIET_MS: i64 = 5_000;

/// Steps of the bar for one payment.
const STEPS: u64 = 10;

/// How many of its steps a payment has made.
const fn steps(status: Status) -> u64 {
    match status {
        Status::Pending | Status::Held => 1,
        Status::Approved | Status::Queued => 2,
        Status::WalletFunded | Status::EnergyRequested | Status::EnergyReceived => 3,
        Status::Processing | Status::Signing => 4,
        Status::Broadcast => 6,
        Status::Confirming => 8,
        Status::Completed
        | Status::NeedsAttention
        | Status::Rejected
        | Status::Cancelled
        | Status::Failed => STEPS,
    }
}

/// How far the payments are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Standing {
    /// How many stand where.
    pub(super) counts: BTreeMap<Status, usize>,
    /// How many are not accepted yet.
    pub(super) unasked: usize,
    /// How many were refused.
    pub(super) refused: usize,
    /// What the one that was accepted first waits for.
    pub(super) waits: Option<WaitKind>,
    /// The server does not answer.
    pub(super) gone: bool,
}

impl Standing {
    /// How many need no more waiting.
    pub(super) fn ended(&self) -> usize {
        let ended = |(status, count): (&Status, &usize)| if status.is_terminal() { *count } else { 0 };
        self.counts.iter().map(ended).sum::<usize>() + self.refused
    }

    /// How far the bar is: a payment moves it with each stage, because all of them become final at about the same time.
    fn steps(&self) -> u64 {
        let steps = |(status, count): (&Status, &usize)| *count as u64 * steps(*status);
        self.counts.iter().map(steps).sum::<u64>() + self.refused as u64 * STEPS
    }

    fn text(&self, lang: Lang) -> String {
        let mut parts = Vec::new();
        if self.unasked > 0 {
            parts.push(format!("{} {}", pick(lang, "to be asked", "요청 전"), self.unasked));
        }
        parts.extend(
            self.counts.iter().map(|(&status, count)| format!("{} {count}", words::status(lang, status))),
        );
        if self.refused > 0 {
            parts.push(format!("{} {}", pick(lang, "refused", "접수 거부"), self.refused));
        }
        parts.join(" · ")
    }
}

/// Where progress is shown.
pub(super) struct Bars<'a> {
    screen: &'a Screen,
    count: usize,
    started: Timestamp,
    drawn: Option<(MultiProgress, ProgressBar, ProgressBar)>,
    last: Standing,
    changed_at: Timestamp,
    said_at: Option<Timestamp>,
    quiet_said: bool,
}

impl<'a> Bars<'a> {
    /// Of so many payments, from now on.
    pub(super) fn of(screen: &'a Screen, count: usize, now: Timestamp) -> Self {
        let drawn = screen.live.then(|| {
            let all = MultiProgress::new();
            let bar = all.add(ProgressBar::new(count as u64 * STEPS));
            // A template of ours is right; should it ever not be, the default look is good enough.
            if let Ok(style) = ProgressStyle::with_template("{bar:40.green/white} {msg}  {elapsed}") {
                bar.set_style(style.progress_chars("█▉▊▋▌▍▎▏ "));
            }
            let line = all.add(ProgressBar::new_spinner());
            if let Ok(style) = ProgressStyle::with_template("{msg}") {
                line.set_style(style);
            }
            (all, bar, line)
        });
        let last = Standing::default();
        Self { screen, count, started: now, drawn, last, changed_at: now, said_at: None, quiet_said: false }
    }

    /// Shows how far they are now.
    pub(super) fn show(&mut self, standing: Standing, now: Timestamp) {
        let lang = self.screen.lang;
        let moved =
            Standing { waits: None, ..standing.clone() } != Standing { waits: None, ..self.last.clone() };
        if moved {
            self.changed_at = now;
            self.quiet_said = false;
        }
        let quiet = now.since_ms(self.changed_at) >= QUIET_MS;
        let hint = match (standing.gone, standing.waits) {
            (true, _) => Some(pick(
                lang,
                "the server does not answer; waiting for it",
                "서버가 응답하지 않아 기다리는 중",
            )),
            (false, Some(kind)) if quiet => Some(words::wait(lang, kind)),
            _ => None,
        };
        let mut text = standing.text(lang);
        if let Some(hint) = hint {
            text.push_str(&format!("  ({hint})"));
        }
        if let Some((_, bar, line)) = &self.drawn {
            bar.set_position(standing.steps());
            bar.set_message(format!("{}/{}", standing.ended(), self.count));
            line.set_message(text);
            bar.tick();
        } else if !self.screen.json && (moved || (hint.is_some() && !self.quiet_said)) {
            let rested = self.said_at.is_none_or(|said| now.since_ms(said) >= LINE_MS);
            if !rested {
                // Not kept as `last`: the change is still to be told.
                return;
            }
            let elapsed = times::span(now.since_ms(self.started), lang);
            self.screen.note(&say!(lang, "{elapsed}  {text}", "{elapsed}  {text}"));
            self.said_at = Some(now);
            self.quiet_said = hint.is_some();
        }
        self.last = standing;
    }

    /// Takes the bars away, or says the last word.
    pub(super) fn finish(mut self, standing: Standing, now: Timestamp) {
        self.said_at = None;
        self.show(standing, now);
        if let Some((all, bar, line)) = self.drawn.take() {
            line.finish();
            bar.abandon();
            drop(all);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::tests::Paper;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_micros(0).plus_ms(ms)
    }

    fn standing(confirming: usize, completed: usize) -> Standing {
        let counts = [(Status::Confirming, confirming), (Status::Completed, completed)];
        Standing {
            counts: counts.into_iter().filter(|(_, count)| *count > 0).collect(),
            ..Standing::default()
        }
    }

    #[test]
    fn a_log_gets_a_line_for_each_change_and_at_most_one_a_second() {
        let paper = Paper::new(false);
        let mut bars = Bars::of(&paper.screen, 3, at(0));
        bars.show(standing(3, 0), at(0));
        bars.show(standing(3, 0), at(400));
        bars.show(standing(2, 1), at(800));
        bars.show(standing(2, 1), at(1_200));
        bars.show(standing(1, 2), at(1_600));
        bars.finish(standing(0, 3), at(2_000));
        let lines = ["0.0 s  Confirming 3", "1.2 s  Confirming 2 · Completed 1", "2.0 s  Completed 3"];
        assert_eq!(paper.err().lines().collect::<Vec<_>>(), lines);
    }

    #[test]
    fn a_long_silence_is_explained_once() {
        let paper = Paper::new(false);
        let mut bars = Bars::of(&paper.screen, 1, at(0));
        let waits = || Standing { waits: Some(WaitKind::Finality), ..standing(1, 0) };
        for ms in [0, 2_000, 5_000, 6_000, 9_000] {
            bars.show(waits(), at(ms));
        }
        assert_eq!(paper.err().matches("finality").count(), 1, "{}", paper.err());
    }

    #[test]
    fn a_program_is_told_nothing_on_the_way() {
        let paper = Paper::new(true);
        Bars::of(&paper.screen, 1, at(0)).finish(standing(0, 1), at(1));
        assert_eq!((paper.out(), paper.err()), (String::new(), String::new()));
    }
}
