//! `sluice limits`: how much may leave, and how much of that is used. Setting them is for the platform's own keys.

use sluice_api::limit::{Limit, LimitScope, LimitWindow, SetLimit};
use sluice_api::problem::Lang;

use super::fail::{Exit, Fail};
use super::list::listed;
use super::screen::Screen;
use super::session::{Names, Session};
use super::table::{Cell, Table};
use super::times;
use super::words::pick;

/// What to do; `list` when left out.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Option<What>,
}

/// What can be done.
#[derive(Debug, clap::Subcommand)]
enum What {
    /// List your own limits · 내 한도를 봅니다
    List,
    /// Set a partner's limits for an asset · 파트너의 자산별 한도를 정합니다
    Set {
        /// Whose: pt_...
        #[arg(long, value_name = "ID")]
        partner: String,
        /// Of which asset: its symbol or its id
        #[arg(long)]
        asset: String,
        /// The most in one withdrawal, in units of the asset
        #[arg(long, value_name = "AMOUNT")]
        per_transaction: String,
        /// The most in one day of the partner's time zone, in units of the asset
        #[arg(long, value_name = "AMOUNT")]
        daily: String,
        /// Why, for the record
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

impl Args {
    /// Whether it sets some: the platform's business.
    pub(super) const fn sets(&self) -> bool {
        matches!(&self.command, Some(What::Set { .. }))
    }
}

/// Does it.
pub(super) async fn run(session: &Session, screen: &Screen, args: Args) -> Result<Exit, Fail> {
    let (lang, names) = (screen.lang, session.names().await);
    match args.command.unwrap_or(What::List) {
        What::List => {
            let row = |it: &Limit| row(names, lang, it);
            listed(session, screen, session.client.limits(), usize::MAX, &head(lang), row).await
        }
        What::Set { partner, asset, per_transaction, daily, reason } => {
            let asset = session.asset(&asset).await?;
            let (per_transaction, daily) = (per_transaction.as_str().into(), daily.as_str().into());
            let order = SetLimit { partner_id: partner, asset, per_transaction, daily, reason };
            let set = session.client.set_limit(&order).await.map_err(|error| session.failed(error))?;
            if screen.json {
                screen.object(&set)?;
            } else {
                let mut table = Table::of(&head(lang));
                for it in &set.data {
                    table.row(row(names, lang, it));
                }
                table.print(screen)?;
            }
            Ok(Exit::Done)
        }
    }
}

fn head(lang: Lang) -> [&'static str; 8] {
    [
        pick(lang, "scope", "대상"),
        pick(lang, "whose", "소유"),
        pick(lang, "per", "기간"),
        pick(lang, "limit", "한도"),
        pick(lang, "used", "사용"),
        pick(lang, "left", "남음"),
        pick(lang, "unit", "단위"),
        pick(lang, "starts anew", "초기화"),
    ]
}

fn row(names: &Names, lang: Lang, it: &Limit) -> Vec<Cell> {
    let scope = match it.scope {
        LimitScope::Partner => pick(lang, "partner", "파트너"),
        LimitScope::User => pick(lang, "user", "사용자"),
        LimitScope::Wallet => pick(lang, "wallet", "지갑"),
        LimitScope::Address => pick(lang, "address", "주소"),
    };
    let window = match it.window {
        LimitWindow::Transaction => pick(lang, "withdrawal", "건"),
        LimitWindow::Day => pick(lang, "day", "일"),
        LimitWindow::Month => pick(lang, "month", "월"),
    };
    vec![
        Cell::new(scope),
        Cell::new(&it.subject),
        Cell::new(window),
        Cell::number(&it.limit),
        Cell::number(&it.used),
        Cell::number(&it.remaining),
        Cell::new(names.symbol(&it.unit)),
        Cell::new(it.resets_at.as_ref().map_or_else(|| "-".to_owned(), |at| times::full(at, lang))),
    ]
}
