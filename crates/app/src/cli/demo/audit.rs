//! The demo's second judge: the auditor, over everything that the wallets did since the demo began. It sees what the look
//! at single payments cannot: a payment nobody ordered, a nonce nobody knows, a balance that does not add up.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Serialize;
use sluice_api::problem::Lang;
use sluice_api::wallet::WalletCustody;
use sluice_audit::Audit;
use sluice_audit::chain::{Address, Chain};
use sluice_audit::finding::Finding;
use sluice_audit::list::List;
use sluice_audit::report::Counts;
use sluice_audit::stand::Stand;

use super::order::Order;
use crate::cli::devnet::DevAsset;
use crate::cli::export;
use crate::cli::fail::Fail;
use crate::cli::session::Session;
use crate::cli::times;
use crate::cli::words::{pick, say};

/// More wallets than a devnet has.
const WALLETS_MAX: usize = 1_000;
/// The most findings that are kept for people.
const FINDINGS_MAX: usize = 20;

/// What the auditor says at the end of a demo.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Audited {
    /// CAIP-2 id of the chain.
    pub(super) chain: String,
    /// `proven`, `broken`, `undecided`, or nothing when there is no verdict.
    pub(super) verdict: Option<&'static str>,
    /// Whether every payment of the demo is among the proven ones.
    pub(super) all_of_ours: bool,
    /// The root over everything proven.
    pub(super) root: Option<String>,
    counts: Option<Counts>,
    findings: Vec<Finding>,
    /// Why there is no verdict.
    pub(super) why: Option<String>,
    /// How to ask again, without us.
    pub(super) again: String,
}

impl Audited {
    /// Whether the auditor stands behind the demo's payments. Somebody else's, which is not over yet, is not our business;
    /// whatever is broken is.
    pub(super) fn agrees(&self) -> bool {
        self.all_of_ours && matches!(self.verdict, Some("proven" | "undecided"))
    }

    /// For a person, in one line.
    pub(super) fn text(&self, lang: Lang) -> String {
        let found: Vec<&str> = self.findings.iter().map(|it| it.code.title(lang == Lang::Ko)).collect();
        let found = found.join("; ");
        match (self.verdict, &self.root, &self.why) {
            (Some("proven"), Some(root), _) => say!(lang, "proven, root {root}", "증명됨, 루트 {root}"),
            (Some("undecided"), Some(root), _) => {
                say!(
                    lang,
                    "not all over yet ({found}), root {root}",
                    "아직 끝나지 않은 항목이 있음({found}), 루트 {root}"
                )
            }
            (Some(_), ..) => say!(lang, "broken: {found}", "어긋남: {found}"),
            (None, _, why) => {
                let why = why.as_deref().unwrap_or("-");
                say!(lang, "no verdict: {why}", "판정 없음: {why}")
            }
        }
    }

    fn without_verdict(chain: String, why: String, again: String) -> Self {
        let (verdict, all_of_ours, root, counts) = (None, false, None, None);
        Self { chain, verdict, all_of_ours, root, counts, findings: vec![], why: Some(why), again }
    }
}

/// Writes down where the wallets of a chain stand before the first call. A demo that goes on has done so already.
///
/// # Errors
/// One sentence. The demo goes on all the same, and the auditor will have no verdict.
pub(super) async fn begin(session: &Session, asset: &DevAsset, list: &Path) -> Result<(), String> {
    let (chain, token) = Chain::of_asset(&asset.id).ok_or_else(|| asset.id.clone())?;
    let wallets = session.client.wallets().take(WALLETS_MAX).await.map_err(|error| error.to_string())?;
    let managed = wallets.iter().filter(|it| it.custody == WalletCustody::Managed);
    let of_chain = managed.filter(|it| it.chain == asset.chain);
    let wallets: Vec<Address> = of_chain.filter_map(|it| Address::parse(&it.address)).collect();
    let audit = Audit::of(chain, &[&asset.rpc_url], List::default()).map_err(|error| error.to_string())?;
    let stand = audit.with(wallets, [token]).stand().await.map_err(|error| error.to_string())?;
    let text = serde_json::to_string(&stand).map_err(|error| error.to_string())?;
    let path = opening(list, asset);
    std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
}

/// Exports what the engine says, for every chain, and gives the file.
///
/// # Errors
/// One sentence: then no chain has a verdict.
pub(super) async fn exported(session: &Session, list: &Path) -> Result<PathBuf, String> {
    let export = export_of(list);
    // That of an earlier look at the same demo.
    if export.exists() {
        std::fs::remove_file(&export).map_err(|error| format!("{}: {error}", export.display()))?;
    }
    let now = times::wire(session.now());
    let written = export::into_file(session, &export, None, now).await;
    written.map_err(|fail: Fail| fail.lines(session.lang).join(" "))?;
    Ok(export)
}

/// Lets the auditor judge one chain.
pub(super) async fn judge(
    session: &Session,
    asset: &DevAsset,
    list: &Path,
    orders: &[Order],
    exported: &Result<PathBuf, String>,
) -> Audited {
    let (export, opening, chain) = (export_of(list), opening(list, asset), asset.chain.clone());
    let again = format!(
        "sluice-audit check --chain {chain} --rpc {} --list {} --opening {}",
        asset.rpc_url,
        export.display(),
        opening.display()
    );
    let judged = match exported {
        Ok(export) => judged(session, asset, export, &opening).await,
        Err(why) => Err(why.clone()),
    };
    match judged {
        Ok(report) => {
            let proven: BTreeSet<&str> = report.proven.iter().map(|it| it.external_id.as_str()).collect();
            let mut ours = orders.iter().filter(|order| order.asset == asset.id);
            Audited {
                chain,
                verdict: Some(report.verdict),
                all_of_ours: ours.all(|order| proven.contains(order.external_id.as_str())),
                root: Some(report.root.clone()),
                counts: Some(report.counts.clone()),
                findings: report.findings.into_iter().take(FINDINGS_MAX).collect(),
                why: None,
                again,
            }
        }
        Err(why) => Audited::without_verdict(chain, why, again),
    }
}

async fn judged(
    session: &Session,
    asset: &DevAsset,
    export: &Path,
    opening: &Path,
) -> Result<sluice_audit::Report, String> {
    let text = std::fs::read_to_string(opening).map_err(|error| {
        let lang = session.lang;
        let why = pick(
            lang,
            "where the wallets stood at the beginning is not written down",
            "시작할 때의 지갑 상태가 기록되어 있지 않습니다",
        );
        format!("{why} ({}: {error})", opening.display())
    })?;
    let stand = Stand::read(&text).map_err(|error| format!("{}: {error}", opening.display()))?;
    let file = std::fs::File::open(export).map_err(|error| format!("{}: {error}", export.display()))?;
    let mut list = List::default();
    list.add(&export.display().to_string(), file).map_err(|error| error.to_string())?;
    let (chain, token) = Chain::of_asset(&asset.id).ok_or_else(|| asset.id.clone())?;
    let audit = Audit::of(chain, &[&asset.rpc_url], list).map_err(|error| error.to_string())?;
    audit.with([], [token]).standing(stand).run().await.map_err(|error| error.to_string())
}

/// What the engine says of everything it was asked for.
fn export_of(list: &Path) -> PathBuf {
    list.with_extension("export.ndjson")
}

/// Where the wallets of a chain stood: `demo-TIME.jsonl` has `demo-TIME.tron-31337.opening.json` beside it.
fn opening(list: &Path, asset: &DevAsset) -> PathBuf {
    list.with_extension(format!("{}.opening.json", asset.chain.replace(':', "-")))
}
