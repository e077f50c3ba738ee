//! `sluice demo`: pays withdrawals on every chain of the devnet through the public API, follows them, and then asks the chain itself
//! whether each was paid exactly once. It judges by its own list, written before the first call, and by its own reading
//! of receipts: nothing the engine says about a payment is taken for proof. At the end the auditor judges everything that
//! the wallets did meanwhile.

mod audit;
mod bars;
mod node;
mod order;
mod pay;
mod prove;
mod report;

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::StreamExt as _;
use ruint::aliases::U256;
use sluice_api::status::Status;

use self::node::Node;
use self::order::Order;
use self::pay::Outcome;
use self::report::Report;
use super::devnet::{Dev, DevAsset};
use super::fail::{Exit, Fail};
use super::follow::CALLS_MAX;
use super::screen::{Screen, clean};
use super::session::Session;
use super::times;
use super::watch::unless_interrupted;
use super::words::{pick, say};

/// Tries to reach the node for one payment: it may be starting again.
const NODE_TRIES: u32 = 4;
/// Between two of them.
const NODE_AGAIN: Duration = Duration::from_secs(1);

/// How much to pay.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many withdrawals of each asset
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    count: u32,
    /// What to pay: an asset's id; every one of .sluice/dev.json when left out
    #[arg(long)]
    asset: Option<String>,
    /// Give up waiting after this span; nothing is lost by it
    #[arg(long, value_name = "SPAN", default_value = "10m", value_parser = times::duration_ms)]
    timeout: i64,
    /// Go on with an earlier run: its list, .sluice/demo-TIME.jsonl. Nothing is paid twice
    #[arg(long = "continue", value_name = "FILE", conflicts_with_all = ["count", "asset"])]
    resume: Option<PathBuf>,
}

/// Pays, follows, proves.
pub(super) async fn run(session: &Session, screen: &Screen, args: Args) -> Result<Exit, Fail> {
    let lang = screen.lang;
    let dev = session.dev.as_ref().ok_or_else(|| {
        Fail::usage(
            "demo_needs_devnet",
            pick(lang, "The demo pays on the devnet only", "데모는 개발용 체인에서만 실행됩니다"),
            pick(
                lang,
                "It pays to random addresses that nobody has a key of; what is sent there is lost.",
                "아무도 키를 갖고 있지 않은 임의의 주소로 지급하므로, 보낸 금액은 찾을 수 없습니다.",
            ),
            pick(
                lang,
                "Start `make run`, and leave --url out or give the address it prints.",
                "`make run`을 시작하고 --url을 빼거나 표시된 주소를 주세요.",
            ),
        )
    })?;
    let (list, orders) = match &args.resume {
        Some(list) => (list.clone(), order::read(list).map_err(|why| unusable(screen, list, why))?),
        None => {
            let assets = assets(screen, dev, args.asset.as_deref())?;
            let orders = order::make(&assets, args.count, session.now());
            let list = dev.folder().join(order::file_name(session.now()));
            // Before the first call: what happens from here on is judged by this file.
            order::write(&list, &orders).map_err(|error| unusable(screen, &list, error.to_string()))?;
            (list, orders)
        }
    };
    let shown = clean(&list.display().to_string());
    screen.note(&say!(lang, "The list of payments: {shown}", "지급 목록: {shown}"));
    let work = pay_and_prove(session, screen, dev, &list, orders, &args);
    unless_interrupted(work).await.unwrap_or_else(|| {
        screen.note(&say!(
            lang,
            "The payments go on without you. To go on watching, and to prove them: sluice demo --continue {shown}",
            "지급은 계속 처리됩니다. 다시 지켜보고 증명하려면: sluice demo --continue {shown}"
        ));
        Ok(Exit::Refused)
    })
}

async fn pay_and_prove(
    session: &Session,
    screen: &Screen,
    dev: &Dev,
    list: &Path,
    orders: Vec<Order>,
    args: &Args,
) -> Result<Exit, Fail> {
    let (resumed, timeout_ms) = (args.resume.is_some(), args.timeout);
    // One clear sentence now, instead of one for each payment later.
    session.client.health().await.map_err(|error| session.failed(error))?;
    for asset in used(dev, &orders).into_iter().filter(|_| !resumed) {
        if let Err(why) = audit::begin(session, asset, list).await {
            let (lang, chain) = (screen.lang, &asset.chain);
            screen.note(&say!(
                lang,
                "The auditor cannot begin on {chain}: {why}",
                "{chain} 감사를 시작할 수 없습니다: {why}"
            ));
        }
    }
    let paid = pay::run(session, screen, &orders, timeout_ms).await?;
    let dev = dev.anew(session.lang);
    let verdicts = prove(&dev, &orders, &paid.outcomes).await;
    let exported = audit::exported(session, list).await;
    let mut audits = Vec::new();
    for asset in used(&dev, &orders) {
        audits.push(audit::judge(session, asset, list, &orders, &exported).await);
    }
    let report = Report::of(session, list, &orders, paid, verdicts, audits).await;
    report.print(screen)?;
    Ok(if report.all_proven() { Exit::Done } else { Exit::Refused })
}

