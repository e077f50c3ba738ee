//! `sluice cancel`: asks to call a withdrawal off, and tells the truth about what that means now.

use sluice_api::status::Status;
use sluice_api::withdrawal::CancelWithdrawal;

use super::fail::{Exit, Fail};
use super::screen::{Screen, Style, clean};
use super::session::Session;
use super::words::say;

/// Which withdrawal, and why.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Our id (wd_...) or your external id
    #[arg(value_name = "ID")]
    id: String,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Asks for it.
pub(super) async fn run(session: &Session, screen: &Screen, args: Args) -> Result<Exit, Fail> {
    let id = session.withdrawal(&args.id).await?.id;
    let command = CancelWithdrawal { reason: Some(args.reason) };
    let now = session.client.cancel_withdrawal(&id, &command).await.map_err(|error| session.failed(error))?;
    if screen.json {
        screen.object(&now)?;
        return Ok(Exit::Done);
    }
    let (lang, id) = (screen.lang, clean(&now.id));
    let (style, text) = if now.status == Status::Cancelled {
        (
            Style::Green,
            say!(
                lang,
                "{id} is cancelled. Nothing was paid.",
                "{id} 출금을 취소했습니다. 지급되지 않았습니다."
            ),
        )
    } else {
        let text = say!(
            lang,
            "Cancellation of {id} is requested. It may still be paid: do not refund before `sluice watch {id}` says how it ended.",
            "{id} 취소를 요청했습니다. 그래도 지급될 수 있으니 `sluice watch {id}`로 결과를 확인하기 전에는 환불하지 마세요."
        );
        (Style::Yellow, text)
    };
    screen.line(&screen.paint(style, &text))?;
    Ok(Exit::Done)
}
