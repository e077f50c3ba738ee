//! What is printed: the figures, what was found, and the root over what was proven.

use std::fmt::Write as _;

use serde::Serialize;

use crate::chain::Chain;
use crate::finding::{Class, Finding};
use crate::judge::{Proven, Reason, Verdict};
use crate::merkle;
use crate::read::Reading;
use crate::stand::{Block, Stand};

/// The most findings that people are shown; `--json` has all.
const SHOWN_MAX: usize = 200;

/// The end of an audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// `proven`, `broken` or `undecided`.
    pub verdict: &'static str,
    /// The chain.
    pub chain: Chain,
    /// The block above which was looked.
    pub from: Block,
    /// The named final block.
    pub to: Block,
    /// How many nodes said the same.
    pub nodes: usize,
    /// The figures.
    pub counts: Counts,
    /// The Merkle root over the proven payments, `0x` and 64 digits.
    pub root: String,
    /// What was found, by class and name.
    pub findings: Vec<Finding>,
    /// What somebody explained, and the word that was taken for it.
    pub explained: Vec<Reason>,
    /// The proven payments: the leaves of the root, in their order.
    pub proven: Vec<Proven>,
    /// Where the wallets stand at the end: the opening of the next audit.
    pub closing: Stand,
}

/// How many of what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Payments that are proven.
    pub proven: usize,
    /// Withdrawals that are proven never to be paid.
    pub dead: usize,
    /// Paid twice, or sharing a payment.
    pub duplicates: usize,
    /// Told as paid, and not paid.
    pub missing: usize,
    /// On chain, and explained by nothing.
    pub orphans: usize,
    /// There, and not as it should be.
    pub wrong: usize,
    /// Neither proven nor disproven.
    pub undecided: usize,
    /// Paid at or before the opening; they belong to an earlier audit.
    pub earlier: usize,
    /// Withdrawals of other chains, which were not looked at.
    pub other_chains: usize,
    /// Transactions and nonces that somebody explained.
    pub explained: usize,
    /// Transactions that used up a nonce and moved nothing.
    pub voids: u64,
    /// Transfers of nothing in a wallet's name.
    pub empty: u64,
    /// Transactions of the wallets.
    pub transactions: usize,
    /// Transfer logs from or to the wallets.
    pub transfers: usize,
}

impl Report {
    pub(crate) fn of(reading: &Reading, verdict: Verdict, nodes: usize, other_chains: usize) -> Self {
        let chain = reading.closing.chain;
        let leaves: Vec<String> = verdict
            .proven
            .iter()
            .map(|it| merkle::leaf(&it.external_id, chain, it.token, it.txid, it.log_index))
            .collect();
        let counts = Counts {
            proven: verdict.proven.len(),
            dead: verdict.dead.len(),
            duplicates: verdict.count(Class::Duplicate),
            missing: verdict.count(Class::Missing),
            orphans: verdict.count(Class::Orphan),
            wrong: verdict.count(Class::Wrong),
            undecided: verdict.count(Class::Undecided),
            earlier: verdict.earlier.len(),
            other_chains,
            explained: verdict.reasons.len(),
            voids: verdict.voids,
            empty: verdict.empty,
            transactions: reading.sent.len(),
            transfers: reading.transfers.len(),
        };
        let word = match (verdict.is_broken(), counts.undecided) {
            (true, _) => "broken",
            (false, 0) => "proven",
            (false, _) => "undecided",
        };
        Self {
            verdict: word,
            chain,
            from: reading.opening.block,
            to: reading.closing.block,
            nodes,
            counts,
            root: format!("0x{}", hex::encode(merkle::root(&leaves))),
            findings: verdict.findings,
            explained: verdict.reasons.into_iter().collect(),
            proven: verdict.proven,
            closing: reading.closing.clone(),
        }
    }

    /// 0 proven, 1 broken, 3 undecided. (2 is for a question that cannot be answered.)
    pub fn exit_code(&self) -> u8 {
        match self.verdict {
            "proven" => 0,
            "broken" => 1,
            _ => 3,
        }
    }

    /// For people.
    pub fn text(&self, korean: bool) -> String {
        let counts = &self.counts;
        let say = |en: &'static str, ko: &'static str| if korean { ko } else { en };
        let mut text = String::new();
        let mut line = |name: &str, value: String| {
            let _written = writeln!(text, "{name}={value}");
        };
        line("chain", self.chain.to_string());
        line("blocks", format!("{}..{} {}", self.from.number, self.to.number, self.to.hash));
        line("nodes", self.nodes.to_string());
        line(
            "transactions",
            format!("{} voids={} explained={}", counts.transactions, counts.voids, counts.explained),
        );
        line("proven", counts.proven.to_string());
        line("dead", counts.dead.to_string());
        line("duplicates", counts.duplicates.to_string());
        line("missing", counts.missing.to_string());
        line("orphans", counts.orphans.to_string());
        line("wrong", counts.wrong.to_string());
        line("undecided", counts.undecided.to_string());
        if counts.earlier + counts.other_chains > 0 {
            line("not_looked_at", format!("earlier={} other_chains={}", counts.earlier, counts.other_chains));
        }
        line("root", self.root.clone());
        for finding in self.findings.iter().take(SHOWN_MAX) {
            let ids = finding.external_ids.join(", ");
            let subject = match (ids.is_empty(), finding.wallet) {
                (false, _) => ids,
                (true, Some(wallet)) => wallet.to_string(),
                (true, None) => "-".to_owned(),
            };
            let (code, title) = (finding.code.as_str(), finding.code.title(korean));
            let _written = writeln!(text, "{code}  {subject}  {title}: {}", finding.detail);
        }
        if let Some(more) = self.findings.len().checked_sub(SHOWN_MAX).filter(|more| *more > 0) {
            let _written = writeln!(
                text,
                "... {more}: {}",
                say("more; --json has all of them", "건 더 있음. --json에 모두 있습니다")
            );
        }
        for it in self.explained.iter().take(SHOWN_MAX) {
            let nonce = it.nonce.map(|(wallet, nonce)| format!("{wallet} nonce {nonce}"));
            let subject = nonce.or_else(|| it.txid.map(|txid| txid.to_string())).unwrap_or_default();
            let _written = writeln!(text, "explained  {subject}  {}: {}", it.kind, it.reason);
        }
        let verdict = match self.verdict {
            "proven" => say(
                "PROVEN: every payment was made exactly once",
                "증명됨: 모든 지급이 정확히 한 번 이루어졌습니다",
            ),
            "broken" => say("BROKEN: see the findings above", "어긋남: 위의 내용을 확인하세요"),
            _ => {
                say("UNDECIDED: not everything can be told yet", "미결: 아직 판단할 수 없는 항목이 있습니다")
            }
        };
        text.push_str(verdict);
        text.push('\n');
        text
    }
}
