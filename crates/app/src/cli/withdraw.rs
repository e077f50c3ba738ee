//! `sluice withdraw`: asks for one payment.

use std::collections::BTreeMap;

use sluice_api::status::{Status, WithdrawalType};
use sluice_api::text::Decimal;
use sluice_api::withdrawal::CreateWithdrawal;
use sluice_core::port::world::Entropy as _;

use super::fail::{Exit, Fail};
use super::follow::feed_end;
use super::screen::{Screen, Style, clean};
use super::session::Session;
use super::times::{self, Reading};
use super::words::{pick, say};
use super::{choice, get, list, watch};
use crate::world::SystemEntropy;

/// What to pay.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to pay: an asset's id (`sluice assets`), or its symbol when only one asset has it; needless where only one
    /// can be paid to the address
    #[arg(long)]
    asset: Option<String>,
    /// What the recipient gets, such as 12.5
    #[arg(long)]
    amount: String,
    /// Who is paid: an address of the asset's chain
    #[arg(long, value_name = "ADDRESS")]
    to: String,
    /// Your own id of this payment, unique for ever; made up and printed when left out
    #[arg(long)]
    external_id: Option<String>,
    /// Your own id of the user who is paid
    #[arg(long, default_value = "cli")]
    user: String,
    /// How soon it is due; `regular` when left out, `scheduled` with --at
    #[arg(long = "type", value_parser = choice::of(WithdrawalType::WORDS, WithdrawalType::parse))]
    kind: Option<WithdrawalType>,
    /// A text kept with it
    #[arg(long)]
    memo: Option<String>,
    /// When to pay: RFC 3339, "2026-11-21 09:30", 09:30, or 2h (from now)
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Your own data, told back with it; may be given several times
    #[arg(long, value_name = "KEY=VALUE", value_parser = choice::pair)]
    metadata: Vec<(String, String)>,
    /// Follow it until it ends
    #[arg(long)]
    wait: bool,
}

/// Asks for it.
pub(super) async fn run(session: &Session, screen: &Screen, args: Args) -> Result<Exit, Fail> {
    let lang = screen.lang;
    let body = body(session, &args).await?;
    if args.external_id.is_none() {
        // Before the call: should the answer be lost, the same id makes the next try the same payment.
        let id = &body.external_id;
        screen.note(&say!(
            lang,
            "external id: {id} (give it again with --external-id to repeat this safely)",
            "external_id: {id} (다시 실행할 때는 --external-id로 같은 값을 주면 안전합니다)"
        ));
    }
    let after = match args.wait {
        true => feed_end(&session.client).await.map_err(|error| session.failed(error))?,
        false => 0,
    };
    let made = session.client.create_withdrawal(&body, None).await.map_err(|error| session.failed(error))?;
    if args.wait {
        return watch::until_the_end(session, screen, after, vec![made]).await;
    }
    get::show(session, screen, &made).await?;
    if !screen.json && !made.status.is_terminal() {
        let id = clean(&made.id);
        let hint = say!(lang, "Follow it: sluice watch {id}", "진행 상황 보기: sluice watch {id}");
        screen.note(&screen.paint(Style::Dim, &hint));
    }
    let ended_unpaid = made.status.is_terminal() && made.status != Status::Completed;
    Ok(if ended_unpaid { Exit::Refused } else { Exit::Done })
}

async fn body(session: &Session, args: &Args) -> Result<CreateWithdrawal, Fail> {
    let lang = session.lang;
    let mut metadata = BTreeMap::new();
    for (key, value) in &args.metadata {
        if metadata.insert(key.clone(), value.clone()).is_some() {
            return Err(Fail::usage(
                "metadata_repeated",
                pick(lang, "The same key twice", "같은 키가 두 번 있습니다"),
                say!(
                    lang,
                    "--metadata has `{key}` more than once.",
                    "--metadata에 `{key}`이(가) 여러 번 있습니다."
                ),
                pick(lang, "Give each key once.", "키마다 한 번만 주세요."),
            ));
        }
    }
    let scheduled_for = match &args.at {
        Some(text) => match times::moment(text, session.now(), Reading::Ahead, lang) {
            Some(at) => Some(times::wire(at)),
            None => return Err(list::not_a_time(session.lang, text, "--at")),
        },
        None => None,
    };
    let external_id = match &args.external_id {
        Some(id) => id.clone(),
        None => format!("cli-{}", SystemEntropy.ulid(session.now())),
    };
    Ok(CreateWithdrawal {
        external_id,
        user_id: args.user.clone(),
        asset: match &args.asset {
            Some(named) => session.asset(named).await?,
            None => session.only_asset(|asset| fits(&asset.chain, &args.to) && !is_coin(&asset.id)).await?,
        },
        amount: Decimal::new(args.amount.clone()),
        address: args.to.clone(),
        kind: args.kind.or_else(|| scheduled_for.as_ref().map(|_| WithdrawalType::Scheduled)),
        memo: args.memo.clone(),
        scheduled_for,
        metadata: (!metadata.is_empty()).then_some(metadata),
    })
}
/// Coins pay for fees first: who wants to pay one out says so.
fn is_coin(asset: &str) -> bool {
    asset.split_once('/').is_some_and(|(_, what)| what.starts_with("slip44:"))
}

/// Whether an address could be one of the chain, by how it begins: those of EVM chains and of TRON have nothing in common.
fn fits(chain: &str, address: &str) -> bool {
    match chain.split_once(':') {
        Some(("eip155", _)) => !address.starts_with('T'),
        Some(("tron", _)) => !address.starts_with("0x"),
        _ => true,
    }
}
