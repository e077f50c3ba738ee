//! Where output goes. Results go to standard output, everything else (notes, progress, failures) to standard error, so
//! that `--json` leaves one thing on standard output and nothing else.

use std::io::{IsTerminal as _, Write};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use sluice_api::problem::Lang;

use super::fail::{Exit, Fail, Notice};
use super::global::Global;
use super::words::pick;

/// How a text stands out. Never the only sign of something: colours are off in files and for many eyes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Style {
    /// As the rest.
    #[default]
    Plain,
    /// Of less interest.
    Dim,
    /// Good.
    Green,
    /// Look at this.
    Yellow,
    /// Bad.
    Red,
    /// Under way.
    Cyan,
}

impl Style {
    const fn code(self) -> &'static str {
        match self {
            Self::Plain => "0",
            Self::Dim => "2",
            Self::Green => "32",
            Self::Yellow => "33",
            Self::Red => "31",
            Self::Cyan => "36",
        }
    }
}

type Sink = Mutex<Box<dyn Write + Send>>;

/// Standard output and standard error, and how to write to them.
pub(super) struct Screen {
    out: Sink,
    err: Sink,
    /// Standard output is for a program.
    pub(super) json: bool,
    /// Language of everything a person reads.
    pub(super) lang: Lang,
    /// Standard error is a terminal: lines may move there.
    pub(super) live: bool,
    colour: bool,
    colour_err: bool,
}

impl Screen {
    /// The process's own streams.
    pub(super) fn of_process(global: &Global) -> Self {
        let (out, err) = (std::io::stdout(), std::io::stderr());
        let colour = !global.no_color;
        Self {
            json: global.json,
            lang: global.lang(),
            live: err.is_terminal(),
            colour: colour && out.is_terminal(),
            colour_err: colour && err.is_terminal(),
            out: Mutex::new(Box::new(out)),
            err: Mutex::new(Box::new(err)),
        }
    }

    /// Streams to look at in a test.
    #[cfg(test)]
    pub(super) fn to(out: Box<dyn Write + Send>, err: Box<dyn Write + Send>, json: bool, lang: Lang) -> Self {
        let (out, err) = (Mutex::new(out), Mutex::new(err));
        Self { out, err, json, lang, live: false, colour: false, colour_err: false }
    }

    /// A line of the result.
    ///
    /// # Errors
    /// [`Fail::Closed`] when nobody reads it any more; a notice when it cannot be written.
    pub(super) fn line(&self, text: &str) -> Result<(), Fail> {
        self.write(text).map_err(|error| match error.kind() {
            std::io::ErrorKind::BrokenPipe => Fail::Closed,
            _ => Fail::Notice(Notice {
                exit: Exit::Unreachable,
                code: "output_unwritable",
                title: pick(self.lang, "The output cannot be written", "출력을 쓸 수 없습니다").to_owned(),
                detail: error.to_string(),
                remedy: pick(
                    self.lang,
                    "What was asked of the server is done all the same.",
                    "서버에 요청한 작업은 그대로 처리되었습니다.",
                )
                .to_owned(),
            }),
        })
    }

    fn write(&self, text: &str) -> std::io::Result<()> {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(out, "{text}")?;
        out.flush()
    }

    /// A line beside the result. One that cannot be written is not worth failing for.
    pub(super) fn note(&self, text: &str) {
        let mut err = self.err.lock().unwrap_or_else(PoisonError::into_inner);
        drop(writeln!(err, "{text}"));
    }

    /// One thing for a program, over several lines.
    ///
    /// # Errors
    /// As [`Screen::line`].
    pub(super) fn object(&self, thing: &impl Serialize) -> Result<(), Fail> {
        self.line(&serde_json::to_string_pretty(thing).unwrap_or_default())
    }

    /// One of several things for a program, on one line.
    ///
    /// # Errors
    /// As [`Screen::line`].
    pub(super) fn item(&self, thing: &impl Serialize) -> Result<(), Fail> {
        self.line(&serde_json::to_string(thing).unwrap_or_default())
    }

    /// A text in a style, for standard output.
    pub(super) fn paint(&self, style: Style, text: &str) -> String {
        painted(self.colour, style, text)
    }

    /// Says what went wrong.
    pub(super) fn fail(&self, fail: &Fail) {
        if self.json {
            if let Some(said) = fail.json(self.lang) {
                self.note(&said);
            }
            return;
        }
        let lines = fail.lines(self.lang);
        let last = lines.len().saturating_sub(1);
        for (at, line) in lines.iter().enumerate() {
            let style = match at {
                0 => Style::Red,
                at if at == last => Style::Dim,
                _ => Style::Plain,
            };
            self.note(&painted(self.colour_err, style, &clean(line)));
        }
    }
}

fn painted(colour: bool, style: Style, text: &str) -> String {
    if colour && style != Style::Plain {
        format!("\u{1b}[{}m{text}\u{1b}[0m", style.code())
    } else {
        text.to_owned()
    }
}

/// A text from outside without control characters: a memo must not move the cursor or change the title of a terminal.
pub(super) fn clean(text: &str) -> String {
    // Direction marks are not control characters, and turn a line around all the same.
    let turns =
        |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if c.is_control() || turns(c) { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_from_outside_cannot_move_the_cursor() {
        assert_eq!(clean("a\u{1b}[2Jb\r\nc\u{202e}d"), "a\u{fffd}[2Jb\u{fffd}\u{fffd}c\u{fffd}d");
        assert_eq!(clean("출금 1호"), "출금 1호");
    }

    #[test]
    fn colours_are_written_only_when_they_are_wanted() {
        assert_eq!(painted(false, Style::Red, "x"), "x");
        assert_eq!(painted(true, Style::Plain, "x"), "x");
        assert_eq!(painted(true, Style::Red, "x"), "\u{1b}[31mx\u{1b}[0m");
    }
}
