//! `sluice partner`: tenants. For the platform's own keys.

use sluice_api::partner::{CreatePartner, Mode, Partner, PartnerState};

use super::fail::{Exit, Fail};
use super::list::listed;
use super::screen::{Screen, Style};
use super::session::Session;
use super::table::{Cell, fields};
use super::words::pick;
use super::{choice, times};

/// What to do; `list` when left out.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Option<What>,
}

/// What can be done.
#[derive(Debug, clap::Subcommand)]
enum What {
    /// Create a partner · 파트너를 만듭니다
    Create {
        /// What people call it, unique in the installation
        #[arg(long)]
        name: String,
        /// Whether its money is real
        #[arg(long, value_parser = choice::of(Mode::WORDS, Mode::parse))]
        mode: Mode,
        /// The IANA time zone in which its days begin; Asia/Seoul when left out
        #[arg(long)]
        timezone: Option<String>,
        /// Why, for the record
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// List partners · 파트너 목록을 봅니다
    List,
    /// Show one partner · 파트너 하나를 봅니다
    Show {
        /// Id of the partner: pt_...
        #[arg(value_name = "ID")]
        id: String,
    },
}

/// Does it.
pub(super) async fn run(session: &Session, screen: &Screen, args: Args) -> Result<Exit, Fail> {
    let partner = match args.command.unwrap_or(What::List) {
        What::List => return list(session, screen).await,
        What::Show { id } => session.client.partner(&id).await,
        What::Create { name, mode, timezone, reason } => {
            session.client.create_partner(&CreatePartner { name, mode, timezone, reason }).await
        }
    };
    let partner = partner.map_err(|error| session.failed(error))?;
    if screen.json {
        screen.object(&partner)?;
    } else {
        show(screen, &partner)?;
    }
    Ok(Exit::Done)
}

fn show(screen: &Screen, it: &Partner) -> Result<(), Fail> {
    let lang = screen.lang;
    fields(
        screen,
        &[
            ("id", Cell::new(&it.id)),
            (pick(lang, "name", "이름"), Cell::new(&it.name)),
            (pick(lang, "state", "상태"), state(screen, it.state)),
            (pick(lang, "mode", "모드"), mode(screen, it.mode)),
            (pick(lang, "time zone", "시간대"), Cell::new(&it.timezone)),
            (pick(lang, "created", "생성 시각"), Cell::new(times::full(&it.created_at, lang))),
        ],
    )
}

async fn list(session: &Session, screen: &Screen) -> Result<Exit, Fail> {
    let (lang, now) = (screen.lang, session.now());
    let head = [
        "id",
        pick(lang, "name", "이름"),
        pick(lang, "state", "상태"),
        pick(lang, "mode", "모드"),
        pick(lang, "time zone", "시간대"),
        pick(lang, "created", "생성"),
    ];
    listed(session, screen, session.client.partners(), usize::MAX, &head, |it| {
        vec![
            Cell::new(&it.id),
            Cell::new(&it.name),
            state(screen, it.state),
            mode(screen, it.mode),
            Cell::new(&it.timezone),
            Cell::new(times::shown(&it.created_at, now, lang)),
        ]
    })
    .await
}

fn state(screen: &Screen, state: PartnerState) -> Cell {
    match state {
        PartnerState::Active => Cell::styled(Style::Green, pick(screen.lang, "Active", "이용 중")),
        PartnerState::Stopped => Cell::styled(Style::Yellow, pick(screen.lang, "Stopped", "지급 중지")),
    }
}

fn mode(screen: &Screen, mode: Mode) -> Cell {
    match mode {
        Mode::Live => Cell::new(pick(screen.lang, "Live", "실거래")),
        Mode::Test => Cell::new(pick(screen.lang, "Test", "테스트")),
    }
}
