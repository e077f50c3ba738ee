//! What commands of operators have in common: a reason, perhaps the version they were decided on, and an answer that may
//! ask for another person.

use sluice_api::command::{Because, Command, CommandState};

use super::fail::{Exit, Fail};
use super::screen::{Screen, Style, clean};
use super::session::Session;
use super::words::say;
use super::{second, times};

/// Why, and on what state of things.
#[derive(Debug, clap::Args)]
pub(super) struct BecauseArgs {
    /// Why; kept for ever with who gave the command
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: String,
    /// Do it only if the thing still has this version, as `show` printed it
    #[arg(long, value_name = "VERSION")]
    pub(super) expect: Option<u64>,
}

impl BecauseArgs {
    /// As the server takes it.
    pub(super) fn because(&self) -> Because {
        Because { reason: self.reason.clone(), version: self.expect }
    }
}

/// Prints how far a command is.
///
/// # Errors
/// As [`Screen::line`].
pub(super) fn answered(session: &Session, screen: &Screen, command: &Command) -> Result<Exit, Fail> {
    if screen.json {
        screen.object(command)?;
        return Ok(Exit::Done);
    }
    let lang = screen.lang;
    let (what, subject) = (clean(&command.command), clean(&command.subject));
    let line = match command.state {
        CommandState::Done => {
            screen.paint(Style::Green, &say!(lang, "Done: {what} {subject}", "완료: {what} {subject}"))
        }
        CommandState::AwaitingSecondPerson => {
            let until = times::perhaps(command.expires_at.as_ref(), session.now(), lang);
            let text = say!(
                lang,
                "Noted, not done yet: {what} {subject} takes a second person. Somebody else gives the same command with \
                 their own key before {until}:",
                "접수했지만 아직 실행되지 않았습니다: {what} {subject}에는 두 사람이 필요합니다. {until} 전에 다른 사람이 \
                 자기 키로 같은 명령을 실행하세요:"
            );
            screen.paint(Style::Yellow, &text)
        }
        CommandState::Withdrawn => screen
            .paint(Style::Yellow, &say!(lang, "Taken back: {what} {subject}", "철회됨: {what} {subject}")),
        CommandState::Expired => {
            screen.paint(Style::Yellow, &say!(lang, "Expired: {what} {subject}", "만료됨: {what} {subject}"))
        }
    };
    screen.line(&line)?;
    if command.state == CommandState::AwaitingSecondPerson {
        if let Some(line) = second::line(command, session.dev.as_ref()) {
            screen.line(&format!("  {line}"))?;
        }
        if let Some(id) = &command.id {
            let id = clean(id);
            screen.note(&say!(
                lang,
                "To take it back: sluice commands withdraw {id} --reason '...'",
                "철회하려면: sluice commands withdraw {id} --reason '...'"
            ));
        }
    }
    Ok(Exit::Done)
}