/// The assets that the orders are of.
fn used<'a>(dev: &'a Dev, orders: &[Order]) -> Vec<&'a DevAsset> {
    dev.assets.iter().filter(|asset| orders.iter().any(|order| order.asset == asset.id)).collect()
}

/// Asks the chain about each payment.
async fn prove(dev: &Dev, orders: &[Order], outcomes: &[Outcome]) -> Vec<prove::Verdict> {
    let checks = orders.iter().zip(outcomes).map(|(order, outcome)| async move {
        let withdrawal = match outcome {
            Outcome::Taken(withdrawal) => withdrawal,
            Outcome::Refused(code) => return Err(prove::Doubt::NotTaken(code.clone())),
        };
        let asset =
            dev.assets.iter().find(|asset| asset.id == order.asset).ok_or(prove::Doubt::AssetUnknown)?;
        let node = Node::at(&asset.rpc_url).map_err(prove::Doubt::Node)?;
        let held = held(asset, order, orders, outcomes);
        let mut verdict = prove::check(&node, asset, order, withdrawal, held.clone()).await;
        for _ in 1..NODE_TRIES {
            if !matches!(verdict, Err(prove::Doubt::Node(_))) {
                break;
            }
            tokio::time::sleep(NODE_AGAIN).await;
            verdict = prove::check(&node, asset, order, withdrawal, held.clone()).await;
        }
        verdict
    });
    let verdicts = futures_util::stream::iter(checks).buffered(CALLS_MAX).collect().await;
    prove::each_its_own(verdicts)
}

/// What the recipient of an order may hold: what all completed orders paid it, and what those that are not over may have.
fn held(asset: &DevAsset, order: &Order, orders: &[Order], outcomes: &[Outcome]) -> RangeInclusive<U256> {
    let (mut least, mut most) = (U256::ZERO, U256::ZERO);
    for (other, outcome) in orders.iter().zip(outcomes) {
        let Outcome::Taken(withdrawal) = outcome else { continue };
        if other.asset != order.asset || other.address != order.address {
            continue;
        }
        let units = prove::units(asset, other).unwrap_or_default();
        if withdrawal.status == Status::Completed {
            least = least.saturating_add(units);
        }
        if withdrawal.status == Status::Completed || !withdrawal.status.is_terminal() {
            most = most.saturating_add(units);
        }
    }
    least..=most
}

fn assets<'a>(screen: &Screen, dev: &'a Dev, named: Option<&str>) -> Result<Vec<&'a DevAsset>, Fail> {
    // Its proofs are readings of JSON-RPC, and of the HTTP API of TRON: of what a token's contract says.
    let read = |asset: &DevAsset| asset.chain.starts_with("eip155:") || asset.is_tron();
    let provable = |asset: &&DevAsset| read(asset) && asset.contract.is_some();
    let mut found: Vec<&DevAsset> = dev.assets.iter().filter(provable).collect();
    let known: Vec<&str> = found.iter().map(|asset| asset.id.as_str()).collect();
    let known = known.join(", ");
    found.retain(|asset| named.is_none_or(|id| asset.id.eq_ignore_ascii_case(id)));
    if !found.is_empty() {
        return Ok(found);
    }
    let lang = screen.lang;
    Err(Fail::usage(
        "asset_unknown",
        pick(lang, "Which asset?", "자산을 알 수 없습니다"),
        pick(lang, "The devnet has no such asset.", "개발용 체인에 그런 자산이 없습니다."),
        say!(lang, "Name one of: {known}", "다음 중에서 고르세요: {known}"),
    ))
}

fn unusable(screen: &Screen, path: &Path, why: String) -> Fail {
    let (lang, path) = (screen.lang, path.display());
    Fail::usage(
        "list_unusable",
        say!(lang, "{path} cannot be used", "{path} 파일을 쓸 수 없습니다"),
        why,
        pick(
            lang,
            "Nothing was paid. Check the folder, or choose another file.",
            "아무것도 지급되지 않았습니다. 폴더를 확인하거나 다른 파일을 지정하세요.",
        ),
    )
}

#[cfg(test)]
mod tests;
